"""Faults between a healthy server and its users: messages dropped, held back, altered, cut short, taken for another's.

Whom a fault strikes: in `up` the `user`-th who wrote; in `down` the same, so that all findings name one user.
"""
# ruff: noqa: ARG002 (a fault overrides whole questions, and reads what it needs of them)

from __future__ import annotations

from collections.abc import Iterable

from faults.faulty_proxy import PRESENCE, STEP_2, UPDATE, Line, OnTheWay, Sent, framed, update_of
from faults.update_reader import altered, encoded, read_update, without_deletions

EVER = 1_000_000
AS_IT_IS = 0.0
A_WORD = 3
"""Characters; each edit overwrites an entry of a map, too, and of that deletion nothing depends."""


def content_values(update: bytes) -> list[range]:
    """Where strings stand that are content: ids have 8 or 36 characters, types of cells at most 8."""
    return [place for place in read_update(update).values if len(place) > 8 and len(place) != 36]


class DropUp(OnTheWay):
    """An edit that holds something is lost before it reaches the server."""

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        update = update_of(message)
        if update is not None and self.strikes(line) and read_update(update).clients:
            self.struck += 1
            return []
        return [(AS_IT_IS, message)]


class DropDeletionsUp(OnTheWay):
    """Of an edit that deletes, the deletions are lost before they reach the server."""

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        update = update_of(message)
        if update is not None and self.strikes(line) and read_update(update).deleted >= A_WORD:
            self.struck += 1
            return [(AS_IT_IS, framed(UPDATE, without_deletions(update)))]
        return [(AS_IT_IS, message)]


class AlterUp(OnTheWay):
    """A letter of a word is another one when the edit reaches the server; its author keeps what was typed."""

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        update = update_of(message)
        if update is not None and self.strikes(line):
            other = altered(update, read_update(update).texts)
            if other is not None:
                self.struck += 1
                return [(AS_IT_IS, framed(UPDATE, other))]
        return [(AS_IT_IS, message)]


class AlterValueUp(OnTheWay):
    """The same in a value: an output, metadata, an attachment."""

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        update = update_of(message)
        if update is not None and self.strikes(line):
            other = altered(update, content_values(update))
            if other is not None:
                self.struck += 1
                return [(AS_IT_IS, framed(UPDATE, other))]
        return [(AS_IT_IS, message)]


class TruncateUp(OnTheWay):
    """An edit reaches the server without its second half."""

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        update = update_of(message)
        if update is not None and self.strikes(line) and read_update(update).clients:
            self.struck += 1
            return [(AS_IT_IS, framed(UPDATE, update[: len(update) // 2]))]
        return [(AS_IT_IS, message)]


class MuteUp(OnTheWay):
    """From then on nothing that one user sends reaches the server, and what others write still comes."""

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        if self.strikes(line):
            self.struck += 1
            return []
        return [(AS_IT_IS, message)]


class ToOne(OnTheWay):
    """One update of somebody else, on its way to one user: `instead` says what arrives of it."""

    def instead(self, update: bytes) -> list[Sent] | None:
        """What arrives; None: this update is not a fitting one."""
        raise AssertionError("every fault says what arrives")

    def __init__(self, *, at: int = 20, user: int = 1, times: int = 1) -> None:
        super().__init__(at=at, user=user, times=times)
        self._own: dict[Line, set[int]] = {}

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        update = update_of(message)
        if update is not None:
            self._own.setdefault(line, set()).update(read_update(update).clients)
        return [(AS_IT_IS, message)]

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        update = update_of(message)
        if update is not None and self.strikes(line):
            clients = set(read_update(update).clients)
            arrives = self.instead(update) if clients and not clients & self._own[line] else None
            if arrives is not None:
                self.struck += 1
                return arrives
        return [(AS_IT_IS, message)]


class DropToOne(ToOne):
    """It is lost."""

    def instead(self, update: bytes) -> list[Sent] | None:
        return []


class AlterToOne(ToOne):
    """A letter of a word is another one."""

    def instead(self, update: bytes) -> list[Sent] | None:
        other = altered(update, read_update(update).texts)
        return None if other is None else [(AS_IT_IS, framed(UPDATE, other))]


class DropDeletionsToOne(ToOne):
    """Its deletions are lost."""

    def instead(self, update: bytes) -> list[Sent] | None:
        return (
            [(AS_IT_IS, framed(UPDATE, without_deletions(update)))] if read_update(update).deleted >= A_WORD else None
        )


class AlterValueToOne(ToOne):
    """A letter of a value is another one: an output, metadata, an attachment."""

    def instead(self, update: bytes) -> list[Sent] | None:
        other = altered(update, content_values(update))
        return None if other is None else [(AS_IT_IS, framed(UPDATE, other))]


class TruncateToOne(ToOne):
    """Its second half is missing."""

    def instead(self, update: bytes) -> list[Sent] | None:
        return [(AS_IT_IS, framed(UPDATE, update[: len(update) // 2]))]


class AlterToAll(OnTheWay):
    """A letter of one edit is another one for everybody but its author; the server holds it as it was typed."""

    def __init__(self, *, at: int = 20, user: int = 1, times: int = 1) -> None:
        super().__init__(at=at, user=user, times=times)
        self._chosen: bytes | None = None
        self._author: Line | None = None

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        update = update_of(message)
        wanted = self._chosen is None and update is not None and self.strikes(line)
        if wanted and update is not None and altered(update, read_update(update).texts) is not None:
            self._chosen, self._author = update, line
        return [(AS_IT_IS, message)]

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        update = update_of(message)
        if update is not None and line is not self._author and update == self._chosen:
            self.struck += 1
            other = altered(update, read_update(update).texts)
            assert other is not None
            return [(AS_IT_IS, framed(UPDATE, other))]
        return [(AS_IT_IS, message)]


class AlterEcho(OnTheWay):
    """Somebody's own words come back with a letter that is another one; everybody else gets them as they are."""

    def __init__(self, *, at: int = 20, user: int = 1, times: int = 1) -> None:
        super().__init__(at=at, user=user, times=times)
        self._sent: set[bytes] = set()

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        update = update_of(message)
        if update is not None and line.writer_number == self.user:
            self._sent.add(update)
        return [(AS_IT_IS, message)]

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        update = update_of(message)
        if update in self._sent and update is not None and self.strikes(line):
            other = altered(update, read_update(update).texts)
            if other is not None:
                self.struck += 1
                return [(AS_IT_IS, framed(UPDATE, other))]
        return [(AS_IT_IS, message)]


class TwiceUnderAnotherName(OnTheWay):
    """An edit reaches the server a second time, as that of a client whom nobody knows."""

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        update = update_of(message)
        if update is not None and self.strikes(line):
            contents = read_update(update)
            if len(contents.clients) == 1 and any(len(place) > 3 for place in contents.texts):
                self.struck += 1
                # The sender's id stands behind the numbers of clients (1) and of structs; clocks begin anew, at 0.
                at = 1 + len(encoded(contents.structs))
                behind = at + len(encoded(contents.clients[0])) + len(encoded(contents.clock))
                other = update[:at] + encoded(4_000_000_007) + encoded(0) + update[behind:]
                return [(AS_IT_IS, message), (0.2, framed(UPDATE, without_deletions(other)))]
        return [(AS_IT_IS, message)]


class MuteOne(OnTheWay):
    """From then on nothing reaches one user, whose line stays open."""

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        if self.strikes(line):
            self.struck += 1
            return []
        return [(AS_IT_IS, message)]


class MuteAll(OnTheWay):
    """From then on nothing reaches anybody in the room; HTTP is well, and lines still open."""

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        if self.due(line):
            self.struck += 1
            return []
        return [(AS_IT_IS, message)]


class HoldOne(OnTheWay):
    """From then on whatever reaches one user comes 25 s late, its own echoes as well."""

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        if self.strikes(line):
            self.struck += 1
            return [(25.0, message)]
        return [(AS_IT_IS, message)]


class StaleNewcomer(OnTheWay):
    """Who opens the document after a pause of 1 s gets, as its first answer, the one that the first user got."""

    def __init__(self, *, at: int = 20, user: int = 1, times: int = 1) -> None:
        super().__init__(at=at, user=user, times=times)
        self._old: bytes | None = None
        self._answered: set[Line] = set()

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        if update_of(message, STEP_2) is None or line in self._answered:
            return [(AS_IT_IS, message)]
        self._answered.add(line)
        if self._old is None:
            self._old = message
        elif self.due(line) and line.opened_after_s > 1:
            self.struck += 1
            return [(AS_IT_IS, self._old)]
        return [(AS_IT_IS, message)]


class NoDeletionsForNewcomer(OnTheWay):
    """Who opens the document after a pause of 1 s gets everything that was ever written, and none of the deletions."""

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        update = update_of(message, STEP_2)
        if update is not None and self.due(line) and line.opened_after_s > 1:
            self.struck += 1
            return [(AS_IT_IS, framed(STEP_2, without_deletions(update)))]
        return [(AS_IT_IS, message)]


class DropPresenceToOne(OnTheWay):
    """From the first message on one line's user is told nothing of who is there (the `user`-th line of the run)."""

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        if message[0] == PRESENCE and line.number == self.user:
            self.struck += 1
            return []
        return [(AS_IT_IS, message)]


class DropPresenceOfOne(OnTheWay):
    """From the first message on nobody is told that one line's user is there (the `user`-th line of the run)."""

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        if message[0] == PRESENCE and line.number == self.user:
            self.struck += 1
            return []
        return [(AS_IT_IS, message)]


class AlterPresence(OnTheWay):
    """From then on one user sees the others under a name that nobody has."""

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        if message[0] == PRESENCE and self.strikes(line):
            at = message.find(b'"name"')
            colon = message.find(b'"', at + len(b'"name"') + 1)
            other = altered(message, [range(colon, len(message))]) if at > 0 else None
            if other is not None:
                self.struck += 1
                return [(AS_IT_IS, other)]
        return [(AS_IT_IS, message)]
