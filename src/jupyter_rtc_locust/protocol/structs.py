"""The pieces that an update of Yjs is made of: items, and the gaps that garbage collection leaves.

A third kind exists only in bytes: ``Skip`` says that clocks are left out. Here a gap between two structs says so, and
`encode_update` writes it.

A run has millions of them, and of their contents. So they are structs of msgspec, which are made in a tenth of the time
that frozen dataclasses take; what they hold has no cycles for Python to look for.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from jupyter_rtc_locust.protocol.contents import Content, DeletedContent, Id

if TYPE_CHECKING:
    from collections.abc import Iterable


class GC(msgspec.Struct, frozen=True, gc=False):
    """Clocks whose content, and whose place in the document, are forgotten. It has no parent."""

    client: int
    clock: int
    length: int

    @property
    def end(self) -> int:
        """The clock behind the last unit."""
        return self.clock + self.length


class Item(msgspec.Struct, frozen=True, gc=False):
    """A stretch of content and what it was written beside."""

    client: int
    clock: int
    length: int
    origin: Id | None
    """The unit it was written behind."""
    right_origin: Id | None
    """The unit it was written before."""
    parent: str | Id | None
    """A root's name, or the item that holds the shared type. None where an origin stands for it; see `Lineage`."""
    parent_key: str | None
    """The key in a map, known only where `parent` is; an overwritten entry has an origin, and so neither."""
    keyed: bool
    """Whether its bytes say that it is an entry of a map (bit 0x20), also where the key is not there.

    Merging can lose the bit: `Lineage.is_entry` knows."""
    content: Content

    @property
    def end(self) -> int:
        """The clock behind the last unit."""
        return self.clock + self.length


Struct: TypeAlias = GC | Item


def cut(struct: Struct, start: int, end: int) -> Struct:
    """Give the part of a struct between two clocks that lie within it.

    A part that does not begin where the item begins has the unit before it as its origin, as where Yjs splits.
    """
    if start == struct.clock and end == struct.end:
        return struct
    if isinstance(struct, GC):
        return GC(struct.client, start, end - start)
    content = struct.content.slice(start - struct.clock, end - struct.clock)
    if start == struct.clock:
        return Item(
            struct.client,
            start,
            end - start,
            struct.origin,
            struct.right_origin,
            struct.parent,
            struct.parent_key,
            struct.keyed,
            content,
        )
    origin = Id(struct.client, start - 1)
    return Item(struct.client, start, end - start, origin, struct.right_origin, None, None, struct.keyed, content)


def references(struct: Struct) -> list[Id]:
    """Give the units that a struct was written beside, and the item that holds its shared type where it names one."""
    if isinstance(struct, GC):
        return []
    beside = [one for one in (struct.origin, struct.right_origin) if one is not None]
    return [*beside, struct.parent] if isinstance(struct.parent, Id) else beside


def knowledge(struct: Struct) -> int:
    """Rank how much a struct tells: 0 content, 1 only a place, 2 nothing."""
    if isinstance(struct, GC):
        return 2
    return 1 if isinstance(struct.content, DeletedContent) else 0


def without_overlaps(ranked: Iterable[tuple[int, Struct]]) -> tuple[Struct, ...]:
    """Give structs of one client ascending and disjoint; where several hold a clock, the lowest rank has it.

    Takes `(rank, struct)` with ranks that are all different. Empty structs vanish. Linear but for sorting.
    """
    waiting = sorted(ranked, key=lambda one: one[1].clock)
    count = len(waiting)
    chosen: list[Struct] = []
    # Those that begin at or before the present clock, best rank first; ranks differ, so structs are never compared.
    begun: list[tuple[int, Struct]] = []
    clock = next_waiting = 0
    while next_waiting < count or begun:
        if not begun:
            struct = waiting[next_waiting][1]
            if clock <= struct.clock and (
                next_waiting + 1 == count or struct.end <= waiting[next_waiting + 1][1].clock
            ):
                # Most overlap nothing, and the rest of this loop costs ten times as much.
                next_waiting += 1
                clock = struct.end
                if struct.length:
                    chosen.append(struct)
                continue
            clock = max(clock, struct.clock)
        while next_waiting < count and waiting[next_waiting][1].clock <= clock:
            heappush(begun, waiting[next_waiting])
            next_waiting += 1
        while begun and begun[0][1].end <= clock:
            heappop(begun)
        if not begun:
            continue
        rank, best = begun[0]
        end = best.end
        # What is scanned here is behind the sweep after this turn, so no struct is scanned twice.
        for other in range(next_waiting, count):
            other_rank, struct = waiting[other]
            if struct.clock >= end:
                break
            if other_rank < rank and struct.length:
                end = struct.clock
                break
        chosen.append(cut(best, clock, end))
        clock = end
    return tuple(chosen)
