"""The formulas: so many people in rooms of so many, and what that takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from jupyter_rtc_locust.scale.constants import MEASURED, Constants


@dataclass(frozen=True, slots=True)
class Asked:
    """A run on paper. `edit_rate` in edits a second and user, `run_s` in seconds, `workers` 0: as its CPU needs."""

    users: int
    room: int
    edit_rate: float = 1.0
    awareness: str = "faithful"
    rhythm: str = "person"
    run_s: float = 60.0
    workers: int = 0

    @property
    def in_a_room(self) -> int:
        """People in a room: never more than there are."""
        return min(self.room, self.users)

    @property
    def rooms(self) -> int:
        """How many documents; the last one may have fewer people."""
        return math.ceil(self.users / self.room)


@dataclass(frozen=True, slots=True)
class Need:
    """What it takes. A second's worth where nothing else is said; sizes in bytes."""

    asked: Asked
    edits: float
    """Made, a second, on average; as are updates, network, and what servers take."""
    updates: float
    """Received by all users together, echoes included."""
    presence: float
    """Messages of presence that all users receive together."""
    network: float
    """Bytes a second, sent and received, without the headers of TCP."""
    generator_cores: float
    """CPU of all workers, in cores that are busy."""
    workers: int
    hosts: int
    """Machines, as far as the number of lines from one address goes."""
    memory: float
    """Of all workers together, the processes themselves included."""
    master_core: float
    """Of one core."""
    master_memory: float
    """Of the master, of the judge, and of what makes the reports."""
    room_load: float
    """Of a server's core, for one room."""
    room_edits: float
    """Its part for edits."""
    room_own_presence: float
    """What presence would be of it, if nobody told on what others tell."""
    server_cores: float
    """CPU of all servers, in cores that are busy."""
    servers: int | None
    """Instances of one core, with whole rooms each; None: no server holds one room."""
    evidence: float
    """Bytes that travel to the master at the end."""
    judge_s: float

    @property
    def limits(self) -> tuple[str, ...]:
        """What cannot be, each with what would have to change."""
        return _limits(self)


def need(asked: Asked, constants: Constants = MEASURED) -> Need:
    """What a run takes. ValueError for numbers that no run has."""
    if asked.users < 1 or asked.room < 1 or asked.edit_rate < 0 or asked.run_s <= 0 or asked.workers < 0:
        raise ValueError(f"no run has these numbers: {asked}")
    c = constants
    room = asked.in_a_room
    edits = asked.users * asked.edit_rate
    updates = edits * room
    presence = asked.users * _heard(room, asked.awareness) / c.heartbeat_s
    # Who tells on what it hears sends each message once, and everybody in the room hears it.
    sent_presence = presence / room
    bursts = c.bursts if asked.rhythm == "person" else 1.0
    edited = bursts * (edits * c.edit_cpu + (updates - edits) * c.update_cpu)
    cores = edited + presence * c.presence_cpu + asked.users * c.user_cpu
    workers = asked.workers or max(1, math.ceil(cores / c.busiest_core))
    # People in bursts make more edits than on average, and there has to be room for all of them.
    most = edits * (c.person_edits if asked.rhythm == "person" else 1.0)
    in_all = most * asked.run_s
    seen_by = min(room, workers)
    kept = most * min(asked.run_s, c.kept_s) * c.kept_memory * seen_by
    memory = workers * c.process_memory + asked.users * c.user_memory + in_all * room * c.update_memory + kept
    evidence = in_all * (c.told_bytes + c.seen_bytes * (seen_by - 1))
    room_edits = room * asked.edit_rate * (c.server_edit_cpu + room * c.server_message_cpu)
    room_presence, room_own_presence = (
        room * _heard(room, awareness) / c.heartbeat_s * c.server_message_cpu for awareness in (asked.awareness, "own")
    )
    room_load = room_edits + room_presence
    each = math.floor(c.busiest_server / room_load) if room_load else asked.rooms
    return Need(
        asked=asked,
        edits=edits,
        updates=updates,
        presence=presence,
        network=(edits + updates) * c.update_bytes + (presence + sent_presence) * c.presence_bytes,
        generator_cores=cores,
        workers=workers,
        hosts=math.ceil(asked.users / c.host_lines),
        memory=memory,
        master_core=workers * c.master_worker_cpu,
        master_memory=c.master_memory + c.evidence_copies * evidence + in_all * c.judge_memory,
        room_load=room_load,
        room_edits=room_edits,
        room_own_presence=room_own_presence,
        server_cores=asked.rooms * room_load,
        servers=math.ceil(asked.rooms / each) if each else None,
        evidence=evidence,
        judge_s=in_all * c.judge_cpu,
    )


def _heard(room: int, awareness: str) -> float:
    """Messages of presence that a person hears while each person of its room tells of itself once."""
    return {"faithful": float(room * room), "own": float(room), "none": 0.0}[awareness]


def _what_would_fit(needed: Need, c: Constants) -> str:
    """What has to change so that one room fits into a server's core: that which fills it."""
    told_on = needed.asked.awareness == "faithful"
    if told_on and needed.room_edits + needed.room_own_presence <= c.busiest_server:
        return "presence that tabs do not tell on"
    if told_on and needed.room_load - needed.room_edits > c.busiest_server:
        return "presence that tabs do not tell on, and fewer edits or smaller rooms"
    return "fewer edits or smaller rooms"


def _limits(needed: Need, constants: Constants = MEASURED) -> tuple[str, ...]:
    said = []
    c = constants
    if needed.servers is None:
        said.append(
            f"one room takes {_times(needed.room_load)} what a server's one core has, of which "
            f"{100 * c.busiest_server:.0f} % may be used; {_what_would_fit(needed, c)}, "
            "or a server with several processes for a room"
        )
    if needed.master_core > c.busiest_master:
        most = math.floor(c.busiest_master / c.master_worker_cpu)
        said.append(f"a master holds {most} workers; several runs side by side, each with its own master and verdict")
    if needed.master_memory > 16e9:
        said.append("the master and its judge need more than 16 GB; a shorter run, or several side by side")
    return tuple(said)


def _times(load: float) -> str:
    return f"{100 * load:.0f} % of" if load < 1 else f"{float(f'{load:.3g}'):,.10g} times"
