"""Somebody who opens a room only to look: before the first user comes, and as a newcomer at the end.

An observer never answers the server's step 1 and sends no update, so that it adds nothing to what it looks at.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from gevent.event import Event

from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.errors import ConnectionBroken, RoomError
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.hostile_updates import reason_to_refuse
from jupyter_rtc_locust.protocol.merging import EMPTY_UPDATE, merge_updates
from jupyter_rtc_locust.protocol.messages import (
    MessageError,
    SyncStep1,
    SyncStep2,
    UpdateMessage,
    decode_message,
    encode_sync_step_1,
    encode_update,
)
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector
from jupyter_rtc_locust.protocol.updates import decode_update
from jupyter_rtc_locust.protocol.variable_length import MalformedBytesError
from jupyter_rtc_locust.servers.base import RoomAddress
from jupyter_rtc_locust.users.connection import Connection, open_websocket
from jupyter_rtc_locust.verdict.evidence import Snapshot

_EMPTY_STATE_VECTOR = b"\x00"


class Observer:
    """A connection that looks. `deadline_s` is for everything until the answer to the sync is there."""

    def __init__(self, address: RoomAddress, deadline_s: float, ca_file: str | None = None) -> None:
        self._until = time.monotonic() + deadline_s
        self._deadline_s = deadline_s
        self._state_vector: dict[int, int] | None = None
        self._updates: list[bytes] = []
        self._changed = Event()
        self._synced = False
        self._lingering = False
        self._error: BaseException | None = None
        opened = open_websocket(address, deadline_s, ca_file)
        self._connection = Connection(opened, self._receive, self._lost)
        self._connection.send(encode_sync_step_1(_EMPTY_STATE_VECTOR))

    def snapshot(self) -> Snapshot:
        """The server's state vector and document, once both have come.

        Raises:
            RoomRefused: the server closed the room on this observer.
            ConnectionBroken: they did not come in time.
        """
        self._wait_until(lambda: self._synced and self._state_vector is not None)
        try:
            whole = merge_updates(self._harmless_updates())
            # Merged with nothing, to see whether it is one: decoding a large one takes seconds, in which no loop turns.
            merge_updates([whole, EMPTY_UPDATE])
        except ValueError as error:
            raise ConnectionBroken(f"what the server sent as its document is no update: {error}") from None
        return Snapshot(self._state_vector or {}, whole)

    def author(self, kind: DocumentKind, client_id: int, fill: Callable[[Replica], bytes | None]) -> bytes | None:
        """Write once, as a registered author, into the room as it is; returns when the echo has come.

        For servers without files, whose rooms start empty.
        """
        replica = Replica(kind, client_id)
        replica.apply_updates(self._harmless_updates())
        update = fill(replica)
        if update is not None:
            written = decode_update(update).clock_ranges()
            # By clocks, not by bytes: a server that applies before it sends encodes a large update anew.
            self._connection.send(encode_update(update))
            self._wait_until(lambda: self._received().covers(written))
        return update

    def _harmless_updates(self) -> list[bytes]:
        for update in self._updates:
            if reason := reason_to_refuse(update):
                raise ConnectionBroken(f"what the server sent as its document was refused: {reason}")
        return self._updates

    def _received(self) -> ClockRanges:
        return ClockRanges().union(*(decode_update(one).clock_ranges() for one in self._updates))

    def linger(self) -> None:
        """Stay, and keep nothing of what comes: a server that drops a room with its last user keeps this one."""
        self._lingering = True
        self._updates.clear()

    def close(self) -> None:
        """Leave the room."""
        self._connection.close()

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            if self._error is not None:
                raise self._error
            left = self._until - time.monotonic()
            if left <= 0 or not self._changed.wait(left):
                raise ConnectionBroken(f"the server did not answer a sync within {self._deadline_s:.0f} s.")
            self._changed.clear()

    def _receive(self, messages: list[bytes]) -> None:
        if self._lingering:
            return
        for message in messages:
            try:
                decoded = decode_message(message)
                if isinstance(decoded, SyncStep1) and self._state_vector is None:
                    self._state_vector = decode_state_vector(decoded.state_vector)
                elif isinstance(decoded, SyncStep2):
                    self._updates.append(decoded.update)
                    self._synced = True
                elif isinstance(decoded, UpdateMessage):
                    self._updates.append(decoded.update)
            except (MessageError, MalformedBytesError) as error:
                self._error = ConnectionBroken(f"a message of the server could not be read: {error}")
        self._changed.set()

    def _lost(self, error: BaseException) -> None:
        self._error = error if isinstance(error, RoomError) else ConnectionBroken(f"the line broke: {error}")
        self._changed.set()


def look(address: RoomAddress, deadline_s: float, ca_file: str | None = None) -> Snapshot:
    """Open the room, take its snapshot, leave.

    Raises:
        RoomRefused, ConnectionBroken: as `Observer.snapshot` and `open_websocket` do.
    """
    observer = Observer(address, deadline_s, ca_file)
    try:
        return observer.snapshot()
    finally:
        observer.close()
