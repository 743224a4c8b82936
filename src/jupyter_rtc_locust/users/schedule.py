"""When edits leave: from timers of the event loop, on schedule, whether or not earlier ones have come back.

Users who share a document take turns: with `seats` users and a rate of `rate`, the user in seat `s` is due at
`(number + (s + shift) / seats) / rate` seconds after the start of the run; the shift, less than one place, differs from
document to document. So a document's deck of edits is dealt in order, and the load is spread evenly instead of leaving
in one batch. Measured: 400 users, each alone in a document, one edit a second: echo p50 64 to 175 ms without the shift,
1.3 ms with it.

On a quick server, edits that take turns never cross each other on their way, and nothing is seen of what becomes of
those that do. So in every fifth round two neighbours are due at the same moment.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import gevent

_GOLDEN_RATIO = (math.sqrt(5) - 1) / 2
"""Its multiples modulo 1 are spread evenly, however many there are."""
_ROUNDS_UNTIL_TOGETHER = 5
_EDITS_A_CALLBACK = 20
"""After a stall the overdue edits are caught up in portions, so that receiving goes on between them."""
_SOON_S = 0.0005
"""The shortest delay of a timer; with 0 it would run before sockets are looked at."""


class EditSchedule:
    """Calls `edit(number, due)` for each slot from now on, until stopped. `due` is in seconds of `time.monotonic`."""

    def __init__(
        self,
        *,
        rate: float,
        seat: int,
        seats: int,
        document: int = 0,
        run_started: float,
        edit: Callable[[int, float], None],
    ) -> None:
        self._interval = 1.0 / rate
        # Less than one place, so that the turns of a document stay as they are.
        shift = document * _GOLDEN_RATIO % 1.0
        place = seat % max(seats, 1)
        self._origin = run_started + (place + shift) / max(seats, 1) * self._interval
        self._earlier = self._interval / seats if place % 2 == 1 else 0.0
        """By how much the second of two neighbours is due earlier when they edit together."""
        self._edit = edit
        now = time.monotonic()
        self._number = max(0, math.ceil((now - self._origin) / self._interval))
        if self._due() < now:
            self._number += 1
        self._timer: Any = None
        self._paused_at: float | None = None

    def start(self) -> None:
        """Arm the timer for the first slot that is not past."""
        self._timer = gevent.get_hub().loop.timer(max(self._due() - time.monotonic(), _SOON_S))
        self._timer.start(self._fire, update=True)  # `update`, because the loop's idea of the time may be stale

    def pause(self) -> None:
        """No edit leaves until `resume`."""
        if self._paused_at is None:
            self._paused_at = time.monotonic()
            self.stop()

    def resume(self) -> int:
        """Go on, with all slots later by as long as the pause was; how many would have been in it.

        Nobody types faster after a pause to make up for it; and a slot's `due` is the later time, so that the pause
        stands in no timing.
        """
        if self._paused_at is None:
            return 0
        paused = time.monotonic() - self._paused_at
        missed = max(0, math.ceil((time.monotonic() - self._due()) / self._interval))
        self._origin += paused
        self._paused_at = None
        self.start()
        return missed

    def stop(self) -> None:
        """No edit leaves afterwards."""
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None

    def _due(self) -> float:
        together = self._number % _ROUNDS_UNTIL_TOGETHER == _ROUNDS_UNTIL_TOGETHER - 1
        return self._origin + self._number * self._interval - (self._earlier if together else 0.0)

    def _fire(self) -> None:
        for _ in range(_EDITS_A_CALLBACK):
            due = self._due()
            if due > time.monotonic():
                break
            number = self._number
            self._number += 1
            self._edit(number, due)
            if self._timer is None:
                return
        # A new timer for each slot: a repeating one of libev loses its phase for good after a stall of the loop
        # (measured: 1.2 s of stall, and every later edit 0.3 s late), and one started again in its callback spins.
        self.stop()
        self.start()


class Heartbeat:
    """Calls `beat()` every `interval_s` seconds from a timer of the loop, until stopped."""

    def __init__(self, interval_s: float, beat: Callable[[], None]) -> None:
        self._timer: Any = gevent.get_hub().loop.timer(interval_s, interval_s)
        self._timer.start(beat, update=True)

    def stop(self) -> None:
        """No beat afterwards."""
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None
