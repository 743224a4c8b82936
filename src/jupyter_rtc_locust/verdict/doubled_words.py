"""Words that stand in a document more often than anybody wrote them; without an oracle, where there is none.

A server that replaced a document's history leaves no right content to compare with. But whatever stands there must
come from somewhere, so no words can stand there more often than they were written, in the first snapshot and in all
edits together. That holds whatever became of the history. Words that somebody moved were written anew, and are counted;
words that others wrote into stand nowhere in one piece, and are not found: this finds too little, never too much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from jupyter_rtc_locust.documents.canonical import Content
from jupyter_rtc_locust.protocol.contents import AnyContent, Id, StringContent, TypeContent
from jupyter_rtc_locust.protocol.structs import Item
from jupyter_rtc_locust.verdict.findings import Finding, Kind, limited
from jupyter_rtc_locust.verdict.reading import AuthoredStructs, Judged, Reading
from jupyter_rtc_locust.verdict.rebuilt import content_of
from jupyter_rtc_locust.verdict.wording import cell_as_written, described, shortened

FEWEST_LETTERS = 8
"""Shorter words come about by chance, where pieces of two texts meet."""


def doubled_words(reading: Reading, judged: Judged) -> tuple[Finding, ...]:
    """`duplicated-content`: a cell, or a text, of one of the run's authors that is there more often than written.

    Nothing is said where guests were at work, who may copy what others wrote.
    """
    if reading.visitors:
        return ()
    initial = content_of(reading.evidence.initial.update, reading.evidence.kind)
    content = content_of(judged.encoded, reading.evidence.kind)
    texts = [list(texts_of(one)) for one in reading.authored]
    written = [*texts_in(initial), *(text for own in texts for text in own)]
    now = texts_in(content)
    ids = Counter(_ids(content))
    told: set[str] = set()
    findings = []
    for one, own in zip(reading.authored, texts, strict=True):
        cell = _cell_of(reading, one) if one.edit.cell in own else None
        words = (
            str(one.edit.cell) if cell is not None and ids[str(one.edit.cell)] > 1 else max(own, key=len, default="")
        )
        if words in told or one.edit.cell in told or len(words.strip()) < FEWEST_LETTERS:
            continue
        times = sum(text.count(words) for text in now)
        if times > 1 and times > (meant := sum(text.count(words) for text in written)):
            told.add(words)
            once = "once" if meant == 1 else f"{meant} times"
            what = cell or f"The text {shortened(words)}"
            detail = f"{what} stands there {times} times and was written {once}, by {described(one.edit)}."
            findings.append(Finding(Kind.DUPLICATED_CONTENT, reading.evidence.path, detail, (one.edit.user,)))
    return limited(findings)


def texts_in(value: object) -> list[str]:
    """Every text in a document's content."""
    if isinstance(value, str):
        return [value]
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [text for member in members for text in texts_in(member)]


def _ids(content: Content) -> list[str]:
    return [str(cell["id"]) for cell in content.get("cells", ()) if isinstance(cell, dict) and "id" in cell]


def texts_of(one: AuthoredStructs) -> Iterator[str]:
    """The texts that an edit wrote, stretch by stretch."""
    for struct in one.update:
        if isinstance(struct, Item) and isinstance(struct.content, StringContent):
            yield struct.content.text
        elif isinstance(struct, Item) and isinstance(struct.content, AnyContent):
            yield from texts_in(struct.content.values)


def _cell_of(reading: Reading, one: AuthoredStructs) -> str | None:
    """The cell that an edit made, in words; None where it made none."""
    for struct in one.update:
        if isinstance(struct, Item) and isinstance(struct.content, TypeContent):
            identity = Id(struct.client, struct.clock)
            place = reading.lineage.place_of(identity)
            if place is not None and place.parent == "cells":
                cell_type, source = cell_as_written(reading.lineage, identity)
                return f"A {cell_type or 'nameless'} cell with the source {shortened(source)}"
    return None
