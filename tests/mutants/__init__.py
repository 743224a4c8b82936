"""Tests of the tests: mistakes made on purpose, each of which some test has to notice (`make mutants`)."""
