"""Faults between the server and its users: what is not forwarded, not answered, refused, or the server gone."""
# ruff: noqa: ARG002 (a fault overrides whole questions, and reads what it needs of them)

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from pycrdt import create_update_message

from servers.fault import Fault, Refusal
from servers.insertions import insertions_of_update

if TYPE_CHECKING:
    from collections.abc import Iterable

    from servers.room import Room
    from servers.sick_server import Connection


class DropRelay(Fault):
    """One update of somebody else does not reach one user."""

    def relayed(self, room: Room, connection: Connection, author: Connection | None, update: bytes) -> bytes | None:
        foreign = author is not None and author is not connection
        if foreign and self.due(room) and self.strikes_user(connection) and not self.struck(room):
            self.strike(room)
            return None
        return update


class DropLastRelayToOne(Fault):
    """From then on one user gets nothing of others, the server included; its own echoes and answers still come."""

    def relayed(self, room: Room, connection: Connection, author: Connection | None, update: bytes) -> bytes | None:
        if author is not connection and self.due(room) and self.strikes_user(connection):
            self.strike(room)
            return None
        return update


class NoEcho(Fault):
    """One update is applied and reaches everybody but its author."""

    def relayed(self, room: Room, connection: Connection, author: Connection | None, update: bytes) -> bytes | None:
        own = author is connection and self.strikes_user(connection)
        if own and self.due(room) and not self.struck(room):
            self.strike(room)
            return None
        return update


class Swallow(Fault):
    """One update of one user is dropped: not applied, not relayed, not echoed."""

    def accepts(self, room: Room, connection: Connection, update: bytes) -> bool:
        if self.due(room) and self.strikes_user(connection) and not self.struck(room):
            self.strike(room)
            return False
        return True


class LoseEdit(Fault):
    """One update that holds text is echoed to its author, and then forgotten."""

    def accepts(self, room: Room, connection: Connection, update: bytes) -> bool:
        if self.struck(room) or not self.due(room) or not self.strikes_user(connection):
            return True
        if not insertions_of_update(room, update):
            return True
        self.strike(room)
        connection.deliver(create_update_message(update))
        return False


class LeakEdit(Fault):
    """One update of another document is passed on to the people of one, too."""

    def accepts(self, room: Room, connection: Connection, update: bytes) -> bool:
        one = min(room.server.rooms.values(), key=lambda other: other.path)
        if one is not room and not self.struck(one) and self.due(room) and insertions_of_update(room, update):
            self.strike(one)
            for other in list(one.connections):
                other.deliver(create_update_message(update))
        return True


class MuteOne(Fault):
    """From then on nothing at all is sent to one user, whose line stays open."""

    def sends(self, room: Room, connection: Connection, message: bytes) -> Iterable[tuple[float, bytes]]:
        if not self.due(room) or not self.strikes_user(connection):
            return [(0.0, message)]
        self.strike(room)
        return []


class NoSync(Fault):
    """The step 1 of one line (counted in the order of opening) is never answered."""

    user_unless_told = 2  # the first line is often an observer's

    def answers_step1(self, room: Room, connection: Connection, update: bytes) -> bytes | None:
        if connection.number != self.user:
            return update
        self.strike(room)
        return None


class StaleJoiner(Fault):
    """Who opens the document in a pause gets it as it was when the fault struck. A pause: `quiet`, or 1 s."""

    def __init__(self, *, at: int | None = None, user: int | None = None, quiet: float | None = None) -> None:
        super().__init__(at=at, user=user, quiet=1.0 if quiet is None else quiet)
        self.old: dict[Room, bytes] = {}
        self.joiners: set[Connection] = set()

    def applied(self, room: Room, connection: Connection, update: bytes) -> None:
        if self.due(room) and room not in self.old:
            self.old[room] = room.doc.get_update()

    def refuses(self, room: Room, connection: Connection) -> Refusal | None:
        assert self.quiet is not None
        if time.monotonic() - room.last_update >= self.quiet:
            self.joiners.add(connection)
        return None

    def answers_step1(self, room: Room, connection: Connection, update: bytes) -> bytes | None:
        if connection not in self.joiners or room not in self.old:
            return update
        self.strike(room)
        return self.old[room]


class Die(Fault):
    """The process ends without a word."""

    def accepts(self, room: Room, connection: Connection, update: bytes) -> bool:
        if self.due(room):
            self.strike(room)
            os._exit(3)
        return True


class Hang(Fault):
    """The process is there and does nothing any more; the kernel still accepts connections for it."""

    def accepts(self, room: Room, connection: Connection, update: bytes) -> bool:
        if self.due(room):
            self.strike(room)
            while True:
                time.sleep(60)
        return True


class Refuse(Fault):
    """Lines are closed as they open, from the `user`-th on (counted in the order of opening)."""

    refusal: Refusal

    def refuses(self, room: Room, connection: Connection) -> Refusal | None:
        if connection.number < self.user:
            return None
        self.strike(room)
        return self.refusal


class RefuseSession(Refuse):
    """The session id is said to be unknown."""

    refusal = (1003, '{"reason": "unknown_session", "sessionId": "", "reloadable": true}')


class MissingFile(Refuse):
    """The file is said to be missing."""

    refusal = (4404, "Error initializing: the file.")


class Corrupt(Refuse):
    """The file is said to be unreadable."""

    refusal = (4400, "Error initializing: the file.")


class Forbid(Fault):
    """403 for everything but the version."""

    def answers_http(self, method: str, path: str, upgrade: bool) -> int | None:
        return 403
