"""When each worker was last heard of, and whether it is gone.

Not by Locust's own counting: that stands still wherever Locust's greenlet of heartbeats waits for us, as it does when
the last worker goes missing (measured on Locust 2.47).
"""

from __future__ import annotations

import time
from typing import Any

from locust.env import Environment
from locust.runners import MasterRunner

from jupyter_rtc_locust.settings import WORKER_ANSWER_DEADLINE_S


class Hearing:
    """Listens to the heartbeats of all workers; whoever hears anything else of one notes it."""

    def __init__(self, environment: Environment) -> None:
        self._runner = environment.runner
        self._heard: dict[str, float] = {}
        environment.events.heartbeat_sent.add_listener(self._on_heartbeat)

    @property
    def of_workers(self) -> bool:
        """Whether there are workers to be heard of, and not one process that is always there."""
        return isinstance(self._runner, MasterRunner)

    def last_heard(self, node: str) -> float | None:
        """When anything was heard of this worker last (`time.monotonic`); None: never."""
        return self._heard.get(node)

    def note(self, node: str) -> None:
        """This worker was heard of."""
        self._heard[node] = time.monotonic()

    def _on_heartbeat(self, client_id: str, **_: Any) -> None:
        self.note(client_id)

    def is_gone(self, node: str) -> bool:
        """Whether a worker said goodbye, or was silent for longer than it may take to answer: one that is only busy,
        or stopped for a while, comes back. The only process of a run is always there.
        """
        if not isinstance(self._runner, MasterRunner):
            return False
        silent = time.monotonic() - self._heard.get(node, 0.0)
        return self._runner.clients.get(node) is None or silent >= WORKER_ANSWER_DEADLINE_S

    def staying(self) -> set[str]:
        """The workers that are connected and not gone."""
        assert isinstance(self._runner, MasterRunner)
        return {client.id for client in self._runner.clients.all if not self.is_gone(client.id)}
