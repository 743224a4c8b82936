"""Everybody works for a moment and rests for a moment, long enough for the server to save in the middle of the run."""

from __future__ import annotations

from jupyter_rtc_locust import Choice, NotebookUser

WORK_S = 1.5
REST_S = 2.5
"""jupyter-collaboration saves after one second without a change."""


class Pausing(NotebookUser):
    """Deals its edits from the default deck, and leaves out those that are due in a pause."""

    def choose_edit(self, number: int) -> Choice | None:
        """All count from the start of the run, so that they rest at the same time."""
        assert self.collaborator is not None
        due = number / self.collaborator.swarm.settings.edit_rate
        return super().choose_edit(number) if due % (WORK_S + REST_S) < WORK_S else None
