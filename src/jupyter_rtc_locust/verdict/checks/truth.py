"""Is everything there that anybody wrote, once, and nothing else? The newcomer's document against the oracle.

Content decides whether there is a finding; the ids of what is there say whose. Foreign structs outside `state` are
findings by themselves, also when their effect is gone at the end.
"""

from __future__ import annotations

from jupyter_rtc_locust.documents.canonical import Content, same
from jupyter_rtc_locust.documents.comparison import differences, sentence
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import StringContent, TypeContent
from jupyter_rtc_locust.protocol.structs import Item, cut
from jupyter_rtc_locust.verdict.checks.acknowledgement import described
from jupyter_rtc_locust.verdict.findings import Caution, Finding, Kind, Opinion
from jupyter_rtc_locust.verdict.foreign_content import classified
from jupyter_rtc_locust.verdict.oracle import Oracle, content_of, live_clocks
from jupyter_rtc_locust.verdict.reading import AuthoredStructs, Reading, named_users

MOST_FINDINGS = 20
"""Of one kind in one document; how many more there were is said."""


def check_against_oracle(reading: Reading, oracle: Oracle) -> Opinion:
    """`lost-edit`, `duplicated-content`, `invented-edit`, and what could not be established."""
    judged = reading.judged
    path = reading.evidence.path
    if judged is None:
        return Opinion(
            unknown=(f"{path}: nobody's document is known, so nothing could be compared with what was written.",)
        )
    whose, update, encoded = judged
    content = content_of(encoded, reading.evidence.kind)
    if oracle.conflicts:
        return _history_replaced(reading, oracle, content)
    opinion = _unknowns(reading, oracle) + _cautions(reading, oracle)
    opinion += _limited(classified(reading, oracle, live_clocks(reading, update)))
    if same(content, oracle.content):
        return opinion
    if oracle.missing or oracle.unaccounted:
        return opinion  # the oracle is not whole, so a difference from it says nothing
    live = live_clocks(reading, update)
    lost = _lost(reading, oracle.live.difference(live), whose)
    back = _not_deleted(reading, live.difference(oracle.live).difference(oracle.foreign), whose)
    if not lost.findings and not back.findings and not opinion.findings:
        first = differences(oracle.content, content, limit=1)
        detail = f"What {whose} has is not what was written, though no edit is missing: {sentence(first[0])}"
        return opinion + Opinion((Finding(Kind.LOST_EDIT, path, detail),))
    return opinion + lost + back


def _lost(reading: Reading, missing: ClockRanges, whose: str) -> Opinion:
    """Content that is in the oracle and not in the judged document: whose it was, and what."""
    path = reading.evidence.path
    texts: dict[int, tuple[AuthoredStructs, list[str]]] = {}
    of_start: list[str] = []
    for client, start, end in missing:
        for struct in reading.lineage.structs_in(client, start, end):
            low, high = max(struct.clock, start), min(struct.end, end)
            author = reading.author_of(client, low)
            piece = _text_of(cut(struct, low, high))
            if author is None:
                of_start.append(piece)
            else:
                texts.setdefault(id(author), (author, []))[1].append(piece)
    findings = [
        Finding(
            Kind.LOST_EDIT,
            path,
            f"{whose.capitalize()} does not find what {described(author)} wrote: {_shown(pieces)}.{_nobody_deleted()}",
            (author.edit.user,),
        )
        for author, pieces in texts.values()
    ]
    if of_start:
        detail = (
            f"{whose.capitalize()} does not find what stood in the document from the start: {_shown(of_start)}."
            f"{_nobody_deleted()}"
        )
        findings.append(Finding(Kind.LOST_EDIT, path, detail))
    return _limited(Opinion(tuple(findings)))


def _nobody_deleted() -> str:
    return " It was deleted by nobody."


def _not_deleted(reading: Reading, extra: ClockRanges, whose: str) -> Opinion:
    """Content that somebody deleted or replaced and that is there all the same: the deletion is the lost edit."""
    if not extra:
        return Opinion()
    path = reading.evidence.path
    deleters = reading.deleted_by(extra)
    pieces = [
        _text_of(cut(struct, max(struct.clock, start), min(struct.end, end)))
        for client, start, end in extra
        for struct in reading.lineage.structs_in(client, start, end)
    ]
    users = tuple(sorted({one.edit.user for one in deleters}))
    by = f" by {described(deleters[0])}" if deleters else ""
    detail = f"{whose.capitalize()} still finds what was deleted{by}: {_shown(pieces)}."
    return Opinion((Finding(Kind.LOST_EDIT, path, detail, users),))


def _unknowns(reading: Reading, oracle: Oracle) -> Opinion:
    path = reading.evidence.path
    unknown = []
    if oracle.unaccounted:
        users = tuple(sorted({reading.evidence.authors[client] for client in oracle.unaccounted.clients()}))
        unknown.append(
            f"{path}: {oracle.unaccounted.total()} units were written by {named_users(users)}, whose own record is missing."
        )
    if oracle.missing:
        unknown.append(
            f"{path}: {oracle.missing.total()} units build on something nobody ever saw, so the right content is not known."
        )
    if oracle.unknown_root:
        unknown.append(
            f"{path}: of {oracle.unknown_root.total()} units that nobody wrote nothing is left to tell what they were."
        )
    if reading.unreadable:
        unknown.append(f"{path}: {reading.unreadable} updates of the server could not be read.")
    return Opinion(unknown=tuple(unknown))


def _cautions(reading: Reading, oracle: Oracle) -> Opinion:
    path = reading.evidence.path
    cautions = []
    if oracle.copies:
        names = ", ".join(sorted(oracle.copies)[:5])
        cautions.append(
            Caution(
                "cell-copies", path, f"Cells stand more than once because people moved them at the same time: {names}."
            )
        )
    if oracle.renamed:
        count = oracle.renamed.total()
        cautions.append(
            Caution("copy-renamed", path, f"While saving, the server gave a new id to {count} of two copies of a cell.")
        )
    return Opinion(cautions=tuple(cautions))


def _history_replaced(reading: Reading, oracle: Oracle, content: Content) -> Opinion:
    """Rule 12: the same clocks have two contents. Acknowledged text that is nowhere any more is lost; the rest is unknown."""
    path = reading.evidence.path
    everything = _all_text(content)
    findings = []
    for one in reading.authored:
        if one.edit.acknowledged is None:
            continue
        pieces = [
            _text_of(cut(struct, low, high))
            for client, start, end in one.ranges.intersection(oracle.live)
            for struct in reading.lineage.structs_in(client, start, end)
            if isinstance(struct, Item) and isinstance(struct.content, StringContent)
            for low, high in [(max(struct.clock, start), min(struct.end, end))]
        ]
        gone = [piece for piece in pieces if piece and piece not in everything]
        if gone:
            detail = (
                f"The server replaced the document's history, and what {described(one)} wrote is gone: {_shown(gone)}."
            )
            findings.append(Finding(Kind.LOST_EDIT, path, detail, (one.edit.user,)))
    unknown = (
        f"{path}: the server replaced the document's history ({oracle.conflicts.total()} units have two contents), so the "
        f"right content is not known.",
    )
    return _limited(Opinion(tuple(findings))) + Opinion(unknown=unknown)


def _all_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "\n".join(_all_text(one) for one in value.values())
    if isinstance(value, list):
        return "\n".join(_all_text(one) for one in value)
    return ""


def _text_of(struct: object) -> str:
    content = getattr(struct, "content", None)
    if isinstance(content, StringContent):
        return content.text
    if isinstance(content, TypeContent):
        return ""
    values = getattr(content, "values", None)
    return ", ".join(repr(value) for value in values) if values else ""


def _shown(pieces: list[str]) -> str:
    text = "".join(pieces)
    if not text:
        return "structure without text of its own (a cell, a list or a map)"
    return repr(text if len(text) <= 120 else text[:117] + "...")


def _limited(opinion: Opinion) -> Opinion:
    """At most so many findings of a kind, the last saying how many there were."""
    kept: list[Finding] = []
    for kind in dict.fromkeys(finding.kind for finding in opinion.findings):
        of_kind = [finding for finding in opinion.findings if finding.kind == kind]
        kept += of_kind[:MOST_FINDINGS]
        if len(of_kind) > MOST_FINDINGS:
            rest = of_kind[MOST_FINDINGS:]
            users = tuple(sorted({user for finding in rest for user in finding.users}))
            kept.append(Finding(kind, rest[0].document, f"{len(rest)} more of this kind in this document.", users))
    return Opinion(tuple(kept), opinion.cautions, opinion.unknown)
