"""In which order a server took the edits of a document in, and what each of them builds on.

A server tells everybody in one order, the one in which it applied what came. So the first arrival of each broadcast in
a process tells that order, and so does the earliest of several processes' first arrivals, whatever their clocks say.
Nothing comes before what it builds on. What is under `state` says nothing of the document, and much of it nobody but
the server ever saw: it is taken for forgotten.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import Id
from jupyter_rtc_locust.protocol.selection import select
from jupyter_rtc_locust.protocol.structs import GC, Item, Struct, references
from jupyter_rtc_locust.protocol.updates import Update, encode_update
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate
from jupyter_rtc_locust.verdict.first_times import FirstTimes
from jupyter_rtc_locust.verdict.reading import STATE_ROOT, AuthoredStructs, Reading


@dataclass(frozen=True, slots=True)
class Step:
    """One edit that changed the server's document, or something of somebody else's (`edit` is None)."""

    arrived: float
    """Seconds since the start, when its broadcast came."""
    edit: AuthoredUpdate | None
    update: Update
    """Without what is under `state`."""


def steps_of(reading: Reading) -> list[Step]:
    """Everything that was applied after the first snapshot. What the server never had is not among it."""
    steps = sorted([*_authored(reading), *_of_others(reading)], key=lambda step: step.arrived)
    return list(_after_what_they_build_on(steps))


def encoded_steps(steps: Iterable[Step], initial: ClockRanges, authors: Iterable[int]) -> Iterator[bytes]:
    """Each step as an update that can be applied when those before it have been.

    Clocks of strangers that nobody saw, notes of the server above all, are filled up: an update waits for them
    otherwise.
    """
    own = frozenset(authors)
    ends = {client: initial.of_client(client)[-1][1] for client in initial.clients()}
    for step in steps:
        structs: dict[int, tuple[Struct, ...]] = {}
        for client, pieces in step.update.structs.items():
            end = ends.get(client, 0)
            gap = pieces[0].clock - end
            filled = (GC(client, end, gap), *pieces) if gap > 0 and client not in own else pieces
            structs[client] = filled
            ends[client] = max(end, pieces[-1].end)
        yield encode_update(Update(structs, step.update.deletions))


def _authored(reading: Reading) -> Iterator[Step]:
    elsewhere: dict[bytes, float] = {}
    for foreign in reading.evidence.foreign:
        elsewhere[foreign.update] = min(foreign.received, elsewhere.get(foreign.update, inf))
    # In updates that others were given of what somebody typed without a line, or that a server encoded anew.
    in_others = FirstTimes(
        (received, update.clock_ranges().intersection(reading.authored_ranges)) for received, update in reading.received
    )
    for one in reading.authored:
        arrived = min(one.edit.arrived or inf, elsewhere.get(one.edit.update, inf), _complete(in_others, one.ranges))
        if arrived == inf:
            if one.edit.acknowledged is not None:
                arrived = one.edit.acknowledged
            elif reading.is_acknowledged(one) or reading.is_held_elsewhere(one):
                arrived = one.edit.due  # the line was lost before anybody here heard of it
            else:
                continue
        yield Step(arrived, one.edit, _without_notes(reading, one))


def _complete(times: FirstTimes, ranges: ClockRanges) -> float:
    """When the last of these clocks had come."""
    latest = -inf
    for client, start, end in ranges:
        clock = start
        for first, last, moment in times.within(client, start, end):
            if first > clock:
                return inf
            clock, latest = last, max(latest, moment)
        if clock < end:
            return inf
    return latest if ranges else inf


def _without_notes(reading: Reading, one: AuthoredStructs) -> Update:
    """The edit with what it wrote under `state` as if it had been forgotten, and so building on nothing there."""
    structs = {
        client: tuple(_forgotten(struct) if _is_note(reading, struct) else struct for struct in pieces)
        for client, pieces in one.update.structs.items()
    }
    return Update(structs, _of_content(reading, one.update.deletions))


def _is_note(reading: Reading, struct: Struct) -> bool:
    return isinstance(struct, Item) and reading.lineage.root_of(_id(struct)) == STATE_ROOT


def _forgotten(struct: Struct) -> GC:
    return GC(struct.client, struct.clock, struct.length)


def _of_content(reading: Reading, deletions: ClockRanges) -> ClockRanges:
    """Deletions of what is known to be content: others would wait for what they delete, with every later step."""
    divided = reading.lineage.by_root(deletions)
    return ClockRanges().union(*(part for root, part in divided.items() if root not in (STATE_ROOT, None)))


def _of_others(reading: Reading) -> Iterator[Step]:
    """What came from the server and is nobody's of the run: guests at work, ids of copies, and what is wrong."""
    known = reading.authored_ranges.union(reading.initial_ranges)
    for received, update in reading.received:
        strange = update.clock_ranges().difference(known)
        content = reading.outside_state(strange) if strange else strange
        deletions = _of_content(reading, update.deletions)
        if content or deletions:
            yield Step(received, None, select(update, content).with_deletions(deletions))


def _after_what_they_build_on(steps: list[Step]) -> Iterator[Step]:
    """The same steps; one that something earlier builds on moves before that."""
    index = _Providers(steps)
    done = [False] * len(steps)
    for first in range(len(steps)):
        waiting = [first]
        begun = {first}
        while waiting:
            current = waiting[-1]
            needed = None if done[current] else next(index.needed(current, done, begun), None)
            if needed is None:
                waiting.pop()
                if not done[current]:
                    done[current] = True
                    yield steps[current]
            else:
                begun.add(needed)
                waiting.append(needed)


class _Providers:
    """Which step brought which clock."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        spans: dict[int, list[tuple[int, int, int]]] = {}
        for number, step in enumerate(steps):
            for client, pieces in step.update.structs.items():
                spans.setdefault(client, []).append((pieces[0].clock, pieces[-1].end, number))
        self._spans: Mapping[int, list[tuple[int, int, int]]] = {
            client: sorted(of_client) for client, of_client in spans.items()
        }

    def needed(self, number: int, done: list[bool], begun: set[int]) -> Iterator[int]:
        """Steps not taken yet that this one cannot do without."""
        update = self.steps[number].update
        for client, pieces in update.structs.items():
            yield from self._missing(client, pieces[0].clock - 1, pieces[0].clock, done, begun)
        for struct in update:
            for anchor in references(struct):
                yield from self._missing(anchor.client, anchor.clock, anchor.clock + 1, done, begun)
        for client, start, end in update.deletions:
            yield from self._missing(client, start, end, done, begun)

    def _missing(self, client: int, start: int, end: int, done: list[bool], begun: set[int]) -> Iterator[int]:
        spans = self._spans.get(client, [])
        # A step's clocks follow those of the one before, so the last that begins at or before the start holds it.
        position = max(bisect_right(spans, (start, inf, 0)) - 1, 0)
        while position < len(spans) and spans[position][0] < end:
            if spans[position][1] > start and not done[spans[position][2]] and spans[position][2] not in begun:
                yield spans[position][2]
            position += 1


def _id(struct: Struct) -> Id:
    return Id(struct.client, struct.clock)
