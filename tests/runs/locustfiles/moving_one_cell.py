"""Two people move one cell at the same moment, again and again, and type into what comes of it.

Each has moved it before the other's move arrives, so that it stands there twice for everybody: a shared list knows no
moves, only deleting and inserting. In the pauses the server saves, and deals with the copies in its own way.
"""

from __future__ import annotations

import time

from jupyter_rtc_locust import Choice, NotebookUser
from jupyter_rtc_locust.users.collaborator import Stage

ROUND = 20
"""Edits of a user from the beginning of one round to the next; at the end of each is a pause.

It must be long: jupyter-collaboration gives a copy a new id as it saves, and that change puts the save itself off.
"""
AT_WORK = 5


class Mover(NotebookUser):
    """Moves the cell that the others move, too."""

    def choose_edit(self, number: int) -> Choice | None:
        """The first of them moves for everybody, so that it is the same moment."""
        here = self.collaborator
        assert here is not None
        place = number % ROUND
        if place >= AT_WORK:
            return None
        if place % 2:
            return Choice.of("insert_letters", number=number, seed=here.seat.user, meets_others=True)
        if here.seat.place == 0:
            for other in here.room.collaborators:
                if other is not here and other.stage is Stage.CONNECTED:
                    other.make_edit(self.move(number, 0.8), number, time.monotonic())
            return self.move(number, 0.1)
        return None

    def move(self, number: int, to: float) -> Choice:
        """The same cell, to a place of one's own."""
        return Choice.of("move_cell", number=number, fractions=(0.4, 0.5, 0.5, to, 0.5))
