"""What a search for a capacity sees of its run: the live picture's figures of some seconds, and the server's CPU.

Windows are of whole seconds, and are asked for when the processes have told of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from jupyter_rtc_locust.capacity.window import Process, Window
from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.timing.recorder import CONNECT, INITIAL_SYNC, NAMES, OPEN_DOCUMENT, SESSION

if TYPE_CHECKING:
    from jupyter_rtc_locust.coordination.server_cpu import ServerCpu
    from jupyter_rtc_locust.live.picture import Picture

OF_OPENING = (OPEN_DOCUMENT, SESSION, CONNECT, INITIAL_SYNC)
"""Measured when people come, which is before a step is looked at, and promised of it all the same."""
TOLD_AFTER_S = 1.5
"""Processes tell once a second what they saw, and a message takes its time."""


class Sight:
    """One run's. `started` is the moment of `time.monotonic` from which its seconds count."""

    def __init__(self, picture: Callable[[], Picture], cpu: ServerCpu, started: float) -> None:
        self._picture = picture
        self._cpu = cpu
        self._started = started

    @property
    def now(self) -> float:
        """Seconds since the start of the run."""
        return time.monotonic() - self._started

    @property
    def people(self) -> int:
        """How many have their document open."""
        return self._picture().users

    def window(self, begin_s: float, end_s: float, opened_from_s: float) -> Window:
        """All that was measured in these seconds of the run; of documents that were opened, from an earlier one on."""
        picture = self._picture()
        busy = self._cpu.between(self._started + begin_s, self._started + end_s)
        waits = (one.waits_s for one in picture.agreements(self.now))
        strains = picture.strains(begin_s, end_s)
        return Window(
            begin_s=begin_s,
            end_s=end_s,
            people=self.people,
            times=self._times(begin_s, end_s) | self._times(opened_from_s, end_s, OF_OPENING),
            overdue_ms=tuple(1000 * waited for waited in waits if waited is not None),
            counts=dict(picture.counts(begin_s, end_s)),
            server_cpu_percent=busy.server,
            server_waited_percent=busy.waited,
            machine_cpu_percent=busy.machine,
            processes=tuple(
                Process(name, each.loop_lag, each.cpu_sum / each.cpu_count if each.cpu_count else None)
                for name, each in strains.items()
            ),
        )

    def afterwards(self, begin_s: float, end_s: float) -> Window:
        """What came back later: times alone, since nobody was at work."""
        return Window(begin_s, end_s, self.people, self._times(begin_s, end_s))

    def _times(self, begin_s: float, end_s: float, names: Iterable[str] = NAMES) -> dict[str, Histogram]:
        picture = self._picture()
        return {name: times for name in names if (times := picture.window(name, begin_s, end_s)).count}
