"""Stress tests for Jupyter real-time collaboration, on Locust."""
