"""Planted faults: released servers made to lose, double, alter, invent; and what is harmless. `python -m faults`."""
