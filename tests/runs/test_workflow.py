"""The example workflow for a server's maintainers, played as it stands on a real server, but for the time it takes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest

from runs.together import Runs
from workflows.steps import Ended
from workflows.test_workflows import SCENARIOS, runner_of

pytestmark = pytest.mark.run

PROFILE = "pair_programming"


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], tuple[Ended, Path]]]]:
    """One scenario of the example."""
    yield {PROFILE: partial(play, folder / PROFILE)}


def play(folder: Path) -> tuple[Ended, Path]:
    """All its steps; what they leave is in the folder."""
    runner = runner_of(folder)
    # No limit: on a busy machine it would not be established whether it was kept.
    shorter = {"TIME": "6s", "REQUIRE": ""}
    return runner.run(SCENARIOS[PROFILE], shorter, LOCUST_RTC_SEED="7"), runner.workspace / "results"


@pytest.mark.parametrize("run", [PROFILE])
def test_the_steps_of_the_example_end_in_a_report_and_a_summary(run: str, runs: Runs) -> None:
    ended, results = runs[run]
    assert ended.exit_code == 0, ended.output[-3000:]
    assert f"::notice title={PROFILE}::Every document can be trusted." in ended.output
    assert "PASS" in ended.summary
    assert ElementTree.parse(results / "junit.xml").getroot().get("failures") == "0"
    assert (results / "report.html").stat().st_size > 10_000
