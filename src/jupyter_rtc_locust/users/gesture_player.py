"""Plays a person's gestures: those of the hand one step for each slot of the schedule, what runs by itself from timers.

What a person does by hand takes a slot of the schedule for each step, so that the rhythm of the schedule is that of the
keys; a step that follows without a pause goes along with the one before. What goes on by itself (a cell that runs) has
its own timing, and waits for what runs already, as in a kernel; where there is one, it is asked instead. In the pause
of a checkpoint nothing goes on; all comes later by as long as the pause was.

Knows no line and no document: whoever has them writes and tells.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import gevent

from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.editing.caret import Caret
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.gestures.cell_runs import Make
from jupyter_rtc_locust.editing.gestures.running import RestartKernel, RunCell
from jupyter_rtc_locust.editing.gestures.step import BeginStep, CaretStep, Gesture, Step
from jupyter_rtc_locust.editing.gestures.tab import Tab

_STEPS_A_CALLBACK = 20
"""After a stall the overdue steps are caught up in portions, so that receiving goes on between them."""
_SOON_S = 0.0005
"""The shortest delay of a timer; with 0 it would run before sockets are looked at."""

_NO_EDIT = Edit("none", "found nothing left to do", ())


class GesturePlayer:
    """The gestures of one tab.

    `write(make, due)` makes an edit; `tell` is told of a caret that others shall see; `may_write` says whether the user
    is there and awake; `dropped` is called for each gesture whose rest is left out, because its cell is gone or nobody
    is there; `failed` takes an error, because none may escape into the event loop. `run` has a kernel do what is done
    with one; None: there is none, and the gesture itself says what is written.
    """

    def __init__(
        self,
        replica: Replica,
        *,
        write: Callable[[Callable[[Replica], Edit], float], object],
        tell: Callable[[Caret], None],
        may_write: Callable[[], bool],
        dropped: Callable[[], None],
        failed: Callable[[BaseException], None],
        run: Callable[[RunCell | RestartKernel], None] | None = None,
    ) -> None:
        self.tab = Tab()
        self._run = run
        self._replica = replica
        self._write = write
        self._tell = tell
        self._may_write = may_write
        self._dropped = dropped
        self._failed = failed
        self._in_hand: _Steps | None = None
        self._running: _Steps | None = None
        self._queue: list[Gesture] = []
        self._due = 0.0
        self._timer: Any = None
        self._paused_at: float | None = None

    @property
    def busy(self) -> bool:
        """Whether the person has something in hand."""
        return self._in_hand is not None

    def begin(self, gesture: Gesture, due: float) -> None:
        """Begin a gesture at this moment of `time.monotonic`: its first step, or what goes on by itself."""
        if self._run is not None and isinstance(gesture, RunCell | RestartKernel):
            self._run(gesture)
            return
        if gesture.ends_runs:
            self._end_runs()
        if gesture.in_background:
            self._queue.append(gesture)
            if self._running is None:
                self._begin_next(due)
        else:
            self._in_hand = _Steps(gesture)
            self.go_on(due)

    def go_on(self, due: float) -> None:
        """Take the next step of what is in hand, and those that go along with it."""
        steps = self._in_hand
        while steps is not None and (step := steps.take()) is not None:
            if not self._take(step, due):
                self._dropped()
                break
            if steps.pause is None:
                break
            if steps.pause > 0:
                return
        self._in_hand = None

    def pause(self) -> None:
        """Nothing goes on by itself until `resume`."""
        if self._paused_at is None:
            self._paused_at = time.monotonic()
            self._stop_timer()

    def resume(self) -> int:
        """Go on; 1 where a step was due in the pause and comes later, else 0."""
        if self._paused_at is None:
            return 0
        now = time.monotonic()
        missed = int(self._running is not None and self._due <= now)
        self._due += now - self._paused_at
        self._paused_at = None
        if self._running is not None:
            self._arm()
        return missed

    def stop(self) -> None:
        """No step is taken afterwards."""
        self._in_hand = None
        self._end_runs()

    def _end_runs(self) -> None:
        self._stop_timer()
        self._running = None
        self._queue.clear()

    def _begin_next(self, due: float) -> None:
        """Begin what waits; the timer takes its first step, too."""
        self._running = _Steps(self._queue.pop(0)) if self._queue else None
        if self._running is not None:
            self._due = due + (self._running.pause or 0.0)
            if self._paused_at is None:
                self._arm()

    def _arm(self) -> None:
        self._stop_timer()
        self._timer = gevent.get_hub().loop.timer(max(self._due - time.monotonic(), _SOON_S))
        self._timer.start(self._fire, update=True)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None

    def _fire(self) -> None:
        try:
            self._take_what_is_due()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self._end_runs()
            self._failed(error)

    def _take_what_is_due(self) -> None:
        for _ in range(_STEPS_A_CALLBACK):
            steps = self._running
            if steps is None or self._paused_at is not None:
                return
            if self._due > time.monotonic():
                break
            step = steps.take()
            goes_on = step is not None and self._may_write() and self._take(step, self._due)
            if self._running is not steps:
                return  # whoever was told of the step ended what runs
            if goes_on and steps.pause is not None:
                self._due += steps.pause
                continue
            if not goes_on:
                self._dropped()
            self._begin_next(self._due)
        if self._running is not None:
            self._arm()

    def _take(self, step: Step, due: float) -> bool:
        """Take a step; whether the gesture goes on."""
        if isinstance(step, CaretStep):
            caret = step.place(self._replica, self.tab)
            if caret is None:
                return False
            self.tab.caret = caret
            self._tell(caret)
            return True
        if isinstance(step, BeginStep):
            self.begin(step.gesture, due)
            return True
        return self.edit(step.make, due)

    def edit(self, make: Make, due: float) -> bool:
        """Make an edit; whether the cell that it is about was still there."""
        goes_on = True

        def made(replica: Replica) -> Edit:
            nonlocal goes_on
            edit = make(replica, self.tab)
            goes_on = edit is not None
            return _NO_EDIT if edit is None else edit

        self._write(made, due)
        return goes_on


class _Steps:
    """The steps of a gesture, with the pause before the next one known in advance."""

    def __init__(self, gesture: Gesture) -> None:
        self._steps: Iterator[Step] = gesture.steps()
        self._next = next(self._steps, None)

    @property
    def pause(self) -> float | None:
        """Seconds before the next step; None: there is none."""
        return None if self._next is None else self._next.wait

    def take(self) -> Step | None:
        """Take the next step; None: there is none."""
        step, self._next = self._next, next(self._steps, None)
        return step
