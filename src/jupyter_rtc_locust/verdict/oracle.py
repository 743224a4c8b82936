"""The oracle: the one right content, made from the first snapshot and every update that anybody authored.

CRDTs make that the right answer whatever the order. What else must go in, so that it is not torn: an edit sets
`state.dirty` and so builds on what the server wrote there, hence foreign structs under `state` enter, without their
deletions. Foreign structs elsewhere enter so that nothing of theirs shows and our edits keep their anchors; each of
them is a finding. Exceptions: guests' edits, the new id a saving server gives to one of two copies of a cell, what was
written into the file from outside on purpose, and what it writes to no effect when it rebuilds a room: entries of
metadata once more, equal cells where the file has no ids.

The numbered rules are those of docs/verdict.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from jupyter_rtc_locust.documents.canonical import Content, read_whole_content
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.content_conflicts import content_conflicts
from jupyter_rtc_locust.protocol.contents import AnyContent, Id
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.selection import select, union_of_structs
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector
from jupyter_rtc_locust.protocol.structs import GC, Item, Struct, references
from jupyter_rtc_locust.protocol.updates import Update, decode_update, encode_update
from jupyter_rtc_locust.verdict.guests import Guests, find_guests
from jupyter_rtc_locust.verdict.held_when_rebuilt import held_when_rebuilt
from jupyter_rtc_locust.verdict.outside_content import OutsideContent, outside_content
from jupyter_rtc_locust.verdict.reading import STATE_ROOT, AuthoredStructs, Reading
from jupyter_rtc_locust.verdict.rebuilt import copied_ids, document_of
from jupyter_rtc_locust.verdict.rebuilt_cells import RebuiltCells, rebuilt_cells
from jupyter_rtc_locust.verdict.reloaded_entries import reloaded_entries
from jupyter_rtc_locust.verdict.renamed_copies import renamed_copies


@dataclass(frozen=True)
class Oracle:
    """The right content, and everything that did not come from the run's authors."""

    content: Content
    update: bytes
    """The whole of it as one update."""
    live: ClockRanges
    """Clocks of content that is there, outside `state`."""
    foreign: ClockRanges
    """Clocks outside `state` that nobody of the run wrote, apart from what guests, `renamed`, `outside`, `rebuilt`
    and `reloaded` hold."""
    overwritten: ClockRanges
    """Values of ours under keys of maps under which foreign entries were written, whose findings name them."""
    guests: Guests
    renamed: ClockRanges
    """New ids that a server gave to copies of cells."""
    rebuilt: RebuiltCells
    """Cells that a server put in the place of equal ones when it rebuilt the room."""
    outside: OutsideContent
    """What was written into the file from outside on purpose, as a server put it into the room."""
    reloaded: ClockRanges
    """Entries of metadata that a server wrote once more when it rebuilt the room."""
    strange: ClockRanges
    """Clocks, in whatever root, of users who were seated in another document."""
    unaccounted: ClockRanges
    """Clocks of registered authors whose evidence is missing (rule 4)."""
    unknown_root: ClockRanges
    """Foreign clocks of which nothing is left, so that it is not known where they were."""
    missing: ClockRanges
    """Clocks the oracle lacks because something they build on was never seen: its content cannot be relied on."""
    altered: ClockRanges
    """Clocks of the run's authors that somebody was given with another content."""
    replaced: ClockRanges
    """Clocks of others with two contents: the server replaced its history, no right content exists (rule 12).

    The content is then the first snapshot's.
    """
    left_out: tuple[AuthoredStructs, ...]
    """Edits never acknowledged, of which nobody but perhaps their author holds anything."""

    @property
    def copies(self) -> frozenset[str]:
        """Ids of cells that stand more than once: two people moved one cell at once (rule 11)."""
        return copied_ids(self.content)


def build_oracle(reading: Reading) -> Oracle:
    """Make the oracle of one document from its evidence."""
    evidence = reading.evidence
    left_out = _left_out(reading)
    out = {id(one) for one in left_out}
    included = [one for one in reading.authored if id(one) not in out]

    others = reading.seen_ranges.difference(reading.authored_ranges).difference(reading.initial_ranges)
    strange = others.of_clients(reading.strangers)
    forged = others.of_clients(reading.authors).intersection(reading.beyond_their_own)
    unaccounted = others.of_clients(reading.authors).difference(forged)
    divided = reading.lineage.by_root(others.difference(unaccounted).difference(strange))
    of_state = divided.pop(STATE_ROOT, ClockRanges())
    unknown_root = divided.pop(None, ClockRanges())
    elsewhere = ClockRanges().union(*divided.values())
    guests = find_guests(reading, others.difference(unaccounted.union(strange, forged)), elsewhere)
    elsewhere = elsewhere.difference(guests.structs)
    material = union_of_structs([*(update for _, update in reading.received), *reading.views])
    notes = select(material, of_state).without_deletions()
    unseen = _unseen(reading)
    outside = outside_content(reading, elsewhere)
    elsewhere = elsewhere.difference(outside.structs)
    rebuilt = rebuilt_cells(reading, elsewhere, included, (notes, unseen), outside.structs)
    if left_out and not outside.structs and elsewhere.difference(rebuilt.structs):
        held = {id(one) for one in held_when_rebuilt(reading, elsewhere, included, left_out, (notes, unseen))}
        if held:
            left_out = tuple(one for one in left_out if id(one) not in held)
            out = {id(one) for one in left_out}
            included = [one for one in reading.authored if id(one) not in out]
            rebuilt = rebuilt_cells(reading, elsewhere, included, (notes, unseen), outside.structs)
    elsewhere = elsewhere.difference(rebuilt.structs).difference(rebuilt.as_a_whole)
    renamed = renamed_copies(reading, elsewhere)
    reloaded = reloaded_entries(reading, elsewhere.difference(renamed))
    foreign = elsewhere.difference(renamed).difference(reloaded)
    welcome = guests.structs.union(renamed, unaccounted)

    hidden = foreign.union(unknown_root, strange, rebuilt.as_a_whole)
    welcomed = select(material, welcome).with_deletions(guests.deletions)
    anew = reading.as_written(reloaded.union(rebuilt.structs, outside.structs)).with_deletions(rebuilt.deletions)
    meant = [reading.initial, *(one.update for one in included), welcomed, anew]
    entering = [
        welcomed,
        anew,
        notes,
        _made_invisible(reading, select(material, hidden), _anchors([*meant, notes], hidden), hidden),
        unseen,
    ]
    conflicts = _conflicts(reading)
    altered = conflicts.intersection(reading.authored_ranges)
    replaced = reading.outside_state(conflicts.difference(altered))
    edits = [*(one.edit.update for one in included), *(encode_update(one) for one in entering)]
    # What was written into two histories fits neither of them, and pycrdt refuses to put it together (rule 12).
    doc = document_of([evidence.initial.update] if replaced else [evidence.initial.update, *edits])
    covered = ClockRanges.from_state_vector(decode_state_vector(doc.get_state()))
    wanted = ClockRanges().union(
        reading.initial_ranges,
        *(one.ranges for one in included),
        *(of_state, hidden, welcome, reloaded, rebuilt.structs, outside.structs),
    )
    return Oracle(
        content=read_whole_content(doc, evidence.kind),
        update=(update := doc.get_update()),
        live=reading.live_in(decode_update(update)),
        foreign=foreign,
        overwritten=_overwritten(reading, foreign.union(strange)),
        guests=guests,
        renamed=renamed,
        rebuilt=rebuilt,
        outside=outside,
        reloaded=reloaded,
        strange=strange,
        unaccounted=unaccounted,
        unknown_root=unknown_root,
        missing=wanted.difference(covered).union(_torn(meant, unseen.clock_ranges())),
        altered=altered,
        replaced=replaced,
        left_out=left_out,
    )


def _left_out(reading: Reading) -> tuple[AuthoredStructs, ...]:
    """Edits never acknowledged, of which nobody but perhaps their author holds anything.

    Not where something later of the same client is held: that builds on them, and what they hold is known.
    """
    unheard = [
        one for one in reading.authored if not reading.is_acknowledged(one) and not reading.is_held_elsewhere(one)
    ]
    out = {id(one) for one in unheard}
    held: dict[int, int] = {}
    for one in reading.authored:
        if id(one) not in out:
            for client, _, end in one.ranges:
                held[client] = max(end, held.get(client, 0))
    return tuple(one for one in unheard if all(start >= held.get(client, 0) for client, start, _ in one.ranges))


def _conflicts(reading: Reading) -> ClockRanges:
    """Clocks that came, or are held, with another content than they were authored, or first seen, with."""
    updates = [*(update for _, update in reading.received), *reading.views]
    return ClockRanges().union(*(content_conflicts(reading.lineage, update) for update in updates))


def _unseen(reading: Reading) -> Update:
    """Clocks of others than the run's authors that nobody of the run ever saw, as if they had been forgotten since.

    What a server noted while nobody was connected, and then lost, would otherwise keep its later notes pending for
    ever, and with them every edit that builds on those.
    """
    seen = reading.seen_ranges.union(reading.initial_ranges, reading.authored_ranges)
    gaps: dict[int, tuple[Struct, ...]] = {}
    for client in seen.clients():
        spans = seen.of_client(client)
        inner = ClockRanges.of([(client, 0, spans[-1][1])]).difference(seen)
        if inner and client not in reading.authors:
            gaps[client] = tuple(GC(client, start, end - start) for _, start, end in inner)
    return Update(gaps, ClockRanges())


def _torn(updates: Iterable[Update], unseen: ClockRanges) -> ClockRanges:
    """Content that stands beside what nobody saw, and so has no place; a mark of unsaved changes needs none."""
    if not unseen:
        return ClockRanges()
    return ClockRanges.of(
        (struct.client, struct.clock, struct.end)
        for update in updates
        for struct in update
        if not _is_mark(struct) and any(unseen.contains(anchor) for anchor in references(struct))
    )


def _is_mark(struct: Struct) -> bool:
    return (
        isinstance(struct, Item)
        and struct.keyed
        and isinstance(struct.content, AnyContent)
        and isinstance(struct.content.values[0], bool)
    )


def _anchors(updates: Iterable[Update], hidden: ClockRanges) -> set[Id]:
    """The hidden units that structs of these updates stand beside or within."""
    if not hidden:
        return set()
    return {
        anchor for update in updates for struct in update for anchor in references(struct) if hidden.contains(anchor)
    }


def _made_invisible(reading: Reading, update: Update, anchors: set[Id], hidden: ClockRanges) -> Update:
    """The same clocks with nothing to be seen: deleted, and entries of maps that nobody builds on without a place.

    A deleted entry would still take the place of the value before it, and the oracle would lack what its author wrote.
    What nobody builds on of users of another document has no place here either: it may stand beside what only that
    document holds, and would wait for it for ever.
    """
    needed = _needed(update, anchors)
    structs = {
        client: tuple(
            GC(client, struct.clock, struct.length)
            if isinstance(struct, Item)
            and (client in reading.strangers or reading.lineage.is_entry(struct))
            and Id(client, struct.clock) not in needed
            else struct
            for struct in of_client
        )
        for client, of_client in update.structs.items()
    }
    return replace(update, structs=structs, deletions=hidden)


def _needed(update: Update, anchors: set[Id]) -> set[Id]:
    """First units of the structs that hold an anchor, and of those that these stand beside or within, and so on."""
    structs = Lineage([update])
    needed: set[Id] = set()
    waiting = list(anchors)
    while waiting:
        struct = structs.struct_at(waiting.pop())
        if struct is not None and (first := Id(struct.client, struct.clock)) not in needed:
            needed.add(first)
            waiting += references(struct)
    return needed


def _overwritten(reading: Reading, foreign: ClockRanges) -> ClockRanges:
    """The values, not foreign themselves, that stand under a key of a map under which a foreign entry was written."""
    lineage = reading.lineage
    places = {
        place
        for client, start, end in foreign
        for struct in lineage.structs_in(client, start, end)
        if isinstance(struct, Item)
        and lineage.is_entry(struct)
        and (place := lineage.place_of((client, struct.clock))) is not None
    }
    if not places:
        return ClockRanges()
    return ClockRanges.of(
        (struct.client, struct.clock, struct.end)
        for struct in lineage
        if isinstance(struct, Item)
        and isinstance(struct.content, AnyContent)
        and lineage.is_entry(struct)
        and lineage.place_of((struct.client, struct.clock)) in places
    ).difference(foreign)
