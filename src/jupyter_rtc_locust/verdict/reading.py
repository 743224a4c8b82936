"""One document's evidence, taken apart once for all checks: whose each struct is, and what is known of each clock.

Ours or foreign is told by client and clock range, never by client alone (rule 3): a server's id stands in the first
snapshot and goes on writing. Which content is right is not decided in here; that is the oracle's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from math import inf

from jupyter_rtc_locust.documents.canonical import Content, content_digest
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import DeletedContent
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.shared_structs import SharedStructs
from jupyter_rtc_locust.protocol.structs import Item, Struct, cut
from jupyter_rtc_locust.protocol.updates import Update, UpdateError, decode_update
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate, DocumentEvidence, ReplicaEvidence
from jupyter_rtc_locust.verdict.rebuilt import content_of
from jupyter_rtc_locust.verdict.wording import SEEDER, named_users

STATE_ROOT = "state"
"""The server's and the clients' own notes about a document: path, dirty, hash. Not content."""

CONNECTED = "connected"

_NO_END = 2**53
"""No clock comes near it."""

_TIMER_EARLY_S = 0.05
"""By how much an edit may leave before it is due: a timer's own precision, and ample."""

CLOCKS_DIFFER_S = 2.0
"""By how much the clocks of several processes may differ that were set together by one message."""


@dataclass(frozen=True, slots=True)
class AuthoredStructs:
    """An authored update, read."""

    edit: AuthoredUpdate
    update: Update
    ranges: ClockRanges


_MOST_KEYS = 200


def keys_of(edits: Iterable[AuthoredStructs | None]) -> tuple[tuple[int, int], ...]:
    """What names these edits in a finding, each once; of very many the first."""
    keys = dict.fromkeys(one.edit.key for one in edits if one is not None)
    return tuple(islice(keys, _MOST_KEYS))


@dataclass(frozen=True, slots=True)
class ReplicaRead:
    """One state of replicas, read; `evidence.users` are only those that were connected at the end."""

    evidence: ReplicaEvidence
    update: Update
    ranges: ClockRanges
    clients: frozenset[int]


@dataclass(frozen=True, slots=True)
class Group:
    """Users whose replicas hold equal content, and the states they are in (which may differ in what is no content)."""

    users: tuple[int, ...]
    content: Content
    digest: str
    replicas: tuple[ReplicaRead, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """The copy on which loss, doubling and invention are judged."""

    whose: str
    update: Update
    encoded: bytes


@dataclass(frozen=True)
class Reading:
    """A document's evidence, read. Derived views are computed once, when first asked for."""

    evidence: DocumentEvidence
    initial: Update
    authored: tuple[AuthoredStructs, ...]
    received: tuple[tuple[float, Update], ...]
    """Updates whose bytes no author sent, each once, in the order of arrival, with the time of it."""
    replicas: tuple[ReplicaRead, ...]
    joiner: Update | None
    unreadable: int
    """Foreign updates that are none."""

    @classmethod
    def of(cls, evidence: DocumentEvidence) -> Reading:
        """Read everything.

        Raises:
            UpdateError: the initial snapshot, an authored update, a replica or the newcomer's document is no update.
        """
        sharing = SharedStructs()
        authored = []
        for edit in evidence.authored:
            update = sharing.shared(decode_update(edit.update))
            authored.append(AuthoredStructs(edit, update, update.clock_ranges()))
        # Of several processes, each has the others' edits among its foreign updates.
        known = {edit.update for edit in evidence.authored}
        received = []
        unreadable = 0
        for foreign in sorted(evidence.foreign, key=lambda one: one.received):
            if foreign.update in known:
                continue
            known.add(foreign.update)
            try:
                received.append((foreign.received, sharing.shared(decode_update(foreign.update))))
            except UpdateError:
                unreadable += 1
        # Whole documents hold what was deleted as such, so they resemble each other more than what was written.
        of_views = SharedStructs()
        joiner = evidence.joiner
        return cls(
            evidence=evidence,
            initial=decode_update(evidence.initial.update),
            authored=tuple(authored),
            received=tuple(received),
            replicas=_connected_replicas(evidence, of_views),
            joiner=of_views.shared(decode_update(joiner.update)) if joiner is not None and not joiner.problem else None,
            unreadable=unreadable,
        )

    # -- whose -----------------------------------------------------------------------------------------------------

    @cached_property
    def initial_ranges(self) -> ClockRanges:
        """Clocks of the first snapshot."""
        return self.initial.clock_ranges()

    @cached_property
    def authored_ranges(self) -> ClockRanges:
        """Clocks of everything anybody of the run authored."""
        return ClockRanges.of(span for one in self.authored for span in one.ranges)

    @cached_property
    def authors(self) -> dict[int, int]:
        """Client id to user, of whoever of the run may write in this document: not those seated in another one."""
        return {client: user for client, user in self.evidence.authors.items() if client not in self.strangers}

    @cached_property
    def strangers(self) -> dict[int, str]:
        """Client ids of users that were seated in another document, and the path of that."""
        return {client: path for client, path in self.evidence.seated.items() if path != self.evidence.path}

    @cached_property
    def without_record(self) -> frozenset[int]:
        """Client ids that were seated in this document and of which no process tells anything."""
        seated = {client for client, path in self.evidence.seated.items() if path == self.evidence.path}
        told = {user.client_id for user in self.evidence.users} | {one.edit.client_id for one in self.authored}
        return frozenset(client for client in seated - told if self.evidence.authors.get(client) != SEEDER)

    @cached_property
    def beyond_their_own(self) -> ClockRanges:
        """Clocks under the ids of users that they did not use, by the account of their tabs: others' writing."""
        users = (user for user in self.evidence.users if user.wrote is not None)
        return ClockRanges.of((user.client_id, user.wrote or 0, _NO_END) for user in users)

    @cached_property
    def connected_clients(self) -> frozenset[int]:
        """Client ids of the users that were connected at the end."""
        return frozenset(user.client_id for user in self.evidence.users if user.stage == CONNECTED)

    @cached_property
    def visitors(self) -> frozenset[int]:
        """Client ids that showed themselves in awareness and are none of the run's."""
        return self.evidence.presences - self.evidence.authors.keys()

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

    def divided_by_author(self, ranges: ClockRanges) -> list[tuple[AuthoredStructs | None, ClockRanges]]:
        """These clocks, edit by edit in the order in which they were due; first, under None, what nobody authored."""
        divided: dict[int, tuple[AuthoredStructs | None, list[tuple[int, int, int]]]] = {}
        for client, start, end in ranges:
            clock = start
            while clock < end:
                author = self.author_of(client, clock)
                stop = self._author_ends(client, clock, end)
                divided.setdefault(id(author), (author, []))[1].append((client, clock, stop))
                clock = stop
        ordered = sorted(divided.values(), key=lambda one: -inf if one[0] is None else one[0].edit.due)
        return [(author, ClockRanges.of(spans)) for author, spans in ordered]

    def _author_ends(self, client: int, clock: int, end: int) -> int:
        starts, entries = self._author_index.get(client, ([], []))
        position = bisect_right(starts, clock)
        stop = starts[position] if position < len(starts) else end
        if position and entries[position - 1][0] > clock:
            stop = min(stop, entries[position - 1][0])
        return min(stop, end)

    def deleted_by(self, ranges: ClockRanges) -> list[AuthoredStructs]:
        """The edits that deleted any of these clocks."""
        return [one for one in self.authored if one.update.deletions.intersection(ranges)]

    def rightly_deleted_by(self, ranges: ClockRanges) -> list[AuthoredStructs]:
        """Those of them that the server got: what somebody deleted who left just then may stand there all the same."""
        return [one for one in self.deleted_by(ranges) if self.is_acknowledged(one) or self.is_held_elsewhere(one)]

    # -- what is known -----------------------------------------------------------------------------------------------

    @cached_property
    def views(self) -> tuple[Update, ...]:
        """What people held at the end: connected users' replicas, and the newcomer's document."""
        replicas = tuple(one.update for one in self.replicas)
        return replicas if self.joiner is None else (*replicas, self.joiner)

    @cached_property
    def received_ranges(self) -> ClockRanges:
        """Clocks of everything that came from the server and is, byte for byte, nobody's."""
        return ClockRanges().union(*(update.clock_ranges() for _, update in self.received))

    @cached_property
    def joiner_ranges(self) -> ClockRanges:
        """Clocks that the newcomer was given."""
        return ClockRanges() if self.joiner is None else self.joiner.clock_ranges()

    @cached_property
    def seen_ranges(self) -> ClockRanges:
        """Clocks of everything that the server ever gave to anybody, and of what connected users hold."""
        return self.received_ranges.union(self.joiner_ranges, *(one.ranges for one in self.replicas))

    @cached_property
    def lineage(self) -> Lineage:
        """Everything that is known of any clock: what was received tells more than what is left of it."""
        received = (update for _, update in self.received)
        return Lineage([self.initial, *(one.update for one in self.authored), *received, *self.views])

    def outside_state(self, ranges: ClockRanges) -> ClockRanges:
        """The part of these clocks that is not under `state`."""
        divided = self.lineage.by_root(ranges)
        return ClockRanges().union(*(part for root, part in divided.items() if root != STATE_ROOT))

    def as_written(self, ranges: ClockRanges) -> Update:
        """What stood at these clocks before anybody deleted it, as far as it was ever seen; nothing is deleted."""
        structs: dict[int, tuple[Struct, ...]] = {}
        for client in ranges.clients():
            structs[client] = tuple(
                cut(struct, max(struct.clock, start), min(struct.end, end))
                for start, end in ranges.of_client(client)
                for struct in self.lineage.structs_in(client, start, end)
            )
        return Update(structs, ClockRanges())

    def live_in(self, update: Update) -> ClockRanges:
        """Clocks of content that is there, outside `state`: not deleted, not garbage collected."""
        there = ClockRanges.of(
            (struct.client, struct.clock, struct.end)
            for struct in update
            if isinstance(struct, Item) and not isinstance(struct.content, DeletedContent)
        )
        return self.outside_state(there.difference(update.deletions))

    @cached_property
    def clocks_differ(self) -> float:
        """Seconds by which the clocks of two processes may differ: what arrived before it was authored shows more."""
        due: dict[bytes, float] = {}
        for one in self.authored:
            due[one.edit.update] = min(one.edit.due, due.get(one.edit.update, inf))
        early = (due[one.update] - one.received for one in self.evidence.foreign if one.update in due)
        return CLOCKS_DIFFER_S + max(0.0, max(early, default=0.0))

    @cached_property
    def arrivals_differ(self) -> float:
        """Seconds by which something may seem to arrive before the edit that it follows from was due.

        Where one process told everything, all times are of one clock.
        """
        clocks = {None if user.presence is None else user.presence.process for user in self.evidence.users}
        of_one_clock = len(clocks) == 1 and None not in clocks and not self.without_record
        return self.clocks_differ - CLOCKS_DIFFER_S + _TIMER_EARLY_S if of_one_clock else self.clocks_differ

    # -- what arrived --------------------------------------------------------------------------------------------------

    @cached_property
    def server_covers(self) -> ClockRanges:
        """What the server said, at the end, that it holds."""
        joiner = self.evidence.joiner
        vector = joiner.state_vector if joiner is not None and not joiner.problem else {}
        return ClockRanges.from_state_vector(vector)

    def is_acknowledged(self, one: AuthoredStructs) -> bool:
        """Whether the edit was echoed, or is covered by the server's state vector.

        A pure deletion has no clock, and one of what was deleted already is never echoed: the delete set of a step 2,
        which is complete, settles it (rule 8).
        """
        if one.edit.acknowledged is not None:
            return True
        if one.ranges:
            return self.server_covers.covers(one.ranges)
        return self.joiner is not None and self.joiner.deletions.covers(one.update.deletions)

    def is_held_elsewhere(self, one: AuthoredStructs) -> bool:
        """Whether anybody but its author's own tab holds anything of the edit: the server passed it on."""
        if not one.ranges:
            deletions = one.update.deletions
            return self.joiner is not None and self.joiner.deletions.covers(deletions)
        if self.joiner_ranges.intersection(one.ranges) or self.received_ranges.intersection(one.ranges):
            return True
        return any(
            replica.ranges.intersection(one.ranges)
            for replica in self.replicas
            if replica.clients - {one.edit.client_id}
        )

    # -- what people see -----------------------------------------------------------------------------------------------

    @cached_property
    def given(self) -> Content | None:
        """The content that the newcomer was given."""
        joiner = self.evidence.joiner
        if self.joiner is None or joiner is None:
            return None
        return content_of(joiner.update, self.evidence.kind)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Connected users by the content they hold, the largest group first; of equals, who agree with the newcomer."""
        groups: dict[str, Group] = {}
        for one in self.replicas:
            content = content_of(one.evidence.update, self.evidence.kind)
            digest = content_digest(content)
            known = groups.get(digest)
            if known is None:
                groups[digest] = Group(one.evidence.users, content, digest, (one,))
            else:
                users = tuple(sorted((*known.users, *one.evidence.users)))
                groups[digest] = replace(known, users=users, replicas=(*known.replicas, one))
        given = content_digest(self.given) if self.given is not None else ""
        return tuple(sorted(groups.values(), key=lambda group: (-len(group.users), group.digest != given, group.users)))

    @cached_property
    def nobody_was_answered(self) -> bool:
        """Whether at the end the server answered neither a newcomer nor any user: it hung while their lines stood.

        What people typed meanwhile was passed on to nobody, so that their replicas differ without being wrong.
        """
        answered = any(user.probed for user in self.evidence.users if user.stage == CONNECTED)
        return self.joiner is None and not answered

    @cached_property
    def judged(self) -> Judged | None:
        """Whose copy is judged: the newcomer's, else one of the largest group of equal replicas (rule 13)."""
        joiner = self.evidence.joiner
        if self.joiner is not None and joiner is not None:
            return Judged("a newcomer", self.joiner, joiner.update)
        if not self.groups or self.nobody_was_answered:
            return None
        group = self.groups[0]
        return Judged(named_users(group.users), group.replicas[0].update, group.replicas[0].evidence.update)


def _connected_replicas(evidence: DocumentEvidence, sharing: SharedStructs) -> tuple[ReplicaRead, ...]:
    """Replicas with those of their users that were connected at the end.

    Whoever had lost the line holds what nobody else can have, and lacks what came meanwhile: that is no difference.
    """
    clients = {user.user: user.client_id for user in evidence.users if user.stage == CONNECTED}
    read = []
    for one in evidence.replicas:
        users = tuple(user for user in one.users if user in clients)
        if users:
            update = sharing.shared(decode_update(one.update))
            of_them = frozenset(clients[user] for user in users)
            read.append(ReplicaRead(replace(one, users=users), update, update.clock_ranges(), of_them))
    return tuple(read)
