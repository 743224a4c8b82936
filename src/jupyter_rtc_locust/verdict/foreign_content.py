"""What nobody of the run wrote: is it a second copy of something, or an invention? (Rule 13.)

A foreign text that equals what stands directly beside it, or what was written at its very place, or a foreign cell
equal in type and source to another, is doubled; everything else foreign is invented. Pieces inside a foreign cell
belong to that cell.
"""

from __future__ import annotations

from jupyter_rtc_locust.documents.canonical import Content, read_whole_content
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import AnyContent, DeletedContent, Id, StringContent, utf16_length
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.structs import Item, cut
from jupyter_rtc_locust.protocol.updates import encode_update
from jupyter_rtc_locust.verdict.doubled_words import texts_of
from jupyter_rtc_locust.verdict.findings import Finding, Kind, limited
from jupyter_rtc_locust.verdict.oracle import Oracle
from jupyter_rtc_locust.verdict.reading import AuthoredStructs, Reading
from jupyter_rtc_locust.verdict.rebuilt import document_of
from jupyter_rtc_locust.verdict.wording import cell_as_written, described, shortened

_LONGEST_LOOK = 10_000
"""UTF-16 units of text beside a foreign one that are looked at."""

_REACH_OF_AN_ID = 1_000
"""Clocks behind a cell in which its id is looked for."""

_MOST_LOOKS_BACK = 5
"""Foreign cells for which the document is made again as it stood when they came: each costs a document."""


def foreign_findings(reading: Reading, oracle: Oracle, live: ClockRanges) -> tuple[Finding, ...]:
    """A finding for each stretch of foreign content, also where its effect is gone; `live` is what is left of all."""
    lineage = reading.lineage
    originals = _Originals(reading, oracle)
    findings = []
    for item in _stretches(lineage, oracle.foreign):
        identity = Id(item.client, item.clock)
        if any(ancestor in oracle.foreign for ancestor in lineage.ancestors(identity)):
            continue
        kind, what, users = _classified(reading, originals, item)
        deed = "stands there a second time" if kind == Kind.DUPLICATED_CONTENT else "stands there"
        gone = "" if live.intersection(ClockRanges.of([(item.client, item.clock, item.end)])) else ", and went again"
        findings.append(
            Finding(
                kind,
                reading.evidence.path,
                f"{what} {deed}{gone}: written by client {item.client}, clocks {item.clock} to {item.end - 1}, "
                f"{_who_is_not(reading, item)}.",
                users,
            )
        )
    return limited(findings)


def _who_is_not(reading: Reading, item: Item) -> str:
    user = reading.authors.get(item.client)
    return "who is nobody of this run" if user is None else f"the id of user {user}, who wrote nothing of it"


def _classified(reading: Reading, originals: _Originals, item: Item) -> tuple[str, str, tuple[int, ...]]:
    """The kind of finding, what was written, and the users whose words were doubled or replaced."""
    lineage = reading.lineage
    identity = Id(item.client, item.clock)
    place = lineage.place_of(identity)
    if isinstance(item.content, StringContent):
        what = f"The text {shortened(item.content.text)}"
        if original := _text_beside(lineage, item) or originals.same_text_at_its_place(item):
            author = reading.author_of(*original)
            return Kind.DUPLICATED_CONTENT, what, () if author is None else (author.edit.user,)
        return Kind.INVENTED_EDIT, what, ()
    if place is not None and place.parent == "cells":
        cell_type, source = cell_as_written(lineage, identity)
        what = f"A {cell_type or 'nameless'} cell with the source {shortened(source)}"
        if not originals.has_another(identity, cell_type, source):
            return Kind.INVENTED_EDIT, what, ()
        maker = _maker_of_the_same_cell(reading, identity)
        if maker is None:
            return Kind.DUPLICATED_CONTENT, what, ()
        return Kind.DUPLICATED_CONTENT, f"{what}, made by {described(maker.edit)},", (maker.edit.user,)
    if isinstance(item.content, DeletedContent):
        return Kind.INVENTED_EDIT, "Something that was deleted before it was looked at", ()
    name = f"The entry {place.key!r}" if place is not None and place.key is not None else "An entry of a list"
    if isinstance(item.content, AnyContent):
        name += f" with the value {', '.join(map(repr, item.content.values))[:120]}"
    author = reading.author_of(*item.origin) if item.keyed and item.origin is not None else None
    if author is None:
        return Kind.INVENTED_EDIT, name, ()
    return Kind.INVENTED_EDIT, f"{name}, in place of what was set by {described(author.edit)},", (author.edit.user,)


def _maker_of_the_same_cell(reading: Reading, foreign: Id) -> AuthoredStructs | None:
    """The first edit of the run that made a cell with the id of this one; None where it has another id, or none did."""
    lineage = reading.lineage
    for struct in lineage.structs_in(foreign.client, foreign.clock, foreign.clock + _REACH_OF_AN_ID):
        place = lineage.place_of((struct.client, struct.clock))
        if place is None or place.parent != foreign or place.key != "id":
            continue
        if isinstance(struct, Item) and isinstance(struct.content, AnyContent):
            identifier = struct.content.values[0]
            edits = (one for one in reading.authored if one.edit.cell == identifier)
            return next((one for one in edits if identifier in list(texts_of(one))), None)
    return None


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


def _text_beside(lineage: Lineage, item: Item) -> Id | None:
    """A unit of the equal text that stood directly before, or behind, this one when it was written."""
    assert isinstance(item.content, StringContent)
    text = item.content.text
    if item.origin is not None and _text_before(lineage, item.origin, len(text)).endswith(text):
        return item.origin
    if item.right_origin is not None and _text_behind(lineage, item.right_origin, len(text)).startswith(text):
        return item.right_origin
    return None


def _text_before(lineage: Lineage, unit: Id, wanted: int) -> str:
    """The text up to and with this unit, as far as one origin leads to the next."""
    pieces: list[str] = []
    length = 0
    origin: Id | None = unit
    while origin is not None and length < min(wanted, _LONGEST_LOOK):
        struct = lineage.struct_at(origin)
        if not isinstance(struct, Item) or not isinstance(struct.content, StringContent):
            break
        part = cut(struct, struct.clock, origin.clock + 1)
        assert isinstance(part, Item) and isinstance(part.content, StringContent)
        pieces.append(part.content.text)
        length += len(part.content.text)
        origin = struct.origin
    return "".join(reversed(pieces))


def _text_behind(lineage: Lineage, unit: Id, wanted: int) -> str:
    """The text from this unit on, as far as it was written in one go, or by one client in one go after the other."""
    pieces: list[str] = []
    length = 0
    right_origin: Id | None = unit
    while right_origin is not None and length < min(wanted, _LONGEST_LOOK):
        struct = lineage.struct_at(right_origin)
        if not isinstance(struct, Item) or not isinstance(struct.content, StringContent):
            break
        part = cut(struct, right_origin.clock, struct.end)
        assert isinstance(part, Item) and isinstance(part.content, StringContent)
        pieces.append(part.content.text)
        length += len(part.content.text)
        following = lineage.struct_at((struct.client, struct.end))
        typed_on = isinstance(following, Item) and following.origin == (struct.client, struct.end - 1)
        right_origin = Id(struct.client, struct.end) if typed_on else None
    return "".join(pieces)


class _Originals:
    """What there was to be doubled: texts at the very place of a foreign one; cells, at the end and when one came."""

    def __init__(self, reading: Reading, oracle: Oracle) -> None:
        self._reading = reading
        self._at_the_end = oracle.content
        self._looks_left = _MOST_LOOKS_BACK
        self._texts: dict[tuple[object, object, object], list[Item]] | None = None

    def same_text_at_its_place(self, foreign: Item) -> Id | None:
        """A unit of the same text, written between the same neighbours: an edit that was taken in twice."""
        assert isinstance(foreign.content, StringContent)
        text = foreign.content.text
        if self._texts is None:
            self._texts = {}
            for one in self._reading.lineage:
                if isinstance(one, Item) and isinstance(one.content, StringContent):
                    self._texts.setdefault((one.origin, one.right_origin, one.parent), []).append(one)
        for one in self._texts.get((foreign.origin, foreign.right_origin, foreign.parent), ()):
            first = Id(one.client, one.clock)
            if one.client != foreign.client and _text_behind(self._reading.lineage, first, len(text)).startswith(text):
                return first
        return None

    def has_another(self, foreign: Id, cell_type: str | None, source: str) -> bool:
        """Whether there is, or was when the foreign cell came, another one of this type and source.

        Cells without text are alike without being copies, so a blank source is no sign of doubling.
        """
        if not source.strip():
            return False
        if _has_cell(self._at_the_end, cell_type, source):
            return True
        if not self._looks_left:
            return False
        self._looks_left -= 1
        return _has_cell(self._before(foreign), cell_type, source)

    def _before(self, foreign: Id) -> Content:
        """What people had written when the foreign cell came, as far as it was acknowledged then."""
        reading = self._reading
        arrivals = (moment for moment, update in reading.received if foreign in update.clock_ranges())
        moment = next(arrivals, float("inf"))
        edits = (
            one.edit.update
            for one in reading.authored
            if one.edit.acknowledged is not None and one.edit.acknowledged <= moment
        )
        earlier = (encode_update(update) for received, update in reading.received if received < moment)
        doc = document_of([reading.evidence.initial.update, *edits, *earlier])
        return read_whole_content(doc, reading.evidence.kind)


def _has_cell(content: Content, cell_type: str | None, source: str) -> bool:
    return any(
        isinstance(cell, dict) and (cell.get("cell_type"), cell.get("source")) == (cell_type, source)
        for cell in content.get("cells", ())
    )
