"""Looks at the users of a process, each document once a second and never all of them at once, and tells what it saw.

In portions, for the reason that `looking_after.py` gives. Comparing copies takes longest, so it has a limit: what is
left over waits for the next round, and the document is said to settle until then. A copy is looked at only when nothing
has moved in its document for a moment, and once until something does.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import gevent

from jupyter_rtc_locust.documents.held_digest import HeldDigests
from jupyter_rtc_locust.live.looks import COUNTED, DocumentLook, Look, Strain
from jupyter_rtc_locust.live.standing import TYPING_S
from jupyter_rtc_locust.timing.generator_health import GeneratorHealth
from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.users.collaborator import Collaborator
from jupyter_rtc_locust.users.stage import Stage
from jupyter_rtc_locust.users.swarm import Room, Swarm

ROUND_S: Final = 1.0
_PORTIONS: Final = 20
STILL_S: Final = 0.5
"""Nothing has come for so long before copies are compared: a room is told everything within milliseconds."""
_WORK_S: Final = 0.001
"""After so much comparing in a portion the rest is left to the next round: two hundredths of a core at most."""
_ALL_EVERY: Final = 10
"""So many looks apart, all documents are told, and not only those that changed."""


@dataclass(slots=True, eq=False)
class _Compared:
    """What the copies of a document held, and when that was so."""

    moment: tuple[object, ...]
    copies: tuple[tuple[bytes, int], ...]


@dataclass(slots=True, eq=False)
class LiveLooks:
    """What one process tells of one run.

    `send` takes each look. Times are handed to `times` by who gives them to Locust, up to a second after they ended.
    """

    swarm: Swarm
    health: GeneratorHealth
    process: str
    send: Callable[[Look], None]
    _times: dict[str, Histogram] = field(default_factory=dict)
    _rows: dict[str, DocumentLook] = field(default_factory=dict)
    _told: dict[str, DocumentLook] = field(default_factory=dict)
    _compared: dict[str, _Compared] = field(default_factory=dict)
    _looks: int = 0
    _over: bool = False

    def go_on(self) -> None:
        """Look and tell until `end`; spawn it."""
        while not self._over:
            for portion in range(_PORTIONS):
                gevent.sleep(ROUND_S / _PORTIONS)
                if self._over:
                    return
                self.look(list(self.swarm.rooms.values())[portion::_PORTIONS])
            self.tell()

    def end(self) -> None:
        """Tell once more how everything stands, and then nothing: users are about to leave, or have left."""
        if not self._over:
            self._over = True
            self.look(self.swarm.rooms.values())
            self.tell()

    def times(self, taken: Mapping[str, Histogram]) -> None:
        """What was measured since the last time."""
        for name, histogram in taken.items():
            self._times.setdefault(name, Histogram()).merge(histogram)

    def look(self, rooms: Iterable[Room]) -> None:
        """Look at these documents now."""
        now = time.monotonic()
        until = now + _WORK_S
        for room in rooms:
            if room.collaborators:
                self._rows[room.document.path] = self._look_at(room, now, until)

    def tell(self) -> None:
        """Send what was seen."""
        times, self._times = self._times, {}
        loop_lag, schedule_lag, cpu = self.health.take_recent()
        everything = self._looks % _ALL_EVERY == 0 or self._over
        self._looks += 1
        rows = [row for path, row in self._rows.items() if everything or self._told.get(path) != row]
        self._told = dict(self._rows)
        failures = sum(each.count for each in self.swarm.recorder.failures().values())
        counts = {**self.swarm.counts, "failures": failures}
        self.send(
            Look(
                self.process,
                self.swarm.since_start(time.monotonic()),
                {name: counts.get(name, 0) for name in COUNTED},
                times,
                Strain(loop_lag, schedule_lag, sum(cpu), len(cpu)),
                tuple(rows),
                self._over,
            )
        )

    def _look_at(self, room: Room, now: float, until: float) -> DocumentLook:
        trips, since = room.round_trips, self.swarm.since_start
        connected, on_the_way, there = _present(room)
        waiting = [
            edit
            for user, edits in trips.pending.items()
            if edits and user in there and (edit := trips.oldest_pending(user, there[user])) is not None
        ]
        return DocumentLook(
            index=room.collaborators[0].seat.document_index,
            users=len(connected),
            on_the_way=on_the_way,
            edits=trips.edits,
            unacknowledged=sum(map(len, trips.pending.values())),
            edited_at=None if trips.edited_at is None else since(trips.edited_at),
            heard_at=since(room.last_message) if room.last_message else None,
            waits_s=max(0.0, now - min(edit.due for edit in waiting)) if waiting else None,
            copies=self._copies(room, connected, now, until),
        )

    def _copies(
        self, room: Room, connected: list[Collaborator], now: float, until: float
    ) -> tuple[tuple[bytes, int], ...] | None:
        """What the copies hold, and how many hold it; None while anything moves, or where there is no time for it."""
        edited_at = room.round_trips.edited_at
        if now - room.last_message < STILL_S or (edited_at is not None and now - edited_at < TYPING_S):
            return None
        moment = (room.last_message, room.round_trips.edits, *(one.seat.client_id for one in connected))
        known = self._compared.get(room.document.path)
        if known is not None and known.moment == moment:
            return known.copies
        if time.monotonic() >= until:
            return None
        digests = HeldDigests()
        held = Counter(digests.of(one.replica) for one in connected)
        copies = tuple(sorted(held.items()))
        self._compared[room.document.path] = _Compared(moment, copies)
        return copies


def _present(room: Room) -> tuple[list[Collaborator], int, dict[int, int]]:
    """Who is connected; how many are on their way; and of all whose edits may still come back, user and client id."""
    connected, on_the_way, there = [], 0, {}
    for one in room.collaborators:
        stage = one.stage
        if stage is Stage.CONNECTED:
            connected.append(one)
        elif stage is Stage.LOST or stage is Stage.OPENING:
            on_the_way += 1
        else:
            continue
        there[one.seat.user] = one.seat.client_id
    return connected, on_the_way, there
