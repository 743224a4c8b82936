"""What was written into the file from outside on purpose, as the server took it into the room (rule 2).

A fault of the scenario adds a cell, or a line, at the end of the file, behind the server's back. A healthy server puts
it into the room, under its own client id. So it is content that somebody meant, once: a second copy is doubled, and
whatever else the server writes or deletes as it takes the file in is judged as ever.
"""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import Id, StringContent, TypeContent
from jupyter_rtc_locust.protocol.structs import GC, Item, Struct
from jupyter_rtc_locust.protocol.updates import Update
from jupyter_rtc_locust.verdict.evidence import WrittenOutside
from jupyter_rtc_locust.verdict.reading import Reading
from jupyter_rtc_locust.verdict.wording import cell_as_written

_CELLS, _SOURCE = "cells", "source"


def outside_content(reading: Reading, foreign: ClockRanges) -> ClockRanges:
    """Of these clocks, which nobody of the run wrote, those that put in what was written from outside: each once."""
    found = ClockRanges()
    for written in reading.evidence.outside:
        if foreign:
            found = found.union(_first_of(reading, foreign.difference(found), written))
    return found


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
            if not isinstance(struct, Item) or not isinstance(struct.content, TypeContent):
                continue
            if place is None or place.parent != _CELLS or cell_as_written(lineage, cell)[1] != written.words:
                continue
            inside = [
                (other.client, other.clock, other.end)
                for other in lineage.structs_in(client, cell.clock, end)
                if cell in lineage.ancestors((other.client, other.clock))
            ]
            yield ClockRanges.of([(client, struct.clock, struct.end), *inside]).intersection(foreign)


def _lines(reading: Reading, foreign: ClockRanges, written: WrittenOutside) -> Iterator[ClockRanges]:
    """Stretches of text that are this one line, with its end or with the one before."""
    lineage = reading.lineage
    for client, start, end in foreign:
        for struct in lineage.structs_in(client, start, end):
            if not isinstance(struct, Item) or not isinstance(struct.content, StringContent):
                continue
            place = lineage.place_of((struct.client, struct.clock))
            if place is not None and place.parent == _SOURCE and struct.content.text.strip("\n") == written.words:
                yield ClockRanges.of([(struct.client, struct.clock, struct.end)])
