"""Everybody closes the notebook at the same time, and opens it again when the server had time to forget the room.

A server that drops empty rooms (jupyter-collaboration: `document_cleanup_delay`) makes the room anew from what it kept.
Near the end of the run nobody leaves: where nobody is left there is nothing to compare.
"""

from __future__ import annotations

import time

import gevent
from locust import task

from jupyter_rtc_locust import NotebookUser

STAY_S, AWAY_S = 3.0, 3.0
LAST_S = 3.0
"""So long before the end of the run everybody is back."""


class Emptying(NotebookUser):
    """Deals its edits from the default deck, while it is there."""

    @task(1000)
    def come_and_go(self) -> None:
        """Two periods of the run are the same for everybody: being there, and being away."""
        here = self.collaborator
        if here is None:
            return
        in_period = (time.monotonic() - here.swarm.run_started) % (STAY_S + AWAY_S)
        gevent.sleep(max(0.0, STAY_S - in_period))
        elapsed = time.monotonic() - here.swarm.run_started
        run_time = self.environment.parsed_options.run_time or 0
        if in_period > STAY_S or elapsed + AWAY_S + LAST_S > float(run_time):
            gevent.sleep(STAY_S)
            return
        self.on_stop()
        gevent.sleep(AWAY_S)
        self.on_start()
