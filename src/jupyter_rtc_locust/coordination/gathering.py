"""At the end, in each process: get quiet, ask the server what each replica lacks, and put the evidence together.

Yields to the event loop between replicas, so that heartbeats of Locust's and of the rooms go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import gevent
from gevent.lock import BoundedSemaphore

from jupyter_rtc_locust.coordination.clocks_held import ClocksHeld, Held, updates_seen, with_turns
from jupyter_rtc_locust.coordination.replicas_held import ReplicasHeld
from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.documents.replica import Replica, ReplicaError
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.merging import merge_updates
from jupyter_rtc_locust.protocol.updates import UpdateError, decode_update
from jupyter_rtc_locust.settings import QUIET_S, SYNC_DEADLINE_S
from jupyter_rtc_locust.users.collaborator import Collaborator
from jupyter_rtc_locust.users.stage import Stage
from jupyter_rtc_locust.users.swarm import Room, Swarm
from jupyter_rtc_locust.verdict.evidence import (
    ManualSave,
    PresenceEvidence,
    RoomEvidence,
    StallEvidence,
    UserEvidence,
)
from jupyter_rtc_locust.verdict.service_evidence import ServedEvidence

_POLL_S = 0.05
_PROBES_AT_ONCE = 100
_TURN_S = 5.0
LONGEST_ASKING_S = _TURN_S + SYNC_DEADLINE_S + 1.0
"""What it takes to ask everybody of a process what its replica lacks, with a second for what a busy loop is late."""
_READER = 0xFFFF_FFFE
"""Client id of copies that are only read."""
_UPDATES_A_MERGE = 5_000
_UPDATES_A_PART = 10_000
_REPLICAS_A_PART = 10
"""A document's evidence is told in parts, so that neither end has to encode or read much at once."""

Piece = TypeVar("Piece")


def stop_editing(swarm: Swarm) -> None:
    """No edit leaves this process any more."""
    swarm.editing = False
    for one in swarm.collaborators():
        one.stop_editing()


def wait_until_quiet(swarm: Swarm, drain_timeout: float) -> dict[str, bool]:
    """Wait until every edit is acknowledged and no document message came for 3 s; for each document, whether it is.

    Edits that stay without an echo hold nobody up once nothing has come for as long as a sync may take: the server's
    state vector settles them.
    """
    started = time.monotonic()
    quiet: dict[str, bool] = dict.fromkeys(swarm.rooms, False)
    while not all(quiet.values()):
        now = time.monotonic()
        swarm.look_for_stalls(now)
        for path, room in swarm.rooms.items():
            silent_for = now - max(room.last_message, started)
            settled = not _edits_under_way(room) and not any(
                one.stage in (Stage.LOST, Stage.OPENING) for one in room.collaborators
            )
            quiet[path] = silent_for >= QUIET_S and (settled or silent_for >= SYNC_DEADLINE_S + 1)
        if now - started > drain_timeout:
            return {
                path: done or now - max(swarm.rooms[path].last_message, started) >= QUIET_S
                for path, done in quiet.items()
            }
        gevent.sleep(_POLL_S)
    return quiet


def _edits_under_way(room: Room) -> bool:
    """Whether an edit has not come back whose author is still there."""
    return any(
        room.round_trips.oldest_pending(one.seat.user, one.seat.client_id)
        for one in room.collaborators
        if one.stage in (Stage.CONNECTED, Stage.LOST)
    )


def quiet_and_asked(swarm: Swarm, drain_timeout: float, everybody_is_quiet: Callable[[], None]) -> dict[str, bool]:
    """Wait until it is quiet, and until `everybody_is_quiet` returns, and ask what replicas lack; which documents are
    quiet then.

    A server may be silent for seconds and have hundreds of edits before it. So where edits were under way when a
    document was called quiet, and anything comes until 3 s after the answers, it was not: an answer may overtake what
    goes to everybody. An edit that never comes back changes nothing, and is found missing.
    """
    quiet = wait_until_quiet(swarm, drain_timeout)
    rooms = {path: swarm.rooms[path] for path, done in quiet.items() if done}
    doubtful = {path: room.last_message for path, room in rooms.items() if _edits_under_way(room)}
    everybody_is_quiet()
    probe_all(swarm)
    until = time.monotonic() + QUIET_S
    while doubtful:
        now = time.monotonic()
        for path, latest in tuple(doubtful.items()):
            quiet[path] = rooms[path].last_message == latest
            if not quiet[path] or now >= until:
                del doubtful[path]
        gevent.sleep(_POLL_S)
    return quiet


def wait_until_acknowledged(swarm: Swarm, patience: float) -> None:
    """Wait until every edit of a connected user came back, at most so many seconds: others may go on editing."""
    until = time.monotonic() + patience
    while time.monotonic() < until and any(
        one.stage is Stage.CONNECTED and room.round_trips.oldest_pending(one.seat.user, one.seat.client_id)
        for room in swarm.rooms.values()
        for one in room.collaborators
    ):
        gevent.sleep(_POLL_S)


def probe_all(swarm: Swarm) -> None:
    """Ask the server, for every connected user, what its replica lacks; a hundred at a time while it answers.

    Everybody is asked, and has the whole deadline: who had no turn within 5 s is asked beside the others.
    """
    gate = BoundedSemaphore(_PROBES_AT_ONCE)

    def probe(one: Collaborator) -> None:
        had_a_turn = gate.acquire(timeout=_TURN_S)
        try:
            one.probe()
        finally:
            if had_a_turn:
                gate.release()

    people = swarm.collaborators()
    for one in people:
        one.probe_answer = None  # what was given at an earlier checkpoint stands in for nothing
    greenlets = [gevent.spawn(probe, one) for one in people]
    try:
        gevent.joinall(greenlets, timeout=LONGEST_ASKING_S)
    finally:  # also where a checkpoint ends in the middle of it, because the run does
        gevent.killall(greenlets, block=False)


def gather(
    swarm: Swarm, quiet: dict[str, bool], *, going_on: bool = False, hide: Callable[[str], str] = str
) -> Iterator[RoomEvidence]:
    """The evidence of this process, document by document, a large one in several parts.

    Where users go on, nothing is done to their replicas. `hide` takes secrets out of what servers said in their errors.
    """
    turns = Turns()
    for path, room in tuple(swarm.rooms.items()):  # somebody may open another document between two turns of the loop
        yield from _in_parts(_gather_room(swarm, room, quiet.get(path, True), going_on, hide, turns))


def _in_parts(whole: RoomEvidence) -> Iterator[RoomEvidence]:
    """The evidence of one document, no part of it large; put together again by its path."""
    parts = max(
        -(-len(whole.authored) // _UPDATES_A_PART),
        -(-len(whole.foreign) // _UPDATES_A_PART),
        -(-len(whole.replicas) // _REPLICAS_A_PART),
    )
    if parts <= 1:
        yield whole
        return
    for part in range(parts):
        updates = slice(part * _UPDATES_A_PART, (part + 1) * _UPDATES_A_PART)
        replicas = slice(part * _REPLICAS_A_PART, (part + 1) * _REPLICAS_A_PART)
        yield replace(
            whole if part == 0 else RoomEvidence(whole.path, whole.kind, whole.quiet),
            authored=whole.authored[updates],
            foreign=whole.foreign[updates],
            replicas=whole.replicas[replicas],
        )


def _gather_room(
    swarm: Swarm, room: Room, quiet: bool, going_on: bool, hide: Callable[[str], str], turns: Turns
) -> RoomEvidence:
    since = swarm.since_start
    replicas = ReplicasHeld(turns)
    users = []
    seen = updates_seen(room.round_trips, since, turns)
    clocks = ClocksHeld(seen.everything)
    for one in room.collaborators:
        turns()
        if going_on and one.stage in (Stage.OPENING, Stage.NOT_OPENED):
            continue  # it has seen nothing that could be compared; why, is said at the end
        if one.stage in (Stage.CONNECTED, Stage.LOST) and not going_on:
            for edit in room.round_trips.waiting(one.seat.user, one.seat.client_id):
                waited = (time.monotonic() - edit.due) * 1000
                swarm.recorder.unanswered("update echo", waited, "an edit never came back to its author")
        held = clocks.of(one.replica)
        replica = _replica_to_read(one, held, going_on)
        known = one.stage in (Stage.CONNECTED, Stage.LOST)
        users.append(
            UserEvidence(
                user=one.seat.user,
                client_id=one.seat.client_id,
                stage=one.stage.value,
                trouble=hide(one.trouble) if one.stage is not Stage.CONNECTED else "",
                probed=one.probe_answer is not None,
                lacks=clocks.lacking(one.probe_answer, held),
                gaps=ClockRanges() if held.whole else _gaps_of(one.received, replica, turns),
                presence=None if swarm.settings.awareness == "none" else _presence_of(one),
                wrote=seen.used.get(one.seat.client_id, 0) if known else None,
                served=served_now(one),
            )
        )
        if known:
            replicas.add(one.seat.user, replica)
    if room.chronicle is not None and not going_on:
        for pending in room.round_trips.pending.values():
            room.chronicle.never_acknowledged(pending.values())
    return RoomEvidence(
        path=room.document.path,
        kind=room.document.kind,
        quiet=quiet,
        authored=tuple(seen.authored),
        foreign=tuple(seen.foreign),
        replicas=replicas.evidence(),
        users=tuple(users),
        stalls=tuple(
            StallEvidence(stall.user, stall.seconds, stall.what, since(stall.noted)) for stall in room.stalls.values()
        ),
        presences=frozenset(room.presences),
        manual_saves=tuple(
            ManualSave(one.user, since(one.asked), None if one.answered is None else since(one.answered), one.status)
            for one in room.saves
        ),
    )


def _replica_to_read(one: Collaborator, held: Held, going_on: bool) -> Replica:
    """The user's replica, or a copy of it where what it received has to be applied once more and its user goes on."""
    if not going_on or held.whole or one.replica.broken is not None:
        return one.replica
    copy = Replica(one.replica.kind, _READER)
    copy.apply_updates([one.replica.full_update()])
    return copy


def _presence_of(one: Collaborator) -> PresenceEvidence:
    return one.presence.record.evidence(one.swarm.process, time.monotonic(), one.swarm.since_start)


def served_now(one: Collaborator) -> ServedEvidence:
    """How the server serves this user, as far as that can tell now."""
    return one.service.evidence(time.monotonic(), one.receiving.last_heard or None, one.swarm.since_start)


def _gaps_of(everything: list[bytes], replica: Replica, turns: Turns) -> ClockRanges:
    """Of everything a user received, what its replica does not hold after all of it is applied once more.

    pycrdt leaves updates pending that arrive out of order, even when nothing is missing any more; so what was received
    is merged first and applied again, and only a gap that remains is one.
    """
    received = []
    ranges = []
    for update in with_turns(dict.fromkeys(everything), turns):
        try:
            ranges.append(decode_update(update).clock_ranges())
        except UpdateError:
            continue
        received.append(update)
    wanted = ClockRanges().union(*ranges) if ranges else ClockRanges()
    if ClockRanges.from_state_vector(replica.state_vector()).covers(wanted) or replica.broken is not None:
        return ClockRanges()
    try:
        replica.apply_updates([_merged(received, turns)])
    except (ReplicaError, ValueError):
        pass  # what cannot be applied stays a gap
    return wanted.difference(ClockRanges.from_state_vector(replica.state_vector()))


def _merged(updates: list[bytes], turns: Turns) -> bytes:
    starts = with_turns(range(0, len(updates), _UPDATES_A_MERGE), turns)
    return merge_updates([merge_updates(updates[start : start + _UPDATES_A_MERGE]) for start in starts])
