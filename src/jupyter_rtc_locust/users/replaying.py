"""One user's part of a replay: each edit is made when its user has received what it depends on, at its time.

Driven by what arrives, from callbacks of the event loop. It makes edits in short portions, so that receiving goes on in
between, and never has more than some hundred under way: the server's queue is not what is to be measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gevent

from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.operations import WriteStructs
from jupyter_rtc_locust.editing.trace_plan import Step
from jupyter_rtc_locust.errors import RtcLocustError
from jupyter_rtc_locust.users.collaborator import Collaborator
from jupyter_rtc_locust.users.stage import Stage

MOST_UNDER_WAY = 200
"""Edits of one user without an acknowledgement."""
PATIENCE_S = 60.0
"""Without anything to do or to receive for so long, a user says that it cannot go on."""
_PORTION_S = 0.005
_SOON_S = 0.0005
"""The shortest delay of a timer; with 0 it would run before sockets are looked at."""


class Replaying:
    """The steps of one user. `ended` is told once: an empty text when all is done, or why it cannot be."""

    def __init__(
        self,
        collaborator: Collaborator,
        steps: Sequence[Step],
        *,
        speed: float,
        cell: tuple[int, str] | None,
        ended: Callable[[str], None],
    ) -> None:
        self._collaborator = collaborator
        self._swarm = collaborator.swarm
        self._user = collaborator.seat.user
        self._steps = steps
        self._speed = speed
        self._cell = cell
        self._tell_end = ended
        self._next = 0
        self._began: float | None = None
        self._held_back = False
        """Whether the next step waited for something other than its time."""
        self._seen = (0, 0, 0)
        """How far things were when somebody looked last, and when they had changed."""
        self._progress = time.monotonic()
        self._received: dict[int, int] = {}
        self._timer: Any = None
        self.over = False

    def begin(self) -> None:
        """Everybody is there: make the first edit, or wait for what it depends on."""
        self._began = self._progress = time.monotonic()
        self._collaborator.receiving.on_received = self._heard
        self._wake(_SOON_S)

    def look(self) -> None:
        """Called every second or so: goes on after a pause, and gives up where nothing moves any more."""
        stage = self._collaborator.stage
        if self.over or not self._swarm.editing:
            return
        if stage not in (Stage.CONNECTED, Stage.LOST):
            trouble = self._collaborator.trouble
            self._end(f"user {self._user} {stage.value}{f' ({trouble})' if trouble else ''}")
            return
        now = time.monotonic()
        far = (self._next, len(self._under_way()), len(self._collaborator.receiving.received))
        if self._began is None or self._swarm.paused or far != self._seen or self._due(now) > now:
            self._progress, self._seen = now, far
            self._wake(_SOON_S)
        elif time.monotonic() - self._progress > PATIENCE_S:
            self._end(f"user {self._user} waited {PATIENCE_S:.0f} s for {self._awaited()}")
        else:
            self._wake(_SOON_S)

    def stop(self) -> None:
        """No edit leaves afterwards."""
        self.over = True
        self._collaborator.receiving.on_received = None
        self._rest()

    def _heard(self) -> None:
        if self._timer is None:
            self._wake(_SOON_S)

    def _wake(self, delay: float) -> None:
        self._rest()
        if not self.over and self._began is not None:
            self._timer = gevent.get_hub().loop.timer(max(delay, _SOON_S))
            self._timer.start(self._fire, update=True)  # `update`, because the loop's idea of the time may be stale

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None

    def _fire(self) -> None:
        self._rest()
        self._collaborator.writing.guarded(self._make_a_portion)

    def _make_a_portion(self) -> None:
        if self.over or not self._swarm.editing or self._swarm.paused:
            return
        if self._collaborator.stage not in (Stage.CONNECTED, Stage.LOST):
            return
        until = time.monotonic() + _PORTION_S
        while self._next < len(self._steps):
            step = self._steps[self._next]
            if len(self._under_way()) >= MOST_UNDER_WAY or not self._has_received(step):
                self._held_back = True
                return  # what arrives wakes it
            now = time.monotonic()
            due = self._due(now)
            if due > now:
                self._wake(due - now)
                return
            self._make(step, now if self._held_back else due)
            if time.monotonic() >= until:
                self._wake(_SOON_S)
                return
        if not self._under_way():
            self._end("")

    def _under_way(self) -> Mapping[bytes, object]:
        """This user's edits without an acknowledgement."""
        return self._collaborator.room.round_trips.pending.get(self._user, {})

    def _make(self, step: Step, due: float) -> None:
        made = self._collaborator.writing.write(lambda replica: self._edit(step, replica), step.number, due)
        if made is not None:
            self._next += 1
            self._held_back = False

    def _edit(self, step: Step, replica: Replica) -> Edit:
        clock = replica.state_vector().get(replica.client_id, 0)
        if clock != step.clock:
            raise RtcLocustError(
                f"transaction {step.number} of the trace begins at clock {step.clock} of client {replica.client_id}, "
                f"whose next clock is {clock}: something else was written in its name."
            )
        index, identity = self._cell or (None, None)
        return Edit("trace", step.description, (WriteStructs(step.update),), identity, index)

    def _has_received(self, step: Step) -> bool:
        if any(self._received.get(client, 0) < clock for client, clock in step.needs):
            self._received = self._collaborator.replica.state_vector()
        return all(self._received.get(client, 0) >= clock for client, clock in step.needs)

    def _due(self, now: float) -> float:
        """When the next step is to be made, by the clock of the trace; at once where there is none."""
        time_of = self._steps[self._next].time if self._next < len(self._steps) else None
        if not self._speed or time_of is None or self._began is None:
            return now
        return self._began + time_of / self._speed

    def _awaited(self) -> str:
        if self._next == len(self._steps) or self._has_received(self._steps[self._next]):
            return "the echoes of its edits"
        return f"what transaction {self._steps[self._next].number} of the trace depends on"

    def _end(self, trouble: str) -> None:
        if not self.over:
            self.stop()
            self._tell_end(trouble)
