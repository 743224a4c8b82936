"""The oracle: the one right content, made from the first snapshot and every update that anybody authored.

CRDTs make that the right answer whatever the order. What else must go in, so that it is not torn: an edit sets
`state.dirty` and so builds on what the server wrote there, hence foreign structs under `state` enter, without their
deletions. Foreign structs elsewhere enter with a delete set that covers exactly them, so that our edits keep their
anchors while nothing of theirs shows; each of them is a finding. Two exceptions: guests' edits (people at work in a
document the user named), and the new id a saving server gives to one of two copies of a cell.

The numbered rules are those of docs/verdict.md.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from pycrdt import Doc

from jupyter_rtc_locust.documents.canonical import Content, read_whole_content
from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.content_conflicts import content_conflicts
from jupyter_rtc_locust.protocol.contents import AnyContent, DeletedContent
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.merging import merge_updates
from jupyter_rtc_locust.protocol.selection import select, union_of_structs
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector
from jupyter_rtc_locust.protocol.structs import Item
from jupyter_rtc_locust.protocol.updates import Update, decode_update, encode_update
from jupyter_rtc_locust.verdict.reading import STATE_ROOT, AuthoredStructs, Reading

_LOOK_BACK_S = (0.0, 0.1, 0.5, 2.0)
"""Before a new id arrived, the server had seen two copies: how long before is not known, so these are tried."""


@dataclass(frozen=True)
class Oracle:
    """The right content, and everything that did not come from the run's authors."""

    content: Content
    live: ClockRanges
    """Clocks of content that is there, outside `state`."""
    foreign: ClockRanges
    """Clocks outside `state` that nobody of the run wrote, guests and renamed copies aside."""
    guests: ClockRanges
    renamed: ClockRanges
    """New ids that a server gave to copies of cells."""
    unaccounted: ClockRanges
    """Clocks of registered authors whose evidence is missing."""
    unknown_root: ClockRanges
    """Foreign clocks of which nothing is left, so that it is not known where they were."""
    missing: ClockRanges
    """Clocks the oracle lacks because something they build on was never seen: its content cannot be relied on."""
    conflicts: ClockRanges
    """Clocks with two contents: the server replaced its history, and no one right content exists (rule 12)."""
    left_out: tuple[AuthoredStructs, ...]
    """Edits never acknowledged, of which no copy holds anything."""

    @property
    def copies(self) -> frozenset[str]:
        """Ids of cells that stand more than once: two people moved one cell at once."""
        return copied_ids(self.content)


def copied_ids(content: Content) -> frozenset[str]:
    """Ids that more than one cell has."""
    ids = Counter(cell.get("id") for cell in content.get("cells", ()) if isinstance(cell, dict))
    return frozenset(one for one, count in ids.items() if count > 1 and isinstance(one, str))


def build_oracle(reading: Reading) -> Oracle:
    """Make the oracle of one document from its evidence."""
    evidence = reading.evidence
    views = [update for _, update in reading.replicas]
    if reading.joiner is not None:
        views.append(reading.joiner)
    everywhere = ClockRanges().union(
        *(update.clock_ranges() for update in views), *(update.clock_ranges() for _, update in reading.received)
    )
    left_out = tuple(
        one for one in reading.authored if not reading.is_acknowledged(one) and not everywhere.intersection(one.ranges)
    )
    out = {id(one) for one in left_out}
    included = [one for one in reading.authored if id(one) not in out]

    others = everywhere.difference(reading.authored_ranges).difference(reading.initial_ranges)
    unaccounted = others.of_clients(evidence.authors)
    foreign_all = others.difference(unaccounted)
    divided = reading.lineage.by_root(foreign_all)
    of_state = divided.pop(STATE_ROOT, ClockRanges())
    unknown_root = divided.pop(None, ClockRanges())
    elsewhere = ClockRanges().union(*divided.values())
    guests = elsewhere.of_clients(evidence.presences - evidence.authors.keys())
    elsewhere = elsewhere.difference(guests)

    material = union_of_structs([*(update for _, update in reading.received), *views])
    own = [encode_update(reading.initial), *(one.edit.update for one in included)]
    state_structs = encode_update(select(material, of_state).without_deletions())
    renamed = _renamed_copies(reading, elsewhere, state_structs)
    foreign = elsewhere.difference(renamed)
    alive = guests.union(renamed)
    guest_deletions = ClockRanges().union(*(update.deletions for update in views)) if guests else ClockRanges()
    entering = [
        state_structs,
        encode_update(select(material, foreign.union(unknown_root)).with_deletions(foreign.union(unknown_root))),
        encode_update(select(material, alive.union(unaccounted)).with_deletions(guest_deletions)),
    ]
    doc = _document(evidence.kind, [*own, *entering])
    full = decode_update(doc.get_update())
    covered = ClockRanges.from_state_vector(decode_state_vector(doc.get_state()))
    wanted = ClockRanges().union(
        reading.initial_ranges, *(one.ranges for one in included), of_state, foreign, alive, unaccounted
    )
    known = Lineage([reading.initial, *(one.update for one in included)])
    conflicts = ClockRanges().union(
        *(content_conflicts(known, update) for update in [*views, *(update for _, update in reading.received)])
    )
    return Oracle(
        content=read_whole_content(doc, evidence.kind),
        live=live_clocks(reading, full),
        foreign=foreign,
        guests=guests,
        renamed=renamed,
        unaccounted=unaccounted,
        unknown_root=unknown_root,
        missing=wanted.difference(covered),
        conflicts=conflicts,
        left_out=left_out,
    )


def live_clocks(reading: Reading, update: Update) -> ClockRanges:
    """Clocks of content that is there, outside `state`: not deleted, not garbage collected."""
    there = ClockRanges.of(
        (struct.client, struct.clock, struct.end)
        for struct in update
        if isinstance(struct, Item) and not isinstance(struct.content, DeletedContent)
    )
    return reading.outside_state(there.difference(update.deletions))


def content_of(update: bytes, kind: DocumentKind) -> Content:
    """The content of a whole document given as one update."""
    return read_whole_content(_document(kind, [update]), kind)


def _document(kind: DocumentKind, updates: list[bytes]) -> Doc[Any]:
    """A document of all these updates, merged before they are applied (rule 1: pycrdt leaves some pending otherwise)."""
    del kind
    doc: Doc[Any] = Doc(client_id=0xFFFF_FFFF)
    doc.apply_update(merge_updates(updates))
    return doc


def _renamed_copies(reading: Reading, elsewhere: ClockRanges, state_structs: bytes) -> ClockRanges:
    """Of the foreign clocks, those that gave a new id to a cell of which two copies stood there at that moment."""
    if reading.evidence.kind != "notebook" or not elsewhere:
        return ClockRanges()
    renamed = []
    for received, update in reading.received:
        for struct in update:
            span = ClockRanges.of([(struct.client, struct.clock, struct.end)])
            if not isinstance(struct, Item) or not elsewhere.covers(span):
                continue
            place = reading.lineage.place_of((struct.client, struct.clock))
            if place is None or place.key != "id" or isinstance(place.parent, str):
                continue
            holder = reading.lineage.place_of(place.parent)
            if holder is None or holder.parent != "cells" or not isinstance(struct.content, AnyContent):
                continue
            if any(_copies_stood(reading, received - back, state_structs, place.parent) for back in _LOOK_BACK_S):
                renamed.append((struct.client, struct.clock, struct.end))
    return ClockRanges.of(renamed)


def _copies_stood(reading: Reading, moment: float, state_structs: bytes, cell: tuple[int, int]) -> bool:
    """Whether, at this moment, the id the cell was authored with was that of more than one cell."""
    earlier = [
        one.edit.update
        for one in reading.authored
        if one.edit.acknowledged is not None and one.edit.acknowledged <= moment
    ]
    before = [encode_update(update) for received, update in reading.received if received < moment]
    doc = _document("notebook", [encode_update(reading.initial), state_structs, *earlier, *before])
    copies = copied_ids(read_whole_content(doc, "notebook"))
    names = {
        value
        for struct in reading.lineage.structs_in(cell[0], cell[1], cell[1] + 64)
        if isinstance(struct, Item) and isinstance(struct.content, AnyContent)
        for value in struct.content.values
        if isinstance(value, str)
    }
    return bool(copies & names)
