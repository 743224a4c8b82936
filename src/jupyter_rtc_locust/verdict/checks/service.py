"""Did the server serve: answer while users were connected, and echo everybody alike?"""

from __future__ import annotations

from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, RunEvidence
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion


def check_server_answers(run: RunEvidence) -> Opinion:
    """`server-lost`: nobody was answered for longer than the deadline while users were connected."""
    sentences = [
        f"The server answered nobody for {length:.0f} s, from {when:.0f} s after the start of the run."
        for when, length in run.server_silences
    ]
    if not run.sound:
        return Opinion(
            unknown=tuple(f"{one} But the generator was overloaded, so this may be its own doing." for one in sentences)
        )
    return Opinion(tuple(Finding(Kind.SERVER_LOST, "", one) for one in sentences))


def check_nobody_stalled(document: DocumentEvidence, sound: bool) -> Opinion:
    """`stalled`: a sync unanswered, or edits not echoed while others' were. Rests on time, so on a sound generator."""
    findings = tuple(
        Finding(
            Kind.STALLED,
            document.path,
            f"User {stall.user} waited {stall.seconds:.0f} s: {stall.what}. That person goes on typing and nobody sees it.",
            (stall.user,),
        )
        for stall in document.stalls
    )
    if findings and not sound:
        return Opinion(
            unknown=tuple(
                f"{one.detail} But the generator was overloaded, so this may be its own doing." for one in findings
            )
        )
    return Opinion(findings)
