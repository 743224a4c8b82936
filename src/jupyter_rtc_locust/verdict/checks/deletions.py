"""Was everything that anybody was told is gone deleted by somebody? Also where later edits cover it (rule 10)."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion, limited
from jupyter_rtc_locust.verdict.oracle import Oracle
from jupyter_rtc_locust.verdict.reading import Reading, keys_of
from jupyter_rtc_locust.verdict.received_deletions import UnauthoredDeletion
from jupyter_rtc_locust.verdict.wording import capitalised, cells_around, counted, described, named_users, pieces_of


def check_deletions_were_authored(
    reading: Reading, oracle: Oracle, unauthored: Sequence[UnauthoredDeletion]
) -> Opinion:
    """`lost-edit`: deleted by nobody, with the time at which somebody was first told so."""
    if not unauthored or oracle.replaced:
        # Where the server replaced its history, one clock names two things, and it is not known which was deleted.
        return Opinion()
    if unknown := _why_not_known(reading, oracle, unauthored):
        return Opinion(unknown=(unknown,))
    findings = []
    live = reading.live_in(reading.judged.update) if reading.judged is not None else None
    for one in unauthored:
        for author, ranges in reading.divided_by_author(one.ranges):
            what = "what stood in the document from the start"
            if author is not None:
                what = f"what {described(author.edit)} wrote"
            detail = _sentence(reading, oracle, live, one.received, what, ranges)
            users = () if author is None else (author.edit.user,)
            findings.append(Finding(Kind.LOST_EDIT, reading.evidence.path, detail, users, edits=keys_of([author])))
    return Opinion(limited(findings))


def _why_not_known(reading: Reading, oracle: Oracle, unauthored: Sequence[UnauthoredDeletion]) -> str:
    ranges = ClockRanges().union(*(one.ranges for one in unauthored))
    what = f"{counted(ranges.total(), 'unit')}: {pieces_of(reading.lineage, ranges)}"
    path = reading.evidence.path
    missing = reading.without_record.union(oracle.unaccounted.clients())
    if missing:
        users = named_users(sorted({reading.evidence.authors[client] for client in missing}))
        return (
            f"{path}: some pieces ({what}) were deleted by nobody whose record is there. That of {users} is missing, "
            f"so it is not known who did."
        )
    if oracle.guests.clients:
        clients = ", ".join(map(str, sorted(oracle.guests.clients)))
        return (
            f"{path}: some pieces ({what}) were deleted by nobody of the run. A guest (client {clients}) was at work, "
            f"and a deletion carries nobody's name."
        )
    return ""


def _sentence(
    reading: Reading, oracle: Oracle, live: ClockRanges | None, received: float | None, what: str, ranges: ClockRanges
) -> str:
    pieces = f"{pieces_of(reading.lineage, ranges)}{cells_around(reading.lineage, ranges)}"
    whose = reading.judged.whose if reading.judged is not None else ""
    when = "some time in the run" if received is None else f"at {received:.2f} s"
    if live is not None and ranges.intersection(live):
        return (
            f"{capitalised(when)} somebody was told that {what} is gone: {pieces}. Nobody deleted it, and for {whose} "
            f"it stands there."
        )
    if live is not None and ranges.intersection(oracle.live):
        return f"For {whose}, {what} is gone: {pieces}. Nobody deleted it; the first who lost it did so {when}."
    return (
        f"{capitalised(when)} somebody lost {what}: {pieces}. Nobody had deleted it; what people did afterwards "
        f"covers the damage."
    )
