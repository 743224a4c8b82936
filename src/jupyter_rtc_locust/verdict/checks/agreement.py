"""Do all users hold the same document, and does a newcomer get it?

What replicas may differ in is nothing but the `state` map. Content is compared, and beside it the clocks of everybody
the run knows: an update whose effect cannot be seen (a mark that there are unsaved changes) is missed only there.
"""

from __future__ import annotations

from jupyter_rtc_locust.documents.canonical import Content, content_digest
from jupyter_rtc_locust.documents.comparison import differences, sentence
from jupyter_rtc_locust.documents.leniency import first_snapshot_differences
from jupyter_rtc_locust.verdict.checks.acknowledgement import described
from jupyter_rtc_locust.verdict.evidence import ReplicaEvidence
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion
from jupyter_rtc_locust.verdict.oracle import content_of
from jupyter_rtc_locust.verdict.reading import Reading, named_users


def check_replicas_agree(reading: Reading) -> Opinion:
    """`diverged`: users see different documents, or one lacks what another wrote."""
    document = reading.evidence
    groups = _groups(reading)
    findings = []
    if len(groups) > 1:
        ordered = sorted(groups.values(), key=lambda group: -len(group[1]))
        most, most_users = ordered[0]
        for content, users in ordered[1:]:
            findings.append(
                Finding(
                    Kind.DIVERGED,
                    document.path,
                    f"{named_users(users).capitalize()} and {named_users(most_users)} see different documents for good. "
                    f"{_first_difference(most, content, 'the larger group has', 'the smaller')}",
                    users,
                )
            )
    told = {user for finding in findings for user in finding.users}
    for user in document.users:
        lacks = user.lacks.of_clients(document.authors)
        if user.stage == "connected" and lacks and user.user not in told:
            client, clock, _ = next(iter(lacks))
            author = reading.author_of(client, clock)
            what = f" The first: {described(author)}." if author is not None else ""
            findings.append(
                Finding(
                    Kind.DIVERGED,
                    document.path,
                    f"User {user.user} lacks {lacks.total()} units that the server holds and never sent.{what}",
                    (user.user,),
                )
            )
    return Opinion(tuple(findings))


def check_newcomer_gets_the_document(reading: Reading) -> Opinion:
    """`joiner-differs`: somebody who opens the document at the end is given another one than those who are in it have."""
    document = reading.evidence
    joiner = document.joiner
    if joiner is None:
        return Opinion()
    if joiner.problem:
        return Opinion(unknown=(f"{document.path}: no newcomer could open the document at the end: {joiner.problem}",))
    if not reading.replicas:
        return Opinion()
    most, users = max(_groups(reading).values(), key=lambda group: len(group[1]))
    given = content_of(joiner.update, document.kind)
    if content_digest(given) != content_digest(most):
        return Opinion(
            (
                Finding(
                    Kind.JOINER_DIFFERS,
                    document.path,
                    f"A newcomer is given another document than {named_users(users)} have. "
                    f"{_first_difference(most, given, 'they have', 'the newcomer')}",
                    users,
                ),
            )
        )
    evidence, _ = max(reading.replicas, key=lambda one: len(one[0].users))
    return _newcomer_lacks(reading, evidence, users)


def check_first_snapshot(reading: Reading) -> Opinion:
    """`joiner-differs` at the start: what the first who opened the document was given is not what stood in the file."""
    document = reading.evidence
    if document.template is None:
        return Opinion()
    content = content_of(document.initial.update, document.kind)
    found = first_snapshot_differences(document.template, content, document.kind)
    if not found:
        return Opinion()
    return Opinion(
        (
            Finding(
                Kind.JOINER_DIFFERS,
                document.path,
                f"Before anybody edited, the opened document was not what the file holds: {sentence(found[0])}",
            ),
        )
    )


def _newcomer_lacks(reading: Reading, most: ReplicaEvidence, users: tuple[int, ...]) -> Opinion:
    """Content is equal; what a newcomer lacks of registered authors shows only in clocks and deletions."""
    assert reading.joiner is not None
    document = reading.evidence
    lacking = most.covered.of_clients(document.authors).difference(reading.joiner.clock_ranges())
    undeleted = reading.outside_state(most.deletions.difference(reading.joiner.deletions))
    if not lacking and not undeleted:
        return Opinion()
    what = lacking or undeleted
    client, clock, _ = next(iter(what))
    author = reading.author_of(client, clock)
    first = f" The first: {described(author)}." if author is not None else ""
    missing = "units that users have" if lacking else "deletions that users made"
    return Opinion(
        (
            Finding(
                Kind.JOINER_DIFFERS,
                document.path,
                f"A newcomer is not given {what.total()} {missing}.{first}",
                users,
            ),
        )
    )


def _groups(reading: Reading) -> dict[str, tuple[Content, tuple[int, ...]]]:
    """Users by the content they hold."""
    groups: dict[str, tuple[Content, tuple[int, ...]]] = {}
    for evidence, _ in reading.replicas:
        content = content_of(evidence.update, reading.evidence.kind)
        digest = content_digest(content)
        known = groups.get(digest)
        users = evidence.users if known is None else tuple(sorted((*known[1], *evidence.users)))
        groups[digest] = (content, users)
    return groups


def _first_difference(expected: Content, found: Content, expected_is: str, found_is: str) -> str:
    first = differences(expected, found, limit=1)
    return (
        f"The first difference ({expected_is} the expected, {found_is} the found): {sentence(first[0])}"
        if first
        else ""
    )
