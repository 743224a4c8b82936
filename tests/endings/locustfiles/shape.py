"""People at work for as long as a load shape says."""

from __future__ import annotations

import os

from locust import LoadTestShape

from jupyter_rtc_locust import Choice, NotebookUser

told: set[int] = set()


class Telling(NotebookUser):
    """Deals its edits from the default deck, and tells when it is at its sixth."""

    def choose_edit(self, number: int) -> Choice | None:
        """Once in each process."""
        if number > 5 and os.getpid() not in told:
            told.add(os.getpid())
            print(f"Process {os.getpid()} is at work.", flush=True)
        return super().choose_edit(number)


class UpAndDown(LoadTestShape):
    """Two users, then four, and an end."""

    def tick(self) -> tuple[int, float] | None:
        """Users and spawn rate."""
        past = self.get_run_time()
        end = float(os.environ.get("ENDINGS_SHAPE_S", "6"))
        return None if past > end else (2 if past < 2 else 4, 10)
