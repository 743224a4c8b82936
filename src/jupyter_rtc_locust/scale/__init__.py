"""How much a run of so many people takes, on paper: messages, cores, memory, network, servers, and the verdict.

Pure, but for the command that prints it. Everything follows from a few measured constants (`constants.py`) by formulas
that stand in docs/scale.md.
"""
