"""What several processes saw is told once: digests first, contents only of what nobody told whole. Pure.

An edit is told whole by the process whose user made it; every other process of the document received it, too, byte for
byte, and tells its digest. So with the states of replicas, which are mostly the same everywhere. What no process told
whole (what the server wrote or encoded anew, and one copy of each state) is asked for, of one process that has it.
Put together again it says what each process would have told by itself: of updates to the byte, of states the same
content. Where those of two processes differ in the order of an object's entries only, both are given one's bytes.

Knows nothing of messages: who asks whom, and what becomes of who does not answer, is told to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Final

from msgspec import Struct

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.same_updates import KnownUpdate
from jupyter_rtc_locust.verdict.evidence import ForeignUpdate, ReplicaEvidence, RoomEvidence
from jupyter_rtc_locust.verdict.evidence_form import decode_evidence, encode_evidence

DIGEST_BYTES: Final = 16
"""Two of a million contents have the same digest by chance once in 10²⁶ runs."""


class StateTold(Struct, frozen=True):
    """A state of replicas, by its digest: the same for all that say the same (`protocol/same_updates.py`)."""

    users: tuple[int, ...]
    digest: bytes


class RoomTold(Struct, frozen=True):
    """What a process tells of a document, with digests where others may have told the content."""

    room: RoomEvidence
    received: tuple[float, ...]
    """When each foreign update came."""
    digests: bytes
    """Of each of them, one behind the other."""
    states: tuple[StateTold, ...]


class Contents:
    """At a process that tells digests: what stands behind them, as long as somebody may ask."""

    def __init__(self, turns: Callable[[], object] = lambda: None) -> None:
        """`turns` is called now and then."""
        self._contents: dict[bytes, bytes | ReplicaEvidence] = {}
        self._turns = turns

    def tell(self, room: RoomEvidence) -> RoomTold:
        """The same with digests."""
        digests = []
        for foreign in room.foreign:
            self._turns()
            digest = digest_of(foreign.update)
            self._contents[digest] = foreign.update
            digests.append(digest)
        states = []
        for state in room.replicas:
            self._turns()
            digest = _digest_of_state(state)
            self._contents[digest] = state
            states.append(StateTold(state.users, digest))
        return RoomTold(
            replace(room, foreign=(), replicas=()),
            tuple(foreign.received for foreign in room.foreign),
            b"".join(digests),
            tuple(states),
        )

    def give(self, digests: bytes) -> Iterator[bytes]:
        """The contents of these, in their order; KeyError for one that was never told."""
        for digest in divided(digests):
            self._turns()
            content = self._contents[digest]
            yield encode_evidence(replace(content, users=())) if isinstance(content, ReplicaEvidence) else content


class Merging:
    """At the process that is told: finds out what is lacking, takes it, and puts everything together again."""

    def __init__(
        self,
        told: Mapping[str, Sequence[RoomTold]],
        whole: Iterable[RoomEvidence] = (),
        turns: Callable[[], object] = lambda: None,
    ) -> None:
        """`told` by process; `whole` is what others told without digests. `turns` is called now and then."""
        self._told = told
        self._turns = turns
        self._states = {one.digest for rooms in told.values() for room in rooms for one in room.states}
        self._contents: dict[bytes, bytes | ReplicaEvidence] = {}
        wanted: set[bytes] = set()
        for rooms in told.values():
            for room in rooms:
                turns()
                wanted.update(divided(room.digests))
        for one in [*(room.room for rooms in told.values() for room in rooms), *whole]:
            for update in (*(edit.update for edit in one.authored), *(foreign.update for foreign in one.foreign)):
                turns()
                if (digest := digest_of(update)) in wanted:
                    self._contents[digest] = update
        self._lacking = (wanted | self._states) - self._contents.keys()

    def whom_to_ask(self, willing: Collection[str], but: Collection[bytes] = ()) -> dict[str, list[bytes]]:
        """For each process the digests whose contents it is to give, so that none gives many more than others.

        `willing` are those who can be asked, `but` what is on its way already. What nobody can give is left out.
        """
        holders: dict[bytes, list[str]] = {}
        lacking = self._lacking.difference(but)
        for process, rooms in self._told.items():
            if process in willing and lacking:
                for digest in self._digests(rooms):
                    if digest in lacking:
                        holders.setdefault(digest, []).append(process)
        asked: dict[str, list[bytes]] = {}
        many: Counter[str] = Counter()
        for digest, processes in holders.items():
            chosen = min(dict.fromkeys(processes), key=lambda process: (many[process], process))
            many[chosen] += 1
            asked.setdefault(chosen, []).append(digest)
        return asked

    def take(self, digests: Sequence[bytes], contents: Sequence[bytes]) -> None:
        """The contents of these digests, in their order.

        Raises:
            ValueError: they are not as many, or one is no content of its digest.
        """
        if len(contents) != len(digests):
            raise ValueError(f"{len(digests)} contents were asked for, and {len(contents)} came")
        for digest, content in zip(digests, contents, strict=True):
            self._turns()
            read = decode_evidence(content, ReplicaEvidence) if digest in self._states else content
            if (digest_of(read) if isinstance(read, bytes) else _digest_of_state(read)) != digest:
                raise ValueError(f"{len(content)} bytes came that are not what was asked for")
            self._contents[digest] = read
            self._lacking.discard(digest)

    @property
    def complete(self) -> bool:
        """Whether nothing is lacking."""
        return not self._lacking

    def rooms(self, process: str) -> list[RoomEvidence] | None:
        """What this process saw, in full; None where some of it is lacking."""
        told = self._told[process]
        if self._lacking and any(digest in self._lacking for digest in self._digests(told)):
            return None
        return [self._whole(room) for room in told]

    def _whole(self, told: RoomTold) -> RoomEvidence:
        self._turns()
        foreign = zip(told.received, divided(told.digests), strict=True)
        return replace(
            told.room,
            foreign=tuple(ForeignUpdate(received, self._update(digest)) for received, digest in foreign),
            replicas=tuple(replace(self._state(one.digest), users=one.users) for one in told.states),
        )

    def _digests(self, rooms: Iterable[RoomTold]) -> Iterator[bytes]:
        for room in rooms:
            self._turns()
            yield from divided(room.digests)
            yield from (one.digest for one in room.states)

    def _update(self, digest: bytes) -> bytes:
        content = self._contents[digest]
        assert isinstance(content, bytes)
        return content

    def _state(self, digest: bytes) -> ReplicaEvidence:
        content = self._contents[digest]
        assert isinstance(content, ReplicaEvidence)
        return content


def each_state_once(replicas: Iterable[ReplicaEvidence]) -> tuple[ReplicaEvidence, ...]:
    """States that several processes told, put together where they are the same."""
    users: dict[tuple[bytes, ClockRanges, ClockRanges], list[int]] = {}
    for one in replicas:
        users.setdefault((one.update, one.deletions, one.covered), []).extend(one.users)
    return tuple(
        ReplicaEvidence(tuple(whose), update, deletions, covered)
        for (update, deletions, covered), whose in users.items()
    )


def divided(digests: bytes) -> Iterator[bytes]:
    """Digests one by one that stand one behind the other."""
    return (digests[start : start + DIGEST_BYTES] for start in range(0, len(digests), DIGEST_BYTES))


def digest_of(update: bytes) -> bytes:
    """Of an update's bytes."""
    return blake2b(update, digest_size=DIGEST_BYTES).digest()


def _digest_of_state(state: ReplicaEvidence) -> bytes:
    """Of what it says, whatever the order of its bytes, and apart from that of any update."""
    said = blake2b(digest_size=DIGEST_BYTES, person=b"state")
    said.update(encode_evidence((state.deletions, state.covered)))
    for part in KnownUpdate(state.update).structs_in_order():
        said.update(part)
    return said.digest()
