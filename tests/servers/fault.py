"""What a fault of the sick server is: the places where the healthy code asks it, each with the healthy answer.

A fault overrides the few questions that it answers differently. It strikes by count, never by chance: from the
`at`-th update of a room on, and, where it strikes one user, the `user`-th. Users are counted in the order of their
first edit, so that observers and joiners do not shift the count; faults that strike while a line opens count all
lines of the room instead, and say so.
"""
# ruff: noqa: ARG002 (a fault overrides whole questions, and reads what it needs of them)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from servers.room import Room
    from servers.sick_server import Connection

Refusal = tuple[int, str]
"""A WebSocket close code and its reason."""


class Fault:
    """Nothing is wrong: every answer is that of the healthy server."""

    user_unless_told = 1
    save_takes = 0.0
    """Seconds that saving takes longer."""
    memory = 100_000_000
    """Resident memory in bytes, as the server's metrics tell."""

    def __init__(self, *, at: int | None = None, user: int | None = None, quiet: float | None = None) -> None:
        self.at = 20 if at is None else at
        self.user = self.user_unless_told if user is None else user
        self.quiet = quiet
        self._struck: set[Room] = set()

    # Counting

    def due(self, room: Room) -> bool:
        """Whether the room has seen so many updates that the fault may act."""
        return room.updates >= self.at

    def struck(self, room: Room) -> bool:
        """Whether a fault that acts once per room has acted."""
        return room in self._struck

    def strike(self, room: Room) -> None:
        self._struck.add(room)
        print(f"{type(self).__name__} struck {room.path} at update {room.updates}", flush=True)

    def strikes_user(self, connection: Connection) -> bool:
        return connection.author_number == self.user

    # Questions of the server

    def answers_http(self, method: str, path: str, upgrade: bool) -> int | None:
        """An HTTP status to fail this request with. `upgrade`: it would open a WebSocket."""
        return None

    def room_made(self, room: Room) -> None:
        """A room was loaded from its file."""

    def refuses(self, room: Room, connection: Connection) -> Refusal | None:
        """Whether to close a connection that is being opened."""
        return None

    def received(self, room: Room, connection: Connection, message: bytes) -> None:
        """Any message came, before it is handled."""

    def answers_step1(self, room: Room, connection: Connection, update: bytes) -> bytes | None:
        """The update to answer a client's step 1 with; None leaves it unanswered."""
        return update

    def accepts(self, room: Room, connection: Connection, update: bytes) -> bool:
        """Whether a client's update is applied (and thereby relayed)."""
        return True

    def applied(self, room: Room, connection: Connection, update: bytes) -> None:
        """A client's update was applied and relayed."""

    def relayed(self, room: Room, connection: Connection, author: Connection | None, update: bytes) -> bytes | None:
        """What of an update goes to one connection; None: nothing. `author` is None for the server's own changes."""
        return update

    def presence(self, room: Room, connection: Connection, sender: Connection, message: bytes) -> bytes | None:
        """What of a user's awareness message goes to one connection; None: nothing."""
        return message

    def sends(self, room: Room, connection: Connection, message: bytes) -> Iterable[tuple[float, bytes]]:
        """What leaves on a line for one message: (seconds to wait, bytes), any number of times."""
        return [(0.0, message)]

    def saved(self, room: Room, content: Any) -> Any:
        """What is written for this content (a notebook as a dict, or a text); None: nothing. May raise OSError."""
        return content

    def saves_by_hand(self, room: Room) -> bool:
        """Whether a save that somebody asks for is carried out; that it was is answered in any case."""
        return True
