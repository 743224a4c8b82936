"""What a healthy network or server may do to its users. Whoever raises an alarm here is wrong."""
# ruff: noqa: ARG002 (a fault overrides whole questions, and reads what it needs of them)

from __future__ import annotations

import random
import time
from collections.abc import Iterable

from pycrdt import merge_updates

from faults.faulty_proxy import PRESENCE, UPDATE, Line, OnTheWay, Sent, framed, update_of
from faults.update_reader import read_update

AS_IT_IS = 0.0


class Twice(OnTheWay):
    """Each update arrives twice, in both directions."""

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        return self._twice(message)

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        return self._twice(message)

    def _twice(self, message: bytes) -> list[Sent]:
        if update_of(message) is None:
            return [(AS_IT_IS, message)]
        self.struck += 1
        return [(AS_IT_IS, message), (AS_IT_IS, message)]


class TwiceMuchLater(OnTheWay):
    """Each update arrives a second time 1.5 s later, when others have come meanwhile."""

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        if update_of(message) is None:
            return [(AS_IT_IS, message)]
        self.struck += 1
        return [(AS_IT_IS, message), (1.5, message)]


class Late(OnTheWay):
    """Each message is under way for a while, in both directions; on one line none overtakes another."""

    shortest, longest = 0.05, 0.3

    def __init__(self, *, at: int = 20, user: int = 1, times: int = 1) -> None:
        super().__init__(at=at, user=user, times=times)
        self._random = random.Random(0)
        self._last: dict[tuple[Line, str], float] = {}

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        return self._late(line, "up", message)

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        return self._late(line, "down", message)

    def _late(self, line: Line, way: str, message: bytes) -> list[Sent]:
        self.struck += 1
        now = time.monotonic()
        earliest = self._last.get((line, way), now) + 0.0001  # two timers of one instant have no order
        self._last[line, way] = max(earliest, now + self._random.uniform(self.shortest, self.longest))
        return [(self._last[line, way] - now, message)]


class SlowNetwork(Late):
    """Each message takes 0.4 to 0.9 s, there and back again."""

    shortest, longest = 0.4, 0.9


class Overtaking(OnTheWay):
    """Some lines are slow by up to 2 s and others are not: people see the same edits in other orders."""

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        self.struck += 1
        return [((line.number % 4) * 0.66, message)]


class Swapped(OnTheWay):
    """Two updates that follow each other change places on each line, again and again."""

    def __init__(self, *, at: int = 20, user: int = 1, times: int = 1) -> None:
        super().__init__(at=at, user=user, times=times)
        self._count: dict[Line, int] = {}

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        if update_of(message) is None:
            return [(AS_IT_IS, message)]
        self._count[line] = self._count.get(line, 0) + 1
        if self._count[line] % 4:
            return [(AS_IT_IS, message)]
        self.struck += 1
        return [(0.25, message)]


class Merged(OnTheWay):
    """Updates on their way to a user are held for 0.3 s and arrive merged into one message, with other bytes."""

    def __init__(self, *, at: int = 20, user: int = 1, times: int = 1) -> None:
        super().__init__(at=at, user=user, times=times)
        self._before: dict[Line, bytes] = {}

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        update = update_of(message)
        if update is None or not read_update(update).clients:
            return [(AS_IT_IS, message)]
        before = self._before.get(line)
        self._before[line] = update
        if before is None:
            return [(AS_IT_IS, message)]
        self.struck += 1
        return [(AS_IT_IS, framed(UPDATE, merge_updates(before, update)))]


class CutOnce(OnTheWay):
    """Each user's line is cut once without a close frame, after `at` messages, no two within half a second."""

    def __init__(self, *, at: int = 20, user: int = 1, times: int = 1) -> None:
        super().__init__(at=at, user=user, times=times)
        self._cut: set[int] = set()
        self._last = 0.0

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        update = update_of(message)
        clients = set(read_update(update).clients) if update is not None else set()
        enough = line.messages_up >= self.at and time.monotonic() - self._last > 0.5
        if clients and enough and not clients & self._cut:
            self._cut |= clients
            self._last = time.monotonic()
            self.struck += 1
            line.cut()
            return []  # what was just being sent is lost with the line
        return [(AS_IT_IS, message)]


class CutAll(CutOnce):
    """The same, and all within a moment, as when a proxy is restarted."""

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        self._last = 0.0
        return super().up(line, message)


class Flaky(OnTheWay):
    """Every third HTTP request is answered 502 or 503; made again, it succeeds. WebSockets are left alone."""

    requests = 0

    def http(self, method: str, path: str) -> int | None:
        self.requests += 1
        return (502, 503)[self.requests // 3 % 2] if self.requests % 3 == 0 else None


class PresenceLate(OnTheWay):
    """What people tell of themselves comes 1.5 s late."""

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        if message[0] != PRESENCE:
            return [(AS_IT_IS, message)]
        self.struck += 1
        return [(1.5, message)]
