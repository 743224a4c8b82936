"""Everybody types, and rests while saves take longer, the room is dropped and the file is changed; then types on."""

from __future__ import annotations

from jupyter_rtc_locust import DelaySaves, Evict, NotebookUser, OutsideEdit
from jupyter_rtc_locust.editing import Choice


class Resting(NotebookUser):
    """Deals its edits from the default deck, but for the pause."""

    edit_rate = 4.0
    faults = (
        DelaySaves(since=1.0, until=9.0, seconds=1.0),
        Evict(at=6.0),
        OutsideEdit(at=11.0),
    )

    def choose_edit(self, number: int) -> Choice | None:
        """Nothing from the third second to the sixteenth; the server saves one second after the last edit."""
        return None if 8 <= number < 60 else super().choose_edit(number)
