"""Turns of the event loop in the middle of long work: often enough for heartbeats, and no more often than that.

By the clock and not by counting: on a busy machine each turn may cost a wait for the processor, and thousands of them
would cost more than the work.
"""

from __future__ import annotations

import time

import gevent

_WORK_S = 0.01
_SHORTEST_SLEEP_S = 0.0001
"""Sleeping 0 in a long loop starves timers and sockets (measured on gevent 26.9: 260 ms); this does not."""


class Turns:
    """Called in the middle of work, it gives the loop a turn if the last one is long enough ago."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self) -> None:
        """Perhaps a turn."""
        if time.monotonic() - self._last >= _WORK_S:
            self.take()

    def take(self) -> None:
        """A turn in any case."""
        gevent.sleep(_SHORTEST_SLEEP_S)
        self._last = time.monotonic()
