"""Did the server serve: answer while users were connected, and echo everybody alike?

Both rest on time. What an overloaded generator saw late may have been its own doing, and is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, RunEvidence, StallEvidence
from jupyter_rtc_locust.verdict.findings import Caution, Finding, Kind, Opinion, resting_on_time
from jupyter_rtc_locust.verdict.served import nobody_connected, not_known, waits, words
from jupyter_rtc_locust.verdict.service_evidence import WAITED_S, ServerSilence
from jupyter_rtc_locust.verdict.stretches import apart_from
from jupyter_rtc_locust.verdict.wording import named_users

SILENT_S = 10.0
"""A server that answers nobody for so long is lost to the people who are connected (docs/verdict.md, "Deadlines")."""
CLOCKS_DIFFER_S = 2.0
"""A silence is timed by the coordinator, a word by the process that it came to."""


def check_server_answers(run: RunEvidence) -> Opinion:
    """`server-lost`: for longer than the deadline a server answered the coordinator not, and served nobody.

    Silences are the coordinator's: it asks over HTTP, from its own host, whose way may be broken while people on other
    hosts are served. So each is judged by what users of that server tell (docs/verdict.md, "When a server is lost"),
    and where any process told nothing, its users may have been served: then it is not known.
    """
    findings = []
    unknown = []
    for silence in run.server_silences:
        documents = concerned_by(silence, run.documents)
        who = _named(silence, documents)
        how_long = f"for {silence.length:.0f} s, from {silence.when:.0f} s after the start of the run"
        doubt = _doubt(run, silence, documents)
        if doubt:
            unknown.append(f"{who} did not answer the coordinator's host {how_long}, {doubt}")
        else:
            findings.append(Finding(Kind.SERVER_LOST, "", f"{who} answered nobody {how_long}."))
    return resting_on_time(findings, run.sound) + Opinion(unknown=tuple(unknown))


def _named(silence: ServerSilence, documents: Sequence[DocumentEvidence]) -> str:
    if silence.owner:
        return f"The server of {silence.owner}"
    return "The hub" if any(one.server for one in documents) else "The server"


def _doubt(run: RunEvidence, silence: ServerSilence, documents: Sequence[DocumentEvidence]) -> str:
    """Why it is not known that nobody was served in this silence: the rest of a sentence. Empty: it is known."""
    if run.silent_processes:
        return "and not every process with users answered at the end: whether the server answered those is not known."
    served_nobody = known_to_serve_nobody(silence, documents)
    if served_nobody:
        return ""
    if served_nobody is False:
        return (
            "and users were sent something meanwhile: whether others were answered is not known. Look at the network "
            "between the coordinator and the server."
        )
    return "and nobody is known to have waited for it in vain: whether anybody would have been answered is not known."


def concerned_by(silence: ServerSilence, documents: Sequence[DocumentEvidence]) -> list[DocumentEvidence]:
    """Of these documents those in the server that was silent; a hub's own silence concerns all."""
    return [one for one in documents if silence.owner in ("", one.server)]


def known_to_serve_nobody(silence: ServerSilence, documents: Sequence[DocumentEvidence]) -> bool | None:
    """Whether for the deadline within a silence it is known of all users of these documents that they were sent
    nothing, while somebody waited. False: it is not, and users were sent something; None: nor is it known that any was.
    """
    said = _words_within(silence, documents)
    for since, until in apart_from((silence.when, silence.when + silence.length), not_known(documents)):
        for began, ended in pairwise([since, *(one for one in said if since < one < until), until]):
            if ended - began >= SILENT_S and _somebody_waited(documents, began, ended):
                return True
    return False if said else None


def _words_within(silence: ServerSilence, documents: Sequence[DocumentEvidence]) -> list[float]:
    """When users were sent something in a silence, in order.

    What came within 2 s of its beginning or its end may as well have come before it, or afterwards: by so much clocks
    may differ, and the coordinator asks no more often.
    """
    first, last = silence.when + CLOCKS_DIFFER_S, silence.when + silence.length - CLOCKS_DIFFER_S
    return sorted(moment for document in documents for moment in words(document) if first <= moment <= last)


def _somebody_waited(documents: Sequence[DocumentEvidence], began: float, ended: float) -> bool:
    """Whether one user waited long enough within these moments: for an answer, or, where nobody had one, for a line.

    Who has no line while others keep theirs may be cut off together with the coordinator.
    """
    waited = [*(stretch for document in documents for stretch in waits(document)), *nobody_connected(documents)]
    return any(min(until, ended) - max(since, began) >= WAITED_S for since, until in waited)


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
