"""When users of a document were sent anything, and when somebody waited in vain, as far as the evidence knows the time.

Both are needed to say that a server served nobody: where nobody asked for anything, nothing is sent either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf

from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, UserEvidence
from jupyter_rtc_locust.verdict.reading import CONNECTED
from jupyter_rtc_locust.verdict.stretches import Stretch, apart_from, put_together

LOOKING_FOR_A_LINE = ("lost its connection", "was refused")
"""Stages of those who have no line; who was refused got none on the way back, or never."""
WITH_DOCUMENT_OPEN = (CONNECTED, "lost its connection")
"""Stages of those who had not left, and were neither refused nor failed."""


def words(document: DocumentEvidence) -> Iterator[float]:
    """Moments at which the server sent a user something, in no order: edits, answers, presence, a new line.

    When somebody asked the server is none: the answer may have come much later.
    """
    for edit in document.authored:
        if edit.acknowledged is not None:
            yield edit.acknowledged
        if edit.arrived is not None:
            yield edit.arrived
    for update in document.foreign:
        yield update.received
    for save in document.manual_saves:
        if save.answered is not None:
            yield save.answered
    for user in document.users:
        yield from _words_to(user)


def _words_to(user: UserEvidence) -> Iterator[float]:
    served, presence = user.served, user.presence
    if served is not None:
        yield from (moment for moment in (served.heard, served.answered) if moment is not None)
        for _, back in served.without_line:
            yield back
    if presence is not None:
        yield from (moment for moment in (presence.connected, presence.synced) if moment is not None)
        yield from (told.heard for told in presence.told if told.heard is not None)
        for seen in presence.seen:
            yield seen.first
            yield seen.last


def waits(document: DocumentEvidence) -> Iterator[Stretch]:
    """From when until when somebody with a line waited for an answer; to infinity where that was not over when the
    evidence was put down.

    An edit that never came back is no wait by itself: its author may have been sent everything else. Who is sent
    nothing at all waits for the answer to the last question.
    """
    no_line: dict[int, list[Stretch]] = {}
    for user in document.users:
        if user.served is not None:
            no_line.setdefault(user.user, []).extend((*_looked_for_a_line(user), *user.served.offline))
    for who, stretch in _waits_of_each(document):
        yield from apart_from(stretch, no_line.get(who, ()))


def _waits_of_each(document: DocumentEvidence) -> Iterator[tuple[int, Stretch]]:
    for edit in document.authored:
        if edit.acknowledged is not None:
            yield edit.user, (edit.due, edit.acknowledged)
    for save in document.manual_saves:
        if save.answered is not None:
            yield save.user, (save.asked, save.answered)
    for stall in document.stalls:
        if not stall.overload:
            yield stall.user, (stall.at - stall.seconds, stall.at)
    for user in document.users:
        if user.served is not None and user.served.waits_since is not None:
            yield user.user, (user.served.waits_since, inf)


def nobody_connected(documents: Iterable[DocumentEvidence]) -> Iterator[Stretch]:
    """When somebody looked for a line, and nobody who had one of these documents open had any, in the order of time.

    To infinity where that was not over when the evidence was put down. Who is offline on purpose looks for none.
    """
    without: list[Stretch] = []
    with_line: list[Stretch] = []
    for user in (one for document in documents for one in document.users):
        looked = list(_looked_for_a_line(user))
        without += looked
        if user.served is not None and user.served.opened is not None:
            until = user.served.taken if user.served.closed is None else user.served.closed
            with_line += apart_from((user.served.opened, until), [*looked, *user.served.offline])
    connected = list(put_together(with_line))
    for stretch in put_together(without):
        yield from apart_from(stretch, connected)


def _looked_for_a_line(user: UserEvidence) -> Iterator[Stretch]:
    if user.served is not None:
        yield from user.served.without_line
        yield from user.served.in_vain
        if user.stage in LOOKING_FOR_A_LINE and user.served.waits_since is not None:
            yield user.served.waits_since, inf


def told_before(documents: Iterable[DocumentEvidence], moment: float) -> bool:
    """Whether any user who has one of these documents open had told before this moment what it knows, and no more."""
    there = (one for document in documents for one in document.users if one.stage in WITH_DOCUMENT_OPEN)
    return any(one.served is not None and one.served.taken <= moment for one in there)


def told_until(documents: Iterable[DocumentEvidence]) -> float:
    """Until when it is known, of all who had a line and waited for nothing, whether they were sent anything.

    Who waited when it told is known to have been sent nothing that it waited for. Infinite where nobody else is there.
    """
    there = (one for document in documents for one in document.users if one.stage == CONNECTED)
    served = (one.served for one in there if one.served is not None and one.served.waits_since is None)
    return min((one.taken for one in served), default=inf)
