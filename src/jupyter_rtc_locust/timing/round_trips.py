"""Round trips of one document in one process: which update is whose, when it was due, when it came back or arrived.

An echo is matched by its bytes; where a server encoded anew (it does when two people set `state.dirty` at once), by
client id and clock range. An update that only deletes has no clock, and a deletion of what is deleted already is never
echoed: it is taken for acknowledged, without a sample, when the echo of a later edit of its author has come. What
nobody in this process authored is kept as foreign: the verdict reads it at the end. What everybody has is put away into
an archive (`put_away`), so that a run of hours needs no more memory than a short one.

Pure: times are handed in (seconds of one monotonic clock), results go into recorders. What is kept for each edit, once
a process however many users receive it, is measured by `make bench ARGS='--only deciding'`: 490 bytes for one of this
process, 355 for one of others, of which 155 are the update itself.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import Protocol, TypeAlias

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.updates import UpdateError, decode_update
from jupyter_rtc_locust.timing.archive import Archive, ArchiveFile
from jupyter_rtc_locust.timing.edits import AuthoredEdit, ForeignUpdate, entry_of_record, record_of_entry

_ONE_AFTER_ANOTHER_S = 1e-6
_NO_STRUCTS = 0
"""The first byte of an update that only deletes: the number of clients that wrote something."""


Indexes: TypeAlias = "array[int]"


class Arrivals:
    """Updates that came together, as far as they are the same whoever they came to."""

    __slots__ = ("authors", "dues", "entries", "indexes", "updates")

    def __init__(self, entries: list[AuthoredEdit | ForeignUpdate]) -> None:
        self.entries = entries
        self.indexes = indexes_of(entries)
        self.updates = [entry.update for entry in entries]
        """By reference to the one copy that the process keeps."""
        edits = [edit for one in entries for edit in ((one,) if isinstance(one, AuthoredEdit) else one.originals)]
        self.authors = {edit.user for edit in edits}
        self.dues = [edit.due for edit in edits]
        """When each edit of this process among them was due."""


class LatestArrivals:
    """What was found of the messages of a room's latest read (`users/connection.py`).

    It is known by the identity of its list, which is kept here and so is nobody else's.
    """

    __slots__ = ("arrivals", "messages")

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.arrivals: Arrivals | None = None


class Witness(Protocol):
    """Who is told of every edit, and of where it arrived. Moments are those that are handed in."""

    def authored(self, edit: AuthoredEdit) -> None:
        """It was made."""

    def acknowledged(self, edit: AuthoredEdit, now: float, *, echoed: bool) -> None:
        """Its echo came, or a state vector covered it."""

    def delivered(self, edit: AuthoredEdit, user: int, now: float) -> None:
        """It reached another user."""


def indexes_of(entries: Iterable[AuthoredEdit | ForeignUpdate]) -> Indexes:
    """The places of these updates among all of the process, four bytes each."""
    return array("I", [entry.index for entry in entries])


class RoundTrips:
    """The edits of one document in one process. `echo` and `delivery` take milliseconds."""

    __slots__ = (
        "_archive",
        "_authors",
        "_by_client",
        "_deletions",
        "_deliver",
        "_echo",
        "_latest_arrival",
        "_witness",
        "edited_at",
        "edits",
        "known",
        "last_acknowledged_due",
        "pending",
        "seen",
        "unreadable",
    )

    def __init__(
        self,
        echo: Callable[[float], None],
        delivery: Callable[[float], None],
        witness: Witness | None = None,
        archive: Archive | None = None,
    ) -> None:
        self._archive = Archive(ArchiveFile()) if archive is None else archive
        self.edits = 0
        """How many were made in this process."""
        self.edited_at: float | None = None
        """When the latest of them was due."""
        self._echo = echo
        self._deliver = delivery
        self._witness = witness
        self.known: dict[bytes, AuthoredEdit | ForeignUpdate] = {}
        """Every distinct update that is not put away, in the order in which this process saw it first."""
        self.seen = 0
        """How many there have been, with those that are put away."""
        self.unreadable: set[bytes] = set()
        """Those among them that cannot be read."""
        self.pending: dict[int, dict[bytes, AuthoredEdit]] = {}
        """For each user, its edits without an acknowledgement, oldest first."""
        self._deletions: dict[int, list[AuthoredEdit]] = {}
        """For each client id, its edits that only delete and are not acknowledged, oldest first."""
        self._by_client: dict[int, list[AuthoredEdit]] = {}
        self._authors: dict[int, tuple[list[int], list[tuple[int, int]]]] = {}
        self._latest_arrival = float("-inf")
        self.last_acknowledged_due: dict[int, float] = {}
        """For each user, when the latest acknowledged of its edits was due: others' echoes come while mine do not."""

    def author(
        self, user: int, client_id: int, number: int, description: str, cell: str | None, due: float, update: bytes
    ) -> AuthoredEdit:
        """Note an edit just made, before it is sent."""
        edit = AuthoredEdit(user, client_id, number, description, cell, due, update, index=self.seen)
        self.known[update] = edit
        self.seen += 1
        self.edits += 1
        self.edited_at = due
        self.pending.setdefault(user, {})[update] = edit
        self._by_client.setdefault(client_id, []).append(edit)
        if update[0] == _NO_STRUCTS:
            self._deletions.setdefault(client_id, []).append(edit)
        if self._witness is not None:
            self._witness.authored(edit)
        return edit

    def arrive(self, user: int, update: bytes, now: float, client_id: int | None = None) -> bool:
        """Note that `update` reached `user`; True when it is byte for byte its own, and need not be applied.

        `client_id` is that of the user's present replica: what a former incarnation of it wrote is an echo, and has to
        be applied all the same.
        """
        return self._reach(self.look_up(update, now), user, now, client_id)

    def arrive_together(self, arrivals: Arrivals, user: int, now: float, client_id: int) -> tuple[list[bytes], Indexes]:
        """Note that all of these reached `user`; the updates that it has to apply, as `arrive` says of each, and their
        indexes.

        Both are everybody's: they may not be changed.
        """
        if user in arrivals.authors or self._witness is not None:
            others = [one for one in arrivals.entries if not self._reach(one, user, now, client_id)]
            return [one.update for one in others], indexes_of(others)
        deliver = self._deliver
        for due in arrivals.dues:
            deliver((now - due) * 1000.0)
        return arrivals.updates, arrivals.indexes

    def look_up(self, update: bytes, now: float) -> AuthoredEdit | ForeignUpdate:
        """What is known of an update that has just come, whoever it came to."""
        entry = self.known.get(update)
        if entry is None:
            return self._meet_foreign(update, now)
        if isinstance(entry, AuthoredEdit) and entry.arrived is None:
            entry.arrived = self._arrival(now)
        return entry

    def _reach(self, entry: AuthoredEdit | ForeignUpdate, user: int, now: float, client_id: int | None) -> bool:
        if isinstance(entry, AuthoredEdit):
            if entry.user != user:
                self._delivered(entry, user, now)
                return False
            self._acknowledge(entry, now, timed=True)
            return client_id is None or entry.client_id == client_id
        for edit in entry.originals:
            if edit.user != user:
                self._delivered(edit, user, now)
            else:
                self._acknowledge(edit, now, timed=True)
        return False

    def settle(self, user: int, state_vector: dict[int, int], now: float) -> int:
        """Acknowledge, without a sample, the user's edits that a state vector of the server covers; how many they were.

        The clocks of an edit are read from its bytes only here, because few edits ever need it.
        """
        covered = [
            edit
            for edit in self.pending.get(user, {}).values()
            if 0 < self._end_of(edit) <= state_vector.get(edit.client_id, 0)
        ]
        for edit in covered:
            self._acknowledge(edit, now, timed=False)
        return len(covered)

    def waiting(self, user: int, client_id: int) -> Iterator[AuthoredEdit]:
        """The user's edits without an acknowledgement, oldest first, that it made under this client id.

        What a former incarnation of it wrote, whose tab was closed before the echo came, nobody waits for any more.
        """
        return (edit for edit in self.pending.get(user, {}).values() if edit.client_id == client_id)

    def oldest_pending(self, user: int, client_id: int) -> AuthoredEdit | None:
        """The one of them that has waited longest for its echo."""
        return next(self.waiting(user, client_id), None)

    def entries(self) -> Iterator[AuthoredEdit | ForeignUpdate]:
        """Every distinct update, in the order in which this process saw it first; those put away as copies."""
        read = 0
        while read < len(self._archive):  # while it is read, more may be put away
            for record in self._archive.since(read):
                yield entry_of_record(record, read)
                read += 1
        yield from [entry for entry in self.known.values() if entry.index >= read]

    def updates_at(self, indexes: Iterable[int]) -> Iterator[bytes]:
        """The updates with these indexes, in the order in which they were first seen, each once."""
        wanted = set(indexes)
        return (entry.update for entry in self.entries() if entry.index in wanted)

    def authored(self) -> list[AuthoredEdit]:
        """Every edit of this process, in the order of authoring."""
        return [entry for entry in self.entries() if isinstance(entry, AuthoredEdit)]

    def foreign(self) -> list[ForeignUpdate]:
        """Every update that nobody of this process authored byte for byte, in the order of arrival."""
        return [entry for entry in self.entries() if isinstance(entry, ForeignUpdate)]

    def put_away(self, before: float, here: Mapping[int, int], waiting: Container[tuple[int, int]]) -> None:
        """Move into the archive what nobody will ask for any more: seen before a moment, and had by everybody.

        `here` has each user with a line, and how many updates had been seen when it was given the latest of its own;
        `waiting` each user and client id of which edits may still come back. First seen first: the archive keeps the
        order, so one edit that never came back holds up those behind it, as long as its author is there.
        """
        behind: list[AuthoredEdit | ForeignUpdate] = []
        for entry in self.known.values():
            if not self._is_settled(entry, before, here, waiting):
                break
            behind.append(entry)
        for entry in behind:
            del self.known[entry.update]
            self._archive.add(record_of_entry(entry))
            if isinstance(entry, AuthoredEdit):
                self._forget(entry)

    def _is_settled(
        self,
        entry: AuthoredEdit | ForeignUpdate,
        before: float,
        here: Mapping[int, int],
        waiting: Container[tuple[int, int]],
    ) -> bool:
        author = None
        if isinstance(entry, AuthoredEdit):
            author = entry.user
            if entry.due >= before or (entry.acknowledged is None and (author, entry.client_id) in waiting):
                return False
        elif entry.received >= before:
            return False
        return all(seen > entry.index or user == author for user, seen in here.items())

    def _forget(self, edit: AuthoredEdit) -> None:
        """An edit that is put away is no original of anything that may come."""
        del self._by_client[edit.client_id][0]
        starts, spans = self._authors.get(edit.client_id, ([], []))
        del starts[:1], spans[:1]

    def _delivered(self, edit: AuthoredEdit, user: int, now: float) -> None:
        self._deliver((now - edit.due) * 1000.0)
        if self._witness is not None:
            self._witness.delivered(edit, user, now)

    def _acknowledge(self, edit: AuthoredEdit, now: float, *, timed: bool) -> None:
        if edit.acknowledged is not None:
            return
        edit.acknowledged = now
        edit.timed = timed
        if timed:
            self._echo((now - edit.due) * 1000.0)
        if self._witness is not None:
            self._witness.acknowledged(edit, now, echoed=timed)
        del self.pending[edit.user][edit.update]
        if timed and self._deletions.get(edit.client_id):
            self._settle_deletions(edit, now)
        if edit.due > self.last_acknowledged_due.get(edit.user, float("-inf")):
            self.last_acknowledged_due[edit.user] = edit.due

    def _settle_deletions(self, echoed: AuthoredEdit, now: float) -> None:
        """A line keeps its order: what was sent before an edit whose echo has come was taken, or changed nothing."""
        waiting = self._deletions.pop(echoed.client_id)
        later = [edit for edit in waiting if edit.number > echoed.number]
        if later:
            self._deletions[echoed.client_id] = later
        for edit in waiting:
            if edit.number < echoed.number:
                self._acknowledge(edit, now, timed=False)

    def _arrival(self, now: float) -> float:
        """A time for what arrives now that no earlier arrival has.

        A server tells everybody in one order, so the order of first arrivals is the order in which it took edits in,
        however its messages are spread over reads of many lines.
        """
        self._latest_arrival = max(now, self._latest_arrival + _ONE_AFTER_ANOTHER_S)
        return self._latest_arrival

    def _meet_foreign(self, update: bytes, now: float) -> ForeignUpdate:
        entry = self.known[update] = ForeignUpdate(self._arrival(now), update, index=self.seen)
        self.seen += 1
        try:
            ranges = decode_update(update).clock_ranges()
        except UpdateError:
            entry.readable = False
            self.unreadable.add(update)
        else:
            entry.originals = self._edits_within(ranges)
            for edit in entry.originals:
                edit.arrived = edit.arrived or entry.received
        return entry

    def _edits_within(self, ranges: ClockRanges) -> list[AuthoredEdit]:
        found = []
        for client in ranges.clients():
            edits = self._by_client.get(client)
            if not edits:
                continue
            starts, spans = self._clocks_of(client)
            for start, end in ranges.of_client(client):
                for index in range(bisect_left(starts, start), len(spans)):
                    if spans[index][0] >= end:
                        break
                    # An edit that only deletes has no clocks, and so an empty span.
                    if spans[index][0] < spans[index][1] <= end:
                        found.append(edits[index])
        return found

    def _clocks_of(self, client: int) -> tuple[list[int], list[tuple[int, int]]]:
        """The clock ranges of a client's edits, ascending, read from their bytes once."""
        starts, spans = self._authors.setdefault(client, ([], []))
        for edit in self._by_client[client][len(spans) :]:
            own = decode_update(edit.update).clock_ranges().of_client(client)
            span = (own[0][0], own[-1][1]) if own else (starts[-1] if starts else 0,) * 2
            starts.append(span[0])
            spans.append(span)
        return starts, spans

    def _end_of(self, edit: AuthoredEdit) -> int:
        return max((end for _, end in decode_update(edit.update).clock_ranges().of_client(edit.client_id)), default=0)
