"""Whole runs of Locust, as a user would start them, against servers that are well and servers that are not."""
