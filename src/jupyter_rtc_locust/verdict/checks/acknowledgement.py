"""Was every edit taken by the server, and does every replica hold what it was sent?"""

from __future__ import annotations

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.findings import Caution, Finding, Kind, Opinion
from jupyter_rtc_locust.verdict.reading import AuthoredStructs, Reading, named_users

_SHOWN = 5


def check_edits_were_acknowledged(reading: Reading) -> Opinion:
    """`unacknowledged-edit`: neither echoed nor covered by the server's state vector, though its author stayed.

    What somebody wrote who left or lost the line just then may or may not have arrived: that is said, and no finding.
    """
    document = reading.evidence
    connected = {user.client_id for user in document.users if user.stage == "connected"}
    stayed: dict[int, list[AuthoredStructs]] = {}
    gone: dict[int, int] = {}
    for one in reading.authored:
        if reading.is_acknowledged(one):
            continue
        if one.edit.client_id in connected:
            stayed.setdefault(one.edit.user, []).append(one)
        else:
            gone[one.edit.user] = gone.get(one.edit.user, 0) + 1
    findings = [
        Finding(
            Kind.UNACKNOWLEDGED_EDIT,
            document.path,
            f"{len(edits)} edit{'s' if len(edits) != 1 else ''} of user {user} never came back, and the server does not "
            f"hold {'them' if len(edits) != 1 else 'it'}; the first: {described(edits[0])}.",
            (user,),
        )
        for user, edits in stayed.items()
    ]
    cautions = [
        Caution(
            "unknown-edit",
            document.path,
            f"{count} edit{'s' if count != 1 else ''} of user {user}, who was gone at the end, got no acknowledgement: "
            f"{'they' if count != 1 else 'it'} may or may not be there.",
        )
        for user, count in gone.items()
    ]
    return Opinion(tuple(findings), tuple(cautions))


def check_nothing_is_pending(reading: Reading) -> Opinion:
    """`pending-updates`: a replica received updates that build on others it never got, and so cannot show them."""
    document = reading.evidence
    findings = []
    for user in document.users:
        if user.stage == "connected" and user.gaps:
            writers = _writers(reading, user.gaps)
            findings.append(
                Finding(
                    Kind.PENDING_UPDATES,
                    document.path,
                    f"User {user.user} was sent {user.gaps.total()} units of content that its copy cannot take in, because "
                    f"something before them never arrived{writers}. That person sees an old document and no error.",
                    (user.user,),
                )
            )
    return Opinion(tuple(findings))


def _writers(reading: Reading, ranges: ClockRanges) -> str:
    users = sorted(
        {reading.evidence.authors[client] for client in ranges.clients() if client in reading.evidence.authors}
    )
    return f" (written by {named_users(tuple(users))})" if users else ""


def described(one: AuthoredStructs) -> str:
    """`edit 12 of user 3, "typed 'abc' …", made 12.3 s after the start`."""
    edit = one.edit
    acknowledged = f", acknowledged at {edit.acknowledged:.2f} s" if edit.acknowledged is not None else ""
    return f'edit {edit.number} of user {edit.user} ("{edit.description}"), due at {edit.due:.2f} s{acknowledged}'
