"""What nobody of the run wrote: is it a second copy of something, or an invention? (Rule 13.)

A foreign text that equals what stands directly beside it, or a foreign cell equal in type and source to a live one, is
doubled; everything else foreign is invented. Pieces inside a foreign cell belong to that cell.
"""

from __future__ import annotations

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import AnyContent, Id, StringContent, utf16_length
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.structs import Item, cut
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion
from jupyter_rtc_locust.verdict.oracle import Oracle
from jupyter_rtc_locust.verdict.reading import Reading

_LONGEST_LOOK = 10_000
"""UTF-16 units of text beside a foreign one that are looked at."""


def classified(reading: Reading, oracle: Oracle, live: ClockRanges) -> Opinion:
    """A finding for each stretch of foreign content; `live` are the clocks that are there at the end."""
    lineage = reading.lineage
    findings = []
    for item in _stretches(lineage, oracle.foreign):
        identity = Id(item.client, item.clock)
        if any(ancestor in oracle.foreign for ancestor in lineage.ancestors(identity)):
            continue
        place = lineage.place_of(identity)
        kind, what = Kind.INVENTED_EDIT, f"something of kind {type(item.content).__name__.removesuffix('Content')}"
        if isinstance(item.content, StringContent):
            what = repr(item.content.text[:120])
            if _stands_beside(lineage, item):
                kind = Kind.DUPLICATED_CONTENT
        elif place is not None and place.parent == "cells":
            cell_type, source = _cell(lineage, identity)
            what = f"a {cell_type or 'cell without a type'} cell with the source {source[:120]!r}"
            if any(
                isinstance(cell, dict) and (cell.get("cell_type"), cell.get("source")) == (cell_type, source)
                for cell in oracle.content.get("cells", ())
            ):
                kind = Kind.DUPLICATED_CONTENT
        elif isinstance(item.content, AnyContent):
            what = f"{place.key if place else 'a value'} = {', '.join(map(repr, item.content.values))[:120]}"
        still = live.intersection(ClockRanges.of([(item.client, item.clock, item.end)]))
        gone = "" if still else " It was gone again at the end."
        verb = "stands there twice: a second copy was written" if kind == Kind.DUPLICATED_CONTENT else "was written"
        findings.append(
            Finding(
                kind,
                reading.evidence.path,
                f"{what} {verb} by client {item.client} (clocks {item.clock} to {item.end - 1}), which is nobody of this "
                f"run.{gone}",
            )
        )
    return Opinion(tuple(findings))


def _stretches(lineage: Lineage, foreign: ClockRanges) -> list[Item]:
    """Foreign items, with texts typed one after the other by one client as one."""
    stretches: list[Item] = []
    for client, start, end in foreign:
        for struct in lineage.structs_in(client, start, end):
            item = cut(struct, max(struct.clock, start), min(struct.end, end))
            if not isinstance(item, Item):
                continue
            last = stretches[-1] if stretches else None
            if (
                last is not None
                and isinstance(last.content, StringContent)
                and isinstance(item.content, StringContent)
                and last.client == item.client
                and item.origin == (item.client, last.end - 1)
                and item.clock == last.end
            ):
                text = StringContent(last.content.text + item.content.text)
                stretches[-1] = Item(
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
            else:
                stretches.append(item)
    return stretches


def _stands_beside(lineage: Lineage, item: Item) -> bool:
    """Whether the text equals what stood directly before it, or behind it, when it was written."""
    assert isinstance(item.content, StringContent)
    text = item.content.text
    if not text.strip() and len(text) < 2:
        return False  # a single blank beside another is no sign of doubling
    return _text_before(lineage, item.origin, len(text)).endswith(text) or _text_behind(
        lineage, item.right_origin, len(text)
    ).startswith(text)


def _text_before(lineage: Lineage, origin: Id | None, wanted: int) -> str:
    """The text up to and with this unit, as far as one origin leads to the next."""
    pieces: list[str] = []
    length = 0
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


def _text_behind(lineage: Lineage, right_origin: Id | None, wanted: int) -> str:
    """The text from this unit on, as far as it was written in one go, or by one client in one go after the other."""
    pieces: list[str] = []
    length = 0
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


def _cell(lineage: Lineage, cell: Id) -> tuple[str | None, str]:
    """Type and source of a foreign cell, from what was written with it: a cell arrives in one piece."""
    cell_type: str | None = None
    source_type: Id | None = None
    pieces: list[str] = []
    for struct in lineage.structs_in(cell.client, cell.clock, cell.clock + _LONGEST_LOOK):
        if not isinstance(struct, Item):
            continue
        identity = Id(struct.client, struct.clock)
        place = lineage.place_of(identity)
        if place is None:
            continue
        if place.parent == cell and place.key == "cell_type" and isinstance(struct.content, AnyContent):
            value = struct.content.values[0]
            cell_type = value if isinstance(value, str) else None
        elif place.parent == cell and place.key == "source":
            source_type = identity
        elif source_type is not None and place.parent == source_type and isinstance(struct.content, StringContent):
            pieces.append(struct.content.text)
    return cell_type, "".join(pieces)
