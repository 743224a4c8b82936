"""What one user writes, and when: each edit is resolved against the present document, applied, noted, and sent.

What to do is a choice, resolved at once, or a gesture, of which each slot of the schedule takes a step
(`gesture_player.py`). Where a plan is played again, it alone says what is done and when, whatever the user would have
chosen. Knows no line: whoever has one sends. Edits made without one stay in the replica and travel with the next sync.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.editing.caret import Caret
from jupyter_rtc_locust.editing.choices import Choice
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.edits import make_edit
from jupyter_rtc_locust.editing.gestures.step import Gesture
from jupyter_rtc_locust.editing.gestures.tab import cursors_at, find_source
from jupyter_rtc_locust.editing.operations import ReplaceText
from jupyter_rtc_locust.editing.planned_operations import PlannedOperation, apply_and_note, resolved
from jupyter_rtc_locust.editing.plans import PlannedEdit
from jupyter_rtc_locust.editing.rhythm import Person, Rhythm, rhythm_of
from jupyter_rtc_locust.protocol.messages import encode_update
from jupyter_rtc_locust.users.gesture_player import GesturePlayer
from jupyter_rtc_locust.users.kernel import TabKernel
from jupyter_rtc_locust.users.plan_player import PlannedUser
from jupyter_rtc_locust.users.schedule import EditSchedule
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.swarm import Swarm

_PLANNED_A_SLOT = 20
"""Who comes back, or wakes up, catches up in portions, so that receiving goes on between them."""


class Writing:
    """One user's edits, on schedule.

    `choose(number)` tells what to do next, or None for nothing; `may_write` whether the user is there and awake; `send`
    takes a message for the present line; `failed` an error, because none may escape into the event loop; `tell_cursors`
    what others are shown of the caret, as JupyterLab announces it. `kernel`: whether cells are run in a kernel.
    """

    def __init__(
        self,
        seat: Seat,
        swarm: Swarm,
        replica: Replica,
        choose: Callable[[int], Choice | Gesture | None],
        *,
        may_write: Callable[[], bool],
        send: Callable[[bytes], None],
        failed: Callable[[BaseException], None],
        tell_cursors: Callable[[list[dict[str, Any]]], None],
        kernel: bool = False,
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
        self._planned: PlannedUser | None = None
        self._next_number = 0
        self._tell_cursors = tell_cursors
        self.kernel = self._make_kernel() if kernel else None
        """What runs cells; None: each gesture itself says what is written."""
        self.gestures = GesturePlayer(
            replica,
            write=self._write_step,
            tell=self._tell_caret,
            may_write=may_write,
            dropped=self._note_dropped,
            failed=failed,
            run=None if self.kernel is None else self.kernel.take,
        )
        self._latest: Edit | None = None
        self.rhythm: Rhythm | None = None
        """When edits are due; None before `start`, and for who only watches."""

    def start(self, rate: float, rhythm: str = "steady") -> None:
        """Make `rate` edits a second from now on, in the rhythm of this name (editing/rhythm.py); 0 only watches.

        Where a plan is played, what it says of this user instead.
        """
        if self._swarm.planned is not None:
            elapsed = self._swarm.since_start(time.monotonic())
            self._planned = self._swarm.planned.user(self._seat.user, self._seat.incarnation, elapsed)
            self.rhythm = self._planned.rhythm(elapsed)
        elif rate > 0:
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
        if self.rhythm is not None:
            origin = self._swarm.run_started if self.rhythm.since_start_of_run else time.monotonic()
            self._schedule = EditSchedule(self.rhythm, origin=origin, edit=self.edit_when_due)
            self._schedule.start()
            if self._swarm.paused:
                self._schedule.pause()

    def pause(self) -> None:
        """No scheduled edit leaves until `resume`."""
        self.gestures.pause()
        if self._schedule is not None:
            self._schedule.pause()

    def resume(self) -> int:
        """Go on; how many edits were due in the pause and come later."""
        missed = self.gestures.resume()
        if self.kernel is not None:
            self.kernel.resume()
        return missed + (self._schedule.resume() if self._schedule is not None else 0)

    def stop(self) -> None:
        """No edit leaves afterwards."""
        self.gestures.stop()
        if self.kernel is not None:
            self.kernel.stop()
        if self._schedule is not None:
            self._schedule.stop()
            self._schedule = None

    def edit_when_due(self, number: int, due: float) -> None:
        """Called by the schedule, from the event loop: errors must not escape into it."""
        if not self._swarm.editing or not self._may_write():
            return

        def edit() -> None:
            if self._planned is not None:
                self._do_as_planned(self._planned, number, due)
                return
            choice = None if self.gestures.busy else self._choose(number)
            if choice is None and not self.gestures.busy:
                return
            if isinstance(choice, Choice):
                self.make_edit(choice, number, self._leaving(due))
                if isinstance(self.rhythm, Person) and self.rhythm.burst(number) == number:
                    self._tell_where_it_was_made()
            elif choice is None:
                self.gestures.go_on(due)
            else:
                self.gestures.begin(choice, due)

        self.guarded(edit)

    def guarded(self, do: Callable[[], None]) -> None:
        """Do something in a callback of the event loop, into which no error may escape: the user is out then."""
        try:
            do()
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

    def play(self, gesture: Gesture, due: float | None = None) -> None:
        """Begin a gesture now, or at a moment just past: one that goes on by itself, or one for the next slots.

        What was in hand is left undone. Called from anywhere but a transaction; not while editing is over or pauses,
        nor where a plan is played, in which the gesture's edits stand.
        """
        if self._swarm.planned is None and self._swarm.editing and not self._swarm.paused and self._may_write():
            self.gestures.begin(gesture, time.monotonic() if due is None else due)

    def write(self, make: Callable[[Replica], Edit], number: int | None, due: float) -> bytes | None:
        """Make an edit against the present document, apply it, note it, send it; the update's bytes.

        `make` is called within the transaction of the edit. `number` names the edit together with the client id; the
        next free one is taken where it is None or taken. None when there was nothing to do, when editing is over, while
        it pauses for a checkpoint, and where a plan is played. Offline edits stay in the replica and travel with the
        next sync.
        """
        if not self._swarm.editing or self._swarm.planned is not None:
            return None
        if self._swarm.paused:
            self._swarm.counts["edits_postponed"] += 1
            return None
        made, update = self._make(make, number, due)
        if update is None:
            self._swarm.counts["edits_without_effect"] += 1
            return None
        if made.operations:
            self._swarm.plan.note(made)
        return update

    def _do_as_planned(self, planned: PlannedUser, number: int, due: float) -> None:
        """Make those edits of the plan whose turn has come, each as it was, or not at all."""
        for _ in range(_PLANNED_A_SLOT):
            edit = planned.take(number)
            if edit is None:
                return
            self._do_planned(edit, self._leaving(due))

    def _do_planned(self, planned: PlannedEdit, due: float) -> None:
        users = self._swarm.planned
        assert users is not None, "it is one of them that is played"
        here = users.as_here(planned)

        def make(replica: Replica) -> Edit:
            there = here.document == self._seat.document_index
            return here.edit((resolved(here.operations, replica) if there else None) or ())

        made, update = self._make(make, planned.number, due)
        if update is None:
            self._swarm.counts["edits_skipped"] += 1
            self._swarm.counts["operations_skipped"] += len(planned.operations)
            self._swarm.plan.note(planned, skipped=True)
            return
        # What was written into the document, not what was to be: so the digest says what was done.
        made = replace(made, incarnation=planned.incarnation, number=planned.number)
        self._swarm.plan.note(users.as_planned(made))

    def _make(
        self, make: Callable[[Replica], Edit], number: int | None, due: float
    ) -> tuple[PlannedEdit, bytes | None]:
        """Make an edit, apply it, note it, send it; as a plan keeps it, and the update's bytes, None for no effect."""
        made: list[Edit] = []
        operations: tuple[PlannedOperation, ...] = ()

        def change(replica: Replica) -> bool:
            nonlocal operations
            made.append(make(replica))
            changed, operations = apply_and_note(made[0], replica)
            return changed

        update = self._replica.edit(change, marks_dirty=lambda: made[0].marks_dirty)
        edit, user = made[0], self._seat.user
        self._latest = edit
        number = self._next_number if number is None else max(number, self._next_number)
        planned = PlannedEdit(
            user=user,
            incarnation=self._seat.incarnation,
            number=number,
            at=max(round(self._swarm.since_start(due), 6), 0.0),
            document=self._seat.document_index,
            kind=str(edit.kind),
            description=edit.description,
            cell_id=edit.cell_id,
            operations=operations,
            marks_dirty=edit.marks_dirty,
        )
        if update is None:
            return planned, None
        self._next_number = number + 1
        self._swarm.counts["edits"] += 1
        now = time.monotonic()
        timed_from = min(due, now)  # an edit may leave a little early, and no echo takes less than no time
        self._room.round_trips.author(
            user, self._seat.client_id, number, edit.description, edit.cell_id, timed_from, update
        )
        self._room.recent.note(user, edit.cell_id, now, edit.cell_index)
        self._send(encode_update(update))
        return planned, update

    def _make_kernel(self) -> TabKernel:
        kernels = self._swarm.server.kernels
        assert kernels is not None  # the run was refused where there are none
        return TabKernel(
            self._seat,
            self._swarm,
            kernels,
            self._replica,
            tab=lambda: self.gestures.tab,
            edit=lambda make: self.gestures.edit(make, time.monotonic()),
            dropped=self._note_dropped,
            failed=self._failed,
        )

    def _write_step(self, make: Callable[[Replica], Edit], due: float) -> None:
        self.write(make, None, self._leaving(due))

    def _leaving(self, due: float) -> float:
        """Tell how much later than due an edit leaves; when it was due."""
        self._swarm.schedule_lag(max(0.0, (time.monotonic() - due) * 1000))
        return due

    def _tell_where_it_was_made(self) -> None:
        """Whoever begins a burst has clicked there; who goes on typing moves no caret that a tab would tell of."""
        edit = self._latest
        written = next((one for one in edit.operations if isinstance(one, ReplaceText)), None) if edit else None
        if edit is None or written is None or written.output is not None:
            return
        source = find_source(self._replica, edit.cell_id, self.gestures.tab)
        if source is not None:
            before = source.content.encode()[: written.start].decode(errors="ignore")
            place = len(before) + len(written.inserted)
            self._tell_caret(Caret(edit.cell_id, place, place, source.content))

    def _tell_caret(self, caret: Caret) -> None:
        self._tell_cursors(cursors_at(self._replica, self.gestures.tab, caret))

    def _note_dropped(self) -> None:
        self._swarm.counts["gestures_dropped"] += 1
