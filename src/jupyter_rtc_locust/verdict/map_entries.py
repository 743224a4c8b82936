"""Which entry of a map took the place of which: of all that were ever written under one key, the last one shows.

Entries under one key stand in one order, whoever receives them when: each behind the one that its author saw, and of
those written behind the same one, that of the greater client id last (YATA, as Yjs integrates items without a right
origin). An entry is deleted, without anybody's deletion, as soon as another stands behind it.
"""

from __future__ import annotations

from math import inf

from jupyter_rtc_locust.protocol.contents import Id
from jupyter_rtc_locust.protocol.lineage import Place
from jupyter_rtc_locust.protocol.structs import Item
from jupyter_rtc_locust.verdict.reading import Reading


class MapEntries:
    """For some entries of maps, when the first that stands behind each was written."""

    def __init__(self, reading: Reading, wanted: set[Id]) -> None:
        """Look at those of `wanted` (first units of items) that are entries of maps."""
        self._replaced: dict[Id, float] = {}
        places = {place for place in (self._place(reading, one) for one in wanted) if place is not None}
        if places:
            for entries in _entries_at(reading, places).values():
                self._replaced |= _first_behind(reading, entries)

    def was_replaced(self, entry: Id, latest: float) -> bool:
        """Whether an entry that stands behind this one was there at this time (seconds)."""
        return entry in self._replaced and self._replaced[entry] <= latest

    @staticmethod
    def _place(reading: Reading, identity: Id) -> Place | None:
        struct = reading.lineage.struct_at(identity)
        is_entry = isinstance(struct, Item) and reading.lineage.is_entry(struct)
        return reading.lineage.place_of(identity) if is_entry else None


def _entries_at(reading: Reading, places: set[Place]) -> dict[Place, list[Item]]:
    """All entries that were ever written at these places."""
    found: dict[Place, list[Item]] = {place: [] for place in places}
    for struct in reading.lineage:
        if isinstance(struct, Item) and reading.lineage.is_entry(struct):
            place = reading.lineage.place_of((struct.client, struct.clock))
            if place in found:
                found[place].append(struct)
    return found


def _first_behind(reading: Reading, entries: list[Item]) -> dict[Id, float]:
    """For each entry but the last, when the earliest of those behind it was written."""
    behind: dict[Id | None, list[Item]] = {}
    own = {Id(entry.client, entry.clock) for entry in entries}
    for entry in entries:
        before = reading.lineage.struct_at(entry.origin) if entry.origin is not None else None
        anchor = Id(before.client, before.clock) if before is not None else None
        behind.setdefault(anchor if anchor in own else None, []).append(entry)
    ordered: list[Item] = []
    waiting = sorted(behind.get(None, ()), key=_by_client, reverse=True)
    while waiting:
        entry = waiting.pop()
        ordered.append(entry)
        waiting += sorted(behind.get(Id(entry.client, entry.clock), ()), key=_by_client, reverse=True)
    first = inf
    found: dict[Id, float] = {}
    for entry in reversed(ordered):
        if first < inf:
            found[Id(entry.client, entry.clock)] = first
        first = min(first, _written(reading, entry))
    return found


def _by_client(entry: Item) -> tuple[int, int]:
    return entry.client, entry.clock


def _written(reading: Reading, entry: Item) -> float:
    """When an entry was due; what is not ours may have been there at any time, and has its own finding."""
    author = reading.author_of(entry.client, entry.clock)
    return -inf if author is None else author.edit.due
