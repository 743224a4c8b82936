"""The embedded Jupyter server, for runs that name no host."""
