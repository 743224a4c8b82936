"""Faults of a scenario: users come and go without a finding, and a server that was named is never harmed.

What restarts of a server end in is seen in `test_commands_of_documents.py`, which runs the commands of docs/issues.md.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from runs.locust_run import LOCUSTFILES_OF_THE_TESTS, PASSED, Run, run_locust
from runs.templates import write_templates
from runs.together import Runs
from servers import processes

pytestmark = pytest.mark.run

OPTIONS_REFUSED = 2
COMING_AND_GOING = LOCUSTFILES_OF_THE_TESTS / "coming_and_going.py"
RESTART_IN_A_PAUSE = LOCUSTFILES_OF_THE_TESTS / "restart_in_a_pause.py"
LONGEST = ("restarted in a pause",)


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Run]]]:
    without_ids = write_templates(folder)["without-ids"]
    with processes.jupyter_collaboration(folder=folder / "server") as server:
        yield {
            "coming and going": partial(
                run_locust,
                COMING_AND_GOING,
                *("-u", "4", "-r", "4", "-t", "10s", "--processes", "2", "--rtc-edit-rate", "2"),
                folder=folder / "coming-and-going",
                server=server,
            ),
            "too short": partial(
                run_locust,
                COMING_AND_GOING,
                *("-u", "4", "-r", "4", "-t", "4s"),
                folder=folder / "too-short",
                server=server,
            ),
            "restarted in a pause": partial(
                run_locust,
                RESTART_IN_A_PAUSE,
                *("-u", "3", "-r", "3", "-t", "19s", "--rtc-seed", "1", "--rtc-template", str(without_ids)),
                folder=folder / "restarted-in-a-pause",
            ),
            "a named server": partial(
                run_locust, "restart.py", *("-u", "2", "-t", "3s"), folder=folder / "a-named-server", server=server
            ),
        }


@pytest.mark.parametrize("run", ["coming and going"])
def test_users_who_come_and_go_are_no_finding(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.exit_code == PASSED, ended
    offline, away = ended.told["run"]["faults"]
    assert (offline["outcome"], offline["users"]) == ("done", [1])
    assert (away["outcome"], away["users"]) == ("done", [2])
    assert offline["began"] <= away["began"] <= away["ended"] <= offline["ended"]
    assert ended.told["counts"]["reconnects"] == 1
    assert ended.told["counts"]["users_seated"] == 5, "who was away is seated anew"
    assert "user 1 was offline (done)" in ended.output


@pytest.mark.parametrize("run", ["too short"])
def test_a_run_that_is_too_short_for_its_faults_is_inconclusive_and_says_so(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.verdict == "inconclusive", ended
    assert "user 2 was away" in ended.told["reason"] and "not over when the run ended" in ended.told["reason"]
    offline = ended.told["run"]["faults"][0]
    assert offline["outcome"] == "done", "who is offline comes back for the end"


@pytest.mark.parametrize("run", ["restarted in a pause"])
def test_cells_without_ids_that_a_restart_in_a_pause_puts_in_anew_are_no_finding(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.exit_code == PASSED, ended
    (restart,) = ended.told["run"]["faults"]
    assert restart["outcome"] == "done", ended
    assert ended.told["counts"]["edits"] > 30, "nobody typed after the restart"
    assert "room-rebuilt" in ended.warnings, ended


@pytest.mark.parametrize("run", ["a named server"])
def test_a_server_that_was_named_is_never_harmed(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.exit_code == OPTIONS_REFUSED, ended
    assert "only a server of our own is ever harmed: leave --host out" in ended.output
    assert ended.result is None
