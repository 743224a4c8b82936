"""What became of a run, what a soak remembers of it, and what it says in the end."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runs.locust_run import FAILED, INCONCLUSIVE, PASSED, REQUESTS_FAILED, Run
from soak import confirmed
from soak.confirmed import ConfirmedBug
from soak.outcome import ALARM, CONFIRMED, MISSED, PASS, UNKNOWN, Outcome, finished, succeeded
from soak.plan import PlannedRun, planned_run
from soak.runner import Runner, broken, judged, overloaded
from soak.summary import as_markdown, summarised

PLANNED = replace(planned_run(1, 0), options=())
EXIT_CODES = {"pass": PASSED, "fail": FAILED, "inconclusive": INCONCLUSIVE}


def ended(verdict: str = "pass", *kinds: str, **more: Any) -> Run:
    findings = [{"kind": kind, "document": "d", "detail": "…", "users": []} for kind in kinds]
    result = {"verdict": verdict, "reason": "why", "findings": findings, "warnings": [{"kind": "no-company"}]}
    result |= {"counts": {"edits": 7}, "timings": {"update echo": {"failures": 0, "failure_sentences": []}}}
    fields = {"exit_code": EXIT_CODES[verdict], "output": "", "result": result, "seconds": 9.0} | more
    return Run(("locust", "--rtc-results", "/soak/run-000/results"), **fields)


def agrees(results: Path) -> tuple[int, str]:
    assert results == Path("/soak/run-000/results")
    return 0, "it is so"


def disagrees(results: Path) -> tuple[int, str]:
    return 1, "it is not so"


def cannot_say(results: Path) -> tuple[int, str]:
    return 2, "there is no evidence"


def never(results: Path) -> tuple[int, str]:
    raise AssertionError("nobody is asked about a run that nothing is said of")


@pytest.fixture
def known_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    bug = ConfirmedBug("A heading", (PLANNED.server, PLANNED.script), frozenset({"lost-edit", "diverged"}))
    monkeypatch.setattr(confirmed, "CONFIRMED_BUGS", (bug,))


def test_a_pass_is_a_pass_and_keeps_nothing() -> None:
    outcome = judged(PLANNED, ended(), agrees)
    assert (outcome.standing, outcome.folder, outcome.edits, outcome.warnings) == (PASS, "", 7, ("no-company",))


@pytest.mark.parametrize("opinion", [agrees, disagrees])
def test_a_fail_that_nobody_knows_is_an_alarm_whatever_the_second_opinion(opinion: Any) -> None:
    outcome = judged(PLANNED, ended("fail", "lost-edit"), opinion)
    assert (outcome.standing, outcome.kinds, outcome.folder) == (ALARM, ("lost-edit",), "/soak/run-000")
    assert outcome.second_opinion.startswith("it is")


def test_a_known_bug_is_confirmed_only_with_the_second_opinion(known_bug: None) -> None:
    fail = ended("fail", "lost-edit")
    assert judged(PLANNED, fail, agrees).standing == CONFIRMED
    assert judged(PLANNED, fail, agrees).issue == "A heading"
    assert judged(PLANNED, fail, disagrees).standing == ALARM


def test_a_finding_that_does_not_belong_to_the_known_bug_is_an_alarm(known_bug: None) -> None:
    assert judged(PLANNED, ended("fail", "lost-edit", "stalled"), agrees).standing == ALARM
    elsewhere = replace(PLANNED, server="another")
    assert judged(elsewhere, ended("fail", "lost-edit"), agrees).standing == ALARM


def test_a_pass_in_which_the_second_opinion_sees_something_was_missed() -> None:
    outcome = judged(PLANNED, ended(), disagrees)
    assert (outcome.standing, outcome.second_opinion) == (MISSED, "it is not so")
    assert not succeeded([outcome])


def test_a_pass_without_a_second_opinion_is_unknown() -> None:
    assert judged(PLANNED, ended(), cannot_say).standing == UNKNOWN


def test_an_inconclusive_run_is_unknown() -> None:
    assert judged(PLANNED, ended("inconclusive"), never).standing == UNKNOWN


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"exit_code": REQUESTS_FAILED}, "ended with 1 instead of 0"),
        ({"left_running": ("1: locust",)}, "Still running"),
        ({"documents_left": (Path("rtc-locust-1"),)}, "Left on the server"),
        ({"output": "Traceback (most recent call last):"}, "traceback"),
        ({"result": None, "exit_code": 2}, "left no result.json"),
    ],
)
def test_a_run_in_which_something_else_is_odd_is_unknown(more: dict[str, Any], sentence: str) -> None:
    outcome = judged(PLANNED, ended("pass", **more), agrees)
    assert outcome.standing == UNKNOWN
    assert sentence in outcome.reason


def test_a_machine_is_overloaded_where_the_generator_or_the_silence_of_workers_says_so() -> None:
    run = ended("inconclusive")
    assert run.result is not None
    run.result["generator"] = {"sound": True}
    assert not overloaded(run)
    assert overloaded(replace(run, output="Worker vm_1 failed to send heartbeat, setting state to missing."))
    run.result["generator"] = {"sound": False}
    assert overloaded(run)


def test_a_run_is_made_once_more_where_the_machine_was_too_busy_and_no_third_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: list[int] = []

    def tried(planned: PlannedRun) -> tuple[Outcome, bool]:
        made.append(planned.number)
        return broken(planned, "too busy", 1.0, tmp_path), True

    with Runner(tmp_path, at_once=1) as runner:
        monkeypatch.setattr(runner, "_tried", tried)
        told: list[Outcome] = []
        assert runner.make([PLANNED], until=math.inf, tell=told.append) == 0
    assert made == [PLANNED.number] * 2
    assert [one.again for one in told] == [True]
    assert finished(tmp_path / "state.jsonl")[PLANNED.number].again


def test_what_was_made_once_more_is_said() -> None:
    again = replace(judged(PLANNED, ended(), agrees), again=True)
    text = as_markdown(summarised([again], soak_seed=1, left_out=0, wall_seconds=1.0))
    assert f"overloaded the first time: run {PLANNED.number}." in text


def test_failed_requests_are_told() -> None:
    run = ended()
    assert run.result is not None
    run.result["timings"]["update echo"] = {"failures": 1, "failure_sentences": ["no echo"]}
    assert "no echo" in judged(PLANNED, run, agrees).reason


def test_documents_that_were_to_be_kept_may_stay() -> None:
    keeping = replace(PLANNED, options=("--rtc-keep",))
    assert judged(keeping, ended(documents_left=(Path("rtc-locust-1"),)), agrees).standing == PASS


def test_a_known_bug_does_not_excuse_what_is_odd_beside_it(known_bug: None) -> None:
    assert judged(PLANNED, ended("fail", "lost-edit", left_running=("1",)), agrees).standing == ALARM


def test_every_confirmed_bug_is_a_heading_of_the_issues() -> None:
    issues = (Path(__file__).resolve().parents[2] / "docs" / "issues.md").read_text(encoding="utf-8")
    assert all(f"### {bug.issue}\n" in issues for bug in confirmed.CONFIRMED_BUGS)


# The state of a soak


def test_what_was_finished_is_read_again_and_a_line_cut_off_is_made_again(tmp_path: Path) -> None:
    first, second = judged(PLANNED, ended(), agrees), broken(replace(PLANNED, number=1), "hung", 180.0, tmp_path)
    state = tmp_path / "state.jsonl"
    state.write_text(f"{first.as_line()}\n{second.as_line()}\n{first.as_line()[:40]}", encoding="utf-8")
    assert finished(state) == {0: first, 1: second}


def test_a_state_that_is_something_else_is_not_taken_for_one(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    state.write_text('{"number": 1, "colour": "red"}\n\n', encoding="utf-8")
    with pytest.raises(ValueError, match="no outcome of a run"):
        finished(state)


def test_nothing_was_finished_where_there_is_no_state(tmp_path: Path) -> None:
    assert finished(tmp_path / "state.jsonl") == {}


# What is said in the end


def outcomes() -> list[Outcome]:
    bad = replace(PLANNED, number=3)
    return [judged(PLANNED, ended(), agrees), judged(bad, ended("fail", "lost-edit"), disagrees)]


def test_the_summary_names_what_did_not_pass_and_the_command_that_repeats_it() -> None:
    summary = summarised(outcomes(), soak_seed=1, left_out=0, wall_seconds=20.0)
    text = as_markdown(summary)
    assert f"| {PLANNED.server} | 2 | 1 | 0 | 1 | 0 | 0 |" in text
    assert "Run 3: alarm" in text and "lost-edit" in text and "it is not so" in text
    assert "make soak ARGS='--seed 1 --run 3'" in text
    assert json.loads(json.dumps(summary))["succeeded"] is False


def test_only_passes_and_confirmed_bugs_are_a_success(known_bug: None) -> None:
    good = [judged(PLANNED, ended(), agrees), judged(PLANNED, ended("fail", "lost-edit"), agrees)]
    assert succeeded(good)
    assert not succeeded([*good, judged(PLANNED, ended("inconclusive"), never)])
    assert not summarised(good, soak_seed=1, left_out=2, wall_seconds=1.0)["succeeded"]
