"""What one user writes, and when: each edit is resolved against the present document, applied, noted, and sent.

Knows no line: whoever has one sends. Edits made without one stay in the replica and travel with the next sync.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.editing.choices import Choice
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.edits import make_edit
from jupyter_rtc_locust.editing.rhythm import Rhythm, rhythm_of
from jupyter_rtc_locust.protocol.messages import encode_update
from jupyter_rtc_locust.users.schedule import EditSchedule
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.swarm import Swarm


class Writing:
    """One user's edits, on schedule.

    `choose(number)` tells what to do next, or None for nothing; `may_write` whether the user is there and awake; `send`
    takes a message for the present line; `failed` an error, because none may escape into the event loop.
    """

    def __init__(
        self,
        seat: Seat,
        swarm: Swarm,
        replica: Replica,
        choose: Callable[[int], Choice | None],
        *,
        may_write: Callable[[], bool],
        send: Callable[[bytes], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._seat = seat
        self._swarm = swarm
        self._room = swarm.room(seat.document)
        self._replica = replica
        self._choose = choose
        self._may_write = may_write
        self._send = send
        self._failed = failed
        self._schedule: EditSchedule | None = None
        self.rhythm: Rhythm | None = None
        """When edits are due; None before `start`, and for who only watches."""

    def start(self, rate: float, rhythm: str = "steady") -> None:
        """Make `rate` edits a second from now on, in the rhythm of this name (editing/rhythm.py); 0 only watches."""
        if rate > 0:
            self.rhythm = rhythm_of(
                rhythm,
                rate,
                seed=self._swarm.seed,
                user=self._seat.user,
                incarnation=self._seat.incarnation,
                seat=self._seat.place,
                seats=self._seat.places,
                document=self._seat.document_index,
            )
            origin = self._swarm.run_started if self.rhythm.since_start_of_run else time.monotonic()
            self._schedule = EditSchedule(self.rhythm, origin=origin, edit=self.edit_when_due)
            self._schedule.start()
            if self._swarm.paused:
                self._schedule.pause()

    def pause(self) -> None:
        """No scheduled edit leaves until `resume`."""
        if self._schedule is not None:
            self._schedule.pause()

    def resume(self) -> int:
        """Go on; how many edits were due in the pause and come later."""
        return self._schedule.resume() if self._schedule is not None else 0

    def stop(self) -> None:
        """No edit leaves afterwards."""
        if self._schedule is not None:
            self._schedule.stop()
            self._schedule = None

    def edit_when_due(self, number: int, due: float) -> None:
        """Called by the schedule, from the event loop: errors must not escape into it."""
        if not self._swarm.editing or not self._may_write():
            return
        try:
            choice = self._choose(number)
            if choice is not None:
                now = time.monotonic()
                self._swarm.schedule_lag(max(0.0, (now - due) * 1000))
                self.make_edit(choice, number, min(due, now))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self._failed(error)

    def make_edit(self, choice: Choice, number: int, due: float) -> bytes | None:
        """Resolve a choice against the present document, and `write` what comes of it."""
        user, recent, now = self._seat.user, self._room.recent, time.monotonic()
        return self.write(
            lambda replica: make_edit(choice, replica, user_index=user, recent=recent, now=now), number, due
        )

    def write(self, make: Callable[[Replica], Edit], number: int, due: float) -> bytes | None:
        """Make an edit against the present document, apply it, note it, send it; the update's bytes.

        `make` is called within the transaction of the edit. None when there was nothing to do, when editing is over,
        and while it pauses for a checkpoint. Offline edits stay in the replica and travel with the next sync.
        """
        if not self._swarm.editing:
            return None
        if self._swarm.paused:
            self._swarm.counts["edits_postponed"] += 1
            return None
        made: list[Edit] = []

        def change(replica: Replica) -> bool:
            made.append(make(replica))
            return made[0].apply(replica)

        update = self._replica.edit(change, marks_dirty=lambda: made[0].marks_dirty)
        if update is None:
            self._swarm.counts["edits_without_effect"] += 1
            return None
        edit, user = made[0], self._seat.user
        self._swarm.counts["edits"] += 1
        self._room.round_trips.author(user, self._seat.client_id, number, edit.description, edit.cell_id, due, update)
        self._room.recent.note(user, edit.cell_id, time.monotonic(), edit.cell_index)
        self._send(encode_update(update))
        return update
