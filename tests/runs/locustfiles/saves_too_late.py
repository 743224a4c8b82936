"""Everybody types, and then rests for longer than the server is given to save; its saves take longer still."""

from __future__ import annotations

from jupyter_rtc_locust import DelaySaves, NotebookUser
from jupyter_rtc_locust.editing import Choice


class Resting(NotebookUser):
    """Deals its edits from the default deck, for two seconds."""

    edit_rate = 4.0
    faults = (DelaySaves(since=0.5, until=11.0, seconds=60.0),)

    def choose_edit(self, number: int) -> Choice | None:
        """Nothing from the third second on."""
        return None if number >= 8 else super().choose_edit(number)
