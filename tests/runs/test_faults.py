"""Faults of a scenario: users come and go without a finding, and a server that was named is never harmed.

What restarts of a server, and files changed while people type, end in is seen in `test_commands_of_documents.py` and
`test_canaries.py`, which run the commands of docs/issues.md.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from runs.locust_run import FAILED, LOCUSTFILES, LOCUSTFILES_OF_THE_TESTS, PASSED, Run, run_locust
from runs.templates import write_templates
from runs.together import Runs
from servers import processes
from servers.first_room import with_a_store

pytestmark = pytest.mark.run

OPTIONS_REFUSED = 2
GONE_FOR_LONG = LOCUSTFILES_OF_THE_TESTS / "gone_for_long.py"
COMING_AND_GOING = LOCUSTFILES_OF_THE_TESTS / "coming_and_going.py"
RESTART_IN_A_PAUSE = LOCUSTFILES_OF_THE_TESTS / "restart_in_a_pause.py"
HARMED_IN_A_PAUSE = LOCUSTFILES_OF_THE_TESTS / "harmed_in_a_pause.py"
EVICTED = LOCUSTFILES_OF_THE_TESTS / "evicted.py"
SAVES_TOO_LATE = LOCUSTFILES_OF_THE_TESTS / "saves_too_late.py"
LONGEST = ("restarted in a pause", "harmed in a pause")


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Run]]]:
    without_ids = write_templates(folder)["without-ids"]
    with processes.jupyter_collaboration(folder=folder / "server") as server:
        with_a_store(server)
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
                GONE_FOR_LONG,
                *("-u", "4", "-r", "4", "-t", "6s"),
                folder=folder / "too-short",
                server=server,
            ),
            "restarted in a pause": partial(
                run_locust,
                RESTART_IN_A_PAUSE,
                *("-u", "3", "-r", "3", "-t", "26s", "--rtc-seed", "1", "--rtc-template", str(without_ids)),
                folder=folder / "restarted-in-a-pause",
            ),
            "harmed in a pause": partial(
                run_locust,
                HARMED_IN_A_PAUSE,
                *("-u", "3", "-r", "3", "-t", "19s", "--rtc-seed", "1"),
                *("--rtc-template", str(LOCUSTFILES / "small_notebook.ipynb")),
                folder=folder / "harmed-in-a-pause",
            ),
            "evicted while they type": partial(
                run_locust,
                EVICTED,
                *("-u", "3", "-r", "3", "-t", "9s", "--rtc-seed", "1"),
                folder=folder / "evicted",
            ),
            "saves that take too long": partial(
                run_locust,
                SAVES_TOO_LATE,
                *("-u", "3", "-r", "3", "-t", "12s", "--rtc-seed", "1", "--rtc-save-timeout", "5"),
                folder=folder / "saves-too-late",
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


@pytest.mark.parametrize("run", ["harmed in a pause"])
def test_a_room_dropped_slow_saves_and_a_changed_file_in_a_pause_are_no_finding(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.exit_code == PASSED, ended
    assert [one["outcome"] for one in ended.told["run"]["faults"]] == ["done"] * 3, ended
    assert ended.told["counts"]["edits"] > 30, "nobody typed afterwards"
    assert ended.told["counts"]["reconnects"] == 3, "everybody lost the line, and came back"
    told = " ".join(one["detail"] for one in ended.told["warnings"] if one["kind"] == "server-log")
    assert "a file changed behind the room's back" in told, ended


@pytest.mark.parametrize("run", ["evicted while they type"])
def test_what_a_server_takes_back_that_dropped_the_room_while_people_typed_is_found(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.exit_code == FAILED, ended
    # The server reads its store or, where that was locked meanwhile, the file, whose text it then puts in anew.
    wrong = ended.findings("lost-edit")
    if not wrong and any("database is locked" in one["detail"] for one in ended.told["warnings"]):
        wrong = [*ended.findings("invented-edit"), *ended.findings("duplicated-content")]
    assert wrong, ended
    assert all("After the server dropped the room of document 0 while people" in one["detail"] for one in wrong), ended
    assert not ended.kinds & {"server-lost", "stalled", "diverged"}, ended


@pytest.mark.parametrize("run", ["saves that take too long"])
def test_saves_that_take_longer_than_the_server_is_given_are_found(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.exit_code == FAILED, ended
    assert ended.kinds == {"save-stalled"}, ended
    (stalled,) = ended.findings("save-stalled")
    assert stalled["detail"].startswith("After each save of the server took 60 s longer (from 1 to 11 s): From ")
    assert ended.told["run"]["faults"][0]["outcome"] == "done"


@pytest.mark.parametrize("run", ["a named server"])
def test_a_server_that_was_named_is_never_harmed(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.exit_code == OPTIONS_REFUSED, ended
    assert "only a server of our own is ever harmed: leave --host and --rtc-hub out" in ended.output
    assert ended.result is None
