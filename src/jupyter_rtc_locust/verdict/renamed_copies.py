"""The one thing that a healthy server writes into the content: a new id for one of two copies of a cell (rule 2).

Two people who move one cell at once leave it twice. A server that saves then gives the second copy, where it differs
from the first, an id of its own, in the document. That is right only while two copies stand there; a server that gives
new ids to cells that stand alone invents.

Which cells ever stood beside each other is told by cause, not by time: who moves a cell deletes the old one in the
same edit, so the two never did. When they stood there is told by times, generously: an edit was there at the earliest
when it was due, and a message may be read long after it was sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import AnyContent, Id
from jupyter_rtc_locust.protocol.structs import Item
from jupyter_rtc_locust.verdict.reading import AuthoredStructs, Reading

_READ_LATE_S = 15.0
"""How long after it was sent a new id may have been read, while the echo of a later edit was read at once."""


def renamed_copies(reading: Reading, foreign: ClockRanges) -> ClockRanges:
    """Of these clocks, which nobody of the run wrote, those that give a new id to a cell that stood there twice."""
    if reading.evidence.kind != "notebook" or not foreign:
        return ClockRanges()
    entries = list(_id_entries(reading))
    candidates = [(item, cell) for item, cell in entries if foreign.contains((item.client, item.clock))]
    if not candidates:
        return ClockRanges()
    holders: dict[str, set[Id]] = {}
    for item, cell in entries:
        for name in _names(item):
            holders.setdefault(name, set()).add(cell)
    groups = [(item, cell, _former_holders(reading, item, holders)) for item, cell in candidates]
    lives = _Lives(reading, {one for _, cell, group in groups for one in (cell, *group)})
    return ClockRanges.of(
        (item.client, item.clock, item.end)
        for item, cell, group in groups
        if any(lives.stood_together(cell, copy, _seen_at(reading, item)) for copy in group - {cell})
    )


def _id_entries(reading: Reading) -> Iterator[tuple[Item, Id]]:
    """Every struct that gives a cell its `id`, with the cell."""
    lineage = reading.lineage
    for client, start, end in lineage.clock_ranges():
        for struct in lineage.structs_in(client, start, end):
            if not isinstance(struct, Item) or not isinstance(struct.content, AnyContent):
                continue
            if not lineage.is_entry(struct):
                continue
            place = lineage.place_of((client, struct.clock))
            if place is None or place.key != "id" or isinstance(place.parent, str):
                continue
            holder = lineage.place_of(place.parent)
            if holder is not None and holder.parent == "cells":
                yield struct, place.parent


def _names(item: Item) -> tuple[str, ...]:
    values = item.content.values if isinstance(item.content, AnyContent) else ()
    return tuple(value for value in values if isinstance(value, str))


def _former_holders(reading: Reading, item: Item, holders: dict[str, set[Id]]) -> set[Id]:
    """The cells that ever had the id which this entry took the place of."""
    before = reading.lineage.struct_at(item.origin) if item.origin is not None else None
    names = _names(before) if isinstance(before, Item) else ()
    return set().union(*(holders.get(name, set()) for name in names))


def _seen_at(reading: Reading, item: Item) -> float | None:
    """When a process first saw this struct; None: it only stands in what somebody held at the end."""
    for moment, update in reading.received:
        if item.client in update.structs and (item.client, item.clock) in update.clock_ranges():
            return moment
    return None


class _Lives:
    """Who made and who deleted these cells."""

    def __init__(self, reading: Reading, cells: set[Id]) -> None:
        self._clocks_differ = reading.clocks_differ
        self._makers = {cell: reading.author_of(cell.client, cell.clock) for cell in cells}
        self._deleters: dict[Id, list[AuthoredStructs]] = {cell: [] for cell in cells}
        by_client: dict[int, list[Id]] = {}
        for cell in cells:
            by_client.setdefault(cell.client, []).append(cell)
        for one in reading.authored:
            for client in one.update.deletions.clients():
                for cell in by_client.get(client, ()):
                    if cell in one.update.deletions:
                        self._deleters[cell].append(one)

    def stood_together(self, one: Id, other: Id, moment: float | None) -> bool:
        """Whether both cells can have been there at this moment; at any moment, where it is not known."""
        if other in self._before(one) or one in self._before(other):
            return False
        if moment is None:
            return True
        first = max(self._made(one), self._made(other))
        last = min(self._deleted(one), self._deleted(other))
        return first - self._clocks_differ <= moment <= last + _READ_LATE_S

    def _before(self, cell: Id) -> set[Id]:
        """The cells that were deleted before this one was made: by its maker, or by the makers of those, and so on."""
        found: set[Id] = set()
        waiting = [cell]
        while waiting:
            maker = self._makers[waiting.pop()]
            for other in self._makers if maker is not None else ():
                if maker is not None and other not in found and other in maker.update.deletions:
                    found.add(other)
                    waiting.append(other)
        return found

    def _made(self, cell: Id) -> float:
        maker = self._makers[cell]
        return -inf if maker is None else maker.edit.due

    def _deleted(self, cell: Id) -> float:
        """The latest echo of a deletion. What nobody of the run deleted, or nobody acknowledged, may still be there."""
        echoes = [one.edit.acknowledged for one in self._deleters[cell]]
        return max((inf if echo is None else echo for echo in echoes), default=inf)
