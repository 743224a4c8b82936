"""A whole user on a line: after any message it is served as before, or its line is closed and it says why."""

from __future__ import annotations

import random
import select
import socket
import time
from collections.abc import Callable
from typing import Any

import gevent
from pycrdt import Doc, Map

from fuzz.corpus import Corpus
from fuzz.mutations import mutated
from fuzz.targets import Broken, Target, frame, hostile_message
from jupyter_rtc_locust.protocol.messages import encode_sync_step_2, encode_update
from jupyter_rtc_locust.servers.base import Document, RoomAddress
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.timing.recorder import Recorder
from jupyter_rtc_locust.users import collaborator
from jupyter_rtc_locust.users.collaborator import Collaborator
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.swarm import Swarm

DEADLINE_S = 10.0


class _Server:
    name, stores_files = "fuzz", False

    def open_room(self, _document: Document, _identity: int) -> RoomAddress:
        return RoomAddress("ws://fuzz/room")


class Users(Target):
    """Messages in frames that are right (most of them), each followed by an update that has to arrive."""

    name, share, together = "user on a line", 0.05, 25

    def __init__(self, corpus: Corpus) -> None:
        super().__init__(corpus)
        collaborator.open_websocket = self._open_line

    def made(self, chance: random.Random) -> bytes:
        whole = frame(hostile_message(chance, self.corpus))
        return mutated(chance, whole, self.corpus.messages) if chance.random() < 0.1 else whole

    def begin(self) -> None:
        self._number = 0
        self._elsewhere: Doc[Any] = Doc(client_id=77)
        self._state: Map[Any] = self._elsewhere.get("state", type=Map)
        self._written: list[bytes] = []
        self._subscription = self._elsewhere.observe(lambda event: self._written.append(event.update))
        settings = Settings(awareness="own")
        swarm = Swarm(
            run_id="fuzz",
            seed=1,
            settings=settings,
            server=_Server(),
            recorder=Recorder(),
            elapsed=0.0,
            user_failed=lambda _owner, _error: None,
        )
        self.user = Collaborator(Seat(0, 0, 4, Document("room", "notebook"), 0, 0, 1), swarm, lambda _number: None)
        self.user.open()
        swarm.ended = True  # whose line is lost stays away

    def take(self, hostile: bytes) -> str:
        if self._is_closed():
            self.begin()
        self._send(hostile)
        for _ in range(2):  # a length that was changed may end exactly where the first update does
            if not self._is_closed():
                self._send(frame(encode_update(self._written_elsewhere())))
                self._wait(lambda: self._is_closed() or self._has_read_all())
            if self._is_closed():
                return self._told_why()
            if self._is_served():
                return "served on"
            if self._waits_for_more():
                self.end()
                return "waits for the rest of a message"
        raise Broken("a deaf user: two updates were read and not taken")

    def end(self) -> None:
        """The line ends: that has to be told, whatever came before."""
        if not self._is_closed():
            self._end.close()
            self._wait(self._is_closed)
        self.user.leave()

    def _open_line(self, *_: object) -> socket.socket:
        client, self._end = socket.socketpair()
        self._end.setblocking(False)
        self._end.sendall(frame(encode_sync_step_2(self.corpus.whole)))
        return client

    def _send(self, data: bytes) -> None:
        left = memoryview(data)

        def done() -> bool:
            nonlocal left
            try:
                left = left[self._end.send(left) :]
            except BlockingIOError:
                pass
            except OSError:
                return True  # the user closed its line
            return not left

        self._wait(done)

    def _is_closed(self) -> bool:
        return self.user._connection is None

    def _is_served(self) -> bool:
        return bool(self.user.received) and self.user.received[-1] == self._last

    def _written_elsewhere(self) -> bytes:
        self._number += 1
        self._state["number"] = self._number
        self._last = self._written.pop()
        return self._last

    def _has_read_all(self) -> bool:
        connection = self.user._connection
        return not (connection is None or connection._waiting or select.select([connection._socket], [], [], 0)[0])

    def _waits_for_more(self) -> bool:
        connection = self.user._connection
        return connection is not None and (
            bool(connection._reader._pieces) or connection._reader._fragments is not None
        )

    def _told_why(self) -> str:
        if not self.user.trouble:
            raise Broken("the line was closed without a reason")
        return f"line closed, user {self.user.stage.value}"

    def _wait(self, condition: Callable[[], object]) -> None:
        until = time.monotonic() + DEADLINE_S
        while not condition():
            if time.monotonic() > until:
                raise Broken(f"nothing came of it within {DEADLINE_S} s")
            gevent.sleep(0.00001)
