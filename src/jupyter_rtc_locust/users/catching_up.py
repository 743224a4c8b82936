"""Updates that came are applied a little later, several at once: a transaction costs more than the update in it.

Nobody sees a difference: whoever looks at a document, or writes to it, has everything applied first
(documents/replica.py), and times are those at which the updates came. What stays is an error, which shows up to
`DELAY_S` later. Measured with forty users in a room and a hundred updates a second: `make bench`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

import gevent

from jupyter_rtc_locust.documents.replica import Replica

DELAY_S = 0.05
"""For so long an update waits at most, where the loop keeps up."""
_WORK_S = 0.001
"""After so much of it the loop has a turn: messages are timed by when they are read."""


class CatchingUp:
    """Whose replica has updates waiting, of one process; and a timer, as long as there is anybody."""

    def __init__(self) -> None:
        self._loop: Any = gevent.get_hub().loop
        self._timer: Any = None
        self._behind: deque[tuple[Replica, Callable[[BaseException], None]]] = deque()

    def soon(self, replica: Replica, failed: Callable[[BaseException], None]) -> None:
        """Have what waits in a replica applied soon; `failed` is told of an error, and must not raise one."""
        self._behind.append((replica, failed))
        if self._timer is None:
            self._timer = self._loop.timer(DELAY_S)
            self._timer.start(self._catch_up)

    def _catch_up(self) -> None:
        behind = self._behind
        until = time.monotonic() + _WORK_S
        for _ in range(len(behind)):
            replica, failed = behind.popleft()
            try:
                replica.catch_up()
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:
                failed(error)
            if time.monotonic() >= until:
                break
        self._timer.stop()
        self._timer.close()
        self._timer = None
        if behind:
            # 0 where some were left over; where they came meanwhile, they may wait as the others did.
            self._timer = self._loop.timer(0)
            self._timer.start(self._catch_up)
