"""Parts of updates, and several updates made one, struct by struct: the material an oracle is put together from.

Here it is decided which structs go in, so it works on decoded updates; where all go in, `merging` is quicker.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.structs import Struct, cut, without_overlaps
from jupyter_rtc_locust.protocol.updates import Update

if TYPE_CHECKING:
    from collections.abc import Iterable


def select(update: Update, ranges: ClockRanges) -> Update:
    """Give the structs whose clocks are in the ranges, cut at their borders, with the update's whole delete set.

    A cut through a surrogate pair leaves U+FFFD on both sides, as in Yjs.
    """
    chosen = {}
    for client, structs in update.structs.items():
        kept: list[Struct] = []
        index = 0
        for start, end in ranges.of_client(client, structs[0].clock, structs[-1].end):
            # The last struct that begins at or before the range; the one of the range before may reach into this one.
            index = max(bisect_right(structs, start, lo=index, key=_clock) - 1, index)
            while index < len(structs) and structs[index].clock < end:
                struct = structs[index]
                if struct.end > start and struct.length:
                    kept.append(cut(struct, max(start, struct.clock), min(end, struct.end)))
                if struct.end > end:
                    break
                index += 1
        if kept:
            chosen[client] = tuple(kept)
    return Update(chosen, update.deletions)


def union_of_structs(updates: Iterable[Update]) -> Update:
    """Give all structs and all deletions of several updates; where several hold a clock, the first given has it."""
    by_client: dict[int, list[tuple[int, Struct]]] = {}
    seen: dict[int, set[int]] = {}
    deletions = []
    order = 0
    for update in updates:
        deletions.append(update.deletions)
        for client, structs in update.structs.items():
            known = by_client.setdefault(client, [])
            met = seen.setdefault(client, set())
            for struct in structs:
                # The same object again says nothing new; it lives as long as the list that holds it.
                if id(struct) not in met:
                    met.add(id(struct))
                    known.append((order, struct))
                    order += 1
    united = {client: without_overlaps(ranked) for client, ranked in by_client.items()}
    deleted = ClockRanges.of(span for one in deletions for span in one)
    return Update({client: structs for client, structs in united.items() if structs}, deleted)


def _clock(struct: Struct) -> int:
    return struct.clock
