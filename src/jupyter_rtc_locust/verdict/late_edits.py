"""Where documents were not quiet: how late the server gave edits back, in a sentence for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, inf

from jupyter_rtc_locust.verdict.evidence import DocumentEvidence
from jupyter_rtc_locust.verdict.served import WITH_DOCUMENT_OPEN
from jupyter_rtc_locust.verdict.service_evidence import WAITED_S
from jupyter_rtc_locust.verdict.stretches import Stretch, apart_from
from jupyter_rtc_locust.verdict.wording import counted


def said_of_late_edits(documents: Sequence[DocumentEvidence], sound: bool) -> str:
    """What the edits in documents that were not quiet waited for their echo; "" where that says nothing of overload.

    Of people who are gone only what came back counts: nobody waits for the rest. While its author is offline on purpose
    an edit waits for no server.
    """
    moving = [one for one in documents if not one.quiet]
    waits = sorted(wait for document in moving for wait in _waits(document))
    if not waits or _percentile(waits, 0.95) < WAITED_S:
        return ""
    half, most = _percentile(waits, 0.5), _percentile(waits, 0.95)
    said = []
    if WAITED_S <= half < inf:
        one_in_twenty = f", one in twenty more than {_seconds(most)}" if most < inf else ""
        said.append(f"half of the edits took more than {_seconds(half)} to come back{one_in_twenty}")
    elif most < inf:
        said.append(f"one edit in twenty took more than {_seconds(most)} to come back")
    if missing := waits.count(inf):
        said.append(f"{counted(missing, 'edit')} had not come back {_when(moving)}")
    who = "The server did not keep up" if sound else "Edits came back late, and the load generator did not keep up"
    return f"{who}: {'; '.join(said)}."


def _waits(document: DocumentEvidence) -> Iterator[float]:
    """Seconds; infinite for what had not come back when its author told."""
    there = {user.client_id for user in document.users if user.stage in WITH_DOCUMENT_OPEN}
    told: dict[int, float] = {}
    offline: dict[int, list[Stretch]] = {}
    for user in document.users:
        if user.served is not None:
            told[user.client_id] = user.served.taken
            offline.setdefault(user.user, []).extend(user.served.offline)
    for edit in document.authored:
        until = told.get(edit.client_id, inf) if edit.acknowledged is None else edit.acknowledged
        waited = [ended - began for began, ended in apart_from((edit.due, until), offline.get(edit.user, ()))]
        if edit.acknowledged is not None:
            yield sum(waited)
        elif waited and edit.client_id in there:
            yield inf


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[ceil(share * len(ordered)) - 1]


def _when(documents: Sequence[DocumentEvidence]) -> str:
    """When it was told what had come back."""
    latest = max(edit.due for document in documents for edit in document.authored)
    told = [user.served.taken for document in documents for user in document.users if user.served is not None]
    return f"{_seconds(max(told) - latest)} after the last one was made" if told else "at the end"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
