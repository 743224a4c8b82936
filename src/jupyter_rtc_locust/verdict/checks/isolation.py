"""Does a document hold, or did anybody in it receive, what was written in another one?"""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.updates import UpdateError, decode_update
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate, DocumentEvidence
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion, limited
from jupyter_rtc_locust.verdict.oracle import Oracle
from jupyter_rtc_locust.verdict.reading import Reading
from jupyter_rtc_locust.verdict.wording import described, pieces_of


def check_nothing_came_from_elsewhere(
    reading: Reading, oracle: Oracle, documents: Sequence[DocumentEvidence] = ()
) -> Opinion:
    """`invented-edit`: what a user of another document wrote there came into this one, also where it went again.

    One finding for each client id; `documents` tell which of its edits they were.
    """
    findings = []
    for client in sorted(oracle.strange.clients()):
        ranges = oracle.strange.of_clients([client])
        user, home = reading.evidence.authors.get(client), reading.strangers[client]
        who = "somebody" if user is None else f"user {user}"
        _, start, _ = next(iter(ranges))
        edit = _first_edit(documents, home, client, ranges)
        which = f" The first: {described(edit)}." if edit is not None else ""
        detail = (
            f"What {who} wrote in {home} {_where(reading, ranges)}: {pieces_of(reading.lineage, ranges)} (client "
            f"{client}, from clock {start} on, who was never seated here).{which}"
        )
        findings.append(Finding(Kind.INVENTED_EDIT, reading.evidence.path, detail, () if user is None else (user,)))
    return Opinion(limited(findings))


def _where(reading: Reading, ranges: ClockRanges) -> str:
    judged = reading.judged
    if judged is not None and reading.live_in(judged.update).intersection(ranges):
        return "stands in this document"
    if any(reading.live_in(view).intersection(ranges) for view in reading.views):
        return "stands in the copies that some users have of this document"
    held = ClockRanges().union(*(view.clock_ranges() for view in reading.views))
    if held.intersection(ranges):
        return "came into this document, where nothing of it is to be seen"
    return "was sent to users of this document"


def _first_edit(
    documents: Sequence[DocumentEvidence], home: str, client: int, ranges: ClockRanges
) -> AuthoredUpdate | None:
    """The first edit of these clocks, as the document tells in which they were written."""
    for document in documents:
        for edit in document.authored if document.path == home else ():
            if edit.client_id != client:
                continue
            try:
                written = decode_update(edit.update).clock_ranges()
            except UpdateError:
                continue
            if written.intersection(ranges):
                return edit
    return None
