"""Faults in who is shown to whom: somebody hidden, come to a stop, changed, in the wrong document, or a ghost.

Users are counted in the order in which they first told of their presence, because one has to be seen before it edits.
"""
# ruff: noqa: ARG002 (a fault overrides whole questions, and reads what it needs of them)

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from pycrdt import Decoder, Encoder, YMessageType, is_awareness_disconnect_message, read_message, write_message

from servers.fault import Fault

if TYPE_CHECKING:
    from servers.room import Room
    from servers.sick_server import Connection

GHOST_EVERY_S = 1.0


class FaultOfPresence(Fault):
    """Knows who told of its presence, and what the last word was."""

    def __init__(self, *, at: int | None = None, user: int | None = None, quiet: float | None = None) -> None:
        super().__init__(at=at, user=user, quiet=quiet)
        self.announced: dict[Room, list[int]] = {}
        self.clients: dict[Connection, int] = {}

    def received(self, room: Room, connection: Connection, message: bytes) -> None:
        if message[0] == YMessageType.AWARENESS:
            client, clock, state = one_presence(message)
            self.clients[connection] = client
            announced = self.announced.setdefault(room, [])
            if client not in announced:
                announced.append(client)
            self.told(room, connection, client, clock, state)

    def told(self, room: Room, connection: Connection, client: int, clock: int, state: str) -> None:
        """A user told of its presence."""

    def is_user(self, room: Room, connection: Connection, number: int) -> bool:
        announced = self.announced.get(room, [])
        return len(announced) >= number and self.clients.get(connection) == announced[number - 1]


class HidePresence(FaultOfPresence):
    """One user is told nothing of who else is there."""

    def presence(self, room: Room, connection: Connection, sender: Connection, message: bytes) -> bytes | None:
        if connection is sender or not self.is_user(room, connection, self.user):
            return message
        self.strike(room)
        return None


class StalePresence(FaultOfPresence):
    """From then on one user is told nothing new of another one, whose line is cut, and who tells of itself again."""

    def applied(self, room: Room, connection: Connection, update: bytes) -> None:
        cut = next((one for one in room.connections if self.is_user(room, one, self.user + 1)), None)
        if self.due(room) and not self.struck(room) and cut is not None:
            self.strike(room)
            cut.close_abruptly()

    def presence(self, room: Room, connection: Connection, sender: Connection, message: bytes) -> bytes | None:
        stops = self.is_user(room, connection, self.user) and self.is_user(room, sender, self.user + 1)
        return None if self.struck(room) and stops else message


class AlterPresence(FaultOfPresence):
    """One user sees another one under somebody else's name."""

    def presence(self, room: Room, connection: Connection, sender: Connection, message: bytes) -> bytes | None:
        struck = self.is_user(room, connection, self.user) and self.is_user(room, sender, self.user + 1)
        client, clock, state = one_presence(message)
        if not struck or state == "null":
            return message
        self.strike(room)
        changed = json.loads(state)
        changed["user"]["name"] = "Somebody Else"
        return presence_message(client, clock, json.dumps(changed))


class Ghost(FaultOfPresence):
    """Who closes the document stays: its leaving is kept back, and the server goes on telling of it in its name."""

    def __init__(self, *, at: int | None = None, user: int | None = None, quiet: float | None = None) -> None:
        super().__init__(at=at, user=user, quiet=quiet)
        self.last: dict[int, str] = {}

    def told(self, room: Room, connection: Connection, client: int, clock: int, state: str) -> None:
        if state != "null":
            self.last[client] = state
        elif not self.struck(room):
            self.strike(room)
            self._haunt(room, client, clock)

    def presence(self, room: Room, connection: Connection, sender: Connection, message: bytes) -> bytes | None:
        return None if is_awareness_disconnect_message(message[1:]) else message

    def _haunt(self, room: Room, client: int, clock: int) -> None:
        for connection in list(room.connections):
            connection.deliver(presence_message(client, clock + 1, self.last[client]))
        asyncio.get_running_loop().call_later(GHOST_EVERY_S, self._haunt, room, client, clock + 1)


class ForeignPresence(FaultOfPresence):
    """The people of all other documents are shown in one."""

    def told(self, room: Room, connection: Connection, client: int, clock: int, state: str) -> None:
        one = min(room.server.rooms.values(), key=lambda other: other.path)
        if one is not room:
            self.strike(one)
            for other in list(one.connections):
                other.deliver(presence_message(client, clock, state))


def one_presence(message: bytes) -> tuple[int, int, str]:
    """Client, clock and state (JSON) of a message that speaks of one client, as users' do."""
    decoder = Decoder(read_message(message[1:]))
    assert decoder.read_var_uint() == 1
    return decoder.read_var_uint(), decoder.read_var_uint(), decoder.read_var_string()


def presence_message(client: int, clock: int, state: str) -> bytes:
    """The other way; only for ASCII (pycrdt counts the length in characters)."""
    encoder = Encoder()
    for number in (1, client, clock):
        encoder.write_var_uint(number)
    encoder.write_var_string(state)
    return bytes([YMessageType.AWARENESS]) + write_message(encoder.to_bytes())
