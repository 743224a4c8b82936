"""Checkpoints of whole runs: people go on as if nothing had been, damage is dated, what only a checkpoint saw stays.

Beside them, on a server of the run's own, the document opened again when everybody has left, and the history.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runs.locust_run import FAILED, PASSED, Run, run_locust
from runs.together import Runs
from servers import processes

pytestmark = pytest.mark.run

LOAD = ("-u", "3", "-r", "10", "-t", "19s", "--rtc-edit-rate", "4", "--rtc-checkpoint-every", "10s")
EMBEDDED = ("--rtc-evict-after", "1", "--rtc-history")
SICK = {"damaged": "delete-text", "healthy": "none"}
LONGEST = ("healthy", "workers")


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Run]]]:
    runs = {name: on_sick_server(folder / name, fault) for name, fault in SICK.items()}
    runs["embedded"] = lambda: run_locust("notebook_editing.py", *LOAD, *EMBEDDED, folder=folder / "embedded")
    # The master's only samples are the ages of saves, which come with the verdict.
    two = ("--processes", "2", "--rtc-request-events")
    runs["workers"] = lambda: run_locust("notebook_editing.py", *LOAD, *EMBEDDED, *two, folder=folder / "workers")
    yield runs


def on_sick_server(folder: Path, fault: str) -> Callable[[], Run]:
    def run() -> Run:
        # In the pause that the checkpoint makes.
        with processes.sick_server(fault, at=10, quiet=1) as server:
            return run_locust("notebook_editing.py", *LOAD, "--rtc-seed", "7", folder=folder, server=server)

    return run


@pytest.mark.parametrize("run", ["healthy", "embedded", "workers"])
def test_a_healthy_run_with_a_checkpoint_passes_and_people_go_on_after_it(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert (ended.exit_code, ended.verdict) == (PASSED, "pass"), str(ended)
    (checkpoint,) = ended.told["checkpoints"]
    assert (checkpoint["number"], checkpoint["verdict"], checkpoint["findings"]) == (1, "pass", []), str(ended)
    assert 9 < checkpoint["at_s"] < 14, str(ended)
    assert ended.told["counts"]["edits_postponed"] > 0, str(ended)
    assert ended.told["exercised"]["newcomers_in_the_middle"] == 1, str(ended)
    assert f"Checkpoint 1 at {checkpoint['at_s']:.0f} s" in ended.output, str(ended)
    assert ended.left_running == (), str(ended)


@pytest.mark.parametrize("run", ["healthy", "workers"])
def test_while_it_goes_on_a_line_tells_how_in_the_place_of_locusts_tables(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert re.search(r"^\d+ s left, (comparing, )?3 users, \d+ edits, .*; 1 document: 1 \w+$", ended.output, re.M), str(
        ended
    )
    assert len(re.findall(r"^Type +Name", ended.output, re.MULTILINE)) == 2, str(ended)


@pytest.mark.parametrize("run", ["damaged"])
def test_the_first_bad_checkpoint_dates_the_damage(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert (ended.exit_code, ended.kinds) == (FAILED, {"lost-edit"}), str(ended)
    (checkpoint,) = ended.told["checkpoints"]
    assert checkpoint["verdict"] == "fail", str(ended)
    for finding in ended.findings("lost-edit"):
        assert f"First seen at the checkpoint of {checkpoint['at_s']:.0f} s, the first of the run." in finding["detail"]


@pytest.mark.parametrize("run", ["embedded", "workers"])
def test_a_document_is_opened_again_when_everybody_has_left_and_the_servers_memory_is_told(
    run: str, runs: Runs
) -> None:
    ended: Run = runs[run]
    assert ended.told["exercised"]["second_openings"] == 1, str(ended)
    server = ended.told["server"]
    assert 10**7 < server["memory_start_bytes"] <= server["memory_peak_bytes"] < 10**9, str(ended)
    assert "a document opened again" not in ended.output, str(ended)


@pytest.mark.parametrize("run", ["embedded", "workers"])
def test_the_history_tells_every_edit_its_echo_and_each_delivery(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    results = Path(ended.command[ended.command.index("--rtc-results") + 1])
    files = sorted(results.glob("history*.jsonl.gz"))
    assert len(files) == (3 if run == "workers" else 1), str(ended)
    events = [json.loads(line) for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]
    seen = Counter(event["event"] for event in events)
    assert seen["edit"] == ended.told["counts"]["edits"], str(ended)
    assert seen["echo"] + seen["covered"] == seen["edit"], str(ended)
    assert seen["delivery"] == ended.count("update delivery"), str(ended)
    assert seen["file"] >= 2 and seen["checkpoint"] == 1, str(ended)
    assert (seen["start"], seen["checkpoint"], seen["verdict"]) == (1, 1, 1), str(ended)
    assert {event["outcome"] for event in events if event["event"] == "verdict"} == {"pass"}
