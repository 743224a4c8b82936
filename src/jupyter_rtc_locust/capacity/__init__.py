"""How many people a server holds: a promise, steps of more and more people, and one sentence at the end.

Everything here is pure but `command.py`, which is a command's arguments, and `drawing.py`, which draws.
"""
