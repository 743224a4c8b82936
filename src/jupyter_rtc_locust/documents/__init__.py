"""Notebooks and text files as shared types: replicas, canonical content, the form of the saved file, comparison."""
