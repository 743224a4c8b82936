"""A search for a capacity, whole: people come, lines are lost, people go back, and the same is seen twice."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reporting.schema import problems_of
from runs.locust_run import LOCUSTFILES_OF_THE_TESTS, PASSED, Run, run_locust
from runs.together import Runs

pytestmark = pytest.mark.run

SEARCH = ("-u", "4", "-r", "4", "--rtc-step", "2", "--rtc-step-window", "2", "--rtc-promise", "disconnects < 1")
LONGEST = ("search",)


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Run]]]:
    """One run, on a server of its own, whose process is known."""
    yield {
        "search": lambda: run_locust(
            LOCUSTFILES_OF_THE_TESTS / "losing_lines.py",
            *SEARCH,
            folder=folder / "search",
            environment={"LOCUST_RTC_REPORT": "always"},
        )
    }


def capacity_of(run: Run) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run.folder / "results" / "capacity.json").read_text())
    return content


@pytest.mark.parametrize("run", ["search"])
def test_the_capacity_is_found_between_two_steps(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    found = capacity_of(ended)
    assert (ended.exit_code, ended.verdict, found["outcome"]) == (PASSED, "pass", "found"), str(ended)
    assert (found["capacity"], found["broken_at"]) == (2, 4), str(ended)
    # On a busy machine, a step may have to be repeated because the load generator was late.
    telling = [one for one in found["steps"] if one["outcome"] not in ("generator", "unknown")]
    assert [(one["people"], one["outcome"]) for one in telling if one["purpose"] != "recovery"] == [
        (2, "held"),
        (4, "broken"),
        (4, "broken"),
    ], str(ended)
    assert [one["people"] for one in telling if one["purpose"] == "recovery"][:2] == [2, 2], str(ended)
    assert f"\n{found['sentence']}\n" in ended.output
    assert found["sentence"].startswith("This server holds 2 people of this profile; at 4 there were ")
    assert ended.left_running == (), str(ended)


@pytest.mark.parametrize("run", ["search"])
def test_everything_is_compared_at_each_number_that_is_held_and_the_servers_cpu_is_known(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    found = capacity_of(ended)
    held = [one for one in found["steps"] if one["outcome"] == "held"]
    assert {one["checkpoint"]["verdict"] for one in held} == {"pass"}, str(ended)
    assert [one["number"] for one in ended.told["checkpoints"]] == list(range(1, len(held) + 1)), str(ended)
    assert all(0 <= one["server_cpu_percent"] <= 110 for one in found["steps"]), str(ended)
    assert all(one["recovered_s"] > 0 for one in held if one["purpose"] == "recovery"), str(ended)


@pytest.mark.parametrize("run", ["search"])
def test_it_is_told_in_a_page_with_a_picture_and_the_result_is_a_result(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    results = ended.folder / "results"
    assert capacity_of(ended)["sentence"] in (results / "capacity.md").read_text().replace("\\", "")
    assert (results / "capacity.svg").read_bytes().startswith(b"<?xml")
    assert not problems_of(ended.told)
