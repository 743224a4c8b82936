"""Where documents were not quiet: how late the server gave edits back, in a sentence for a person."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf

from jupyter_rtc_locust.verdict.evidence import DocumentEvidence
from jupyter_rtc_locust.verdict.served import WITH_DOCUMENT_OPEN
from jupyter_rtc_locust.verdict.service_evidence import WAITED_S
from jupyter_rtc_locust.verdict.wording import counted


def said_of_late_edits(documents: Sequence[DocumentEvidence], sound: bool) -> str:
    """What the edits in documents that were not quiet waited for their echo; "" where that says nothing of overload.

    Of people who are gone only what came back counts: nobody waits for the rest.
    """
    moving = [one for one in documents if not one.quiet]
    waits = []
    for document in moving:
        there = {user.client_id for user in document.users if user.stage in WITH_DOCUMENT_OPEN}
        for edit in document.authored:
            if edit.acknowledged is not None:
                waits.append(edit.acknowledged - edit.due)
            elif edit.client_id in there:
                waits.append(inf)
    waits.sort()
    if not waits or _percentile(waits, 0.95) < WAITED_S:
        return ""
    half, most = _percentile(waits, 0.5), _percentile(waits, 0.95)
    said = []
    if half < inf:
        one_in_twenty = f", one in twenty more than {_seconds(most)}" if most < inf else ""
        said.append(f"half of the edits took more than {_seconds(half)} to come back{one_in_twenty}")
    if missing := waits.count(inf):
        said.append(f"{counted(missing, 'edit')} had not come back {_when(moving)}")
    who = "The server did not keep up" if sound else "Edits came back late, and the load generator did not keep up"
    return f"{who}: {'; '.join(said)}."


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[ceil(share * len(ordered)) - 1]


def _when(documents: Sequence[DocumentEvidence]) -> str:
    """When it was told what had come back."""
    latest = max(edit.due for document in documents for edit in document.authored)
    told = [user.served.taken for document in documents for user in document.users if user.served is not None]
    return f"{_seconds(max(told) - latest)} after the last one was made" if told else "at the end"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
