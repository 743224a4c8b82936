"""What goes wrong on purpose in a run: faults as data, and who makes them happen."""
