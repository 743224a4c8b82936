"""What was written into the file from outside on purpose, as the server took it into the room (rule 2).

A fault of the scenario adds a cell, or a line, at the end of the file, behind the server's back. A healthy server puts
it into the room, under its own client id. So it is content that somebody meant, once: a second copy is doubled, and
whatever else the server writes or deletes as it takes the file in is judged as ever.

Where nobody was told of it in an update of its own (it came in the answer to somebody who came back), people may have
typed into it or deleted a part of it before it was ever seen whole: then what is left has to fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import Id, StringContent, TypeContent
from jupyter_rtc_locust.protocol.structs import GC, Item, Struct
from jupyter_rtc_locust.protocol.updates import Update
from jupyter_rtc_locust.verdict.evidence import WrittenOutside
from jupyter_rtc_locust.verdict.reading import Reading

_CELLS, _SOURCE = "cells", "source"


@dataclass(frozen=True, slots=True)
class OutsideContent:
    """What the server put into the room of what was written from outside."""

    structs: ClockRanges = field(default_factory=ClockRanges)
    taken_in: frozenset[WrittenOutside] = frozenset()


def outside_content(reading: Reading, foreign: ClockRanges) -> OutsideContent:
    """Of these clocks, which nobody of the run wrote, those that put in what was written from outside: each once."""
    found = ClockRanges()
    taken_in = set()
    for written in reading.evidence.outside:
        ranges = _first_of(reading, foreign.difference(found), written) if foreign else ClockRanges()
        if ranges:
            found = found.union(ranges)
            taken_in.add(written)
    return OutsideContent(found, frozenset(taken_in))


def without_content(ranges: ClockRanges) -> Update:
    """The same clocks, as if what stood there had been forgotten."""
    gaps: dict[int, tuple[Struct, ...]] = {
        client: tuple(GC(client, start, end - start) for start, end in ranges.of_client(client))
        for client in ranges.clients()
    }
    return Update(gaps, ClockRanges())


def _first_of(reading: Reading, foreign: ClockRanges, written: WrittenOutside) -> ClockRanges:
    """The copy that came first; of those that nobody was seen to be told of, the first by its clock."""
    find = _cells if reading.evidence.kind == "notebook" else _lines
    copies = list(find(reading, foreign, written))
    for _, update in reading.received:
        there = update.clock_ranges()
        for one in copies:
            if one.intersection(there):
                return one
    return copies[0] if copies else ClockRanges()


def _cells(reading: Reading, foreign: ClockRanges, written: WrittenOutside) -> Iterator[ClockRanges]:
    """Whole cells with these words as their source, with everything in them."""
    lineage = reading.lineage
    for client, start, end in foreign:
        for struct in lineage.structs_in(client, start, end):
            cell = Id(struct.client, struct.clock)
            place = lineage.place_of(cell)
            if place is None or place.parent != _CELLS or not isinstance(struct, Item):
                continue
            if not isinstance(struct.content, TypeContent):
                continue
            inside = [
                other
                for other in lineage.structs_in(client, cell.clock, end)
                if cell in lineage.ancestors((other.client, other.clock))
            ]
            if _fits([one for one in inside if _is_in_a_source(reading, cell, one)], (written.words,)):
                spans = ((one.client, one.clock, one.end) for one in (struct, *inside))
                yield ClockRanges.of(spans).intersection(foreign)


def _is_in_a_source(reading: Reading, cell: Id, struct: Struct) -> bool:
    place = reading.lineage.place_of((struct.client, struct.clock))
    if place is None or isinstance(place.parent, str):
        return False
    holder = reading.lineage.place_of(place.parent)
    return holder is not None and holder.parent == cell and holder.key == _SOURCE


def _lines(reading: Reading, foreign: ClockRanges, written: WrittenOutside) -> Iterator[ClockRanges]:
    """Stretches of text that are this one line, with its end, or with that of the line before, or with both."""
    lineage = reading.lineage
    words = written.words
    for client, start, end in foreign:
        pieces = list(lineage.structs_in(client, start, end))
        places = (lineage.place_of((one.client, one.clock)) for one in pieces)
        if all(place is not None and place.parent == _SOURCE for place in places) and _fits(
            pieces, (words, f"{words}\n", f"\n{words}", f"\n{words}\n")
        ):
            yield ClockRanges.of([(client, start, end)])


def _fits(pieces: Sequence[Struct], texts: Sequence[str]) -> bool:
    """Whether these structs, one after the other, are one of these texts, as far as their content is still known."""
    length = sum(one.length for one in pieces)
    return any(length == len(text) and _is_known_of(pieces, text) for text in texts)


def _is_known_of(pieces: Sequence[Struct], text: str) -> bool:
    at = 0
    for one in pieces:
        known = one.content.text if isinstance(one, Item) and isinstance(one.content, StringContent) else None
        if known not in (None, text[at : at + one.length]):
            return False
        at += one.length
    return True
