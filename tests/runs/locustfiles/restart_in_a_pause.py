"""Everybody types, rests until all of it is saved and the server was started again, and types on."""

from __future__ import annotations

from jupyter_rtc_locust import NotebookUser, Restart
from jupyter_rtc_locust.editing import Choice


class Resting(NotebookUser):
    """Deals its edits from the default deck, but for the pause."""

    edit_rate = 4.0
    faults = (Restart(at=7.0),)

    def choose_edit(self, number: int) -> Choice | None:
        """Nothing from the third second to the twenty-third. The server saves one second after the last edit, and takes
        eight seconds to start again on a busy machine.
        """
        return None if 8 <= number < 88 else super().choose_edit(number)
