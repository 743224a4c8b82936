"""What a person may do to a run while looking at it: pause editing, let it go on, have everything compared now."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.holding_checkpoints import HoldingCheckpoints
from jupyter_rtc_locust.coordination.run_state import Pause, RunState
from jupyter_rtc_locust.live.web import Done


class Steering:
    """Of the present run. `send` takes a message to all processes, `note` an event for the history."""

    def __init__(
        self,
        state: Callable[[], RunState | None],
        send: Callable[[str, dict[str, Any]], None],
        note: Callable[..., None],
        checkpoints: HoldingCheckpoints,
    ) -> None:
        self._state = state
        self._send = send
        self._note = note
        self._checkpoints = checkpoints

    def pause(self) -> Done:
        """Nobody edits until `resume`, or until the run ends, whose time goes on."""
        state = self._state()
        if state is None or (refusal := _not_at_work(state)):
            return Done(False, f"Editing was not paused: {'no run is under way' if state is None else refusal}.")
        if state.paused:
            return Done(False, "Editing pauses already.")
        state.pauses.append(Pause(round(state.since_start(time.monotonic()), 3)))
        self._send(messages.PAUSE, {"run": state.run_id})
        self._note("pause")
        return Done(True, "Editing pauses. The time of the run goes on; edits that were due come later by as long.")

    def resume(self) -> Done:
        """Everybody goes on."""
        state = self._state()
        if state is None or not state.paused or state.concluding:
            return Done(False, "Editing does not pause, so there is nothing to resume.")
        state.end_pause(time.monotonic())
        self._send(messages.GO_ON, {"run": state.run_id})
        self._note("resume")
        return Done(True, "Editing goes on.")

    def compare_now(self) -> Done:
        """A checkpoint, as `--rtc-checkpoint-every` holds it."""
        state = self._state()
        if state is None or (refusal := _not_at_work(state)):
            return Done(False, f"Nothing was compared: {'no run is under way' if state is None else refusal}.")
        if not state.playing:
            return Done(False, "Nothing was compared: nobody has opened a document yet.")
        number = self._checkpoints.hold_now(state)
        if number is None:
            return Done(False, "Everything is being compared already.")
        return Done(True, f"Checkpoint {number}: editing pauses until every copy has been compared, a few seconds.")


def _not_at_work(state: RunState) -> str:
    """Why nobody is at work in a run; "" where people are."""
    if state.concluding:
        return "the run is over" if state.concluded.is_set() else "the run is ending"
    return "" if state.prepared is not None else "the run is still being prepared"
