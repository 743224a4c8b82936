"""What people and machines read after a run, and in Locust's web UI during it."""
