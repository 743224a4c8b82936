"""How busy the server's process is, second by second, where it runs on this machine; and the machine as a whole.

Which process it is, is known of an embedded server, and of another where somebody says so (`--rtc-server-pid`). Nothing
is guessed: a process that cannot be looked at is not known, and a machine elsewhere is not looked at.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import gevent
import psutil

EVERY_S = 1.0


class Busy(NamedTuple):
    """Per cent of a core that the server used, and of the time that it waited for one; per cent of all cores of the
    machine. None: not known."""

    server: float | None = None
    waited: float | None = None
    machine: float | None = None


class Seen(NamedTuple):
    """What was seen at a moment (`time.monotonic`) of the second before it."""

    moment: float
    busy: Busy


class ServerCpu:
    """Looks from `start` to `stop`. `process_id` tells which process it is now (None: not known); servers restart."""

    def __init__(self, process_id: Callable[[], int | None]) -> None:
        self._process_id = process_id
        self._process: psutil.Process | None = None
        self._seen: list[Seen] = []
        self._waited: tuple[float, float] | None = None
        """When it was last looked at how long the process had waited for a core, and how many seconds that were."""
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Look from now on."""
        self._greenlet = gevent.spawn(self._look_on)

    def stop(self) -> None:
        """Look no more."""
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
            self._greenlet = None

    def between(self, begin: float, end: float) -> Busy:
        """The means of what was seen from `begin` to `end` (`time.monotonic`)."""
        seen = [one.busy for one in self._seen if begin < one.moment <= end]
        return Busy(*(_mean(values) for values in zip(*seen, strict=True))) if seen else Busy()

    def _look_on(self) -> None:
        psutil.cpu_percent()  # the first look has nothing to compare with
        self._server()
        while True:
            gevent.sleep(EVERY_S)
            moment = time.monotonic()
            self._seen.append(Seen(moment, Busy(self._server(), self._waiting(moment), psutil.cpu_percent())))

    def _server(self) -> float | None:
        number = self._process_id()
        try:
            if self._process is None or self._process.pid != number or not self._process.is_running():
                self._process = None if number is None else psutil.Process(number)
                if self._process is not None:
                    self._process.cpu_percent()
                return None
            return float(self._process.cpu_percent())
        except psutil.Error:
            self._process = None
            return None

    def _waiting(self, moment: float) -> float | None:
        """For how many per cent of the time since the last look the main thread had work and no core."""
        before, self._waited = self._waited, None
        if self._process is None or (waited := _waited_s(self._process.pid)) is None:
            return None
        self._waited = moment, waited
        if before is None or moment <= before[0] or waited < before[1]:
            return None
        return 100 * (waited - before[1]) / (moment - before[0])


def _waited_s(process_id: int) -> float | None:
    """How many seconds the process' main thread has waited for a core since it began, as Linux tells; else None."""
    try:
        return int(Path(f"/proc/{process_id}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 1) if known else None
