"""Evidence leaves a process: some pieces at a time, as many as the line takes within a second or two.

What is told of a message that it was taken lets the next one leave, so nothing piles up in front of heartbeats, and a
line that was broken goes on where it broke. How much leaves at once, and how long is waited before the same is sent
again, follow from how long the line took before: on a slow one, what is sent twice makes everything slower.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from gevent.event import Event

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.pieces import MOST_AT_ONCE, split

logger = logging.getLogger(__name__)

PATIENCE_S = (5.0, 10.0, 15.0, 15.0)
"""What nobody took within these seconds is sent again: a line that was broken for half a minute takes it then."""
_FIRST_AT_ONCE = 4
"""64 kB: a second, where a line carries half a megabit in each."""
_QUICK_S, _SLOW_S = 0.5, 2.0
"""What was taken sooner is followed by twice as much, what was taken later by half as much."""


class Pace:
    """How much is sent at once over a line, and how long it is waited for. Pure."""

    def __init__(self) -> None:
        self.at_once = _FIRST_AT_ONCE
        """Pieces in the next message."""
        self._piece_s = 0.0
        """How long a piece took lately."""

    def patience(self, pieces: int) -> tuple[float, ...]:
        """Seconds to wait for a message of so many pieces, each time that it is sent.

        Four times what it should take, but not longer than the patience of a broken line.
        """
        expected = min(4 * pieces * self._piece_s, PATIENCE_S[-1])
        return tuple(max(seconds, expected) for seconds in PATIENCE_S)

    def taken(self, pieces: int, seconds: float, times: int) -> None:
        """A message of so many pieces was taken so long after it was first sent, having been sent so many times."""
        self._piece_s = seconds / pieces
        if times > 1:
            # What was sent again may still be in front of what comes next.
            self._piece_s, self.at_once = seconds, 1
        elif seconds < _QUICK_S:
            self.at_once = min(2 * self.at_once, MOST_AT_ONCE)
        elif seconds > _SLOW_S:
            self.at_once = max(self.at_once // 2, 1)


class Sending:
    """One for each process. `send` takes a message to the coordinator; `clock` tells seconds."""

    def __init__(
        self,
        send: Callable[[str, dict[str, Any]], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        make_event: Callable[[], Any] = Event,
    ) -> None:
        self._send = send
        self._clock = clock
        self._heard: Any = make_event()
        self._pace = Pace()
        self._taken: set[tuple[str, int, int, int]] = set()

    def begin(self) -> None:
        """A new run: what was taken of earlier ones is forgotten."""
        self._taken = set()

    def on_taken(self, msg: Any, **_: Any) -> None:
        """The coordinator took a message."""
        self._taken.add((msg.data["run"], msg.data["round"], msg.data["part"], msg.data["index"]))
        self._heard.set()

    def send_in_pieces(self, run_id: str, number: int, part: int, payload: bytes, over: Callable[[], bool]) -> None:
        """Send it as this part of a round, until it is taken, given up with a line in the log, or nobody wants it."""
        pieces = split(payload)
        index = 0
        while index < len(pieces):
            some = pieces[index : index + self._pace.at_once]
            where = {"run": run_id, "round": number, "part": part, "index": index}
            body = {**where, "count": len(pieces), "piece": b"".join(some)}
            began = self._clock()
            times = self._until_taken(body, self._pace.patience(len(some)), over)
            if not times:
                if not over():
                    logger.error(
                        "The coordinator did not take piece %d of %d of this process's evidence", index + 1, len(pieces)
                    )
                return
            self._pace.taken(len(some), self._clock() - began, times)
            index += len(some)

    def _until_taken(self, body: dict[str, Any], waits: Iterable[float], over: Callable[[], bool]) -> int:
        """Send it, again after each of these waits; how often that was until it was taken, or 0 where it was not."""
        message = body["run"], body["round"], body["part"], body["index"]
        for times, seconds in enumerate(waits, 1):
            self._send(messages.EVIDENCE, body)
            until = self._clock() + seconds
            while message not in self._taken and not over() and (left := until - self._clock()) > 0:
                self._heard.wait(left)
                self._heard.clear()
            if message in self._taken:
                return times
            if over():
                break
        return 0
