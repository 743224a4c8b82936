"""Did the server serve: answer while users were connected, and echo everybody alike?

Both rest on time. What an overloaded generator saw late may have been its own doing, and is not known.
"""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, RunEvidence, StallEvidence
from jupyter_rtc_locust.verdict.findings import Caution, Finding, Kind, Opinion, resting_on_time
from jupyter_rtc_locust.verdict.wording import named_users


def check_server_answers(run: RunEvidence) -> Opinion:
    """`server-lost`: nobody was answered for longer than the deadline while users were connected."""
    findings = [
        Finding(
            Kind.SERVER_LOST,
            "",
            f"The server answered nobody for {length:.0f} s, from {when:.0f} s after the start of the run.",
        )
        for when, length in run.server_silences
    ]
    return resting_on_time(findings, run.sound)


def check_nobody_stalled(document: DocumentEvidence, sound: bool) -> Opinion:
    """`stalled`: a sync unanswered, or edits not echoed while others' were.

    In an overload that was made on purpose, to see where it begins, somebody waits so long: a warning (`overloaded`).
    """
    overload = [stall for stall in document.stalls if stall.overload]
    findings = [
        Finding(
            Kind.STALLED,
            document.path,
            f"User {stall.user} waited {stall.seconds:.0f} s: {stall.what}. That person's document had come to a stop "
            f"without a word.",
            (stall.user,),
        )
        for stall in document.stalls
        if not stall.overload
    ]
    return resting_on_time(findings, sound) + Opinion(cautions=_of_an_overload(document.path, overload))


def _of_an_overload(path: str, stalls: Sequence[StallEvidence]) -> tuple[Caution, ...]:
    if not stalls:
        return ()
    longest = max(stall.seconds for stall in stalls)
    users = named_users(stall.user for stall in stalls)
    detail = f"While more people were there than the server holds, {users} waited, {longest:.0f} s at the longest."
    return (Caution("overloaded", path, detail),)
