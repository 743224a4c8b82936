"""People at work on notebooks, of whom each process tells when it is in the middle of things, if anybody listens."""

from __future__ import annotations

import os

from jupyter_rtc_locust import Choice, NotebookUser
from jupyter_rtc_locust.reporting.terminal import say

told: set[int] = set()


class Telling(NotebookUser):
    """Deals its edits from the default deck."""

    def choose_edit(self, number: int) -> Choice | None:
        """Once in each process, when the user is at its sixth edit or a later one."""
        if number > 5 and os.getpid() not in told:
            told.add(os.getpid())
            say(f"Process {os.getpid()} is at work.")
        return super().choose_edit(number)
