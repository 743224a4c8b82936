"""The picture of the present run, for whoever looks while it goes on: the web UI, a terminal, a load shape.

One for each coordinator. It hears the looks of all processes, and follows what the coordinator knows: the saved files,
checkpoints, the verdict. Nothing in a run waits for it, and nothing that goes wrong here changes a verdict.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import gevent
from locust.env import Environment

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.by_itself import begins_by_itself
from jupyter_rtc_locust.coordination.channel import channel_of
from jupyter_rtc_locust.coordination.differences import Differences
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.steering import Steering
from jupyter_rtc_locust.live.guard import Guard
from jupyter_rtc_locust.live.looks import Look
from jupyter_rtc_locust.live.picture import Picture, RunFacts, State
from jupyter_rtc_locust.live.prometheus import metrics_text
from jupyter_rtc_locust.live.web import Done
from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.verdict.findings import Finding

logger = logging.getLogger(__name__)

FOLLOW_EVERY_S = 1.0


class Live:
    """`picture` is that of the present run, or of the last one; empty before the first.

    `secrets` are those that no text may hold; more may come. `guard` is what presses of buttons have to get past.
    """

    def __init__(
        self, environment: Environment, secrets: Sequence[str], steering: Steering, differences: Differences
    ) -> None:
        self.picture = Picture()
        self.guard = Guard()
        self._steering = steering
        self._differences = differences
        self._environment = environment
        self._secrets = secrets
        self._state: RunState | None = None
        self._asked = 0.0
        self._checkpoints = 0
        self._decided = False
        self._over_at: float | None = None
        self._told_of_trouble = False
        self._greenlet: gevent.Greenlet[..., None] | None = None
        channel = channel_of(environment)
        channel.register_message(messages.LIVE, self._on_live)
        channel.register_message(messages.COPIES, differences.on_copies)

    def begin(self, state: RunState) -> None:
        """A run is being prepared: a new picture, still without documents."""
        self.picture = Picture()
        self._state = state
        self._asked = time.monotonic()
        self._checkpoints, self._decided, self._over_at = 0, False, None
        self._told_of_trouble = False

    def prepared(self) -> None:
        """The documents of the run are there, and people are about to come."""
        state = self._state
        assert state is not None and state.prepared is not None
        self.picture = Picture([(one.document.path, one.document.kind) for one in state.prepared.documents])
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
        self._greenlet = gevent.spawn(self._follow_until_the_end, state)

    @property
    def now(self) -> float:
        """Seconds since the start of the run; those of its end when it is over."""
        state = self._state
        if state is None:
            return 0.0
        return state.since_start(time.monotonic()) if self._over_at is None else self._over_at

    def facts(self) -> RunFacts:
        """What is known of the run beside what its processes tell."""
        state = self._state
        if state is None:
            return RunFacts()
        faults = () if state.faults is None else state.faults.noted
        prepared = state.prepared
        return RunFacts(
            state=_state_of(state),
            run_id=state.run_id,
            seed=state.seed,
            server=prepared.server.name if prepared is not None else None,
            host=str(redact(state.base, self._secrets)),
            processes=len(state.processes),
            duration_s=self._duration(state),
            faults=tuple(
                (str(redact(one.what, self._secrets)), one.began, one.ended) for one in faults if one.began is not None
            ),
            problems=tuple(redact(state.problems, self._secrets)),
        )

    def as_json(self) -> dict[str, Any]:
        """The picture as plain data (docs/ui.md)."""
        self._follow()
        return self.picture.as_json(self.now, self.facts())

    def metrics(self) -> str:
        """The figures as Prometheus reads them (docs/metrics.md)."""
        self._follow()
        return metrics_text(self.picture, self.now, self.facts())

    def difference(self, index: int) -> dict[str, Any] | None:
        """What differs between the copies of a document now; None: the run has no such document."""
        state = self._state
        if state is None or state.prepared is None or not 0 <= index < len(state.prepared.documents):
            return None
        told: dict[str, Any] = redact(self._differences.between(state, index), self._secrets)
        return told

    def pause(self) -> Done:
        """Let nobody edit until `resume`."""
        return self._steering.pause()

    def resume(self) -> Done:
        """Let everybody go on."""
        return self._steering.resume()

    def compare_now(self) -> Done:
        """Hold a checkpoint."""
        return self._steering.compare_now()

    def _on_live(self, msg: Any, **_: Any) -> None:
        state = self._state
        if state is None or msg.data["run"] != state.run_id:
            return
        try:
            self.picture.take(msg.node_id, Look.from_message(msg.data["look"]), state.since_start(time.monotonic()))
        except ValueError as error:
            if not self._told_of_trouble:
                self._told_of_trouble = True
                logger.warning("The picture of the run is not whole: %s", error)

    def _follow_until_the_end(self, state: RunState) -> None:
        seen: set[tuple[int, frozenset[bytes]]] = set()
        while self._state is state and not state.concluded.is_set():
            self._follow()
            if not state.parted:
                self._look_closer(state, seen)
            gevent.sleep(FOLLOW_EVERY_S)
        if self._state is state:
            self._follow()

    def _look_closer(self, state: RunState, seen: set[tuple[int, frozenset[bytes]]]) -> None:
        """Have one document read whose copies are not alike by what they hold, and were not read like that before."""
        new = (each for each in self.picture.apart(self.now).items() if each not in seen)
        for index, held in new:
            seen.add((index, held))
            for alike in self._differences.alike(state, index):
                self.picture.found_alike(index, alike)
            return

    def _follow(self) -> None:
        """Take over what the coordinator has come to know."""
        state = self._state
        if state is None:
            return
        for checkpoint in state.checkpoints[self._checkpoints :]:
            self._checkpoints += 1
            found = self._hidden(checkpoint.findings)
            self.picture.checkpoint_held(checkpoint.number, checkpoint.at, checkpoint.verdict, found)
        if state.verdict is not None and not self._decided:
            self._decided = True
            reason = str(redact(state.verdict.reason, self._secrets))
            found = self._hidden(state.verdict.opinion.findings)
            self.picture.decided(state.verdict.value.value, reason, found)
        if state.saves is not None and self._over_at is None:
            self.picture.files_looked(state.saves.looks(), self.now)
        if state.concluded.is_set() and self._over_at is None:
            self.picture.over((state.result or {}).get("generator") or {})
            self._over_at = state.since_start(time.monotonic())

    def _hidden(self, findings: Iterable[Finding]) -> list[Finding]:
        return [replace(one, detail=str(redact(one.detail, self._secrets))) for one in findings]

    def _duration(self, state: RunState) -> float | None:
        """From the start of the run to when Locust's own limit ends it; None: there is none, or nobody knows."""
        options, web_ui = self._environment.parsed_options, self._environment.web_ui
        run_time = getattr(options, "run_time", None)
        if not isinstance(run_time, int | float):
            return None
        # A form that leaves the field empty leaves the option of the form before; only its timer tells.
        by_form = not begins_by_itself(self._environment)
        if by_form and getattr(web_ui, "_run_time_greenlet", None) is None:
            return None
        return round(max(0.0, run_time - (state.started - self._asked)), 3)


def _state_of(state: RunState) -> State:
    if state.concluded.is_set():
        return "over"
    if state.concluding:
        return "ending"
    if state.prepared is None:
        return "preparing"
    if state.checkpoint is not None:
        return "comparing"
    return "paused" if state.paused else "editing"
