"""The wire: bytes in, events out. Knows nothing of sockets, clocks, Locust or notebooks."""
