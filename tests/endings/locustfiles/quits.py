"""A run that ends itself after so many edits, as an option for iterations would: Locust 2.47 has none of its own."""

from __future__ import annotations

from locust import constant, task

from jupyter_rtc_locust import NotebookUser


class Quitting(NotebookUser):
    """Whoever first sees twenty updates in its document ends the run."""

    wait_time = constant(0.2)

    @task
    def look(self) -> None:
        """From a task, that is from a user's own greenlet."""
        here = self.collaborator
        if here is not None and len(here.room.round_trips.known) >= 20:
            self.environment.runner.quit()
