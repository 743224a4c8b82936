"""A tab's line to `JupyterLab:globalAwareness`: one room for all of a server, in which tabs show what they have open.

No document is in it, and nothing of it is judged: it is a load that every tab brings along. A tab tells of itself when
something changes, when its file browser looks for new files every ten seconds (twice, recorded), and after each save,
for which it looks as well; and it tells on what it receives, as in a document's room.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Group

from jupyter_rtc_locust.errors import ConnectionBroken, RoomError
from jupyter_rtc_locust.protocol.awareness import person, person_in_lab, read_awareness
from jupyter_rtc_locust.protocol.messages import (
    AWARENESS_PREFIX,
    MessageError,
    SyncStep1,
    decode_message,
    encode_sync_step_1,
    encode_sync_step_2,
)
from jupyter_rtc_locust.servers.base import RoomAddress
from jupyter_rtc_locust.settings import HTTP_TRY_DEADLINE_S
from jupyter_rtc_locust.users.backoff import Backoff
from jupyter_rtc_locust.users.connection import Connection, open_websocket
from jupyter_rtc_locust.users.presence import SILENT_LINE_S, TabPresence
from jupyter_rtc_locust.users.schedule import Heartbeat
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.swarm import Swarm

REFRESH_S = 10.0
"""The file browser looks for new files so often, and each time the tab tells of itself twice."""
_TOLD_AT_A_LOOK = 2

_WITHOUT_A_DOCUMENT = (0.13, 0.13, 0.14, 0.14, 0.14, 0.22, 0.22, 0.22, 0.22, 0.28, 0.32, 0.32, 0.36, 0.64, 1.22, 1.22)
_WITH_ONE_BEHIND = (1.24, 1.34)
_WITH_ONE_IN_FRONT = (1.38, 1.67, 1.67, 1.67, 2.10, 2.20, 2.22)
"""Seconds after the line was there at which a tab that opens a notebook told of itself (recorded). Three more followed:
what the tab writes into the notebook by opening it changes it, and makes the server save it."""

_EMPTY_STATE_VECTOR = b"\x00"
_NOTHING_TO_ADD = b"\x00\x00"


class GlobalRoom:
    """One tab's part in it. Comes back after a loss by itself, until `close`."""

    def __init__(self, seat: Seat, swarm: Swarm) -> None:
        self._seat = seat
        self._swarm = swarm
        self._address: RoomAddress | None = None
        self._connection: Connection | None = None
        self._last_heard = 0.0
        self._closed = False
        self._refreshing: Heartbeat | None = None
        self._presence = TabPresence(
            # A document of its own, and so a client of its own, in every tab.
            seat.client_id ^ 1,
            {"user": person(seat.person)},
            self._send,
            lambda _milliseconds: None,
            self._give_up_silent_line,
        )
        self._may_connect = Event()
        self._may_connect.set()
        self._greenlets = Group()

    def open(self) -> None:
        """Begin; does not wait. A server that has no such room is left alone."""
        self._address = self._swarm.server.global_room(self._seat.person)
        if self._address is not None:
            self._spawn(self._connect_until_closed, told=True)

    def document_changed(self) -> None:
        """The document was changed for the first time since it was saved."""
        self._presence.show_again()

    def document_saved(self) -> None:
        """The tab heard of a save: it looks at the files, and tells of itself; its next look is ten seconds later."""
        self._look_at_files()
        if self._refreshing is not None:
            self._refreshing.stop()
            self._refreshing = Heartbeat(REFRESH_S, self._look_at_files)

    def _look_at_files(self) -> None:
        for _ in range(_TOLD_AT_A_LOOK):
            self._presence.show_again()

    def drop_line(self) -> None:
        """Lose the line without a word, and come back."""
        if self._connection is not None:
            self._connection.abort()
            self._lost(ConnectionBroken("the connection was cut on purpose"))

    def go_offline(self, *, asleep: bool) -> None:
        """Stay without a line until `come_online`."""
        self._may_connect.clear()
        self._presence.asleep = asleep
        self.drop_line()

    def come_online(self) -> None:
        """There is a network again."""
        self._presence.asleep = False
        self._may_connect.set()

    def document_closed(self) -> None:
        """The notebook was closed in a tab that stays: told five times (recorded, within half a second)."""
        user, path = self._seat.person, self._seat.document.path
        closed = person_in_lab(user, None, shown=False)
        for state in (*[{**person_in_lab(user, path, shown=True), "documents": []}] * 2, *[closed] * 3):
            self._presence.show_state(state)

    def close(self) -> None:
        """The tab is closed: nobody is told."""
        self._closed = True
        self._greenlets.kill(block=False)
        if self._refreshing is not None:
            self._refreshing.stop()
            self._refreshing = None
        self._presence.end()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _spawn(self, work: Callable[..., None], *arguments: Any, **keywords: Any) -> None:
        greenlet = self._greenlets.spawn(work, *arguments, **keywords)
        greenlet.link_exception(lambda dead: self._swarm.recorder.failed("connect", self._sentence(dead.exception)))

    def _sentence(self, error: object) -> str:
        return f"JupyterLab:globalAwareness: {error}"

    # -- the line -----------------------------------------------------------------------------------------------

    def _connect_until_closed(self, *, told: bool) -> None:
        """Open the line; `told`: whether a failure is told, which it is once and not at each try."""
        backoff = Backoff()
        while not self._closed and not self._swarm.ended:
            self._may_connect.wait()
            try:
                self._connect()
            except RoomError as error:
                if told:
                    self._swarm.recorder.failed("connect", self._sentence(error))
                    told = False
                gevent.sleep(backoff.next())
            else:
                return

    def _connect(self) -> None:
        settings = self._swarm.settings
        assert self._address is not None
        opened = open_websocket(self._address, HTTP_TRY_DEADLINE_S, str(settings.ca_file) if settings.ca_file else None)
        if self._closed:
            opened.close()
            return
        first = self._refreshing is None
        self._connection = Connection(opened, self._receive, self._lost)
        self._last_heard = time.monotonic()
        self._connection.send(encode_sync_step_1(_EMPTY_STATE_VECTOR))
        self._presence.begin()
        if first:
            self._refreshing = Heartbeat(REFRESH_S, self._look_at_files)
            self._spawn(self._tell_of_opening)

    def _lost(self, error: BaseException) -> None:
        self._connection = None
        if not isinstance(
            error, (RoomError, OSError)
        ):  # of our own, in a callback of the loop: nobody else hears of it
            self._swarm.recorder.failed("connect", self._sentence(f"{type(error).__name__}: {error}"))
        self._presence.pause()
        if not self._closed and not self._swarm.ended:
            self._spawn(self._connect_until_closed, told=False)

    def _give_up_silent_line(self, now: float) -> None:
        if self._connection is not None and now - self._last_heard > SILENT_LINE_S:
            self._connection.close()
            self._lost(ConnectionBroken("silent"))

    # -- what is told -------------------------------------------------------------------------------------------

    def _tell_of_opening(self) -> None:
        began = time.monotonic()
        user, path = self._seat.person, self._seat.document.path
        for moments, state in (
            (_WITHOUT_A_DOCUMENT, {"user": person(user), "current": None}),  # and no list of documents yet
            (_WITH_ONE_BEHIND, person_in_lab(user, path, shown=False)),
            (_WITH_ONE_IN_FRONT, person_in_lab(user, path, shown=True)),
        ):
            for moment in moments:
                gevent.sleep(max(0.0, began + moment - time.monotonic()))
                self._presence.show_state(state)

    def _send(self, message: bytes) -> None:
        if self._connection is not None:
            self._swarm.counts["global_awareness_sent"] += 1
            self._connection.send(message)

    def _receive(self, messages: list[bytes]) -> None:
        now = self._last_heard = time.monotonic()
        for message in messages:
            try:
                if message[:1] == AWARENESS_PREFIX:
                    heard = read_awareness(message)
                    self._swarm.counts["global_awareness_received"] += 1
                    self._presence.hear(heard, now)
                elif isinstance(decode_message(message), SyncStep1) and self._connection is not None:
                    self._connection.send(encode_sync_step_2(_NOTHING_TO_ADD))
            except MessageError:
                self._swarm.counts["messages_unreadable"] += 1
