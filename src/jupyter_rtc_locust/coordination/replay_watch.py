"""From the coordinator's side, a replay: it begins when everybody is ready, and its end ends the run.

Whatever keeps it from its end ends the run, too, by a deadline and with the reason: nobody waits for a trace that
cannot be finished.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import gevent

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.run_state import RunState

logger = logging.getLogger(__name__)

READY_S = 120.0
"""From one user's being ready to the next: it includes the preparation of its process, seconds for a large trace."""
_LOOK_S = 0.5


class ReplayWatch:
    """Listens to the users of a replay. `send` takes a message to all processes; `end_run` has Locust end the run."""

    def __init__(
        self,
        channel: Any,
        state: Callable[[], RunState | None],
        send: Callable[[str, dict[str, Any]], None],
        end_run: Callable[[], None],
    ) -> None:
        self._state = state
        self._send = send
        self._end_run = end_run
        self._ready: set[int] = set()
        self._ended: set[int] = set()
        self._latest = 0.0
        self._over = True
        channel.register_message(messages.TRACE_READY, self._on_ready)
        channel.register_message(messages.TRACE_ENDED, self._on_ended)

    def begin(self, state: RunState) -> None:
        """A run that is a replay has begun."""
        self._ready, self._ended, self._over = set(), set(), False
        self._latest = time.monotonic()
        gevent.spawn(self._wait_for_everybody, state).link_exception(
            lambda dead: state.problems.append(f"Nobody watched over the replay: {dead.exception}")
        )

    def _wait_for_everybody(self, state: RunState) -> None:
        users = state.settings.users
        while len(self._ready) < users and not self._over and not state.concluding:
            if time.monotonic() - self._latest > READY_S:
                self._end(state, f"{len(self._ready)} of {users} users were ready, and no other for {READY_S:.0f} s")
                return
            gevent.sleep(_LOOK_S)

    def _on_ready(self, msg: Any, **_: Any) -> None:
        state = self._of(msg)
        if state is None:
            return
        self._ready.add(msg.data["user"])
        self._latest = time.monotonic()
        if len(self._ready) == state.settings.users:
            self._send(messages.TRACE_BEGINS, {"run": state.run_id})

    def _on_ended(self, msg: Any, **_: Any) -> None:
        state = self._of(msg)
        if state is None:
            return
        if msg.data["trouble"]:
            self._end(state, msg.data["trouble"])
            return
        self._ended.add(msg.data["user"])
        if len(self._ended) == state.settings.users:
            self._end(state, "")

    def _of(self, msg: Any) -> RunState | None:
        """The run that the message is about, if it goes on."""
        state = self._state()
        going_on = state is not None and msg.data["run"] == state.run_id and not state.concluding and not self._over
        return state if going_on else None

    def _end(self, state: RunState, trouble: str) -> None:
        self._over = True
        if trouble:
            state.problems.append(f"The trace could not be replayed to its end: {trouble}.")
            logger.error("The trace cannot be replayed to its end: %s.", trouble)
        else:
            logger.info("The trace has been replayed, so the run ends.")
        gevent.spawn(self._end_run)
