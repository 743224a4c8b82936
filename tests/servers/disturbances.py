"""What a healthy server or network may do to its users. A check that raises an alarm here is wrong."""
# ruff: noqa: ARG002 (a fault overrides whole questions, and reads what it needs of them)

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from pycrdt import Decoder, YMessageType, YSyncMessageType, merge_updates, read_message

from servers.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from servers.room import Room
    from servers.sick_server import Connection


class Late(Fault):
    """Each message is 50 to 300 ms under way; on one line none overtakes another."""

    def __init__(self, *, at: int | None = None, user: int | None = None, quiet: float | None = None) -> None:
        super().__init__(at=at, user=user, quiet=quiet)
        self._random = random.Random(0)
        self._last: dict[Connection, float] = {}

    def sends(self, room: Room, connection: Connection, message: bytes) -> Iterable[tuple[float, bytes]]:
        self.strike(room)
        now = time.monotonic()
        earliest = self._last.get(connection, now) + 0.0001  # two timers of one instant have no order
        self._last[connection] = max(earliest, now + self._random.uniform(0.05, 0.3))
        return [(self._last[connection] - now, message)]


class DuplicateDelivery(Fault):
    """Each update arrives twice."""

    def sends(self, room: Room, connection: Connection, message: bytes) -> Iterable[tuple[float, bytes]]:
        update = message[0] == YMessageType.SYNC and message[1] == YSyncMessageType.SYNC_UPDATE
        if update:
            self.strike(room)
        return [(0.0, message)] * (2 if update else 1)


class ReEncode(Fault):
    """No update keeps its bytes: each is relayed as one with the update before it, which everybody has already."""

    def __init__(self, *, at: int | None = None, user: int | None = None, quiet: float | None = None) -> None:
        super().__init__(at=at, user=user, quiet=quiet)
        self._now: dict[Room, bytes] = {}
        self._relayed: dict[Room, bytes] = {}

    def relayed(self, room: Room, connection: Connection, author: Connection | None, update: bytes) -> bytes | None:
        if self._now.get(room) is not update:  # asked once for each connection
            self.strike(room)
            before = self._now.get(room)
            self._now[room] = update
            self._relayed[room] = update if before is None else merge_updates(before, update)
        return self._relayed[room]


class AbruptClose(Fault):
    """Each user's line is cut once, after its `at`-th message, without a close frame.

    Users are told apart by the client id of their presence; who announces none is left alone.
    """

    def __init__(self, *, at: int | None = None, user: int | None = None, quiet: float | None = None) -> None:
        super().__init__(at=at, user=user, quiet=quiet)
        self._messages: dict[Connection, int] = {}
        self._client: dict[Connection, int] = {}
        self._cut: set[int] = set()

    def received(self, room: Room, connection: Connection, message: bytes) -> None:
        self._messages[connection] = self._messages.get(connection, 0) + 1
        if message[0] == YMessageType.AWARENESS and connection not in self._client:
            presence = Decoder(read_message(message[1:]))
            if presence.read_var_uint() > 0:
                self._client[connection] = presence.read_var_uint()
        client = self._client.get(connection)
        if client is not None and client not in self._cut and self._messages[connection] >= self.at:
            self._cut.add(client)
            self.strike(room)
            connection.close_abruptly()


class HttpFlaky(Fault):
    """Every third HTTP request is answered 503; the same request made again right away is not."""

    requests = 0

    def answers_http(self, method: str, path: str, upgrade: bool) -> int | None:
        if upgrade:
            return None
        self.requests += 1
        if self.requests % 3:
            return None
        print(f"HttpFlaky struck {path}", flush=True)
        return 503
