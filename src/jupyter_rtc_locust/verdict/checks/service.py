"""Did the server serve: answer while users were connected, and echo everybody alike?

Both rest on time. What an overloaded generator saw late may have been its own doing, and is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, RunEvidence, StallEvidence
from jupyter_rtc_locust.verdict.findings import Caution, Finding, Kind, Opinion, resting_on_time
from jupyter_rtc_locust.verdict.wording import named_users

SILENT_S = 10.0
"""A server that answers nobody for so long is lost to the people who are connected (docs/verdict.md, "Deadlines")."""


def check_server_answers(run: RunEvidence) -> Opinion:
    """`server-lost`: nobody was answered for longer than the deadline while users were connected.

    Silences are the coordinator's: it asks over HTTP, from its own host. Where users, perhaps on other hosts, were sent
    something meanwhile, that host's own way may have been broken, or half of the server: then it is not known. Nor is
    it where no process has told what its users were sent, because the coordinator was cut off from all of them.
    """
    findings = []
    unknown = []
    told = bool(run.documents) and any(document.users for document in run.documents)
    for when, length in run.server_silences:
        if run.silent_processes and not told:
            unknown.append(
                f"The coordinator's host was answered neither by the server, for {length:.0f} s from {when:.0f} s "
                f"after the start of the run, nor at the end by any process with users: whether the server answered "
                f"those is not known."
            )
        elif _longest_without_a_word(run, when, length) < SILENT_S:
            unknown.append(
                f"The server did not answer the coordinator's host for {length:.0f} s, from {when:.0f} s after the "
                f"start of the run, and sent users something meanwhile: whether others were answered is not known. "
                f"Look at the network between the coordinator and the server."
            )
        else:
            detail = f"The server answered nobody for {length:.0f} s, from {when:.0f} s after the start of the run."
            findings.append(Finding(Kind.SERVER_LOST, "", detail))
    return resting_on_time(findings, run.sound) + Opinion(unknown=tuple(unknown))


def _longest_without_a_word(run: RunEvidence, when: float, length: float) -> float:
    """Of a silence, the longest stretch in which the server sent no user any edit, in seconds."""
    ended = when + length
    moments = {when, ended}
    for document in run.documents:
        moments.update(one.acknowledged for one in document.authored if one.acknowledged is not None)
        moments.update(one.received for one in document.foreign)
    within = sorted(moment for moment in moments if when <= moment <= ended)
    return max((later - earlier for earlier, later in pairwise(within)), default=length)


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
