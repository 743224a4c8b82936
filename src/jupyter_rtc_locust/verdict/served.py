"""When users of a document were sent anything, and when somebody waited in vain, as far as the evidence knows the time.

Both are needed to say that a server served nobody: where nobody asked for anything, nothing is sent either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf

from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, UserEvidence
from jupyter_rtc_locust.verdict.reading import CONNECTED
from jupyter_rtc_locust.verdict.service_evidence import ServedEvidence
from jupyter_rtc_locust.verdict.stretches import Stretch, apart_from, put_together

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
    presence = user.presence
    for served in _told(user):
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
    """From when until when somebody with a line waited for an answer, as far as that was told.

    An edit that never came back is no wait by itself: its author may have been sent everything else. Who is sent
    nothing at all waits for the answer to the last question.
    """
    no_line: dict[int, list[Stretch]] = {}
    for user in document.users:
        no_line.setdefault(user.user, []).extend(_without_a_line(user))
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
        for served in _told(user):
            if served.waits_since is not None:
                yield user.user, (served.waits_since, served.taken)


def nobody_connected(documents: Iterable[DocumentEvidence]) -> Iterator[Stretch]:
    """When somebody looked for a line, and nobody who had one of these documents open had any, in the order of time.

    As far as that was told. Who is offline on purpose looks for none.
    """
    without: list[Stretch] = []
    with_line: list[Stretch] = []
    for user in (one for document in documents for one in document.users):
        without += _looked_for_a_line(user)
        served = latest(user)
        if served is not None and served.opened is not None:
            until = served.taken if served.closed is None else served.closed
            with_line += apart_from((served.opened, until), _without_a_line(user))
    connected = list(put_together(with_line))
    for stretch in put_together(without):
        yield from apart_from(stretch, connected)


def _looked_for_a_line(user: UserEvidence) -> Iterator[Stretch]:
    if (served := latest(user)) is not None:
        yield from served.without_line
        yield from served.in_vain
        if served.lost is not None:
            yield served.lost, served.taken


def _without_a_line(user: UserEvidence) -> list[Stretch]:
    """When it looked for one, or was offline on purpose."""
    served = latest(user)
    return [] if served is None else [*_looked_for_a_line(user), *served.offline]


def anybody_there(documents: Iterable[DocumentEvidence]) -> bool:
    """Whether anybody had one of these documents open when all told."""
    return any(one.stage in WITH_DOCUMENT_OPEN for document in documents for one in document.users)


def not_known(documents: Iterable[DocumentEvidence]) -> Iterator[Stretch]:
    """When users who had one of these documents open may have been sent something that nobody tells of.

    That is so from when they told. Where they were asked once more, who waits again was sent no answer since then, and
    who had no line was sent nothing; who was answered may have been served all the time, and after it.
    """
    for user in (one for document in documents for one in document.users):
        if user.stage in WITH_DOCUMENT_OPEN and user.served is not None:
            last = user.served_later or user.served
            waits_again = inf if last.waits_since is None else last.waits_since
            yield from apart_from((user.served.taken, waits_again), _without_a_line(user))
            yield last.taken, inf


def latest(user: UserEvidence) -> ServedEvidence | None:
    """What a user told last. Of the times without a line it has all of what was told before."""
    return user.served_later or user.served


def _told(user: UserEvidence) -> Iterator[ServedEvidence]:
    return (one for one in (user.served, user.served_later) if one is not None)
