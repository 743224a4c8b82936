"""A worker asks its master what time it is, over and over, so that what is timed between workers can be told.

Both answer in seconds since the start of the run, by their own clocks, as all evidence does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gevent

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.timing.clocks import Exchange

FIRST_S = 0.25
FIRST = 8
"""So many questions come soon after each other: one of them is quick."""
EVERY_S = 1.0
"""What two clocks may drift apart meanwhile is half a millisecond; half of that, half-way."""
MOST_KEPT = 20_000
"""Five hours; of longer runs every other exchange is let go of, as often as need be."""


class ClockAsking:
    """At a worker, in one run."""

    def __init__(
        self, run_id: str, since_start: Callable[[float], float], send: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self._run_id = run_id
        self._since_start = since_start
        self._send = send
        self._exchanges: list[Exchange] = []

    def go_on(self) -> None:
        """Ask for ever; spawn it, and kill it when the run ends."""
        asked = 0
        while True:
            self._send(messages.CLOCK_ASKED, {"run": self._run_id, "asked": time.monotonic()})
            asked += 1
            gevent.sleep(FIRST_S if asked < FIRST else EVERY_S)

    def hear(self, body: dict[str, Any]) -> None:
        """The answer to a question of this run."""
        heard = self._since_start(time.monotonic())
        if body["run"] != self._run_id:
            return
        self._exchanges.append(Exchange(self._since_start(body["asked"]), body["told"], heard))
        if len(self._exchanges) > MOST_KEPT:
            del self._exchanges[1::2]

    def as_evidence(self) -> list[list[float]]:
        """Every exchange, in a plain form."""
        return [list(one) for one in self._exchanges]
