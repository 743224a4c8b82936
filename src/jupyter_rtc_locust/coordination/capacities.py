"""Begins and ends the searches for a capacity of an environment, one in each run whose load shape asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from locust.env import Environment

from jupyter_rtc_locust.coordination.capacity_run import CapacityRun, Terms, terms_of
from jupyter_rtc_locust.coordination.capacity_shape import looks_for_a_capacity
from jupyter_rtc_locust.coordination.capacity_sight import Sight
from jupyter_rtc_locust.coordination.holding_checkpoints import HoldingCheckpoints
from jupyter_rtc_locust.coordination.live import Live
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.server_cpu import ServerCpu
from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.settings import Settings


class Capacities:
    """`settings` checks those of the next run, `send` takes a message to all processes; `embedded` is our own one."""

    def __init__(
        self,
        environment: Environment,
        settings: Callable[[], Settings],
        live: Live,
        checkpoints: HoldingCheckpoints,
        send: Callable[[str, dict[str, Any]], None],
        embedded: Any,
    ) -> None:
        self._environment = environment
        self._settings = settings
        self._live = live
        self._checkpoints = checkpoints
        self._send = send
        self._embedded = embedded
        self._present: CapacityRun | None = None

    def begin(self, state: RunState) -> None:
        """A run begins: where its shape asks for it, people come and go from now on as the search says."""
        self._present = None
        if looks_for_a_capacity(self._environment.shape_class):
            cpu = ServerCpu(lambda: self._server_process(state))
            sight = Sight(lambda: self._live.picture, cpu, state.started)
            hold = self._checkpoints.hold
            search = CapacityRun(state, self._terms(state.settings), sight, cpu, lambda: hold(state), self._send)
            self._present = state.capacity = search
            search.start()

    def stop(self) -> None:
        """The run ends, by whomever."""
        if self._present is not None:
            self._present.stop()

    def wanted(self) -> tuple[int, float] | None:
        """How many people the present run is to have now, and how many come or go in a second; None: it is over.

        A run that has not begun yet begins with the first step.
        """
        return self.first_step() if self._present is None else self._present.wanted

    def first_step(self) -> tuple[int, float]:
        """How many people the next run begins with, and how many of them come in a second."""
        try:
            terms = self._terms(self._settings())
        except OptionsError:
            return 1, 1.0  # the run is refused for it
        return terms.first, terms.rate

    def _terms(self, settings: Settings) -> Terms:
        return terms_of(self._environment.parsed_options, settings.users, settings.step, settings.together)

    def _server_process(self, state: RunState) -> int | None:
        """The server's process on this machine, where it is known."""
        if state.settings.server_pid is not None:
            return state.settings.server_pid
        number: int | None = None if state.embedded_token is None else self._embedded.process_id
        return number
