"""Where in a document a unit of content belongs, found from structs alone: its parent, its key, its root.

An update writes parent and key only for an item without origins. All others stand where their origin stands, so that
one update says little and many together say all: an overwritten map entry leads back to the first one of its key.

Whatever is asked here about a whole document costs one walk over its structs: nothing is recursive, answers are kept.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import Id, StringContent
from jupyter_rtc_locust.protocol.structs import Item, Struct, knowledge, without_overlaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jupyter_rtc_locust.protocol.updates import Update


_ORDERS = 1 << 48
"""More structs than anybody has: ranks by what a struct tells come before ranks by the order in which they came."""


class Place(NamedTuple):
    """Where an item stands: in which shared type, and under which key if that is a map."""

    parent: str | Id
    """A root's name, or the item that holds the shared type."""
    key: str | None


class Lineage:
    """An index over the structs of many updates. Of several that hold a clock, the one that tells most is kept.

    Real content tells more than deleted content, and that more than a GC; among equals the first given holds.
    """

    __slots__ = ("_clocks", "_places", "_roots", "_structs")

    def __init__(self, updates: Iterable[Update]) -> None:
        """Index all structs of the updates, in any order; what servers cut or joined anew is cut to fit."""
        by_client: dict[int, list[tuple[int, Struct]]] = {}
        seen: dict[int, set[int]] = {}
        order = 0
        for update in updates:
            for client, structs in update.structs.items():
                ranked = by_client.setdefault(client, [])
                met = seen.setdefault(client, set())
                for struct in structs:
                    # The same object again says nothing new; it lives as long as the list that holds it.
                    if id(struct) not in met:
                        met.add(id(struct))
                        ranked.append((knowledge(struct) * _ORDERS + order, struct))
                        order += 1
        self._structs = {client: without_overlaps(by_client.pop(client)) for client in list(by_client)}
        self._clocks = {client: [struct.clock for struct in structs] for client, structs in self._structs.items()}
        # By client and by the number of the struct. None: it cannot be known. False: not asked yet.
        self._places: dict[int, list[Place | Literal[False] | None]] = _nothing_known(self._structs)
        self._roots: dict[int, list[str | Literal[False] | None]] = _nothing_known(self._structs)

    def struct_at(self, identity: tuple[int, int]) -> Struct | None:
        """Give the struct that holds this unit; None when no update held it."""
        index = self._index_of(identity)
        return None if index is None else self._structs[identity[0]][index]

    def _index_of(self, identity: tuple[int, int]) -> int | None:
        client, clock = identity
        index = bisect_right(self._clocks.get(client, ()), clock) - 1
        return index if index >= 0 and clock < self._structs[client][index].end else None

    def structs_in(self, client: int, start: int, end: int) -> Iterator[Struct]:
        """Give the structs that hold any clock from `start` to before `end`, ascending, not cut."""
        structs = self._structs.get(client, ())
        index = max(bisect_right(self._clocks.get(client, ()), start) - 1, 0)
        while index < len(structs) and structs[index].clock < end:
            if structs[index].end > start:
                yield structs[index]
            index += 1

    def __iter__(self) -> Iterator[Struct]:
        """Give all structs, client by client, ascending by clock."""
        for structs in self._structs.values():
            yield from structs

    def clock_ranges(self) -> ClockRanges:
        """Give all clocks that are known."""
        return ClockRanges.of((struct.client, struct.clock, struct.end) for struct in self)

    def place_of(self, identity: tuple[int, int]) -> Place | None:
        """Give the parent and key of a unit; None when unknown: no update held it, or its origins end in a GC."""
        index = self._index_of(identity)
        return None if index is None else self._place(identity[0], index)

    def _place(self, client: int, index: int) -> Place | None:
        known = self._places[client][index]
        if known is not False:
            return known
        # A depth-first walk along the origins, which are older, except in hostile updates: `walked` ends a ring.
        walk, walked = [(client, index)], {(client, index)}
        while walk:
            current_client, current_index = walk[-1]
            current = self._structs[current_client][current_index]
            places = self._places[current_client]
            if places[current_index] is not False:
                walk.pop()
                continue
            place: Place | None = None
            if isinstance(current, Item) and current.parent is not None:
                place = Place(current.parent, current.parent_key)
            elif isinstance(current, Item):
                deeper = False
                for anchor in (current.origin, current.right_origin):
                    beside = None if anchor is None else self._index_of(anchor)
                    if anchor is None or beside is None:
                        continue
                    of_beside = self._places[anchor.client][beside]
                    if of_beside is not False:
                        place = of_beside
                        if place is not None:
                            break
                    elif (anchor.client, beside) not in walked:
                        walked.add((anchor.client, beside))
                        walk.append((anchor.client, beside))
                        deeper = True
                        break
                if deeper:
                    continue
            places[current_index] = place
            walk.pop()
        found = self._places[client][index]
        assert found is not False
        return found

    def is_entry(self, item: Item) -> bool:
        """Say whether an item is an entry of a map, also where its bytes do not say so any more.

        Updates that pycrdt merged, or a server that keeps what it merged, have lost the bit of whatever has an origin
        (measured: pycrdt 0.14). Entries are written behind another and before nothing, and are no text.
        """
        if item.keyed:
            return True
        if item.right_origin is not None or isinstance(item.content, StringContent):
            return False
        place = self.place_of((item.client, item.clock))
        return place is not None and place.key is not None

    def ancestors(self, identity: tuple[int, int]) -> tuple[Id, ...]:
        """Give the items that hold the shared types around a unit, the nearest first; as far as they are known."""
        found: dict[Id, None] = {}
        place = self.place_of(identity)
        # An item cannot be its own ancestor, except in hostile updates.
        while place is not None and not isinstance(place.parent, str) and place.parent not in found:
            found[place.parent] = None
            place = self.place_of(place.parent)
        return tuple(found)

    def root_of(self, identity: tuple[int, int]) -> str | None:
        """Give the name of the root that a unit is in; None when unknown."""
        client = identity[0]
        index = self._index_of(identity)
        walked: list[tuple[int, int]] = []
        root: str | None = None
        while index is not None:
            known = self._roots[client][index]
            if known is not False:
                root = known
                break
            # Until it is known, so that a ring in hostile updates ends here.
            self._roots[client][index] = None
            walked.append((client, index))
            place = self._place(client, index)
            if place is None:
                break
            if isinstance(place.parent, str):
                root = place.parent
                break
            client, index = place.parent.client, self._index_of(place.parent)
        for client, index in walked:
            self._roots[client][index] = root
        return root

    def by_root(self, ranges: ClockRanges) -> dict[str | None, ClockRanges]:
        """Divide clocks by the root they are in; under None those that are unknown or garbage collected."""
        divided: dict[str | None, list[tuple[int, int, int]]] = {}
        for client, start, end in ranges:
            clock = start
            for struct in self.structs_in(client, start, end):
                if struct.clock > clock:
                    divided.setdefault(None, []).append((client, clock, struct.clock))
                    clock = struct.clock
                stop = min(struct.end, end)
                divided.setdefault(self.root_of((client, struct.clock)), []).append((client, clock, stop))
                clock = stop
            if clock < end:
                divided.setdefault(None, []).append((client, clock, end))
        return {root: ClockRanges.of(spans) for root, spans in divided.items()}


def _nothing_known(structs: dict[int, tuple[Struct, ...]]) -> dict[int, list[Any]]:
    return {client: [False] * len(of_client) for client, of_client in structs.items()}
