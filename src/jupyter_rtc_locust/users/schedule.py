"""When edits leave: from timers of the event loop, on schedule, whether or not earlier ones have come back.

When they are due says a rhythm (editing/rhythm.py). Here is what becomes of it on a clock: what is overdue after a
stall is caught up, and a pause makes everything behind it later.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gevent

from jupyter_rtc_locust.editing.rhythm import Rhythm

_EDITS_A_CALLBACK = 20
"""After a stall the overdue edits are caught up in portions, so that receiving goes on between them."""
_EARLY_S = 0.001
"""The loop waits in whole milliseconds and rounds up, so a timer for the moment itself comes late by up to one
(measured: 1.0 ms at the median), and that would stand in every timing. An edit may leave so much early instead; its
timings begin when it left."""
_SOON_S = 0.0005
"""The shortest delay of a timer; with 0 it would run before sockets are looked at."""


class EditSchedule:
    """Calls `edit(number, due)` for each edit of a rhythm from now on, until stopped.

    `due` and `origin`, from which the rhythm's moments count, are in seconds of `time.monotonic`.
    """

    def __init__(self, rhythm: Rhythm, *, origin: float, edit: Callable[[int, float], None]) -> None:
        self._rhythm = rhythm
        self._origin = origin
        self._edit = edit
        self._next = rhythm.first(time.monotonic() - origin)
        self._timer: Any = None
        self._paused_at: float | None = None

    def start(self) -> None:
        """Arm the timer for the next edit."""
        self._timer = gevent.get_hub().loop.timer(max(self._due() - _EARLY_S - time.monotonic(), _SOON_S))
        self._timer.start(self._fire, update=True)  # `update`, because the loop's idea of the time may be stale

    def pause(self) -> None:
        """No edit leaves until `resume`."""
        if self._paused_at is None:
            self._paused_at = time.monotonic()
            self.stop()

    def resume(self) -> int:
        """Go on, with all edits later by as long as the pause was; how many would have been in it.

        Nobody types faster after a pause to make up for it; and an edit's `due` is the later time, so that the pause
        stands in no timing.
        """
        if self._paused_at is None:
            return 0
        now = time.monotonic()
        missed, moment = 0, self._next
        while self._origin + moment.due < now:
            missed += 1
            moment = self._rhythm.after(moment)
        self._origin += now - self._paused_at
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
        return self._origin + self._next.due

    def _fire(self) -> None:
        for _ in range(_EDITS_A_CALLBACK):
            due = self._due()
            if due - _EARLY_S > time.monotonic():
                break
            number = self._next.number
            self._next = self._rhythm.after(self._next)
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
