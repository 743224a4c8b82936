"""One clock with two contents: words altered on their way, or a history that the server replaced.

Nobody but its author writes under a client id of ours, so that another content there was made by the server: a finding.
Under other ids it is the sign that a room was made anew, from a file or an old store (rule 12).
"""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_rtc_locust.documents.canonical import read_whole_content
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.content_conflicts import content_conflicts
from jupyter_rtc_locust.protocol.contents import DeletedContent, Id, StringContent
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.structs import Item, Struct, cut
from jupyter_rtc_locust.protocol.updates import Update, decode_update
from jupyter_rtc_locust.verdict.doubled_words import doubled_words, texts_in
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion, limited
from jupyter_rtc_locust.verdict.oracle import Oracle
from jupyter_rtc_locust.verdict.reading import Judged, Reading, keys_of
from jupyter_rtc_locust.verdict.rebuilt import content_of, document_of
from jupyter_rtc_locust.verdict.wording import (
    capitalised,
    cells_around,
    counted,
    described,
    items_in,
    named_users,
    pieces_of,
    shortened,
)

_REFUSED = "while an update was applied"
"""Stands in what is told of a user whose replica broke on an update (`documents/replica.py`); a test compares them."""


def altered_words(reading: Reading, oracle: Oracle, judged: Judged) -> tuple[Finding, ...]:
    """What an author wrote and somebody was given otherwise.

    `lost-edit` where the judged document has it so; else `diverged`: whoever was given it saw another document.
    """
    findings = []
    for author, ranges in reading.divided_by_author(oracle.altered):
        if author is None:
            continue
        standing = content_conflicts(reading.lineage, judged.update).intersection(ranges)
        kind, who, source = Kind.LOST_EDIT, judged.whose, judged.update
        if not standing:
            kind, who = Kind.DIVERGED, "somebody"
            source, standing = _first_conflict(reading, ranges)
        given, wrote = pieces_of(Lineage([source]), standing), pieces_of(reading.lineage, standing)
        detail = f"{capitalised(who)} was given {given} in place of {wrote}, which {described(author.edit)} wrote."
        findings.append(Finding(kind, reading.evidence.path, detail, (author.edit.user,), edits=keys_of([author])))
    return limited(findings)


def misplaced_words(reading: Reading, judged: Judged) -> tuple[Finding, ...]:
    """`lost-edit`: what stands in the judged document beside something else than its author wrote it beside.

    Origins never change once they are written (YATA; Yjs and yrs keep them), so a server made them others. Asked only
    where the contents differ and nothing else explains it.
    """
    findings = []
    for author, ranges in reading.divided_by_author(ClockRanges.of(_misplaced(reading, judged.update))):
        what = "what stood in the document from the start" if author is None else f"what {described(author.edit)} wrote"
        users = () if author is None else (author.edit.user,)
        lineage = reading.lineage
        detail = (
            f"For {judged.whose}, {what} stands in another place than it was written in: "
            f"{pieces_of(lineage, ranges)}{cells_around(lineage, ranges)}."
        )
        findings.append(Finding(Kind.LOST_EDIT, reading.evidence.path, detail, users, edits=keys_of([author])))
    return limited(findings)


def _misplaced(reading: Reading, update: Update) -> Iterator[tuple[int, int, int]]:
    for struct in update:
        if not isinstance(struct, Item) or isinstance(struct.content, DeletedContent):
            continue
        for known in reading.lineage.structs_in(struct.client, struct.clock, struct.end):
            start, end = max(struct.clock, known.clock), min(struct.end, known.end)
            written, found = cut(known, start, end), cut(struct, start, end)
            if isinstance(written, Item) and _beside(written) != _beside(found):
                yield struct.client, start, end


def _beside(struct: Struct) -> tuple[Id | None, Id | None] | None:
    return (struct.origin, struct.right_origin) if isinstance(struct, Item) else None


def _first_conflict(reading: Reading, ranges: ClockRanges) -> tuple[Update, ClockRanges]:
    for update in [*(update for _, update in reading.received), *reading.views]:
        standing = content_conflicts(reading.lineage, update).intersection(ranges)
        if standing:
            return update, standing
    raise AssertionError("a conflict was found in one of these updates before")


def history_replaced(reading: Reading, oracle: Oracle, judged: Judged) -> Opinion:
    """Acknowledged text that is nowhere any more is lost; whatever else there is to say is not known (rule 12)."""
    path = reading.evidence.path
    unknown = (
        f"{path}: the server replaced the document's history ({counted(oracle.replaced.total(), 'unit')} with two "
        f"contents), so the right content is not known."
    )
    found = Opinion(doubled_words(reading, judged) + broken_replicas(reading))
    held = judged.update.clock_ranges()
    new = [one for one in reading.authored if one.ranges.intersection(held)]
    if any(reading.outside_state(one.update.deletions) for one in new):
        # Whoever deleted something since then may have deleted what is missing: its clocks are those of other words.
        return found + Opinion(unknown=(unknown,))
    old = [one for one in reading.authored if not one.ranges.intersection(held)]
    before = document_of([reading.evidence.initial.update, *(one.edit.update for one in old)])
    live = reading.live_in(decode_update(before.get_update()))
    texts_before = texts_in(read_whole_content(before, reading.evidence.kind))
    texts_now = texts_in(content_of(judged.encoded, reading.evidence.kind))
    findings = []
    for one in old:
        words = _words(reading, one.ranges.intersection(live)) if one.edit.acknowledged is not None else []
        # Words that others had written into are not looked for, because they stand nowhere in one piece.
        whole = (text for text in words if any(text in other for other in texts_before))
        gone = [text for text in whole if not any(_runs_through(text, other) for other in texts_now)]
        if gone:
            detail = (
                f"The server replaced the document's history, and what {described(one.edit)} wrote is gone: "
                f"{shortened(''.join(gone))}."
            )
            findings.append(Finding(Kind.LOST_EDIT, path, detail, (one.edit.user,), edits=keys_of([one])))
    return found + Opinion(limited(findings), unknown=(unknown,))


def broken_replicas(reading: Reading) -> tuple[Finding, ...]:
    """`diverged`: users whose document refused what the server sent, because it does not fit what it had sent before.

    A browser's tab would not say so: it would drop what does not fit, and show something else than the server has.
    """
    users = tuple(sorted({one.user for one in reading.evidence.users if _REFUSED in one.trouble}))
    if not users:
        return ()
    detail = (
        f"The server replaced the document's history, and {named_users(users)} can never see it again as others do: "
        f"what the server sends does not fit what it had sent before."
    )
    return (Finding(Kind.DIVERGED, reading.evidence.path, detail, users),)


def _words(reading: Reading, ranges: ClockRanges) -> list[str]:
    """The texts at these clocks."""
    contents = (item.content for item in items_in(reading.lineage, ranges))
    return [content.text for content in contents if isinstance(content, StringContent)]


def _runs_through(words: str, text: str) -> bool:
    """Whether these words stand in the text in their order, with whatever was typed between them since."""
    letters = iter(text)
    return all(letter in letters for letter in words)
