"""Faults in which the server itself changes a document, with its own client id, and tells everybody.

All replicas, a joiner and the file then agree, on something that nobody wrote. Only who knows what was authored can
see it. Later edits can cover such damage; `quiet` lets it happen in a pause, so that nothing comes after it.
"""
# ruff: noqa: ARG002 (a fault overrides whole questions, and reads what it needs of them)

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pycrdt import Text

from servers.fault import Fault
from servers.insertions import Insertion, InsertionWatch, cells_of

if TYPE_CHECKING:
    from pycrdt import Map

    from servers.room import Room
    from servers.sick_server import Connection

STRANGER = " [nobody wrote this] "


class Damage(Fault):
    """One change per room, right after an update that makes it possible, or in the first pause of `quiet` seconds."""

    def __init__(self, *, at: int | None = None, user: int | None = None, quiet: float | None = None) -> None:
        super().__init__(at=at, user=user, quiet=quiet)
        self._watches: dict[Room, InsertionWatch] = {}
        self._recent: dict[Room, deque[tuple[str | None, Insertion]]] = {}
        self._edited: dict[Room, dict[str | None, int]] = {}
        self._timers: dict[Room, asyncio.TimerHandle] = {}

    def damage(self, room: Room) -> bool:
        """Does it, if the document allows it now; whether it was done."""
        raise AssertionError("every kind of damage says what it does")

    def room_made(self, room: Room) -> None:
        self._watches[room] = InsertionWatch(room.kind, room.doc)
        self._recent[room] = deque(maxlen=50)
        self._edited[room] = {}

    def applied(self, room: Room, connection: Connection, update: bytes) -> None:
        for insertion in self._watches[room].take():
            cell = None if insertion.cell is None else str(cells_of(room.doc)[insertion.cell].get("id"))
            self._recent[room].append((cell, insertion))
            self._edited[room][cell] = room.updates
        if not self.due(room) or self.struck(room):
            return
        if self.quiet is None:
            self._try(room)
            return
        if room in self._timers:
            self._timers[room].cancel()
        self._timers[room] = asyncio.get_running_loop().call_later(self.quiet, self._try, room)

    def _try(self, room: Room) -> None:
        if not self.struck(room) and self.damage(room):
            self.strike(room)
        self._watches[room].take()  # what the damage itself inserted

    def newest_insertion(self, room: Room) -> tuple[Text, Insertion] | None:
        """The newest text that still stands untouched where a user put it, or where others have moved it to."""
        texts = _texts(room)
        for cell, insertion in reversed(self._recent[room]):
            text = texts.get(cell)
            if text is None or not insertion.text.strip():
                continue
            content, wanted = str(text).encode(), insertion.text.encode()
            if content[insertion.position : insertion.end] == wanted:
                return text, insertion
            if len(wanted) > 3 and content.count(wanted) == 1:
                return text, replace(insertion, position=content.index(wanted))
        return None

    def calmest(self, room: Room) -> list[tuple[str | None, Text]]:
        """The texts that are not blank, first those that were edited longest ago (or never)."""
        texts = [(cell, text) for cell, text in _texts(room).items() if str(text).strip()]
        return sorted(texts, key=lambda entry: self._edited[room].get(entry[0], 0))

    def calmest_cell(self, room: Room) -> Map[Any] | None:
        calm = [cell for cell, _ in self.calmest(room) if cell is not None]
        return next((cell for cell in cells_of(room.doc) if calm and cell.get("id") == calm[0]), None)


def _texts(room: Room) -> dict[str | None, Text]:
    """The sources by cell id; of a text file the one text, by None."""
    if room.kind != "notebook":
        return {None: room.doc.get("source", type=Text)}
    sources = {str(cell.get("id")): cell.get("source") for cell in cells_of(room.doc)}
    return {cell: source for cell, source in sources.items() if isinstance(source, Text)}


class DeleteText(Damage):
    """Text that a user has just inserted is deleted."""

    def damage(self, room: Room) -> bool:
        found = self.newest_insertion(room)
        if found is not None:
            text, insertion = found
            del text[insertion.position : insertion.end]
        return found is not None


class DoubleText(Damage):
    """Text that a user has just inserted stands there twice, the copy directly behind."""

    def damage(self, room: Room) -> bool:
        found = self.newest_insertion(room)
        if found is not None:
            text, insertion = found
            text.insert(insertion.end, insertion.text)
        return found is not None


class DoubleCell(Damage):
    """A cell stands there twice: same type and source, a new id."""

    def damage(self, room: Room) -> bool:
        cell = self.calmest_cell(room) if room.kind == "notebook" else None
        if cell is not None:
            copy = {**(cell.to_py() or {}), "id": str(uuid4())}
            copy.pop("execution_state", None)
            cells = cells_of(room.doc)
            place = next(index for index, other in enumerate(cells) if other.get("id") == cell.get("id"))
            cells.insert(place + 1, room.document.create_ycell(copy))
        return cell is not None


class InventText(Damage):
    """Words that nobody wrote stand at the end of a text."""

    def damage(self, room: Room) -> bool:
        texts = self.calmest(room)
        if texts:
            text = texts[0][1]
            text.insert(len(str(text).encode()), STRANGER)
        return bool(texts)


class InventCell(Damage):
    """A cell that nobody made stands at the end."""

    def damage(self, room: Room) -> bool:
        if room.kind == "notebook":
            cell = {"cell_type": "markdown", "id": str(uuid4()), "metadata": {}, "source": STRANGER}
            cells_of(room.doc).append(room.document.create_ycell(cell))
        return room.kind == "notebook"


class BogusType(Damage):
    """A cell has a type that does not exist."""

    def damage(self, room: Room) -> bool:
        cell = self.calmest_cell(room)
        if cell is not None:
            cell["cell_type"] = "bogus"
        return cell is not None


class NoSource(Damage):
    """A cell has no source any more."""

    def damage(self, room: Room) -> bool:
        cell = self.calmest_cell(room)
        if cell is not None:
            del cell["source"]
        return cell is not None


class DuplicateId(Damage):
    """Two cells that differ have one id; and the server, against its habit, does not rename one when it saves."""

    def damage(self, room: Room) -> bool:
        calm = [cell for cell, _ in self.calmest(room)]
        sources = _texts(room)
        pair = next(((a, b) for a in calm for b in calm if str(sources[a]) != str(sources[b])), None)
        if pair is not None:
            room.deduplicate = False
            cell = next(cell for cell in cells_of(room.doc) if cell.get("id") == pair[1])
            cell["id"] = pair[0]
        return pair is not None
