"""One document's evidence, taken apart once for all checks: whose each struct is, and what is known of each clock.

Ours or foreign is told by client and clock range, never by client alone: a server's id stands in the first snapshot
and goes on writing.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.updates import Update, UpdateError, decode_update
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate, DocumentEvidence, ReplicaEvidence

STATE_ROOT = "state"
"""The server's and the clients' own notes about a document: path, dirty, hash. Not content."""


@dataclass(frozen=True, slots=True)
class AuthoredStructs:
    """An authored update, read."""

    edit: AuthoredUpdate
    update: Update
    ranges: ClockRanges


@dataclass(frozen=True)
class Reading:
    """A document's evidence, read. Derived views are computed once, when first asked for."""

    evidence: DocumentEvidence
    initial: Update
    authored: tuple[AuthoredStructs, ...]
    received: tuple[tuple[float, Update], ...]
    """Foreign updates in the order of arrival, with the time of it."""
    replicas: tuple[tuple[ReplicaEvidence, Update], ...]
    joiner: Update | None
    unreadable: int
    """Foreign updates that are none."""

    @classmethod
    def of(cls, evidence: DocumentEvidence) -> Reading:
        """Read everything.

        Raises:
            UpdateError: the initial snapshot, an authored update, a replica or the newcomer's document is no update.
        """
        authored = []
        for edit in evidence.authored:
            update = decode_update(edit.update)
            authored.append(AuthoredStructs(edit, update, update.clock_ranges()))
        received = []
        unreadable = 0
        for foreign in sorted(evidence.foreign, key=lambda one: one.received):
            try:
                received.append((foreign.received, decode_update(foreign.update)))
            except UpdateError:
                unreadable += 1
        joiner = evidence.joiner
        return cls(
            evidence=evidence,
            initial=decode_update(evidence.initial.update),
            authored=tuple(authored),
            received=tuple(received),
            replicas=tuple((one, decode_update(one.update)) for one in evidence.replicas),
            joiner=decode_update(joiner.update) if joiner is not None and not joiner.problem else None,
            unreadable=unreadable,
        )

    @cached_property
    def initial_ranges(self) -> ClockRanges:
        """Clocks of the first snapshot."""
        return self.initial.clock_ranges()

    @cached_property
    def authored_ranges(self) -> ClockRanges:
        """Clocks of everything anybody of the run authored."""
        return ClockRanges.of(span for one in self.authored for span in one.ranges)

    @cached_property
    def lineage(self) -> Lineage:
        """Everything that is known of any clock: what was received tells more than what is left of it."""
        views = [update for _, update in self.replicas]
        if self.joiner is not None:
            views.append(self.joiner)
        received = [update for _, update in self.received]
        return Lineage([self.initial, *(one.update for one in self.authored), *received, *views])

    @cached_property
    def judged(self) -> tuple[str, Update, bytes] | None:
        """Whose copy loss, doubling and invention are judged on: the newcomer's, else that of most users."""
        joiner = self.evidence.joiner
        if self.joiner is not None and joiner is not None:
            return "a newcomer", self.joiner, joiner.update
        if not self.replicas:
            return None
        evidence, update = max(self.replicas, key=lambda one: len(one[0].users))
        return named_users(evidence.users), update, evidence.update

    @cached_property
    def server_covers(self) -> ClockRanges:
        """What the server said, at the end, that it holds."""
        joiner = self.evidence.joiner
        vector = joiner.state_vector if joiner is not None and not joiner.problem else {}
        return ClockRanges.from_state_vector(vector)

    def is_acknowledged(self, one: AuthoredStructs) -> bool:
        """Whether the edit was echoed, or is covered by the server's state vector."""
        return one.edit.acknowledged is not None or (bool(one.ranges) and self.server_covers.covers(one.ranges))

    def outside_state(self, ranges: ClockRanges) -> ClockRanges:
        """The part of these clocks that is not under `state`."""
        divided = self.lineage.by_root(ranges)
        return ClockRanges().union(*(part for root, part in divided.items() if root != STATE_ROOT))

    @cached_property
    def _author_index(self) -> dict[int, tuple[list[int], list[tuple[int, AuthoredStructs]]]]:
        entries: dict[int, list[tuple[int, int, int]]] = {}
        for number, one in enumerate(self.authored):
            for client, start, end in one.ranges:
                entries.setdefault(client, []).append((start, end, number))
        index = {}
        for client, spans in entries.items():
            spans.sort()
            index[client] = (
                [start for start, _, _ in spans],
                [(end, self.authored[number]) for _, end, number in spans],
            )
        return index

    def author_of(self, client: int, clock: int) -> AuthoredStructs | None:
        """The edit that wrote this clock."""
        starts, entries = self._author_index.get(client, ([], []))
        position = bisect_right(starts, clock) - 1
        if position < 0 or entries[position][0] <= clock:
            return None
        return entries[position][1]

    def deleted_by(self, ranges: ClockRanges) -> list[AuthoredStructs]:
        """The edits that deleted any of these clocks."""
        return [one for one in self.authored if one.update.deletions.intersection(ranges)]


def named_users(users: tuple[int, ...]) -> str:
    """`user 3`, or `users 1, 2, 5 and 14 more`."""
    shown = ", ".join(str(user) for user in users[:8])
    more = f" and {len(users) - 8} more" if len(users) > 8 else ""
    return f"user{'s' if len(users) != 1 else ''} {shown}{more}"
