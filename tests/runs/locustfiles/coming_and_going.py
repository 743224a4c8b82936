"""People come, leave and come again, and one loses its line: whom each of them has to see changes all the time."""

from __future__ import annotations

import os

from locust import LoadTestShape

from jupyter_rtc_locust import Choice, NotebookUser

PACE = float(os.environ.get("PACE", "1"))
"""Seconds for each second of the run as it is written here."""
STAGES = ((12, 6), (24, 3), (36, 6), (48, 2), (60, 6), (80, 5))
"""Until when, how many."""


class Visitor(NotebookUser):
    """Edits now and then; the first one in a document loses its line once."""

    cut = False

    def choose_edit(self, number: int) -> Choice | None:
        """Deals from the default deck."""
        here = self.collaborator
        assert here is not None
        if here.seat.place == 0 and not self.cut and number > 30 * PACE * here.swarm.settings.edit_rate:
            self.cut = True
            here.drop_connection()
        return super().choose_edit(number)


class ComingAndGoing(LoadTestShape):
    """The stages, one after the other, until the last is over."""

    def tick(self) -> tuple[int, float] | None:
        """How many people there are now, and how fast they come and go."""
        now = self.get_run_time() / PACE
        return next(((people, 10.0) for until, people in STAGES if now < until), None)
