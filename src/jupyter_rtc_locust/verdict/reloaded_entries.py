"""What a healthy server writes into cells when it rebuilds a room from its store and its file (rule 2).

Where a cell in the store differs from the one in the file by no more than `metadata.trusted`, jupyter-ydoc clears the
cell's metadata and writes all of it anew: `trusted` as the file's signature says, and every other entry with the value
that it had (measured on jupyter-collaboration 5 that was killed and started again). Nobody sees a difference, so these
entries are the server's business. Whatever has another value, or brings back what somebody deleted or replaced, is not.
"""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_rtc_locust.documents.canonical import same
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import AnyContent, Id
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.structs import Item
from jupyter_rtc_locust.verdict.reading import AuthoredStructs, Reading

_TRUSTED = "trusted"


def reloaded_entries(reading: Reading, foreign: ClockRanges) -> ClockRanges:
    """Of these clocks, which nobody of the run wrote, the entries of cells' metadata that change nothing."""
    if reading.evidence.kind != "notebook" or not foreign:
        return ClockRanges()
    found: set[Id] = set()
    repeated: dict[Id, tuple[Id, Id]] = {}
    for client, start, end in foreign:
        for struct in reading.lineage.structs_in(client, start, end):
            key, metadata = _entry_of_metadata(reading.lineage, struct)
            if metadata is None or not isinstance(struct, Item) or not isinstance(struct.content, AnyContent):
                continue
            identity = Id(client, struct.clock)
            if key == _TRUSTED and isinstance(struct.content.values[-1], bool):
                found.add(identity)
            elif key != _TRUSTED and struct.origin is not None and _repeats(reading.lineage, struct, struct.origin):
                repeated[identity] = (struct.origin, metadata)
    deleters = reading.rightly_deleted_by(_units(before for before, _ in repeated.values()))
    found |= {
        identity
        for identity, (before, metadata) in repeated.items()
        if not _was_gone(deleters, before, metadata) and _begins_outside(repeated, identity, foreign)
    }
    return _units(found)


def _entry_of_metadata(lineage: Lineage, struct: object) -> tuple[str | None, Id | None]:
    """The key of an entry, and the map it is in, where that is the metadata of a cell."""
    if not isinstance(struct, Item) or not lineage.is_entry(struct):
        return None, None
    place = lineage.place_of((struct.client, struct.clock))
    if place is None or isinstance(place.parent, str):
        return None, None
    holder = lineage.place_of(place.parent)
    if holder is None or holder.key != "metadata" or isinstance(holder.parent, str):
        return None, None
    cell = lineage.place_of(holder.parent)
    return (place.key, place.parent) if cell is not None and cell.parent == "cells" else (None, None)


def _repeats(lineage: Lineage, item: Item, origin: Id) -> bool:
    """Whether the entry has the value of the one that it took the place of."""
    before = lineage.struct_at(origin)
    return (
        isinstance(before, Item)
        and isinstance(before.content, AnyContent)
        and isinstance(item.content, AnyContent)
        and same(before.content.values[-1], item.content.values[-1])
    )


def _was_gone(deleters: list[AuthoredStructs], before: Id, metadata: Id) -> bool:
    """Whether somebody deleted or replaced the entry itself, not merely the cell around it."""
    return any(before in one.update.deletions and metadata not in one.update.deletions for one in deleters)


def _begins_outside(repeated: dict[Id, tuple[Id, Id]], identity: Id, foreign: ClockRanges) -> bool:
    """Whether the value that is repeated, perhaps several times, was first written by somebody who may."""
    before, walked = identity, {identity}
    while before in repeated:
        before = repeated[before][0]
        if before in walked:
            return False
        walked.add(before)
    return not foreign.contains(before)


def _units(identities: Iterable[Id]) -> ClockRanges:
    return ClockRanges.of((one.client, one.clock, one.clock + 1) for one in identities)
