"""When what is read arrived: by the kernel's time of its packet, or when the loop found its socket readable.

A callback may run long after that, behind the callbacks of everybody whose socket was readable at the same time. libev
notes when its look at the sockets ended, on a clock of its own; how far that is from `time.monotonic` is established
anew with each `compare`. Measured against the kernel's time stamps, with 40 users of one room at 50 messages a second,
each taking 25 µs: the callback comes 1.0 ms after the packet at the median and 6.1 ms at the 99th percentile, the look
at the sockets 0.2 ms and 3.2 ms.

A socket that was readable may have taken in more until it is read, and all of it gets the moment of the look. What a
user sent after it can thus not be told from what came before, and where anything left since, it is now that counts: no
answer arrives before the question.

Where an answer is expected, the kernel's own time of the packet is asked for (`Connection.expect_answer`), which no
delay of this process is in. For everything else the look at the sockets is near enough, and costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gevent

_SAMPLE_EVERY = 16
"""A power of two: of so many reads, one says how old its moment is."""
_OLDEST_S = 10.0
"""No callback waits so long; the two clocks were not compared in time."""


class ArrivalClock:
    """Tells moments of `time.monotonic`, and `note(milliseconds)` how old they are, of some."""

    __slots__ = ("_loop", "_loop_now", "_note", "_offset", "_reads", "_wall_offset")

    def __init__(self, note: Callable[[float], None]) -> None:
        self._loop: Any = gevent.get_hub().loop
        self._loop_now: Callable[[], float] = self._loop.now
        self._note = note
        self._reads = 0
        self._offset = 0.0
        self._wall_offset = 0.0
        self.compare()

    def compare(self) -> None:
        """Find out how far the loop's clock is from `time.monotonic`: the wall clock, which it follows, is set."""
        self._loop.update_now()
        now = time.monotonic()
        self._offset = self._loop_now() - now
        self._wall_offset = time.time() - now

    def moment(self, left: float, packet: float = 0.0) -> float:
        """When what is being read in this callback arrived.

        `left`: when anything last left that it might answer; `packet`: the kernel's time of its packet (wall clock), 0
        where that was not asked for.
        """
        now = time.monotonic()
        polled = self._loop_now() - self._offset
        self._reads += 1
        if not self._reads % _SAMPLE_EVERY:
            self._note(max(now - polled, 0.0) * 1000)
        if packet:
            came = packet - self._wall_offset
            if came <= now < came + _OLDEST_S:
                return came
        return polled if left < polled < now < polled + _OLDEST_S else now
