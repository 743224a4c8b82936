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
    def rooms(self) -> int:
        """How many documents; the last one may have fewer people."""
        return math.ceil(self.users / self.room)

    @property
    def edits(self) -> float:
        """Of the whole run."""
        return self.users * self.edit_rate * self.run_s


@dataclass(frozen=True, slots=True)
class Need:
    """What it takes. A second's worth where nothing else is said; sizes in bytes."""

    asked: Asked
    edits: float
    """Made, a second."""
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
    """Of all workers together."""
    master_core: float
    """Of one core."""
    room_load: float
    """Of a server's core, for one room."""
    server_cores: float
    """CPU of all servers, in cores that are busy."""
    servers: int | None
    """Instances of one core, with whole rooms each; None: no server holds one room."""
    evidence: float
    """Bytes that travel to the master at the end."""
    judge_s: float
    judge_memory: float

    @property
    def limits(self) -> tuple[str, ...]:
        """What cannot be, each with what would have to change."""
        return _limits(self)


def need(asked: Asked, constants: Constants = MEASURED) -> Need:
    """What a run takes. ValueError for numbers that no run has."""
    if asked.users < 1 or asked.room < 1 or asked.edit_rate < 0 or asked.run_s <= 0 or asked.workers < 0:
        raise ValueError(f"no run has these numbers: {asked}")
    c = constants
    room = min(asked.room, asked.users)
    edits = asked.users * asked.edit_rate
    updates = edits * room
    presence = asked.users * _heard(room, asked.awareness) / c.heartbeat_s
    # Who tells on what it hears sends each message once, and everybody in the room hears it.
    sent_presence = presence / room
    bursts = c.bursts if asked.rhythm == "person" else 1.0
    cores = bursts * (edits * c.edit_cpu + (updates - edits) * c.update_cpu) + presence * c.presence_cpu
    workers = asked.workers or max(1, math.ceil(cores / c.busiest_core))
    seen_by = min(room, workers)
    kept = edits * min(asked.run_s, c.kept_s) * c.kept_memory * seen_by
    memory = asked.users * (c.user_memory + asked.edit_rate * room * asked.run_s * c.update_memory) + kept
    in_room = room * asked.edit_rate
    heard_in_room = room * _heard(room, asked.awareness) / c.heartbeat_s
    room_load = in_room * (c.server_edit_cpu + room * c.server_message_cpu) + heard_in_room * c.server_message_cpu
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
        room_load=room_load,
        server_cores=asked.rooms * room_load,
        servers=math.ceil(asked.rooms / each) if each else None,
        evidence=asked.edits * (c.told_bytes + c.seen_bytes * (seen_by - 1)),
        judge_s=asked.edits * c.judge_cpu,
        judge_memory=asked.edits * c.judge_memory,
    )


def _heard(room: int, awareness: str) -> float:
    """Messages of presence that a person hears while each person of its room tells of itself once."""
    return {"faithful": float(room * room), "own": float(room), "none": 0.0}[awareness]


def _limits(needed: Need, constants: Constants = MEASURED) -> tuple[str, ...]:
    said = []
    c, asked = constants, needed.asked
    if needed.servers is None:
        change = "presence that tabs do not tell on" if asked.awareness == "faithful" else "fewer edits, smaller rooms"
        said.append(
            f"one room takes {_times(needed.room_load)} what a server's one core has, of which "
            f"{100 * c.busiest_server:.0f} % may be used; {change}, or a server with several processes for a room"
        )
    if needed.master_core > c.busiest_master:
        most = math.floor(c.busiest_master / c.master_worker_cpu)
        said.append(f"a master holds {most} workers; several runs side by side, each with its own master and verdict")
    if needed.judge_memory > 16e9:
        said.append("the judge needs more than 16 GB; a shorter run, or several side by side")
    return tuple(said)


def _times(load: float) -> str:
    return f"{100 * load:.0f} % of" if load < 1 else f"{load:.3g} times"
