"""Servers for the tests: real ones as child processes, and one of our own that can be made sick on purpose.

Nothing here is imported by the product. Every server listens on 127.0.0.1 only and dies with the process that
started it.
"""
