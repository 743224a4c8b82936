"""Do all users hold the same document, and does a newcomer get it?

What replicas may differ in is nothing but the `state` map. Content is compared, and beside it the clocks of everybody
the run knows, in all roots (rule 6), and the deletions outside `state` (rule 9): an update whose effect cannot be seen,
such as a mark that there are unsaved changes, is missed only there.

Clocks of others than the run's authors are not compared: a server's note about its last save may come at any time.
"""

from __future__ import annotations

from jupyter_rtc_locust.documents.canonical import Content, same
from jupyter_rtc_locust.documents.comparison import differences, sentence
from jupyter_rtc_locust.documents.leniency import first_snapshot_differences
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion, limited
from jupyter_rtc_locust.verdict.lacking import (
    Lack,
    edits_lacking,
    lacks_of,
    never_got,
    what_is_lacking,
    written_by_the_run,
)
from jupyter_rtc_locust.verdict.reading import CONNECTED, Group, Reading
from jupyter_rtc_locust.verdict.rebuilt import content_of
from jupyter_rtc_locust.verdict.wording import capitalised, named_users


def check_replicas_agree(reading: Reading) -> Opinion:
    """`diverged`: users see different documents, or one lacks what the server holds."""
    document = reading.evidence
    findings = []
    told: set[int] = set()
    if reading.nobody_was_answered:
        return Opinion(unknown=_not_looked_at(reading))
    lacking = lacks_of(reading)
    if reading.groups:
        most = reading.groups[0]
        for group in reading.groups[1:]:
            told.update(group.users)
            detail = (
                f"{capitalised(named_users(group.users))} and {named_users(most.users)} see different documents for "
                f"good: {_first_difference(most, group.content, named_users(group.users))}"
            )
            behind = [one for one in lacking if set(one.users) <= set(group.users)]
            detail += "".join(f" {never_got(reading, one)}" for one in behind[:1])
            keys = dict.fromkeys(key for one in behind for key in edits_lacking(reading, one))
            findings.append(Finding(Kind.DIVERGED, document.path, detail, group.users, edits=tuple(keys)))
    for one in lacking:
        if not told.issuperset(one.users):
            told.update(one.users)
            keys_of_it = edits_lacking(reading, one)
            findings.append(Finding(Kind.DIVERGED, document.path, never_got(reading, one), one.users, edits=keys_of_it))
    return Opinion(limited(findings), unknown=_not_looked_at(reading))


def check_newcomer_gets_the_document(reading: Reading) -> Opinion:
    """`joiner-differs`: whoever opens the document at the end is given another one than those who are in it have."""
    document = reading.evidence
    joiner = document.joiner
    if joiner is None:
        return Opinion(unknown=(f"{document.path}: no newcomer opened the document at the end.",))
    if joiner.problem:
        return Opinion(unknown=(f"{document.path}: no newcomer could open the document at the end: {joiner.problem}",))
    if not reading.groups or reading.joiner is None or reading.given is None:
        return Opinion()
    most = reading.groups[0]
    if not same(reading.given, most.content):
        detail = (
            f"A newcomer is given another document than {named_users(most.users)} "
            f"{'sees' if len(most.users) == 1 else 'see'}. "
            f"The first difference: {_first_difference(most, reading.given, 'the newcomer')}"
        )
        return Opinion((Finding(Kind.JOINER_DIFFERS, document.path, detail, most.users),))
    for one in most.replicas:
        clocks = written_by_the_run(reading, one.evidence.covered.difference(reading.joiner_ranges))
        undeleted = reading.outside_state(one.evidence.deletions.difference(reading.joiner.deletions))
        if clocks or undeleted:
            lack = Lack(one.evidence.users, clocks, undeleted)
            have = "has" if len(lack.users) == 1 else "have"
            detail = (
                f"A newcomer is not given all that {named_users(lack.users)} {have}: {what_is_lacking(reading, lack)}"
            )
            keys = edits_lacking(reading, lack)
            return Opinion((Finding(Kind.JOINER_DIFFERS, document.path, detail, lack.users, edits=keys),))
    return Opinion()


def check_first_snapshot(reading: Reading) -> Opinion:
    """`joiner-differs` at the start: what the first who opened the document was given is not what stood in the file.

    Without this, whatever a server does to a document while it loads would stand in the oracle, too (rule 5).
    """
    document = reading.evidence
    if document.initial.problem:
        return Opinion(unknown=(f"{document.path}: no first snapshot was taken: {document.initial.problem}",))
    if document.template is None:
        return Opinion()
    content = content_of(document.initial.update, document.kind)
    found = first_snapshot_differences(document.template, content, document.kind)
    if not found:
        return Opinion()
    first = sentence(found[0], "the file", "the opened document")
    detail = f"Before anybody edited, the opened document was not what the file holds: {first}"
    return Opinion((Finding(Kind.JOINER_DIFFERS, document.path, detail),))


def _first_difference(most: Group, found: Content, whose: str) -> str:
    first = differences(most.content, found, limit=1)
    return sentence(first[0], named_users(most.users), whose) if first else "nothing can be named."


def _not_looked_at(reading: Reading) -> tuple[str, ...]:
    """Connected users of whom too little is known to say that they agree."""
    document = reading.evidence
    connected = [user for user in document.users if user.stage == CONNECTED]
    holders = {user for one in reading.replicas for user in one.evidence.users}
    unheard = [user.user for user in connected if user.user not in holders]
    unasked = [user.user for user in connected if not user.probed]
    unknown = []
    if unheard:
        unknown.append(f"{document.path}: what {named_users(unheard)} had at the end is not known.")
    if unasked:
        unknown.append(f"{document.path}: the server did not tell what {named_users(unasked)} lacked at the end.")
    return tuple(unknown)
