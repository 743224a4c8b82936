"""Hosts of their own for the tests: network namespaces, what joins them, and the real processes in them."""
