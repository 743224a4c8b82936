"""Two versions of a server, each in an environment of its own, run in turn by one load generator."""
