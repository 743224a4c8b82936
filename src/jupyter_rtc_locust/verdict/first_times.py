"""For each clock, the first of several times: when it was first deleted, or first told to be."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges

_MANY_RANGES = 64
"""From so many ranges on, what was told before is taken away first: answers to a sync repeat every deletion."""


class FirstTimes:
    """The earliest time given for each clock."""

    __slots__ = ("_pieces", "_starts")

    def __init__(self, dated: Iterable[tuple[float, ClockRanges]]) -> None:
        """Take `(seconds, clocks)` in any order."""
        by_client: dict[int, list[tuple[int, int, float]]] = {}
        told = ClockRanges()
        for moment, ranges in sorted(dated, key=lambda one: one[0]):
            new = ranges
            if ranges.count() > _MANY_RANGES:
                new = ranges.difference(told)
                told = told.union(ranges)
            for client, start, end in new:
                by_client.setdefault(client, []).append((start, end, moment))
        self._pieces = {client: _earliest(spans) for client, spans in by_client.items()}
        self._starts = {client: [piece[0] for piece in pieces] for client, pieces in self._pieces.items()}

    def __iter__(self) -> Iterator[tuple[int, int, int, float]]:
        """Give `(client, start, end, seconds)`, disjoint, ascending by clock within a client."""
        for client, pieces in self._pieces.items():
            for start, end, moment in pieces:
                yield client, start, end, moment

    def ranges(self) -> ClockRanges:
        """Give all clocks that have a time."""
        return ClockRanges.of((client, start, end) for client, start, end, _ in self)

    def within(self, client: int, start: int, end: int) -> Iterator[tuple[int, int, float]]:
        """Give `(start, end, seconds)` of what has a time between these clocks, cut to them."""
        pieces = self._pieces.get(client, [])
        for index in range(max(bisect_right(self._starts.get(client, []), start) - 1, 0), len(pieces)):
            first, last, moment = pieces[index]
            if first >= end:
                return
            if last > start:
                yield max(first, start), min(last, end), moment


def _earliest(spans: list[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """The spans made disjoint; where several hold a clock, the earliest time has it."""
    spans.sort()
    pieces: list[tuple[int, int, float]] = []
    begun: list[tuple[float, int]] = []
    clock = index = 0
    while index < len(spans) or begun:
        if not begun:
            clock = max(clock, spans[index][0])
        while index < len(spans) and spans[index][0] <= clock:
            heappush(begun, (spans[index][2], spans[index][1]))
            index += 1
        while begun and begun[0][1] <= clock:
            heappop(begun)
        if not begun:
            continue
        moment, end = begun[0]
        if index < len(spans):
            end = min(end, spans[index][0])
        if pieces and pieces[-1][1] == clock and pieces[-1][2] == moment:
            pieces[-1] = (pieces[-1][0], end, moment)
        else:
            pieces.append((clock, end, moment))
        clock = end
    return pieces
