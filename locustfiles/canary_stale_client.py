"""User 1 closes the laptop; the others work on, close the notebook, and open it again after the server was restarted.

A canary: the server keeps no store of updates, as some administrators have it, so the notebook is made from its file.
On jupyter-collaboration 5.0.4 this ends in a fail, because the document of user 1, who comes back, is not the one that
the others have, and never will be (jupyter-collaboration#597); `make canaries` fails when it does not. Only a server
that was started for the run is ever harmed.

User 1 only reads, and the others replace one source by one of the same length while it is asleep. Everything else has
the same ids and clocks before and after the restart, so what user 1 sees wrongly is that source alone, on any machine.

    locust -f locustfiles/canary_stale_client.py --headless -u 4 -r 4 -t 40s
"""

from typing import Any

from jupyter_rtc_locust import Away, Choice, NotebookUser, Offline, Restart

SLEEPER = 1
OTHERS = (0, 2, 3)
EDITED = 2
"""The number of the edit that each of the others makes. With one in five seconds it is due from the tenth second on."""


def notebook() -> dict[str, Any]:
    """What everybody starts from: one cell, of a kind that no server marks as trusted when it is saved."""
    cell = {"cell_type": "markdown", "id": "read", "source": "Says 1.", "metadata": {}}
    return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


class Colleague(NotebookUser):
    """Replaces the source of the only cell once, which is saved long before the restart; user 1 leaves it alone."""

    edit_rate = 0.2
    rhythm = "steady"
    starts_from = staticmethod(notebook)
    faults = (
        Offline(users=(SLEEPER,), since=8.0, until=28.0, asleep=True),
        Away(users=OTHERS, since=18.0, until=24.0),
        Restart(at=21.0, store="none"),
    )

    def choose_edit(self, number: int) -> Choice | None:
        """A source that differs from everybody else's, and is of the same length."""
        assert self.collaborator is not None, "whoever edits has the document open"
        user = self.collaborator.seat.user
        if user == SLEEPER or number != EDITED:
            return None
        return Choice.of("set_source", text=f"Says {user}.", number=number, seed=user)
