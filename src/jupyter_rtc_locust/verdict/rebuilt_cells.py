"""Cells that a healthy server puts in the place of equal ones when it rebuilds the room of a notebook without ids.

A notebook of format 4.4 or lower has no ids of cells in its file. Where the store and the file differ by as little as
`metadata.trusted`, jupyter-ydoc finds none of the file's cells in the room, takes all of them out, and puts those of
the file in, with new ids (measured on jupyter-collaboration 5 that was killed and started again in a pause). Everybody
sees the same notebook as before, so this is the server's business, as it is where a room is made anew of its file.

Where everybody has left, a room can be made anew of anything: of the file, and of a store that lacks the end, because
its database was locked. Then the difference between the two is written into the texts of the cells that the store had,
and a cell that had been moved is back in its old letters (measured on jupyter-collaboration 5 with twice as many people
as it held).

It counts as that only where nothing is lost by it: the notebook just before and just after is equal in all that a file
holds. What somebody typed meanwhile into a cell that was taken out stands just before and not just after. Everything
else is judged as what a server wrote and deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from jupyter_rtc_locust.documents.canonical import Content, read_whole_content
from jupyter_rtc_locust.documents.leniency import rebuilt_differences
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import TypeContent
from jupyter_rtc_locust.protocol.structs import Item, references
from jupyter_rtc_locust.protocol.updates import Update, decode_update, encode_update
from jupyter_rtc_locust.verdict.outside_content import without_content
from jupyter_rtc_locust.verdict.reading import AuthoredStructs, Reading
from jupyter_rtc_locust.verdict.rebuilt import content_of, copied_ids, document_of

_CELLS = "cells"
_LAST_WITHOUT_IDS = 4
"""Minor format of nbformat 4."""


@dataclass(frozen=True, slots=True)
class RebuiltCells:
    """What a server wrote and deleted as it put equal cells in the place of others, outside `state`."""

    structs: ClockRanges = field(default_factory=ClockRanges)
    deletions: ClockRanges = field(default_factory=ClockRanges)
    as_a_whole: ClockRanges = field(default_factory=ClockRanges)
    """What it wrote as it made the whole room anew, where the newcomer, who was alone, was given what stood there
    before, in other letters. It counts for nothing, and the oracle is what stood there before.
    """

    def __add__(self, other: RebuiltCells) -> RebuiltCells:
        return RebuiltCells(self.structs.union(other.structs), self.deletions.union(other.deletions))


def rebuilt_cells(
    reading: Reading,
    foreign: ClockRanges,
    included: Sequence[AuthoredStructs],
    beside: Iterable[Update],
    outside: ClockRanges,
) -> RebuiltCells:
    """Of these clocks, which nobody of the run wrote, those that change nothing but ids, one rebuilding after another.

    `included` are the edits that enter the oracle, `beside` what enters with them. `outside` is what was written into
    the file from outside on purpose.
    """
    accepted = RebuiltCells()
    waiting = rebuilders(reading, foreign)
    notes = [encode_update(one) for one in beside] if waiting else []
    found = True
    while found:
        found = False
        for client in tuple(waiting):
            ranges = foreign.of_clients([client])
            one = _as_rebuilt(reading, ranges, accepted, included, [*notes, *_outside(reading, client, outside)])
            if one is not None:
                accepted += one
                waiting.remove(client)
                found = True
    rest = foreign.difference(accepted.structs)
    if rest and nobody_is_there(reading):
        was, given = before_and_given(reading, rest, accepted, included, beside)
        if not rebuilt_differences(was, given, "notebook", copied_ids(was), limit=1):
            return replace(accepted, as_a_whole=rest)
    return accepted


def nobody_is_there(reading: Reading) -> bool:
    """Whether the newcomer at the end was alone in a notebook."""
    return reading.evidence.kind == "notebook" and reading.given is not None and not reading.replicas


def before_and_given(
    reading: Reading,
    ranges: ClockRanges,
    accepted: RebuiltCells,
    included: Sequence[AuthoredStructs],
    beside: Iterable[Update],
) -> tuple[Content, Content]:
    """The notebook without what was written at these clocks, and what the newcomer was given."""
    assert reading.given is not None
    known = _known_before(reading, ranges, accepted, included, [encode_update(one) for one in beside])
    was = document_of([*known, encode_update(without_content(ranges))])
    return read_whole_content(was, "notebook"), reading.given


def rebuilders(reading: Reading, foreign: ClockRanges) -> list[int]:
    """The clients which, with these clocks, put cells into a notebook whose file has no ids of cells."""
    if not foreign or reading.evidence.kind != "notebook" or _file_has_ids(reading):
        return []
    return [client for client in foreign.clients() if cells_in(reading, foreign.of_clients([client]))]


def _outside(reading: Reading, client: int, outside: ClockRanges) -> Iterator[bytes]:
    """What was written from outside, as it stood before this client's rebuilding; what the client put in came with it.

    What another one put in later stands among that one's cells, and so is not there yet.
    """
    own = outside.of_clients([client])
    if own:
        yield encode_update(without_content(own))
    others = outside.difference(own)
    if others:
        yield encode_update(reading.as_written(others))


def _file_has_ids(reading: Reading) -> bool:
    """Since nbformat 4.5; a format that is none has no claim to be lenient about."""
    meta = content_of(reading.evidence.initial.update, "notebook").get("meta") or {}
    major, minor = meta.get("nbformat"), meta.get("nbformat_minor")
    return not (major == 4 and isinstance(minor, int | float) and minor <= _LAST_WITHOUT_IDS)


def cells_in(reading: Reading, ranges: ClockRanges) -> int:
    """How many cells of the notebook were written at these clocks."""
    return sum(
        isinstance(struct, Item)
        and isinstance(struct.content, TypeContent)
        and (place := reading.lineage.place_of((client, struct.clock))) is not None
        and place.parent == _CELLS
        for client, start, end in ranges
        for struct in reading.lineage.structs_in(client, start, end)
    )


def _as_rebuilt(
    reading: Reading,
    ranges: ClockRanges,
    accepted: RebuiltCells,
    included: Sequence[AuthoredStructs],
    notes: Sequence[bytes],
) -> RebuiltCells | None:
    """What this one rebuilding wrote and deleted, where it changed nothing that a person could miss."""
    was, became, deletions = around(reading, ranges, accepted, included, notes)
    if rebuilt_differences(was, became, "notebook", copied_ids(was), limit=1):
        return None
    return RebuiltCells(ranges, deletions)


def around(
    reading: Reading,
    ranges: ClockRanges,
    accepted: RebuiltCells,
    included: Sequence[AuthoredStructs],
    notes: Sequence[bytes],
) -> tuple[Content, Content, ClockRanges]:
    """The notebook just before one rebuilding and just after it, and what that deleted."""
    known = _known_before(reading, ranges, accepted, included, notes)
    # Later notes of the same server wait for the clocks between.
    was = document_of([*known, encode_update(without_content(ranges))])
    old = reading.lineage.by_root(reading.live_in(decode_update(was.get_update()))).get(_CELLS, ClockRanges())
    if reading.joiner is not None and not reading.replicas:
        # A room made anew while nobody is there need not know what stood in the one before, nor that it is gone.
        deletions = old.difference(reading.live_in(reading.joiner))
    else:
        told = ClockRanges().union(
            *(one.deletions for one in reading.views), *(one.deletions for _, one in reading.received)
        )
        by_people = ClockRanges().union(*(one.update.deletions for one in included))
        deletions = told.intersection(old).difference(by_people)
    became = document_of([*known, encode_update(reading.as_written(ranges).with_deletions(deletions))])
    return read_whole_content(was, "notebook"), read_whole_content(became, "notebook"), deletions


def _known_before(
    reading: Reading,
    ranges: ClockRanges,
    accepted: RebuiltCells,
    included: Sequence[AuthoredStructs],
    notes: Sequence[bytes],
) -> list[bytes]:
    """Everything that the notebook was made of before these clocks were written."""
    before = _made_before(included, ranges)
    earlier = encode_update(reading.as_written(accepted.structs).with_deletions(accepted.deletions))
    return [reading.evidence.initial.update, *notes, earlier, *(one.edit.update for one in before)]


def _made_before(included: Sequence[AuthoredStructs], ranges: ClockRanges) -> list[AuthoredStructs]:
    """The edits that do not build on these clocks, nor come after one of their author that does.

    Whoever made the others had these clocks, and so saw nothing any more of what went with them.
    """
    before = sorted(included, key=lambda one: (one.edit.due, one.edit.number))
    avoided = ranges
    while True:
        kept: list[AuthoredStructs] = []
        builders: set[int] = set()
        of_builders: list[ClockRanges] = []
        for one in before:
            if one.edit.client_id in builders or _builds_on(one.update, avoided):
                builders.add(one.edit.client_id)
                of_builders.append(one.ranges)
            else:
                kept.append(one)
        if not builders:
            return kept
        before, avoided = kept, avoided.union(*of_builders)


def _builds_on(update: Update, avoided: ClockRanges) -> bool:
    return bool(update.deletions.intersection(avoided)) or any(
        avoided.contains(anchor) for struct in update for anchor in references(struct)
    )
