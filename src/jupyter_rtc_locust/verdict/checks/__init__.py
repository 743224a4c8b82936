"""The checks: each a pure function from evidence to an opinion, each in the file that its name suggests."""
