"""Sets of clocks, as ranges for each client: what an update holds, a delete set deletes, a state vector covers.

State vectors alone cannot say "these and those but not the ones between", which is what most questions about lost edits
come down to. Knows nothing of structs or bytes.

A clock counts UTF-16 units and other single contents that a client has written, from 0.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Which of the four cases of a sweep over two sets are kept: (in neither, only left, only right, in both).
_UNION = (False, True, True, True)
_INTERSECTION = (False, False, False, True)
_DIFFERENCE = (False, True, False, False)


class ClockRanges:
    """An immutable set of half-open ranges of clocks, for each client.

    Kept per client as one tuple of borders, strictly ascending: start, end, start, end, and so on. Ranges that touch
    are one, so that equal sets have equal borders. Every operation takes time linear in the number of ranges (of the
    clients that both sides know); to unite many, give them all to `of` or `union` at once.
    """

    __slots__ = ("_borders",)
    _borders: dict[int, tuple[int, ...]]

    def __init__(self) -> None:
        """Make the empty set; the other constructors are `of` and `from_state_vector`."""
        self._borders = {}

    @classmethod
    def of(cls, ranges: Iterable[tuple[int, int, int]]) -> ClockRanges:
        """Make a set of `(client, start, end)`, in any order, overlapping or not. An empty range adds nothing."""
        by_client: dict[int, list[tuple[int, int]]] = {}
        for client, start, end in ranges:
            if start < end:
                known = by_client.get(client)
                if known is None:
                    by_client[client] = [(start, end)]
                else:
                    known.append((start, end))
        return cls._with({client: _borders_of(spans) for client, spans in by_client.items()})

    @classmethod
    def from_state_vector(cls, state_vector: Mapping[int, int]) -> ClockRanges:
        """Make the set of all clocks that a state vector (client to next clock) covers."""
        return cls._with({client: (0, clock) for client, clock in state_vector.items() if clock > 0})

    @classmethod
    def _with(cls, borders: dict[int, tuple[int, ...]]) -> ClockRanges:
        made = cls()
        made._borders = borders
        return made

    def union(self, *others: ClockRanges) -> ClockRanges:
        """Give all clocks that are in this set or in any of the others."""
        if len(others) == 1:
            return self._union_with_one(others[0])
        return ClockRanges.of(span for one in (self, *others) for span in one)

    def _union_with_one(self, other: ClockRanges) -> ClockRanges:
        united = dict(self._borders)
        for client, borders in other._borders.items():
            known = united.get(client)
            united[client] = borders if known is None else _sweep(known, borders, _UNION)
        return ClockRanges._with(united)

    def intersection(self, other: ClockRanges) -> ClockRanges:
        """Give the clocks that are in both sets."""
        kept = {}
        for client, borders in self._borders.items():
            theirs = other._borders.get(client)
            if theirs is not None and (both := _sweep(borders, theirs, _INTERSECTION)):
                kept[client] = both
        return ClockRanges._with(kept)

    def difference(self, other: ClockRanges) -> ClockRanges:
        """Give the clocks of this set that are not in the other."""
        kept = {}
        for client, borders in self._borders.items():
            theirs = other._borders.get(client)
            rest = borders if theirs is None else _sweep(borders, theirs, _DIFFERENCE)
            if rest:
                kept[client] = rest
        return ClockRanges._with(kept)

    def of_clients(self, clients: Iterable[int]) -> ClockRanges:
        """Give the part of this set that belongs to these clients."""
        wanted = set(clients)
        return ClockRanges._with({client: borders for client, borders in self._borders.items() if client in wanted})

    def contains(self, identity: tuple[int, int]) -> bool:
        """Say whether the clock of an id `(client, clock)` is in the set."""
        borders = self._borders.get(identity[0])
        return borders is not None and bisect_right(borders, identity[1]) % 2 == 1

    __contains__ = contains

    def covers(self, other: ClockRanges) -> bool:
        """Say whether every clock of the other set is in this one."""
        return not other.difference(self)

    def clients(self) -> Iterable[int]:
        """Give the clients with at least one clock in the set."""
        return self._borders.keys()

    def of_client(self, client: int, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
        """Give the ranges `(start, end)` of one client, ascending, cut to the given borders.

        Takes time by what it gives, not by what the set holds.
        """
        if end is not None and end <= start:
            return []
        borders = self._borders.get(client, ())
        spans = []
        # The first range whose end lies behind the start: an even index names a range's start.
        first = bisect_right(borders, start) // 2 * 2
        last = len(borders) if end is None else bisect_left(borders, end)
        for index in range(first, last, 2):
            stop = borders[index + 1]
            spans.append((max(borders[index], start), stop if end is None else min(stop, end)))
        return spans

    def total(self) -> int:
        """Count the clocks in the set."""
        return sum(sum(borders[1::2]) - sum(borders[::2]) for borders in self._borders.values())

    def count(self) -> int:
        """Count the ranges."""
        return sum(len(borders) for borders in self._borders.values()) // 2

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """Give `(client, start, end)`, ascending by client and by clock."""
        for client in sorted(self._borders):
            borders = self._borders[client]
            for index in range(0, len(borders), 2):
                yield client, borders[index], borders[index + 1]

    def __bool__(self) -> bool:
        """Say whether there is any clock in the set."""
        return bool(self._borders)

    def __eq__(self, other: object) -> bool:
        """Say whether both hold the same clocks."""
        return self._borders == other._borders if isinstance(other, ClockRanges) else NotImplemented

    def __hash__(self) -> int:
        """Hash by the clocks held."""
        return hash(frozenset(self._borders.items()))

    def __repr__(self) -> str:
        """Show the ranges in the form in which `of` takes them."""
        return f"ClockRanges.of({list(self)!r})"


def _borders_of(spans: list[tuple[int, int]]) -> tuple[int, ...]:
    if len(spans) == 1:
        return spans[0]
    spans.sort()
    borders: list[int] = []
    reached = -1
    for start, end in spans:
        if start > reached:
            borders += (start, end)
            reached = end
        elif end > reached:
            borders[-1] = reached = end
    return tuple(borders)


def _sweep(left: tuple[int, ...], right: tuple[int, ...], kept: tuple[bool, bool, bool, bool]) -> tuple[int, ...]:
    """Walk over all borders of two sets and note where the combination of "in left" and "in right" begins and ends."""
    borders: list[int] = []
    left_count, right_count = len(left), len(right)
    left_index = right_index = 0
    inside = False
    while left_index < left_count or right_index < right_count:
        if right_index >= right_count:
            clock = left[left_index]
        elif left_index >= left_count:
            clock = right[right_index]
        else:
            clock = min(left[left_index], right[right_index])
        # An odd number of borders passed means that the sweep stands inside a range.
        if left_index < left_count and left[left_index] == clock:
            left_index += 1
        if right_index < right_count and right[right_index] == clock:
            right_index += 1
        now = kept[(left_index & 1) | (right_index & 1) << 1]
        if now is not inside:
            borders.append(clock)
            inside = now
    return tuple(borders)
