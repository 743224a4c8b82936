"""What one process saw of a document's updates, and which clocks its replicas hold of that.

Replicas of one document mostly have the same state vector, and a server mostly gives them the same answer: what was
read once is not read again for the next user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector
from jupyter_rtc_locust.protocol.struct_walk import clock_ends
from jupyter_rtc_locust.protocol.updates import UpdateError, decode_update
from jupyter_rtc_locust.timing.edits import AuthoredEdit
from jupyter_rtc_locust.timing.round_trips import RoundTrips
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate, ForeignUpdate

_NO_STRUCTS = 0
"""The first byte of an update that only deletes."""
_EASY_ONES = 64
"""So much of little work is done between two looks at the clock: less than a millisecond."""

Piece = TypeVar("Piece")


@dataclass(slots=True)
class UpdatesSeen:
    """The updates of a document in one process, as evidence."""

    authored: list[AuthoredUpdate] = field(default_factory=list)
    foreign: list[ForeignUpdate] = field(default_factory=list)
    used: dict[int, int] = field(default_factory=dict)
    """For each client of this process, the clock at which it would write next: behind its last edit that has any."""
    everything: ClockRanges = field(default_factory=ClockRanges)
    """What a state vector covers that lacks nothing of what this process sent or received."""


def updates_seen(round_trips: RoundTrips, since: Callable[[float], float], turns: Turns) -> UpdatesSeen:
    """Everything at once, because reading what was put away takes its time. `since` makes moments times of the run."""
    seen = UpdatesSeen()
    wrote: dict[int, list[bytes]] = {}
    ends: dict[int, int] = {}
    for entry in with_turns(round_trips.entries(), turns, _EASY_ONES):
        if isinstance(entry, AuthoredEdit):
            acknowledged, arrived = entry.acknowledged, entry.arrived
            seen.authored.append(
                AuthoredUpdate(
                    entry.user,
                    entry.client_id,
                    entry.number,
                    entry.description,
                    entry.cell,
                    since(entry.due),
                    None if acknowledged is None else since(acknowledged),
                    entry.update,
                    None if arrived is None else since(arrived),
                )
            )
            if entry.update[0] != _NO_STRUCTS:
                wrote.setdefault(entry.client_id, []).append(entry.update)
        else:
            seen.foreign.append(ForeignUpdate(since(entry.received), entry.update))
            if entry.readable:
                for client, end in clock_ends(entry.update).items():
                    ends[client] = max(end, ends.get(client, 0))
    for client, updates in with_turns(wrote.items(), turns):
        for update in reversed(updates):
            if (last := clock_ends(update).get(client)) is not None:
                seen.used[client] = last
                ends[client] = max(last, ends.get(client, 0))
                break
    seen.everything = ClockRanges.from_state_vector(ends)
    return seen


def with_turns(pieces: Iterable[Piece], turns: Turns, each: int = 1) -> Iterator[Piece]:
    """One after the other, with a turn of the event loop now and then, before one of so many."""
    left = 0
    for piece in pieces:
        if not left:
            turns()
            left = each
        left -= 1
        yield piece


class Held(NamedTuple):
    """The clocks of a replica."""

    covered: ClockRanges
    whole: bool
    """Whether everything is among them that its process sent or received."""


class ClocksHeld:
    """Tells which clocks replicas hold, and what a server said that they lack."""

    def __init__(self, everything: ClockRanges) -> None:
        self._everything = everything
        self._by_vector: dict[bytes, Held] = {}
        self._by_answer: dict[bytes, ClockRanges] = {}

    def of(self, replica: Replica) -> Held:
        """What this replica holds now."""
        vector = replica.encoded_state()
        held = self._by_vector.get(vector)
        if held is None:
            covered = ClockRanges.from_state_vector(decode_state_vector(vector))
            held = self._by_vector[vector] = Held(covered, covered.covers(self._everything))
        return held

    def lacking(self, answer: bytes | None, held: Held) -> ClockRanges:
        """What a server's answer holds beyond a replica; nothing where it gave none, or none that can be read."""
        if answer is None:
            return ClockRanges()
        told = self._by_answer.get(answer)
        if told is None:
            try:
                told = decode_update(answer).clock_ranges()
            except UpdateError:
                told = ClockRanges()
            self._by_answer[answer] = told
        return told.difference(held.covered) if told else told
