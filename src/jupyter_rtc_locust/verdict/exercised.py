"""What a run put to the test, in numbers: a pass says nothing about what did not happen (`exercised` of the result).

A run in which nobody lost the line does not show that a lost line does no harm. So everything that a person may read
into a pass is counted here, and what stands at nought is said beside the verdict.
"""

from __future__ import annotations

from math import inf

from jupyter_rtc_locust.protocol.updates import UpdateError, decode_update
from jupyter_rtc_locust.verdict.checks.presence import presence_was_exercised
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate, DocumentEvidence, RunEvidence
from jupyter_rtc_locust.verdict.wording import SEEDER

NOT_EXERCISED = {
    "editors_together": "two people editing together in every document",
    "concurrent_edits": "edits that crossed each other on their way",
    "reconnects": "a connection that was lost and came back",
    "newcomers_in_the_middle": "a newcomer in the middle of the run",
    "newcomers_at_the_end": "a newcomer at the end",
    "saves_while_typing": "a save while people were typing",
    "second_openings": "a document opened again after everybody had left",
    "presence": "who is shown as being there",
    "texts_beyond_bmp": "text beyond the Basic Multilingual Plane, such as emoji",
}
"""What each figure stands for, as the sentence says it that tells what a pass says nothing about."""

_LEADING = b"\xf0"
"""Updates hold texts in UTF-8, in which characters from U+10000 to U+3FFFF, emoji among them, begin with this byte."""


def exercised(run: RunEvidence) -> dict[str, int]:
    """How often each of `NOT_EXERCISED` happened in the run; 0: not at all.

    `editors_together` is the least number of people who edited any one document, 1 counting as 0: it is not exercised
    where one document had less than two. Where a process was lost, whoever others received edits of has edited, too.
    """
    documents = run.documents
    editors = [len(_editors(one, all_told=not run.untold)) for one in documents]
    least = min(editors, default=0)
    return {
        "editors_together": least if least > 1 else 0,
        "concurrent_edits": sum(concurrent_edits(one.authored) for one in documents),
        "reconnects": run.reconnects,
        "newcomers_in_the_middle": sum(one.newcomers for one in run.checkpoints),
        "newcomers_at_the_end": sum(one.joiner is not None and not one.joiner.problem for one in documents),
        "saves_while_typing": sum(saves_while_typing(one) for one in documents),
        "second_openings": sum(one.reopened is not None and not one.reopened.problem for one in documents),
        "presence": sum(presence_was_exercised(one) for one in documents),
        "texts_beyond_bmp": sum(holds_text_beyond_bmp(edit.update) for one in documents for edit in one.authored),
    }


def _editors(document: DocumentEvidence, *, all_told: bool) -> set[int]:
    """Who is known to have edited: by what they tell, or, where not all did, by what others received of them."""
    told = {edit.user for edit in document.authored}
    if all_told:
        return told - {SEEDER}
    clients = {client for update in document.foreign if len(told) < 3 for client in _clients(update.update)}
    return (told | {document.authors[one] for one in clients if one in document.authors}) - {SEEDER}


def _clients(update: bytes) -> set[int]:
    try:
        return {client for client, _, _ in decode_update(update).clock_ranges()}
    except UpdateError:
        return set()


def saves_while_typing(document: DocumentEvidence) -> int:
    """Versions of the file that appeared after the first edit and before the last."""
    dues = [edit.due for edit in document.authored if edit.user != SEEDER]
    first, last = min(dues, default=inf), max(dues, default=-inf)
    # The first version is the one that the room was loaded from.
    return sum(first < version.since < last and not version.problem for version in document.saves[1:])


def concurrent_edits(edits: tuple[AuthoredUpdate, ...]) -> int:
    """Edits made while an earlier one of somebody else had not come back to its author yet.

    Such a pair crossed on the way, or nearly did: neither author had the other's edit when making the own one, as far
    as times tell.
    """
    under_way: dict[int, float] = {}
    found = 0
    for edit in sorted(edits, key=lambda one: one.due):
        if any(until > edit.due for user, until in under_way.items() if user != edit.user):
            found += 1
        until = inf if edit.acknowledged is None else edit.acknowledged
        under_way[edit.user] = max(until, under_way.get(edit.user, -inf))
    return found


def holds_text_beyond_bmp(update: bytes) -> bool:
    """Whether the update holds a character beyond the Basic Multilingual Plane, as far as its bytes tell.

    A number or a client id may hold such a byte, too, so three bytes of continuation are asked for behind it.
    """
    start = update.find(_LEADING)
    while start >= 0:
        following = update[start + 1 : start + 4]
        if len(following) == 3 and all(0x80 <= byte < 0xC0 for byte in following):
            return True
        start = update.find(_LEADING, start + 1)
    return False
