"""From all processes, in one round: that they are quiet, then their evidence, in pieces; and who did not answer.

In two steps, because one process's last edits may be on their way to another that hears nothing just then. What comes
with digests is filled in by `filling_in` when all have told. A worker whose line is slow is waited for at the end while
its evidence keeps coming, which delays the verdict.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore
from locust.env import Environment
from locust.runners import MasterRunner

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.answers import ONCE, read_answer
from jupyter_rtc_locust.coordination.channel import channel_of
from jupyter_rtc_locust.coordination.dividing_the_end import evidence_awaited
from jupyter_rtc_locust.coordination.filling_in import FillingIn
from jupyter_rtc_locust.coordination.gathering import LONGEST_ASKING_S
from jupyter_rtc_locust.coordination.hearing import Hearing
from jupyter_rtc_locust.coordination.lost_processes import lose
from jupyter_rtc_locust.coordination.pieces import Assembly
from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.settings import (
    LATE_EVIDENCE_S,
    QUIET_S,
    WORKER_ANSWER_DEADLINE_S,
    end_budget,
)
from jupyter_rtc_locust.verdict.neutralising import neutralised

logger = logging.getLogger(__name__)

_ASKING_S = LONGEST_ASKING_S + QUIET_S
"""What it takes at most until a process gathers: it asks what its replicas lack, and waits for what is late."""
_LATER_S = 30.0
"""By so much the end is put off at a time, and evidence of which nothing came for so long does not keep coming."""


class EvidenceCollector:
    """Takes what the processes of an environment tell. `state` is the present run's, set by the coordinator."""

    def __init__(self, environment: Environment) -> None:
        self.state: RunState | None = None
        self.hearing = Hearing(environment)
        self._reading = BoundedSemaphore()
        """Held by who reads an answer: of sixty that come together one is taken apart at a time."""
        self._environment = environment
        runner = environment.runner
        assert runner is not None
        self._runner = runner
        self._channel = channel_of(environment)
        self._channel.register_message(messages.QUIET, self._on_quiet)
        self._channel.register_message(messages.EVIDENCE, self._on_evidence)

    def collect(self, state: RunState, collection: Collection, drain_timeout: float) -> None:
        """When all processes are quiet, ask for their evidence, and wait for it; who does not answer is lost."""

        def noisy() -> set[str]:
            _take_of_who_left(state, collection)
            return state.pending(collection) - collection.quiet

        self._wait_for_processes(state, collection, noisy, drain_timeout + WORKER_ANSWER_DEADLINE_S / 3)
        self._channel.send_message(messages.GATHER, {"run": state.run_id, "round": collection.number})
        collection.last_piece = time.monotonic()
        # The evidence of a long run takes longer to be put together, before the first piece of it comes.
        for_edits = state.end_budget_s - end_budget(0, state.settings.drain_timeout)
        patience = _ASKING_S + WORKER_ANSWER_DEADLINE_S + for_edits

        def silent() -> set[str]:
            return state.pending(collection) - collection.told.keys()

        self._wait_for_processes(state, collection, silent, patience)

        def in_time(asked: set[str]) -> bool:
            return self._in_time(state, collection, asked)

        FillingIn(self._channel, self.hearing.is_gone, state, collection).fill_in(patience, in_time)
        collection.closed = True
        lose(state, collection, state.pending(collection))

    def _wait_for_processes(
        self, state: RunState, collection: Collection, waited_for: Callable[[], set[str]], patience: float
    ) -> None:
        """Until nobody is waited for, or nothing came for so long: a worker whose evidence still comes is not lost."""
        while (
            (waiting := waited_for())
            and self._in_time(state, collection, waiting)
            and time.monotonic() < collection.last_piece + patience
        ):
            state.changed.wait(0.25)
            state.changed.clear()
            self._notice_lost(state, collection)

    def _in_time(self, state: RunState, collection: Collection, waiting: set[str]) -> bool:
        """Whether there is time left to wait for these, which may be put off."""
        self._put_off(state, collection, waiting)
        return time.monotonic() < collection.began + evidence_awaited(state.end_budget_s, state.judge_s)

    def _put_off(self, state: RunState, collection: Collection, waiting: set[str]) -> None:
        """It is late, and evidence of somebody is still coming: everything may take longer, up to a limit."""
        now = time.monotonic()
        late = now - collection.began >= evidence_awaited(state.end_budget_s, state.judge_s)
        coming = waiting & collection.assemblies.keys() and now - collection.last_piece < _LATER_S
        if collection is not state.end or not late or not coming or state.late_evidence_s >= LATE_EVIDENCE_S:
            return
        if not state.late_evidence_s:
            logger.warning(
                "Evidence of %s is still coming over a slow line. The verdict waits for it, %.0f s more at most.",
                neutralised(", ".join(sorted(waiting))),
                LATE_EVIDENCE_S,
            )
        state.late_evidence_s += _LATER_S
        state.end_budget_s += _LATER_S
        self._channel.send_message(messages.RUN_ENDS, state.how_it_ends())

    def _on_quiet(self, msg: Any, **_: Any) -> None:
        state = self.state
        if state is not None and msg.data["run"] == state.run_id:
            collection = state.collection(msg.data["round"])
            self.hearing.note(msg.node_id)
            if collection is not None:
                collection.quiet.add(msg.node_id)
                state.changed.set()

    def _notice_lost(self, state: RunState, collection: Collection) -> None:
        # One that was cut off and has just come back is heard of only when Locust has given out users anew, which takes
        # a second. Nobody is quiet sooner, so nobody waits for this.
        if time.monotonic() - collection.began < QUIET_S:
            return
        told = {node for node, assembly in collection.assemblies.items() if assembly.complete}
        lose(state, collection, {node for node in state.pending(collection) - told if self.hearing.is_gone(node)})

    def _on_evidence(self, msg: Any, **_: Any) -> None:
        state, body = self.state, msg.data
        if state is None or body["run"] != state.run_id:
            return
        self.hearing.note(msg.node_id)
        taken = {name: body[name] for name in ("run", "round", "part", "index")}
        self._channel.send_message(messages.EVIDENCE_TAKEN, taken, msg.node_id)
        collection = state.collection(body["round"])
        if collection is None:
            return  # of a checkpoint that was given up
        try:
            assembly = _assembly_of(collection, msg.node_id, body)
            if assembly is None:
                return  # nobody asked for it, or somebody else has given it meanwhile
            assembly.add(body["index"], body["piece"])
        except (TypeError, ValueError) as error:
            problem = f"What worker {msg.node_id} told cannot be its evidence: {error}."
            if problem not in state.problems:
                logger.error("%s", problem)
                state.problems.append(problem)
            lose(state, collection, {msg.node_id}, unreadable=True)
            return
        collection.last_piece = time.monotonic()
        if assembly.complete and body["part"]:
            state.changed.set()
        elif assembly.complete and not assembly.taken:
            # Not in here: while it is read, this handler would keep Locust from hearing its workers.
            gevent.spawn(self._read, state, collection, msg.node_id, assembly.take())

    def _read(self, state: RunState, collection: Collection, node_id: str, payload: bytes) -> None:
        with self._reading:
            answer = read_answer(payload)
        if collection.closed:
            return
        if answer[ONCE]:
            collection.told[node_id] = answer
        else:
            collection.answers[node_id] = answer
            collection.lost.discard(node_id)
        collection.last_piece = time.monotonic()
        self._take_statistics(node_id, answer)
        state.changed.set()

    def _take_statistics(self, node_id: str, answer: dict[str, Any]) -> None:
        """A worker's last figures came with its evidence: hand them to Locust as the report they are."""
        data = answer.get("stats")
        if data and isinstance(self._runner, MasterRunner):
            self._environment.events.worker_report.fire(client_id=node_id, data=data)


def _take_of_who_left(state: RunState, collection: Collection) -> None:
    """Who left has told everything already, for the end. As long as nobody was asked for evidence this is as good for a
    checkpoint: the others gather later, and have what was written by then. Afterwards it may hold what they lack.
    """
    collection.answers |= state.end.answers
    collection.lost -= state.end.answers.keys()


def _assembly_of(collection: Collection, node_id: str, body: dict[str, Any]) -> Assembly | None:
    """Where this piece belongs; None for a part that nobody waits for. ValueError for what no payload has."""
    if not body["part"]:
        if node_id not in collection.assemblies:
            collection.assemblies[node_id] = Assembly(body["count"])
        return collection.assemblies[node_id]
    part = node_id, body["part"]
    if part not in collection.contents:
        return None
    assembly = collection.contents[part]
    if assembly is None:
        assembly = collection.contents[part] = Assembly(body["count"])
    return assembly
