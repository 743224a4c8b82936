"""What users lack of the document that the server holds, and the edits that it belongs to.

Several checks name it: who lacks something sees another document than the rest, or one that has stopped.
"""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.reading import CONNECTED, AuthoredStructs, Reading, keys_of
from jupyter_rtc_locust.verdict.wording import capitalised, counted, described, named_users, pieces_of


@dataclass(frozen=True, slots=True)
class Lack:
    """What these users lack."""

    users: tuple[int, ...]
    clocks: ClockRanges
    """What the run wrote and they do not hold."""
    deletions: ClockRanges
    """What they hold and should not any more, outside `state`."""


def lacks_of(reading: Reading) -> list[Lack]:
    """What connected users lack of the server's document: clocks of the run's authors, and deletions outside `state`.

    Told by the server's answer to each user's own question, and by what the newcomer was given.
    """
    found = []
    # pycrdt shows what lies beyond a gap, and counts none of it in its state vector.
    held = {user: one.ranges.union(one.evidence.covered) for one in reading.replicas for user in one.evidence.users}
    for user in reading.evidence.users:
        clocks = written_by_the_run(reading, user.lacks).difference(held.get(user.user, ClockRanges()))
        if user.stage == CONNECTED and clocks:
            found.append(Lack((user.user,), clocks, ClockRanges()))
    if reading.joiner is not None:
        for one in reading.replicas:
            have = held[one.evidence.users[0]]
            clocks = written_by_the_run(reading, reading.joiner_ranges.difference(have))
            undeleted = reading.outside_state(reading.joiner.deletions.difference(one.evidence.deletions))
            # What lacks the struct lacks its deletion, too: a foreign one is no finding of this kind.
            undeleted = undeleted.intersection(have)
            if clocks or undeleted:
                found.append(Lack(one.evidence.users, clocks, undeleted))
    return found


def written_by_the_run(reading: Reading, ranges: ClockRanges) -> ClockRanges:
    """The part of these clocks that belongs to those of the run who may write in this document."""
    return ranges.of_clients(reading.authors)


def edits_lacking(reading: Reading, lack: Lack) -> tuple[tuple[int, int], ...]:
    """The edits that wrote, and those that deleted, what is lacking."""
    return keys_of(
        [*(author for author, _ in reading.divided_by_author(lack.clocks)), *reading.deleted_by(lack.deletions)]
    )


def never_got(reading: Reading, lack: Lack) -> str:
    """A sentence: who lacks what, and the first edit that it belongs to."""
    return f"{capitalised(named_users(lack.users))} never got what the server holds: {what_is_lacking(reading, lack)}"


def what_is_lacking(reading: Reading, lack: Lack) -> str:
    """How much is lacking, and the first edit that it belongs to."""
    if not lack.clocks:
        deleters = reading.deleted_by(lack.deletions)
        much = f"{counted(lack.deletions.total(), 'deletion')} ({pieces_of(reading.lineage, lack.deletions)})"
        return f"{much}.{_first(deleters[0] if deleters else None)}"
    return f"{counted(lack.clocks.total(), 'unit')}.{_first(first_lacking(reading, lack.clocks))}"


def first_lacking(reading: Reading, clocks: ClockRanges) -> AuthoredStructs | None:
    """The edit due first that wrote any of these clocks; None: nobody of the run did."""
    return next((author for author, _ in reading.divided_by_author(clocks) if author is not None), None)


def _first(one: AuthoredStructs | None) -> str:
    return f" The first: {described(one.edit)}." if one is not None else ""
