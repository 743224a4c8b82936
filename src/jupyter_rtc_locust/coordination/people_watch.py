"""Looks once a second whether the people whom Locust is asked for are there, so that the end can tell who was not.

By Locust's own count of users that run: who is away by a fault of the scenario, or lost the line, is among them. A user
that ends by itself (`StopUser`) says so, since a scenario may have people who leave.
"""

from __future__ import annotations

import time
from typing import Any

import gevent
from locust.env import Environment

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.channel import channel_of
from jupyter_rtc_locust.coordination.run_state import RunState

LOOK_EVERY_S = 1.0


class PeopleWatch:
    """One for each environment that is master or alone."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._state: RunState | None = None
        self._left = 0
        """Users of the present run that ended by themselves. Where Locust starts them anew, too many: then one who is
        gone may go unnoticed, and nobody is called gone who is not."""
        self._looking: gevent.Greenlet[..., None] | None = None
        channel_of(environment).register_message(messages.USER_ENDED, self._on_user_ended)

    def begin(self, state: RunState) -> None:
        """A run begins. A search for a capacity counts its people itself: more come than the server can hold."""
        self.stop()
        self._state, self._left = state, 0
        if state.capacity is None:
            self._looking = gevent.spawn(self._look, state)

    def stop(self) -> None:
        """The run is over, and users are stopped."""
        if self._looking is not None:
            self._looking.kill(block=False)

    def _look(self, state: RunState) -> None:
        while not state.concluding:
            runner = self._environment.runner
            assert runner is not None
            now = state.since_start(time.monotonic())
            state.shortfall.look(now, runner.target_user_count, runner.user_count + self._left)
            gevent.sleep(LOOK_EVERY_S)

    def _on_user_ended(self, msg: Any, **_: Any) -> None:
        if self._state is not None and msg.data["run"] == self._state.run_id:
            self._left += 1
