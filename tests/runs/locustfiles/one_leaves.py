"""One of the people closes the document early, while the others work on."""

from __future__ import annotations

import time

from locust import task
from locust.exception import StopUser

from jupyter_rtc_locust import NotebookUser

STAYS_S = 2.0


class Guest(NotebookUser):
    """The first in each document stays for a moment only."""

    @task(1000)
    def go(self) -> None:
        """Leave when it is time; asked about once a second."""
        here = self.collaborator
        assert here is not None
        if here.seat.place == 0 and here.swarm.since_start(time.monotonic()) > STAYS_S:
            raise StopUser
