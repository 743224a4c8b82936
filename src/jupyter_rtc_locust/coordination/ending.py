"""The end of a run, from "stop editing" to the exit code: once, in order, whoever asks for it and however often.

It goes on in a greenlet of its own. Whoever asked waits for it, be it Locust's run-time limit, a click on Stop, a user
that quits the runner, a signal, or the greenlet of Locust's that noticed the loss of the last worker. So Ctrl-C, which
is thrown into the main greenlet, never strikes in the middle of it, and whoever comes second does not stop users under
it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import MasterRunner

from jupyter_rtc_locust import exit_codes
from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.channel import channel_of
from jupyter_rtc_locust.coordination.collecting import EvidenceCollector
from jupyter_rtc_locust.coordination.conclusion import conclude
from jupyter_rtc_locust.coordination.kernels import end_kernels
from jupyter_rtc_locust.coordination.lost_processes import lose
from jupyter_rtc_locust.coordination.making_faults import FAULT_UNDER_WAY_S
from jupyter_rtc_locust.coordination.process_agent import ProcessAgent
from jupyter_rtc_locust.coordination.reports import DEADLINE_S, LEAST_S, Reports
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.story import about_run
from jupyter_rtc_locust.errors import GivenUp
from jupyter_rtc_locust.reporting.console import end_report
from jupyter_rtc_locust.reporting.locust_statistics import edits_so_far
from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.reporting.terminal import say
from jupyter_rtc_locust.servers.hub_servers import STOPPING_S
from jupyter_rtc_locust.settings import (
    DRAIN_IN_THE_BUDGET_S,
    LEAVE_DEADLINE_S,
    SILENT_SERVER_S,
    end_budget,
    time_to_judge,
)
from jupyter_rtc_locust.timing.thresholds import MET, MISSED, outcome_of
from jupyter_rtc_locust.verdict.findings import Value
from jupyter_rtc_locust.verdict.neutralising import neutralised

logger = logging.getLogger(__name__)

CTRL_C = "The verdict was given up: Ctrl-C came while it was being reached."
_LAST_MOMENTS_S = 20.0
"""After a verdict was given up: to judge what was told, to write it down, and to close and remove the documents."""
_TO_SAY_SO_S = 1.0
"""What removing documents leaves of that, to say which were not."""
_TOO_LONG = "The verdict was given up: it took longer than {seconds:.0f} s."
_LOCUST_QUITS_S = 2.0
"""After a verdict, until Locust has told its workers to quit."""


def patience(budget_s: float, *, faults: bool, hub: bool, to_judge_s: float = 0.0) -> tuple[float, float]:
    """Seconds that a run is given for its end, and those it is given after that was given up.

    `to_judge_s`: what was told is judged then, for which there is so much that no silent server has put the end off by.
    """
    return (
        budget_s + (FAULT_UNDER_WAY_S if faults else 0.0),
        to_judge_s + _LAST_MOMENTS_S + (STOPPING_S if hub else 0.0),
    )


def longest_end(edits: int, *, faults: bool, hub: bool, drain_timeout: float = DRAIN_IN_THE_BUDGET_S) -> float:
    """Seconds from a signal to the end of the process at most, but for slow lines and Locust's own shutdown.

    Whoever stops a process with a deadline, as engines and clusters do, has to wait that long, or there is no verdict.
    """
    budget = end_budget(edits, drain_timeout)
    return sum(patience(budget, faults=faults, hub=hub, to_judge_s=SILENT_SERVER_S)) + _LOCUST_QUITS_S


class Ending:
    """Ends the runs of one environment. `stop_watching` is called when the verdict is there."""

    def __init__(
        self,
        environment: Environment,
        agent: ProcessAgent,
        collector: EvidenceCollector,
        secrets: list[str],
        stop_watching: Callable[[], None],
    ) -> None:
        self._environment = environment
        self._agent = agent
        self._collector = collector
        self._secrets = secrets
        self._stop_watching = stop_watching
        self._state: RunState | None = None
        self._asked_at = 0.0
        """When the end was asked for first (`time.monotonic`)."""
        self._given_up_at: float | None = None
        self._under_way: gevent.Greenlet[..., None] | None = None
        self._reports: Reports | None = None
        self._exit_code: int | None = None
        """What was set here last: whatever else is set is the locustfile's."""
        runner = environment.runner
        assert runner is not None
        self._runner = runner
        self._channel = channel_of(environment)
        self._channel.register_message(messages.LEAVING, self._on_leaving)
        self._channel.register_message(messages.ALL_LEFT, self._on_all_left)

    # -- asked for ----------------------------------------------------------------------------------------------

    def of(self, state: RunState) -> None:
        """End this run, or wait for the end that is under way; afterwards the exit code is set."""
        if not state.concluding:
            state.concluding = True
            self._asked_at, self._given_up_at = time.monotonic(), None
            edits = edits_so_far(self._environment)
            state.end_budget_s = end_budget(edits, state.settings.drain_timeout)
            state.judge_s = time_to_judge(edits)
            self._state = state
            self._under_way = gevent.spawn(self._end, state)

        for seconds, too_long in ((lambda: _given(state)[0], _TOO_LONG), (lambda: _given(state)[1], "")):
            try:
                if _concluded_within(state, seconds):
                    break
                if too_long and state.given_up:
                    continue  # by somebody else, a moment ago
                why = too_long.format(seconds=state.end_budget_s)
                state.out_of_time = state.out_of_time or bool(too_long)
            except KeyboardInterrupt:
                why = CTRL_C
            self.give_up(why)
        else:
            if not state.concluded.is_set():
                logger.warning("The end of the run is waited for no longer.%s", _what_may_be_left(state))
        self.set_exit_code(state)

    def of_one_that_never_began(self, state: RunState, why: str) -> None:
        """A verdict all the same: the process is about to end."""
        state.concluding = True
        state.given_up = why
        conclude(self._environment, state, self._secrets, lambda: None)
        self._begin_reports(state)
        self._wait_for_reports(state)
        state.concluded.set()
        self.print(state)
        self.set_exit_code(state)

    def give_up(self, why: str) -> None:
        """Wait for the verdict no longer, if one is under way: it is inconclusive then, for this sentence.

        Where the time is over, and not somebody's patience, what was told is judged all the same.
        """
        state = self._state
        if self._reports is not None:
            self._reports.give_up()
        if state is None or state.verdict is not None or self._under_way is None:
            return
        state.given_up = state.given_up or why
        self._given_up_at = self._given_up_at or time.monotonic()
        self._under_way.kill(GivenUp(why), block=False)

    def quit_or_stop(self) -> None:
        """Have Locust end the run, which asks for its end here."""
        if self._environment.web_ui is None:
            self._runner.quit()
        else:
            self._runner.stop()

    def _on_leaving(self, msg: Any, **_: Any) -> None:
        """A worker was told to end. Where all were, as by whoever stops containers, the run ends for all together."""
        state = self._collector.state
        if state is None or msg.data["run"] != state.run_id:
            return
        state.leaving.add(msg.node_id)
        if not state.concluding and not self._collector.hearing.staying() - state.leaving:
            logger.info("Every worker was told to end, so the run ends.")
            gevent.spawn(self.quit_or_stop)

    # -- in order -----------------------------------------------------------------------------------------------

    def _end(self, state: RunState) -> None:
        try:
            try:
                if state.faults is not None:
                    state.faults.end(FAULT_UNDER_WAY_S)
                self._collect(state)
            except GivenUp:
                pass  # `conclude` says so
            except BaseException as error:
                logger.exception("The evidence could not be collected")
                state.problems.append(f"The evidence could not be collected: {type(error).__name__}: {error}")
                lose(state, state.end, state.pending(state.end))
            conclude(self._environment, state, self._secrets, lambda: self._everybody_leaves(state))
        except GivenUp:
            pass  # a moment too late: the verdict had been reached
        finally:
            self._stop_watching()
            if state.capacity is not None:
                state.capacity.conclude(about_run(self._environment, state), self._secrets)
            self._begin_reports(state)
            try:
                self._everybody_leaves(state)
                self._end_kernels(state)
                self._remove_documents(state)
            finally:
                try:
                    self._leave_server(state)
                finally:
                    self._wait_for_reports(state)
                    state.concluded.set()
        if state.verdict is not None:
            self.note("verdict", outcome=state.verdict.value.value, reason=state.verdict.reason)
        self._agent.begin_history(None)
        if self._environment.web_ui is not None:
            self.print(state)
        else:
            gevent.spawn_later(_LOCUST_QUITS_S, self._quit_without_workers)

    def _begin_reports(self, state: RunState) -> None:
        """Have them made from what was written, while documents are closed; not for who does not want to wait."""
        if state.settings.report == "never" or state.result_path is None or state.given_up:
            return
        elapsed = time.monotonic() - state.end.began if state.end.began else 0.0
        deadline = min(DEADLINE_S, max(LEAST_S, state.end_budget_s - elapsed))
        self._reports = Reports(state.settings.results, self._secrets, deadline)

    def _wait_for_reports(self, state: RunState) -> None:
        if self._reports is not None:
            state.told_of_reports = self._reports.finished()
            self._reports = None

    def _collect(self, state: RunState) -> None:
        """Tell every process to stop editing; when all are quiet, ask for their evidence, and wait for it."""
        end = state.end
        end.began = end.last_piece = time.monotonic()
        if state.users_seated:
            say(
                "Editing has ended. The documents are being checked (a few seconds, at most "
                f"{state.end_budget_s + state.left_to_put_off_s:.0f}); Ctrl-C would give the verdict up."
            )
        self._channel.send_message(messages.RUN_ENDS, state.how_it_ends())
        self._collector.collect(state, end, state.settings.drain_timeout)

    def _everybody_leaves(self, state: RunState) -> None:
        """Close all documents; once a run."""
        if state.parted:
            return
        state.parted = True
        self._channel.send_message(messages.RUN_OVER, {"run": state.run_id})
        until = time.monotonic() + LEAVE_DEADLINE_S
        gone = self._collector.hearing.is_gone
        while time.monotonic() < until and any(
            not gone(node) for node in state.processes - state.left - state.end.lost
        ):
            state.changed.wait(0.1)
            state.changed.clear()
        for one in state.prepared.documents if state.prepared is not None else ():
            one.leave()

    def _on_all_left(self, msg: Any, **_: Any) -> None:
        state = self._collector.state
        if state is not None and msg.data["run"] == state.run_id:
            if state.prepared is not None and msg.data.get("server"):
                for problem in state.prepared.server.inherit(msg.data["server"]):
                    logger.warning("%s", neutralised(str(redact(problem, self._secrets))))
            state.left.add(msg.node_id)
            state.changed.set()

    def _end_kernels(self, state: RunState) -> None:
        """End the kernels of the run, which nobody else would end, also where its documents are kept."""
        if state.prepared is None or state.settings.kernels != "real":
            return
        if state.silences.going_on:
            logger.warning(
                "The server does not answer, so kernels of notebooks in %s/ may be left.", state.prepared.folder
            )
            return
        for problem in end_kernels(state.prepared.server, state.prepared.folder):
            logger.warning("%s", problem)

    def _remove_documents(self, state: RunState) -> None:
        """Remove what the run made on the server."""
        prepared = state.prepared
        if prepared is None or state.settings.keep or state.settings.notebook is not None:
            return
        if state.silences.going_on and state.settings.hub is None:
            logger.warning(
                "The server does not answer, so the run's documents in %s/ were not removed.", prepared.folder
            )
            return
        documents = [one.document for one in prepared.documents]
        for problem in prepared.server.remove(prepared.folder, documents, self._removed_until(state)):
            logger.warning("%s", problem)

    def _removed_until(self, state: RunState) -> float:
        """Until when documents are removed: what comes afterwards has to be done before nobody waits any more."""
        for_verdict, after_it = _given(state)
        began = self._asked_at + for_verdict if self._given_up_at is None else self._given_up_at
        return began + after_it - (STOPPING_S if state.settings.hub is not None else 0.0) - _TO_SAY_SO_S

    def _leave_server(self, state: RunState) -> None:
        """Behind a hub: stop the servers that the run had started, and revoke its tokens."""
        if state.prepared is not None:
            for problem in state.prepared.server.leave():
                logger.warning("%s", redact(problem, self._secrets))

    def _quit_without_workers(self) -> None:
        """Locust stops a run whose last worker went missing, and then does nothing until `--run-time` is over."""
        if isinstance(self._runner, MasterRunner) and not self._runner.worker_count:
            self._runner.quit()

    # -- told ---------------------------------------------------------------------------------------------------

    def note(self, event: str, **fields: Any) -> None:
        """To the history, where one is kept."""
        state = self._collector.state
        if self._agent.history is not None and state is not None:
            self._agent.history.note(state.since_start(time.monotonic()), event, **redact(fields, self._secrets))

    def set_exit_code(self, state: RunState) -> None:
        """3 and 4 win over 1, and over what the locustfile set; for a pass that stays, or it is what the result says,
        whatever fails from then on."""
        code = _code_of_verdict(state)
        if code is None and self._environment.process_exit_code in (None, self._exit_code):
            code = ((state.result or {}).get("exit") or {}).get("code")
        if code is not None:
            self._environment.process_exit_code = self._exit_code = code

    def print(self, state: RunState) -> None:
        """The verdict and the figures, once a run."""
        if state.result is not None and not state.printed:
            state.printed = True
            lines = end_report(state.result, state.result_path, state.told_of_reports)
            # The answer of a search for a capacity comes last, where it is looked for.
            answer = [] if state.capacity is None else ["", state.capacity.told]
            say("\n" + "\n".join([*lines, *answer]))


def _given(state: RunState) -> tuple[float, float]:
    """`patience` with the end of this run, which may become more meanwhile."""
    return patience(
        state.end_budget_s,
        faults=state.faults is not None,
        hub=state.settings.hub is not None,
        to_judge_s=state.left_to_put_off_s if state.out_of_time else 0.0,
    )


def _what_may_be_left(state: RunState) -> str:
    """Sentences for who has to see to it."""
    prepared, settings = state.prepared, state.settings
    if prepared is None:
        return ""
    removed = prepared.server.stores_files and not settings.keep and settings.notebook is None
    documents = f" Its documents may be left in {prepared.folder}/ on the server: remove them." if removed else ""
    hub = " Servers, shares and tokens of it may be left at the hub: end them." if settings.hub is not None else ""
    return documents + hub


def _concluded_within(state: RunState, patience: Callable[[], float]) -> bool:
    """Whether the run has its verdict within so many seconds, which may become more meanwhile."""
    began = time.monotonic()
    while (left := began + patience() - time.monotonic()) > 0:
        if state.concluded.wait(left):
            return True
    return state.concluded.is_set()


def _code_of_verdict(state: RunState) -> int | None:
    """The exit code where the verdict decides it, the answer of a search for a capacity, or a threshold."""
    verdict = state.verdict
    if verdict is None or verdict.value is Value.INCONCLUSIVE:
        return exit_codes.INCONCLUSIVE
    if verdict.value is Value.FAIL:
        return exit_codes.FAILED
    if state.capacity is not None and state.capacity.capacity is not None:
        # Beyond what a server holds requests fail, which is what was looked for.
        return state.capacity.capacity.exit_code
    if (thresholds := _thresholds(state)) != MET:
        return exit_codes.REQUESTS_FAILED if thresholds == MISSED else exit_codes.INCONCLUSIVE
    return None


def _thresholds(state: RunState) -> str:
    """What became of all thresholds together: `met` where there are none."""
    return outcome_of(threshold["outcome"] for threshold in (state.result or {}).get("thresholds") or ())
