"""What the server itself is like during a run: whether it answers, its memory, what it writes into its log.

A greenlet asks now and then. Its death would make every server look alive, so whoever starts it hears of it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path

import gevent
from gevent.pool import Group

from jupyter_rtc_locust.coordination.dividing_the_end import time_to_ask
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.verdict.evidence import LogEvent, ServerMemory
from jupyter_rtc_locust.verdict.server_log import read_log

logger = logging.getLogger(__name__)

ALIVE_EVERY_S = 2.0
ASKED_A_SECOND = 75
"""Of many servers behind a hub, so many are asked in a second: each question takes some 5 ms of the coordinator."""
MEMORY_EVERY_S = 10.0
LOG_READ_BYTES = 50_000_000
"""Of a log that grows by more during a run, the rest is not looked at."""
_LINES_A_TURN = 5_000


class ServerWatch:
    """One run's watch over its server. `log` is the file that the server writes, where it can be read here."""

    def __init__(self, state: RunState, log: Path | None, secrets: list[str]) -> None:
        self._state = state
        self._secrets = secrets
        self._memory: list[int] = []
        self._log = log
        self._log_start = _size(log)
        self._memory_due = 0.0
        self._asked: set[str] = set()
        """Owners of servers that were asked, and have not answered yet."""
        self._asking = Group()
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self, died: Callable[[str], None]) -> None:
        """Look at the memory now, before the first user, and go on looking. `died` is told why it stopped."""
        self._look_at_memory()
        self._memory_due = time.monotonic() + MEMORY_EVERY_S

        def tell(dead: gevent.Greenlet[..., None]) -> None:
            if self._greenlet is not None:
                self.stop()
                died(f"The watch over the server died: {dead.exception}")

        self._greenlet = gevent.spawn(self._watch, tell)
        self._greenlet.link_exception(tell)

    def stop(self) -> None:
        """No question any more."""
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
            self._greenlet = None
        self._asking.kill(block=False)

    def memory(self, until: float = inf) -> ServerMemory | None:
        """Start, peak and end, with a last look now where that is over by `until`; None where the server tells none."""
        if self._memory and not self._state.silences.going_on and time_to_ask(time.monotonic(), until):
            self._look_at_memory()
        return ServerMemory(self._memory[0], max(self._memory), self._memory[-1]) if self._memory else None

    def log_events(self) -> tuple[LogEvent, ...]:
        """What of note the server wrote into its log since the watch began."""
        if self._log is None:
            return ()
        return read_log(str(redact(line, self._secrets)) for line in _lines_since(self._log, self._log_start))

    def _watch(self, died: Callable[[gevent.Greenlet[..., None]], None]) -> None:
        """Each server is asked by itself, so that one that hangs keeps nobody from looking at the others."""
        state = self._state
        assert state.prepared is not None
        while not state.concluded.is_set():
            owners = state.prepared.server.owners()
            pause = max(ALIVE_EVERY_S / len(owners), 1 / ASKED_A_SECOND)
            for owner in owners:
                if owner not in self._asked:
                    self._asked.add(owner)
                    self._asking.spawn(self._ask, owner).link_exception(died)
                gevent.sleep(pause)

    def _ask(self, owner: str) -> None:
        state, asked = self._state, time.monotonic()
        assert state.prepared is not None
        try:
            answers = state.prepared.server.answers(owner)
        finally:
            self._asked.discard(owner)
        if answers:
            state.silences.answered(owner, asked)
            if not owner and self._memory and asked >= self._memory_due:
                self._memory_due = asked + MEMORY_EVERY_S
                self._look_at_memory()
        elif state.silence_is_ours(asked):
            state.silences.begin_anew(owner)
        elif state.silences.not_answered(owner, asked) and owner:
            logger.warning("The server of %s does not answer any more.", owner)

    def _look_at_memory(self) -> None:
        assert self._state.prepared is not None
        if (size := self._state.prepared.server.memory()) is not None:
            self._memory.append(size)


def _size(log: Path | None) -> int:
    try:
        return log.stat().st_size if log is not None else 0
    except OSError:
        return 0


def _lines_since(log: Path, start: int) -> Iterator[str]:
    """The lines written since; a log that was begun anew meanwhile is read from its beginning."""
    try:
        with log.open("rb") as file:
            file.seek(start if start <= _size(log) else 0)
            left = LOG_READ_BYTES
            for number, line in enumerate(file):
                left -= len(line)
                if left < 0:
                    logger.warning(
                        "Of the server's log %s only the first %d MB were read", log, LOG_READ_BYTES // 10**6
                    )
                    return
                if number % _LINES_A_TURN == _LINES_A_TURN - 1:
                    gevent.sleep(0.0001)
                yield line.decode(errors="replace")
    except OSError as error:
        logger.warning("The server's log could not be read: %s", error)
