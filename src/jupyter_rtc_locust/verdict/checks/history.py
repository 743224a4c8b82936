"""One clock with two contents: words altered on their way, or a history that the server replaced.

Nobody but its author writes under a client id of ours, so that another content there was made by the server: a finding.
Under other ids it is the sign that a room was made anew, from a file or an old store (rule 12).
"""

from __future__ import annotations

from jupyter_rtc_locust.documents.canonical import Content
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.content_conflicts import content_conflicts
from jupyter_rtc_locust.protocol.contents import StringContent
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.updates import Update
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion, limited
from jupyter_rtc_locust.verdict.oracle import Oracle
from jupyter_rtc_locust.verdict.reading import Judged, Reading
from jupyter_rtc_locust.verdict.wording import capitalised, counted, described, items_in, pieces_of, shortened


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
        findings.append(Finding(kind, reading.evidence.path, detail, (author.edit.user,)))
    return limited(findings)


def _first_conflict(reading: Reading, ranges: ClockRanges) -> tuple[Update, ClockRanges]:
    for update in [*(update for _, update in reading.received), *reading.views]:
        standing = content_conflicts(reading.lineage, update).intersection(ranges)
        if standing:
            return update, standing
    raise AssertionError("a conflict was found in one of these updates before")


def history_replaced(reading: Reading, oracle: Oracle, content: Content) -> Opinion:
    """Acknowledged text that is nowhere any more is lost; whatever else there is to say is not known (rule 12)."""
    path = reading.evidence.path
    everything = "\n".join(_texts(content))
    findings = []
    for author, ranges in reading.divided_by_author(oracle.live):
        if author is None or author.edit.acknowledged is None:
            continue
        texts = (
            one.content.text for one in items_in(reading.lineage, ranges) if isinstance(one.content, StringContent)
        )
        gone = [text for text in texts if text not in everything]
        if gone:
            detail = (
                f"The server replaced the document's history, and what {described(author.edit)} wrote is gone: "
                f"{shortened(''.join(gone))}."
            )
            findings.append(Finding(Kind.LOST_EDIT, path, detail, (author.edit.user,)))
    unknown = (
        f"{path}: the server replaced the document's history ({counted(oracle.replaced.total(), 'unit')} have two "
        f"contents), so the right content is not known."
    )
    return Opinion(limited(findings), unknown=(unknown,))


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for member in members for text in _texts(member)]
