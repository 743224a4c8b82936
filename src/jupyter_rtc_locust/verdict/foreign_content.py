"""What nobody of the run wrote: is it a second copy of something, or an invention? (Rule 13.)

A foreign text that equals what stands directly beside it, or what was written at its very place, or a foreign cell
equal in type and source to another, is doubled; a value, or a cell, that somebody had replaced or deleted and that
stands there again makes that edit a lost one; everything else foreign is invented. Pieces inside a foreign cell belong
to that cell.
"""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_rtc_locust.documents.canonical import same
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import AnyContent, DeletedContent, Id, StringContent, utf16_length
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.structs import Item, cut
from jupyter_rtc_locust.verdict.findings import Finding, Kind, limited
from jupyter_rtc_locust.verdict.neighbouring_text import text_beside
from jupyter_rtc_locust.verdict.oracle import Oracle
from jupyter_rtc_locust.verdict.originals import Originals
from jupyter_rtc_locust.verdict.reading import Reading
from jupyter_rtc_locust.verdict.wording import (
    cell_as_written,
    cell_id_as_written,
    cells_around,
    described,
    shortened,
)


@dataclass(frozen=True, slots=True)
class _Deed:
    """What a stretch of foreign content is: the kind of finding, what was written, and what more is to be said."""

    kind: str
    what: str
    users: tuple[int, ...] = ()
    """Those whose words were doubled, replaced or undone."""
    more: str = ""


def foreign_findings(
    reading: Reading, oracle: Oracle, live: ClockRanges, deleted_by_nobody: ClockRanges
) -> tuple[Finding, ...]:
    """A finding for each stretch of foreign content, also where its effect is gone; `live` is what is left of all."""
    lineage = reading.lineage
    originals = Originals(reading, oracle)
    findings = []
    for item in _stretches(lineage, oracle.foreign):
        identity = Id(item.client, item.clock)
        if any(ancestor in oracle.foreign for ancestor in lineage.ancestors(identity)):
            continue
        deed = _deed(reading, oracle, originals, item, deleted_by_nobody)
        stands = {Kind.DUPLICATED_CONTENT: "stands there a second time", Kind.LOST_EDIT: "stands there again"}
        gone = "" if live.intersection(ClockRanges.of([(item.client, item.clock, item.end)])) else ", and went again"
        more = f" {deed.more}" if deed.more else ""
        findings.append(
            Finding(
                deed.kind,
                reading.evidence.path,
                f"{deed.what} {stands.get(deed.kind, 'stands there')}{gone}: written by client {item.client}, clocks "
                f"{item.clock} to {item.end - 1}, {_who_is_not(reading, item)}.{more}",
                deed.users,
            )
        )
    return limited(findings)


def _who_is_not(reading: Reading, item: Item) -> str:
    user = reading.authors.get(item.client)
    return "who is nobody of this run" if user is None else f"the id of user {user}, who wrote nothing of it"


def _deed(reading: Reading, oracle: Oracle, originals: Originals, item: Item, deleted_by_nobody: ClockRanges) -> _Deed:
    lineage = reading.lineage
    identity = Id(item.client, item.clock)
    place = lineage.place_of(identity)
    where = cells_around(lineage, ClockRanges.of([(item.client, item.clock, item.end)]))
    if isinstance(item.content, StringContent):
        what = f"The text {shortened(item.content.text)}{where}"
        original = text_beside(lineage, item) or originals.text_at_the_place_of(item)
        if original is None or original in deleted_by_nobody:
            return _Deed(Kind.INVENTED_EDIT, what)
        author = reading.author_of(*original)
        if author is None:
            return _Deed(Kind.DUPLICATED_CONTENT, what, (), "The original stood in the document from the start.")
        more = f"The original is what {described(author.edit)} wrote."
        return _Deed(Kind.DUPLICATED_CONTENT, what, (author.edit.user,), more)
    if place is not None and place.parent == "cells":
        return _deed_of_cell(lineage, originals, identity)
    if isinstance(item.content, DeletedContent):
        return _Deed(Kind.INVENTED_EDIT, f"Something that was deleted before it was looked at{where}")
    name = f"The entry {place.key!r}" if place is not None and place.key is not None else "An entry of a list"
    if isinstance(item.content, AnyContent):
        name += f" with the value {', '.join(map(repr, item.content.values))[:120]}"
    return _deed_of_entry(reading, oracle, item, f"{name}{where}")


def _deed_of_cell(lineage: Lineage, originals: Originals, cell: Id) -> _Deed:
    """A copy, also under another id; or one that somebody had deleted and that is back; or invented."""
    cell_type, source = cell_as_written(lineage, cell)
    name = cell_id_as_written(lineage, cell)
    what = f"A {cell_type or 'nameless'} cell with the source {shortened(source)}"
    what += f" and the id {name}" if name is not None else ""
    original = originals.repeated_by(cell, cell_type, source)
    if original is not None:
        return _Deed(Kind.DUPLICATED_CONTENT, what, original.users, original.sentence())
    deleter = originals.deleter_of(name)
    if deleter is not None:
        return _Deed(Kind.LOST_EDIT, what, (deleter.user,), f"It had been deleted by {described(deleter)}.")
    return _Deed(Kind.INVENTED_EDIT, what)


def _deed_of_entry(reading: Reading, oracle: Oracle, item: Item, what: str) -> _Deed:
    """A value in place of somebody's: of one that stood there before, that somebody's edit is lost; else invented."""
    earlier = _earlier_entries(reading, oracle, item) if reading.lineage.is_entry(item) else []
    author = reading.author_of(earlier[0].client, earlier[0].clock) if earlier else None
    if earlier and _same_value(earlier[0], item):
        units = ClockRanges.of([(earlier[0].client, earlier[0].clock, earlier[0].end)])
        deleters = reading.rightly_deleted_by(units)
        if deleters:
            edit = deleters[-1].edit
            return _Deed(Kind.LOST_EDIT, what, (edit.user,), f"It had been deleted by {described(edit)}.")
    if author is None:
        return _Deed(Kind.INVENTED_EDIT, what)
    what = f"{what}, in place of what was set by {described(author.edit)},"
    was_there = any(_same_value(one, item) for one in earlier[1:])
    return _Deed(Kind.LOST_EDIT if was_there else Kind.INVENTED_EDIT, what, (author.edit.user,))


def _earlier_entries(reading: Reading, oracle: Oracle, item: Item) -> list[Item]:
    """The entries, not foreign themselves, that this one and each before it took the place of; the newest first."""
    found: list[Item] = []
    walked: set[Id] = set()
    anchor = item.origin
    while anchor is not None and anchor not in walked:
        walked.add(anchor)
        before = reading.lineage.struct_at(anchor)
        if not isinstance(before, Item):
            break
        if anchor not in oracle.foreign:
            found.append(before)
        anchor = before.origin
    return found


def _same_value(one: Item, other: Item) -> bool:
    return (
        isinstance(one.content, AnyContent)
        and isinstance(other.content, AnyContent)
        and same(one.content.values[-1], other.content.values[-1])
    )


def _stretches(lineage: Lineage, foreign: ClockRanges) -> list[Item]:
    """Foreign items, with texts typed one after the other by one client as one."""
    stretches: list[Item] = []
    for client, start, end in foreign:
        for struct in lineage.structs_in(client, start, end):
            item = cut(struct, max(struct.clock, start), min(struct.end, end))
            if not isinstance(item, Item):
                continue
            last = stretches[-1] if stretches else None
            if last is not None and (joined := _joined(last, item)):
                stretches[-1] = joined
            else:
                stretches.append(item)
    return stretches


def _joined(last: Item, item: Item) -> Item | None:
    """Both as one text, where the second was typed directly behind the first."""
    if not isinstance(last.content, StringContent) or not isinstance(item.content, StringContent):
        return None
    if last.client != item.client or item.clock != last.end or item.origin != (last.client, last.end - 1):
        return None
    text = StringContent(last.content.text + item.content.text)
    return Item(
        last.client,
        last.clock,
        utf16_length(text.text),
        last.origin,
        last.right_origin,
        last.parent,
        last.parent_key,
        last.keyed,
        text,
    )
