"""The ledger of deletions: what somebody was told is gone, and nobody had deleted (rule 10).

Later edits cover damage: words that a server took away from a cell are missed by nobody once the cell is deleted. So
every deletion that came from the server is asked who authored it, and before it came. What needs no author follows from
an authored deletion around it, or from another entry under its key; the first snapshot's own deletions and those of
guests are nobody's of the run.

Two rules tell that the deletion of a cell, made later, does not excuse an earlier one inside it. Times, as far as the
clocks of processes agree. And cause, which needs no clock: who deletes a cell deletes, in the same update, all that it
holds of it. What its author surely held and did not delete had gone before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import DeletedContent, Id
from jupyter_rtc_locust.protocol.structs import GC, Item
from jupyter_rtc_locust.verdict.first_times import FirstTimes
from jupyter_rtc_locust.verdict.map_entries import MapEntries
from jupyter_rtc_locust.verdict.oracle import Oracle
from jupyter_rtc_locust.verdict.reading import STATE_ROOT, AuthoredStructs, Reading


@dataclass(frozen=True, slots=True)
class UnauthoredDeletion:
    """What was deleted by nobody, and when a process was first told so."""

    received: float | None
    """Seconds since the start of the run; None: nobody was seen to be told, it is merely gone at the end."""
    ranges: ClockRanges


def unauthored_deletions(reading: Reading, oracle: Oracle) -> tuple[UnauthoredDeletion, ...]:
    """Deletions of what the run's authors wrote, or of the first content, that nobody authored; by time.

    What is merely gone at the end and stands in the oracle is not among them: a comparison of the two tells of it.
    """
    arrivals = FirstTimes(_told(reading))
    suspects = _suspects(reading, oracle, arrivals)
    if not suspects:
        return ()
    causes = _Causes(reading, oracle, suspects)
    found: dict[float, list[tuple[int, int, int]]] = {}
    for item, start, end, moment in _pieces(reading, suspects, arrivals):
        if not causes.explain(item, start, moment):
            found.setdefault(moment, []).append((item.client, start, end))
    dated = {moment: ClockRanges.of(spans) for moment, spans in sorted(found.items())}
    if inf in dated:
        dated[inf] = dated[inf].difference(oracle.live)
    return tuple(
        UnauthoredDeletion(None if moment == inf else moment, ranges) for moment, ranges in dated.items() if ranges
    )


def _told(reading: Reading) -> Iterator[tuple[float, ClockRanges]]:
    """Every delete set that anybody was given, with its time; those of the documents held at the end come last."""
    for received, update in reading.received:
        if update.deletions:
            yield received, update.deletions
    for replica in reading.replicas:
        yield inf, replica.evidence.deletions
    if reading.joiner is not None:
        yield inf, reading.joiner.deletions


def _suspects(reading: Reading, oracle: Oracle, arrivals: FirstTimes) -> ClockRanges:
    """What was told to be deleted and was not authored before, outside `state`, of ours or of the first content.

    What is foreign is a finding by itself, whoever deletes it; what a guest deleted, or nobody knows anything of, is
    not judged.
    """
    authored = FirstTimes((one.edit.due, one.update.deletions) for one in reading.authored if one.update.deletions)
    too_early = ClockRanges.of(
        (client, first, last)
        for client, start, end, due in authored
        for first, last, received in arrivals.within(client, start, end)
        if received < due - reading.arrivals_differ
    )
    suspects = arrivals.ranges().difference(authored.ranges()).union(too_early)
    ours = reading.authored_ranges.union(reading.initial_ranges)
    excused = _gone_from_the_start(reading).union(
        oracle.guests.deletions, oracle.guests.structs, oracle.rebuilt.deletions
    )
    if oracle.rebuilt.as_a_whole and reading.joiner is not None:
        excused = excused.union(reading.joiner.deletions)  # nobody misses what the right content is made without
    suspects = suspects.intersection(ours).difference(excused)
    divided = reading.lineage.by_root(suspects)
    return ClockRanges().union(*(part for root, part in divided.items() if root not in (STATE_ROOT, None)))


def _gone_from_the_start(reading: Reading) -> ClockRanges:
    """What the first snapshot says is deleted, or holds no content of."""
    forgotten = ClockRanges.of(
        (struct.client, struct.clock, struct.end)
        for struct in reading.initial
        if isinstance(struct, GC) or isinstance(struct.content, DeletedContent)
    )
    return reading.initial.deletions.union(forgotten)


def _pieces(reading: Reading, suspects: ClockRanges, arrivals: FirstTimes) -> Iterator[tuple[Item, int, int, float]]:
    """The suspects as `(item, start, end, first told)`, so that each piece is of one item and of one time."""
    for client, start, end in suspects:
        for struct in reading.lineage.structs_in(client, start, end):
            if isinstance(struct, Item):
                first, last = max(struct.clock, start), min(struct.end, end)
                for begin, stop, moment in arrivals.within(client, first, last):
                    yield struct, begin, stop, moment


class _Causes:
    """What a deletion can follow from without being authored itself."""

    def __init__(self, reading: Reading, oracle: Oracle, suspects: ClockRanges) -> None:
        self._reading = reading
        lineage = reading.lineage
        items = list(_items(reading, suspects))
        self._chains = {Id(item.client, item.clock): lineage.ancestors((item.client, item.clock)) for item in items}
        around = {ancestor for chain in self._chains.values() for ancestor in chain}
        self._entries = MapEntries(reading, {*self._chains, *around})
        self._deleters = _deleters(reading, around)
        self._not_ours = oracle.guests.deletions.union(
            _gone_from_the_start(reading),
            *(oracle.foreign, oracle.strange, oracle.guests.structs, oracle.rebuilt.deletions),
        )

    def explain(self, item: Item, start: int, moment: float) -> bool:
        """Whether a piece of this item, from clock `start` on, may rightly have been deleted at this time."""
        identity = Id(item.client, item.clock)
        piece = Id(item.client, start)
        latest = moment + self._reading.arrivals_differ
        chain = self._chains[identity]
        if any(self._entries.was_replaced(one, latest) for one in (identity, *chain)):
            return True
        for ancestor in chain:
            if ancestor in self._not_ours:
                return True
            deleters = self._deleters.get(ancestor, ())
            if any(one.edit.due <= latest and not self._held_and_kept(one, piece) for one in deleters):
                return True
        return False

    def _held_and_kept(self, deleter: AuthoredStructs, piece: Id) -> bool:
        """Whether who deleted something around this surely held it, and did not delete it: it had gone before.

        That it was not deleted in that edit itself is known: else its deletion were authored, and no suspect.
        """
        if piece in self._reading.initial_ranges:
            return True
        own = deleter.ranges.of_client(piece.client)
        return deleter.edit.client_id == piece.client and bool(own) and piece.clock < own[0][0]


def _items(reading: Reading, ranges: ClockRanges) -> Iterator[Item]:
    for client, start, end in ranges:
        for struct in reading.lineage.structs_in(client, start, end):
            if isinstance(struct, Item):
                yield struct


def _deleters(reading: Reading, wanted: set[Id]) -> dict[Id, list[AuthoredStructs]]:
    """The edits that deleted each of these."""
    by_client: dict[int, list[int]] = {}
    for one in sorted(wanted):
        by_client.setdefault(one.client, []).append(one.clock)
    found: dict[Id, list[AuthoredStructs]] = {}
    for edit in reading.authored:
        for client, start, end in edit.update.deletions:
            clocks = by_client.get(client, [])
            for index in range(bisect_left(clocks, start), bisect_left(clocks, end)):
                found.setdefault(Id(client, clocks[index]), []).append(edit)
    return found
