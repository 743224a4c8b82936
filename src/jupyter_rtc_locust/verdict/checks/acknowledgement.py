"""Was every edit taken by the server, and does every replica hold what it was sent?"""

from __future__ import annotations

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.findings import Caution, Finding, Kind, Opinion, limited
from jupyter_rtc_locust.verdict.lacking import first_lacking, lacks_of
from jupyter_rtc_locust.verdict.reading import CONNECTED, AuthoredStructs, Reading, keys_of
from jupyter_rtc_locust.verdict.wording import counted, described, named_users


def check_edits_were_acknowledged(reading: Reading) -> Opinion:
    """`unacknowledged-edit`: neither echoed nor covered by the server's state vector, though its author stayed.

    What somebody wrote who left or lost the line just then may or may not have arrived: that is said, and no finding.
    Where no newcomer brought the server's state vector, an edit that somebody else holds was taken all the same, and
    of any other it is not known.
    """
    path = reading.evidence.path
    stayed: dict[int, list[AuthoredStructs]] = {}
    gone: dict[int, list[AuthoredStructs]] = {}
    for one in reading.authored:
        if reading.is_acknowledged(one) or (reading.joiner is None and reading.is_held_elsewhere(one)):
            continue
        if one.edit.client_id in reading.connected_clients:
            stayed.setdefault(one.edit.user, []).append(one)
        else:
            gone.setdefault(one.edit.user, []).append(one)
    findings = []
    unknown = []
    for user, edits in stayed.items():
        start = f"{counted(len(edits), 'edit')} of user {user} never came back"
        first = f"The first: {described(edits[0].edit)}."
        if reading.joiner is None:
            unknown.append(f"{path}: {start}, and whether the server holds them is not known. {first}")
        else:
            detail = f"{start}, and the server does not hold them. {first}"
            findings.append(Finding(Kind.UNACKNOWLEDGED_EDIT, path, detail, (user,), edits=keys_of(edits)))
    cautions = [
        Caution(
            "unknown-edit",
            path,
            f"{counted(len(edits), 'edit')} of user {user}, who was gone at the end, got no acknowledgement, and may "
            f"or may not be there. The first: {described(edits[0].edit)}.",
        )
        for user, edits in gone.items()
    ]
    return Opinion(limited(findings), tuple(cautions), tuple(unknown))


def check_nothing_is_pending(reading: Reading) -> Opinion:
    """`pending-updates`: a replica received updates that build on others it never got, and so cannot show them."""
    document = reading.evidence
    pending = []
    for user in document.users:
        # What belongs into another document waits in this one for ever, and has a finding that says so.
        gaps = user.gaps.difference(user.gaps.of_clients(reading.strangers))
        if user.stage == CONNECTED and gaps:
            pending.append((user.user, gaps))
    if not pending:
        return Opinion()
    lacking = lacks_of(reading)
    findings = []
    for number, gaps in pending:
        writers = sorted({document.authors[one] for one in gaps.clients() if one in document.authors})
        by = f" (written by {named_users(writers)})" if writers else ""
        detail = (
            f"User {number} was sent {counted(gaps.total(), 'unit')}{by} that build on something "
            f"which never arrived: a tab shows none of them. That person sees an old document and no error."
        )
        lacked = ClockRanges().union(*(one.clocks for one in lacking if number in one.users))
        missing = first_lacking(reading, lacked.difference(gaps))
        if missing is not None:
            detail += f" The first that never arrived: {described(missing.edit)}."
        keys = keys_of([missing, *(author for author, _ in reading.divided_by_author(gaps))])
        findings.append(Finding(Kind.PENDING_UPDATES, document.path, detail, (number,), edits=keys))
    return Opinion(limited(findings))
