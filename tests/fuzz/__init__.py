"""Random and mutated bytes against everything that reads what a server sends: `make fuzz` (docs/tests.md)."""
