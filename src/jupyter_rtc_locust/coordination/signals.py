"""Signals, where they meet a run.

Python raises KeyboardInterrupt in whatever happens to run: inside a callback that has read an update and not yet
applied it, or between an edit and the note of who made it. The run would then be judged by what Ctrl-C did to it. So
SIGINT becomes an event of the loop, like SIGTERM in Locust, and reaches the main greenlet between two callbacks.

Locust 2.47 listens for SIGTERM only when it has nothing else to do: not while it waits for workers, nor while a load
shape runs without the web UI (measured: it dies of the signal, without a verdict, and leaves its workers behind). With
`--autostart` it hears it, and ends with 0, as if a run had passed.
"""

from __future__ import annotations

import signal
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import MasterRunner

from jupyter_rtc_locust import exit_codes
from jupyter_rtc_locust.coordination.by_itself import begins_by_itself
from jupyter_rtc_locust.coordination.coordinator import Coordinator
from jupyter_rtc_locust.coordination.ending import CTRL_C
from jupyter_rtc_locust.coordination.leaving import Leaving

_LOOK_S = 0.1
BEFORE_IT_BEGAN = "The run was told to end before it began."


class Signals:
    """What SIGINT and SIGTERM do in this process: a worker has a `leaving`, any other process a `coordinator`."""

    def __init__(self, environment: Environment, coordinator: Coordinator | None, leaving: Leaving | None) -> None:
        self._environment = environment
        self._coordinator = coordinator
        self._leaving = leaving
        self._winding_up = False
        self._first_to_quit: Any = None
        environment.events.quitting.add_listener(self._on_quitting)
        gevent.signal_handler(signal.SIGINT, self.interrupt)
        if coordinator is not None and begins_by_itself(environment):
            if environment.web_ui is None:
                gevent.signal_handler(signal.SIGTERM, self.terminate)
            if isinstance(environment.runner, MasterRunner):
                self._limit_the_wait_for_workers(coordinator, environment.runner)
                self._end_for_a_refused_worker(coordinator)

    def _on_quitting(self, **_: Any) -> None:
        """Let one shutdown go on: whoever comes second waits for as long as the first lives.

        A run that has not begun is concluded: Locust would end with 0, and an earlier run's results would stay.
        Every SIGTERM begins a shutdown of Locust's, and so does the main greenlet when the runner is gone. The last of
        them would be thrown into the interpreter as it exits, and show a stack trace (measured on Locust 2.47).
        """
        unbegun = self._coordinator is not None and self._waits_to_begin(self._coordinator)
        self._winding_up = True
        if self._first_to_quit is None:
            self._first_to_quit = gevent.getcurrent()
        if unbegun:
            assert self._coordinator is not None
            self._coordinator.conclude_unbegun(BEFORE_IT_BEGAN)
        while self._first_to_quit is not gevent.getcurrent() and not self._first_to_quit.dead:
            gevent.sleep(_LOOK_S)

    def interrupt(self) -> None:
        """SIGINT: end the run; once its verdict, or a worker's leaving, is under way, give that up."""
        coordinator = self._coordinator
        if coordinator is None:
            if self._leaving is not None:
                self._leaving.give_up()
        elif self._waits_to_begin(coordinator):
            self._end_before_it_began(coordinator, BEFORE_IT_BEGAN)
            return
        else:
            coordinator.give_up(CTRL_C)
            if coordinator.ending and self._environment.web_ui is None:
                return  # the process ends by itself
        if not self._winding_up:
            _throw_into_main(KeyboardInterrupt())

    def terminate(self) -> None:
        """SIGTERM in a process without the web UI, in the two moments in which Locust does not hear it."""
        coordinator = self._coordinator
        assert coordinator is not None
        if self._waits_to_begin(coordinator):
            self._end_before_it_began(coordinator, BEFORE_IT_BEGAN)
        elif self._environment.shape_class is not None and not coordinator.ending and not self._winding_up:
            _throw_into_main(KeyboardInterrupt())

    def _waits_to_begin(self, coordinator: Coordinator) -> bool:
        return begins_by_itself(self._environment) and not coordinator.begun and not self._winding_up

    def _limit_the_wait_for_workers(self, coordinator: Coordinator, runner: MasterRunner) -> None:
        """Where Locust would give up waiting and end with 1, which means that the documents can be trusted."""
        options: Any = self._environment.parsed_options
        expected, patience = getattr(options, "expect_workers", 0), getattr(options, "expect_workers_max_wait", 0)

        def give_up() -> None:
            came = len(runner.clients.ready)
            if self._waits_to_begin(coordinator) and came < expected:
                sentence = f"{came} of {expected} workers came within {patience} s (--expect-workers-max-wait)."
                self._end_before_it_began(coordinator, sentence)

        if patience:
            gevent.spawn_later(patience, give_up)

    def _end_for_a_refused_worker(self, coordinator: Coordinator) -> None:
        """A run that still waits for its workers would wait for ever for one that was refused."""
        welcoming = coordinator.welcoming
        if welcoming is None:
            return

        def end(sentence: str) -> None:
            if self._waits_to_begin(coordinator):
                self._end_before_it_began(coordinator, sentence)
            else:
                coordinator.go_on_without(sentence)

        # Not in the greenlet that hears the workers, which ends with the runner.
        welcoming.refused = lambda sentence: gevent.spawn(end, sentence)
        for sentence in welcoming.refusals[:1]:
            welcoming.refused(sentence)

    def _end_before_it_began(self, coordinator: Coordinator, sentence: str) -> None:
        self._winding_up = True
        self._first_to_quit = gevent.getcurrent()
        coordinator.conclude_unbegun(sentence)
        assert self._environment.runner is not None
        self._environment.runner.quit()
        _throw_into_main(SystemExit(exit_codes.INCONCLUSIVE))


def _throw_into_main(error: BaseException) -> None:
    """As the loop does with an error that is nobody's."""
    gevent.get_hub().handle_system_error(type(error), error)
