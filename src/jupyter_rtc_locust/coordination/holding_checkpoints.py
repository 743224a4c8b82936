"""When checkpoints are held: every so often, where a run asks for that, and when a person wants one; one at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore
from gevent.pool import Group

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.checkpoints import evidence_at_checkpoint, judged_checkpoint
from jupyter_rtc_locust.coordination.collecting import EvidenceCollector
from jupyter_rtc_locust.coordination.result_of_run import checkpoint_as_dict
from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.reporting.console import checkpoint_sentence
from jupyter_rtc_locust.reporting.terminal import say
from jupyter_rtc_locust.verdict.evidence import Checkpoint


class HoldingCheckpoints:
    """Those of one run after another. `send` takes a message to all processes, `note` an event for the history."""

    def __init__(
        self,
        collector: EvidenceCollector,
        send: Callable[[str, dict[str, Any]], None],
        note: Callable[..., None],
        secrets: Sequence[str],
    ) -> None:
        self._collector = collector
        self._send = send
        self._note = note
        self._secrets = secrets
        self._numbers = 0
        self._one_at_a_time = BoundedSemaphore(1)
        self._greenlets = Group()

    def begin(self, state: RunState) -> None:
        """A run begins; hold one after the other where it asks for that, until it ends."""
        self._numbers = 0
        self._one_at_a_time = BoundedSemaphore(1)
        if state.settings.checkpoint_every:
            self._spawn(self._hold_every, state)

    def hold_now(self, state: RunState) -> int | None:
        """Begin one, as soon as the loop comes to it; its number, or None where one is under way."""
        if not self._one_at_a_time.acquire(blocking=False):
            return None
        self._numbers += 1
        self._spawn(self._hold_and_release, state, self._numbers)
        return self._numbers

    def hold(self, state: RunState) -> Checkpoint:
        """Hold one now, or as soon as that which is under way is over, and wait for it."""
        with self._one_at_a_time:
            self._numbers += 1
            return self._hold(state, self._numbers)

    def stop(self) -> None:
        """Hold none any more. One that is under way is given up: the end compares everything anyway."""
        self._greenlets.kill(block=True, timeout=1)

    def _spawn(self, hold: Callable[..., None], state: RunState, *arguments: Any) -> None:
        greenlet = self._greenlets.spawn(hold, state, *arguments)
        greenlet.link_exception(
            lambda dead: state.problems.append(f"No checkpoint was held any more: {dead.exception}")
        )

    def _hold_every(self, state: RunState) -> None:
        """Each begins so long after the last one was over."""
        while not state.concluding:
            gevent.sleep(state.settings.checkpoint_every)
            with self._one_at_a_time:
                if state.playing and not state.concluding:
                    self._numbers += 1
                    self._hold(state, self._numbers)

    def _hold_and_release(self, state: RunState, number: int) -> None:
        try:
            self._hold(state, number)
        finally:
            self._one_at_a_time.release()

    def _hold(self, state: RunState, number: int) -> Checkpoint:
        """Editing pauses, everything is compared, editing goes on."""
        now = time.monotonic()
        # Whoever gets its first seat from now on, be it asked for already, learns with it that it is to pause, and is
        # asked nothing.
        collection = state.checkpoint = Collection(
            number, began=now, last_piece=now, asked=frozenset(state.playing), pauses=True
        )
        told = {"run": state.run_id, "round": number}
        patience = state.settings.drain_timeout
        try:
            try:
                self._send(messages.CHECKPOINT, {**told, "drain_timeout": patience})
                self._collector.collect(state, collection, patience)
                evidence = evidence_at_checkpoint(state, collection, self._secrets)
            finally:
                collection.pauses = False
                self._send(messages.RESUME, told)
            paused = time.monotonic() - collection.began
            checkpoint = judged_checkpoint(state, collection, evidence, paused)
            state.checkpoints.append(checkpoint)
            self._note("checkpoint", number=number, outcome=checkpoint.verdict, reason=checkpoint.reason)
            say(checkpoint_sentence(checkpoint_as_dict(checkpoint)))
            return checkpoint
        finally:
            state.checkpoint = None
