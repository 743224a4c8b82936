"""What stands under deploy/, the Dockerfile and the image: checked, and run as far as one can without an engine."""
