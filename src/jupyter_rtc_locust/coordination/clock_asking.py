"""A worker asks its master what time it is, over and over: its evidence is told by the master's clock, as near as that
is known, and what is timed between workers has a bound.

The master answers in seconds since the start of the run. When that was, a worker is told with its first seat, and so by
whatever the message took too late; the quickest answer says it better.
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
"""What two clocks may drift apart meanwhile is a millisecond; half of that, half-way."""
KEPT_S = 0.5
"""What was told of the start of the run holds as long as it is off by no more: histories and plans have it, too.

A quarter of what the verdict allows for.
"""
MOST_KEPT = 20_000
"""Five hours; of longer runs every other exchange is let go of, as often as need be."""


class ClockAsking:
    """At a worker, in one run. Exchanges are kept by its own clock (`time.monotonic`)."""

    def __init__(self, run_id: str, send: Callable[[str, dict[str, Any]], None]) -> None:
        self._run_id = run_id
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
        heard = time.monotonic()
        if body["run"] != self._run_id:
            return
        self._exchanges.append(Exchange(body["asked"], body["told"], heard))
        if len(self._exchanges) > MOST_KEPT:
            del self._exchanges[1::2]

    def run_started(self, supposed: float) -> float:
        """When the run began, by the own clock, as the quickest answer has it; without any, or where that makes little
        difference, when it was `supposed` to have."""
        quickest = min(self._exchanges, key=lambda one: one.heard - one.asked, default=None)
        if quickest is None:
            return supposed
        began = (quickest.asked + quickest.heard) / 2 - quickest.told
        return began if abs(began - supposed) > KEPT_S else supposed

    def as_evidence(self, since_start: Callable[[float], float]) -> list[list[float]]:
        """Every exchange, in a plain form, in seconds since the start of the run as all evidence is."""
        return [[since_start(one.asked), one.told, since_start(one.heard)] for one in self._exchanges]
