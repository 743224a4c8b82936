"""The evidence of one simulated process, put together as `coordination/gathering.py` does it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jupyter_rtc_locust.documents.canonical import content_digest, read_whole_content
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.merging import merge_updates
from jupyter_rtc_locust.protocol.updates import decode_update
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate, ReplicaEvidence, UserEvidence
from jupyter_rtc_locust.verdict.service_evidence import ServedEvidence

if TYPE_CHECKING:
    from verdict.swarm_model import ModelProcess, ModelUser


def authored_of(process: ModelProcess) -> list[AuthoredUpdate]:
    return [
        AuthoredUpdate(
            one.user,
            one.client_id,
            one.number,
            one.description,
            one.cell,
            one.due,
            one.acknowledged,
            one.update,
            one.arrived,
        )
        for one in process.round_trips.authored()
    ]


def replicas_of(process: ModelProcess) -> list[ReplicaEvidence]:
    found: dict[Any, tuple[list[int], ReplicaEvidence]] = {}
    for one in process.users:
        if one.stage not in ("connected", "lost its connection"):
            continue
        replica = one.replica
        deletions = decode_update(replica.update_since(replica.encoded_state())).deletions
        covered = ClockRanges.from_state_vector(replica.state_vector())
        key = (content_digest(read_whole_content(replica, replica.kind)), covered, deletions)
        evidence = ReplicaEvidence((), replica.full_update(), deletions, covered)
        found.setdefault(key, ([], evidence))[0].append(one.user)
    return [replace(evidence, users=tuple(users)) for users, evidence in found.values()]


def user_of(one: ModelUser) -> UserEvidence:
    """What is known of one tab; asked before what it received is merged and applied once more."""
    probed = one.stage == "connected"
    covered = ClockRanges.from_state_vector(one.replica.state_vector())
    lacks = ClockRanges()
    if probed:
        answer = one.swarm.server.doc.get_update(one.replica.encoded_state())
        lacks = decode_update(answer).clock_ranges().difference(covered)
    now = one.swarm.now
    served = ServedEvidence(taken=now, opened=0.0, heard=now, lost=None if probed or one.stage == "left" else now)
    return UserEvidence(one.user, one.client_id, one.stage, "", probed, lacks, _gaps(one), served=served)


def _gaps(one: ModelUser) -> ClockRanges:
    received = list(dict.fromkeys(one.received))
    wanted = ClockRanges().union(*(decode_update(update).clock_ranges() for update in received))
    if ClockRanges.from_state_vector(one.replica.state_vector()).covers(wanted):
        return ClockRanges()
    one.replica.apply_updates([merge_updates(received)])
    return wanted.difference(ClockRanges.from_state_vector(one.replica.state_vector()))
