"""From the answers of all processes to the verdict: what is known, the checks, the result."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import MasterRunner

from jupyter_rtc_locust.capacity.making import forget
from jupyter_rtc_locust.coordination.between_workers import deliveries_between
from jupyter_rtc_locust.coordination.dividing_the_end import LEAST_TO_JUDGE_S, left_to_judge
from jupyter_rtc_locust.coordination.evidence_of_run import evidence_without_looks, run_evidence, without_secrets
from jupyter_rtc_locust.coordination.exit_of_run import exit_of_run
from jupyter_rtc_locust.coordination.judging import JudgeError, Keeping, judged
from jupyter_rtc_locust.coordination.plans import collected_plan, plan_to_play, played, write_plan
from jupyter_rtc_locust.coordination.process_agent import ProcessAgent
from jupyter_rtc_locust.coordination.result_of_run import result_of_run, warm_up_seconds
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.second_opening import opened_again
from jupyter_rtc_locust.errors import GivenUp
from jupyter_rtc_locust.reporting.report.making import remove_reports
from jupyter_rtc_locust.reporting.result_file import ResultFileError, redact, remove_result, write_result
from jupyter_rtc_locust.settings import LEAVE_DEADLINE_S
from jupyter_rtc_locust.timing.generator_health import summarise
from jupyter_rtc_locust.timing.recorder import Recorder
from jupyter_rtc_locust.verdict.evidence import (
    RunEvidence,
)
from jupyter_rtc_locust.verdict.evidence_form import parts_of_run
from jupyter_rtc_locust.verdict.findings import Opinion, Value, Verdict
from jupyter_rtc_locust.verdict.folder.writing import remove_earlier

logger = logging.getLogger(__name__)


def conclude(
    environment: Environment, state: RunState, secrets: list[str], everybody_leaves: Callable[[], None]
) -> None:
    """Have it decided, write `result.json`, tell Locust. Whatever goes wrong makes it inconclusive, never green.

    `everybody_leaves` closes all documents, and returns when that is done.
    """
    health: dict[str, Any] = {"sound": False, "reasons": []}
    timings = Recorder()
    try:
        if state.given_up:
            raise GivenUp(state.given_up)
        answers = state.end.answers.values()
        for answer in answers:
            timings.merge(answer["timings"])
        if isinstance(environment.runner, MasterRunner):
            # What only a master measures: servers that a hub started. Alone, it stands in the one answer.
            agent: ProcessAgent = environment.rtc_agent  # type: ignore[attr-defined]
            timings.merge(agent.recorder.as_evidence())
        echo_p99 = timings.percentile("update echo", 0.99, warm_up_seconds(state))
        health = summarise((answer["health"] for answer in answers if "health" in answer), echo_p99)
        state.between_workers = deliveries_between(tuple(answers), warm_up_seconds(state))
        _keep_plan(environment, state)
        evidence = run_evidence(state, state.end, health, secrets)
        state.memory, state.log_events = evidence.server_memory, evidence.server_log
        evidence = replace(evidence, documents=opened_again(state, evidence.documents, everybody_leaves))
        if state.plan is not None:
            evidence = replace(
                evidence, plan=state.plan.compressed(), played=played(plan_to_play(state.settings), state.plan)
            )
        evidence = replace(evidence, documents=tuple(without_secrets(one, secrets) for one in evidence.documents))
        state.verdict = _decided(state, evidence)
        _record_figures(environment, state, state.verdict, timings)
    except JudgeError as error:
        logger.error("%s", error)
        state.verdict = Verdict(Value.INCONCLUSIVE, str(error), Opinion(unknown=(str(error),)))
    except GivenUp as error:
        state.verdict = _of_what_was_told(state, health, secrets, str(error))
    except BaseException as error:
        logger.exception("The verdict could not be reached")
        reason = f"The verdict could not be reached: {type(error).__name__}: {error}"
        state.verdict = Verdict(Value.INCONCLUSIVE, reason, Opinion(unknown=(reason,)))
    state.end_pause(state.end.began or time.monotonic())
    state.result = result_of_run(environment, state, state.verdict, timings, health, secrets)
    state.result["exit"] = exit_of_run(environment, state, secrets)
    try:
        state.result_path = str(write_result(state.settings.results, state.result))
    except ResultFileError as error:
        logger.error("%s", error)
        if state.verdict.value is Value.PASS:
            # What nobody can read afterwards was not established.
            state.verdict = Verdict(Value.INCONCLUSIVE, str(error), state.verdict.opinion)
            state.result |= {"verdict": state.verdict.value.value, "reason": redact(str(error), secrets)}
            state.result["exit"] = exit_of_run(environment, state, secrets)
    _tell_locust(environment, state.verdict, secrets)


def _keep_plan(environment: Environment, state: RunState) -> None:
    """Put together what the users did, and save it where that was asked for. A replay has its trace for that."""
    if state.replay is not None:
        return
    state.plan = collected_plan(state, environment.locustfile or "")
    if state.settings.plan_out is not None:
        state.plan_problem = write_plan(state.settings.plan_out, state.plan)
        if state.plan_problem:
            logger.error("%s", state.plan_problem)


def forget_earlier_run(results: Path) -> None:
    """Remove what an earlier run left, so that nobody takes it for that of the run which begins now."""
    remove_result(results)
    forget(results)
    remove_reports(results)
    try:
        remove_earlier(results)
    except OSError as error:
        # What cannot be removed is in the way of this run's own, which is found out and said at its end.
        logger.warning("The evidence of an earlier run in %s could not be removed: %s", results, error)


def _decided(state: RunState, evidence: RunEvidence) -> Verdict:
    """The judge's verdict; what is to be kept of the evidence lies beside the result then.

    Raises:
        JudgeError: there is none.
    """
    return _judged(state, evidence, _time_to_judge(state))


def _judged(state: RunState, evidence: RunEvidence, deadline_s: float) -> Verdict:
    settings = state.settings
    keeping = Keeping(settings.results, int(settings.evidence_limit * 1_000_000), settings.evidence == "always")
    judgement = judged(parts_of_run(evidence), deadline_s, keeping)
    state.kept, verdict = judgement.kept, judgement.verdict
    if state.kept is not None and state.kept.problem:
        logger.error("%s", state.kept.problem)
        if verdict.value is Value.PASS:
            # What nobody can look at afterwards was not established.
            opinion = verdict.opinion + Opinion(unknown=(state.kept.problem,))
            return replace(verdict, value=Value.INCONCLUSIVE, reason=state.kept.problem, opinion=opinion)
    return verdict


def _time_to_judge(state: RunState) -> float:
    """What is left of the time from the end of editing to the exit, without what closing the documents may take.

    It is what was kept for the judge at least: where a slow server took some of that, the end is put off.
    """
    elapsed = time.monotonic() - state.end.began if state.end.began else 0.0
    state.put_off(elapsed + state.judge_s + LEAVE_DEADLINE_S - state.end_budget_s)
    return max(LEAST_TO_JUDGE_S, state.end_budget_s - LEAVE_DEADLINE_S - elapsed)


def _of_what_was_told(state: RunState, health: dict[str, Any], secrets: Sequence[str], why: str) -> Verdict:
    """There was no time for a verdict on everything: one on what the processes told, which is never a pass.

    What people met stays found: a stall, a ghost, replicas that differ. Where somebody gave the run up, or where not
    all that will be told has been told, it is not known, for this reason.
    """
    unknown = Verdict(Value.INCONCLUSIVE, why, Opinion(unknown=(why,)))
    if not state.out_of_time or not state.end.closed or state.prepared is None:
        return unknown
    try:
        evidence = evidence_without_looks(state, health, secrets, why)
        return _judged(state, evidence, left_to_judge(state.judge_s, state.put_off_s))
    except BaseException as error:  # the time for this is over, too, or somebody does not want to wait
        said = redact(f"{type(error).__name__}: {error}", secrets)
        logger.error("What was told could not be judged either: %s", said)
        return unknown


def _record_figures(environment: Environment, state: RunState, verdict: Verdict, timings: Recorder) -> None:
    """What only the judge could measure is a timing like others: in the result, and in Locust's statistics."""
    if not verdict.figures:
        return
    agent: ProcessAgent = environment.rtc_agent  # type: ignore[attr-defined]
    # Before the first sample: a master has played no user, and so has made none yet.
    statistics = agent.make_statistics(state.settings)
    for name, samples in verdict.figures.items():
        for milliseconds in samples:
            timings.record(name, milliseconds)
            agent.recorder.record(name, milliseconds)
    statistics.flush()


def _tell_locust(environment: Environment, verdict: Verdict, secrets: list[str]) -> None:
    exception = None if verdict.value is Value.PASS else AssertionError(str(redact(verdict.reason, secrets)))
    environment.events.request.fire(
        request_type="CHECK",
        name="final document equality",
        response_time=0,
        response_length=0,
        response=None,
        context={},
        exception=exception,
    )
    if getattr(environment.parsed_options, "csv_prefix", None):
        # Locust's CSV writer looks once a second and writes nothing at the exit (measured).
        from locust.stats import CSV_STATS_INTERVAL_SEC

        gevent.sleep(CSV_STATS_INTERVAL_SEC + 0.2)
