"""People who do everything that people do: lose the line, rest together, leave and come back, move one cell at once.

    locust -f tests/runs/locustfiles/restless.py RestlessEditor …
    locust -f tests/runs/locustfiles/restless.py RestlessWriter …

All choices follow from seed, user and number, so that a run can be repeated; what the network does meanwhile differs.
"""

from __future__ import annotations

import random
import time

import gevent
from locust import task

from jupyter_rtc_locust import Choice, NotebookUser, TextUser
from jupyter_rtc_locust.users.collaboration_user import CollaborationUser
from jupyter_rtc_locust.users.collaborator import Stage

LONGEST_STAY_S, LONGEST_ABSENCE_S = 5.0, 2.5
PERIOD_S, REST_S = 5.0, 2.0
"""Everybody rests at the end of each period, for longer than the second after which jupyter-collaboration saves."""
LINES_LOST, MOVES = 0.04, 0.05
"""How many of the edits come with it."""


class Restless(CollaborationUser):
    """What notebook and text users have in common. Which of its habits a run has, its seed says."""

    abstract = True

    @task
    def come_and_go(self) -> None:
        """Stay for a while, close the tab, stay away for a while, open it again as somebody new."""
        here = self.collaborator
        if here is None:
            return
        dice = random.Random(f"{here.swarm.seed}|{here.seat.user}|{here.seat.incarnation}")
        gevent.sleep(1 + dice.random() * LONGEST_STAY_S)
        if not self.has("leaving") or here.seat.place == 0 or dice.random() < 0.4:
            return  # somebody stays: where nobody is left at the end, there is nothing to compare
        self.on_stop()
        gevent.sleep(dice.random() * LONGEST_ABSENCE_S)
        self.on_start()

    def choose_edit(self, number: int) -> Choice | None:
        """What the deck deals, and what comes with it."""
        here = self.collaborator
        assert here is not None
        dice = random.Random(f"{here.swarm.seed}|{here.seat.user}|{here.seat.incarnation}|{number}")
        if self.has("resting") and (time.monotonic() - here.swarm.run_started) % PERIOD_S > PERIOD_S - REST_S:
            return None
        if self.has("breaking") and dice.random() < LINES_LOST:
            here.drop_connection()
        if self.has("moving") and dice.random() < MOVES and self.document_kind == "notebook":
            others = [one for one in here.room.collaborators if one is not here and one.stage is Stage.CONNECTED]
            for other in others[:1]:  # jupyter-collaboration needs a second for each copy before it saves
                other.make_edit(self.move(number, dice.random()), number, time.monotonic())
            return self.move(number, dice.random())
        return super().choose_edit(number)

    def has(self, habit: str) -> bool:
        """Whether people of this run have a habit: three of four have each."""
        assert self.collaborator is not None
        return random.Random(f"{self.collaborator.swarm.seed}|{habit}").random() < 0.75

    def move(self, number: int, to: float) -> Choice:
        """The same cell for everybody, to a place of one's own."""
        return Choice.of("move_cell", number=number, fractions=(0.4, 0.5, 0.5, to, 0.5))


class RestlessEditor(Restless, NotebookUser):
    """Deals its edits from the default deck."""


class RestlessWriter(Restless, TextUser):
    """Deals its edits from the deck for text files."""
