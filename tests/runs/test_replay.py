"""Traces replayed through a real server: small ones in every test run, recorded sessions by `make traces`."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from editing.trace_maker import made_up_trace
from jupyter_rtc_locust.reporting.stored_results import checked
from runs.locust_run import FAILED, INCONCLUSIVE, PASSED, REPOSITORY, Run, run_locust
from runs.shared_servers import SharedServers
from runs.together import Runs
from servers import processes

pytestmark = pytest.mark.run

SHARED = REPOSITORY.parent / "shared" / "traces"
JUPYTER_5, NODE = "jupyter-collaboration 5", "Node y-websocket"
REPLAY = "replay_trace.py"
OPTIONS_REFUSED = 2


def sequential(start: str, edits: int, **more: Any) -> dict[str, Any]:
    """Somebody types at the end, and mends the beginning now and then."""
    dice = random.Random(3)
    text = start
    txns: list[dict[str, Any]] = []
    for index in range(edits):
        patches = [[len(text), 0, dice.choice(("a", "ß", "😀", "\n", "\r\n"))]]
        text += patches[0][2]
        if index % 5 == 4:
            patches.append([0, 1, "Z"])
            text = "Z" + text[1:]
        txns.append({"patches": patches, "time": index * 50})
    return {"startContent": start, "endContent": text, "txns": txns, **more}


TRACES: dict[str, dict[str, Any]] = {
    "sequential": sequential("", 60),
    "with a start": sequential("é begins\n", 30),
    "with CR LF at the start": sequential("é\r\nbegins\r\n", 30),
    "empty": {"startContent": "as it was", "endContent": "as it was", "txns": []},
    "of four": made_up_trace(random.Random(11), agents=4, transactions=80),
    "long": sequential("", 3000),
}

PASSING: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "one types": (JUPYTER_5, "sequential", ()),
    "three take turns": (JUPYTER_5, "with a start", ("-u", "3")),
    "as recorded, ten times as fast": (JUPYTER_5, "sequential", ("--rtc-trace-speed", "10")),
    "into a cell": (JUPYTER_5, "with CR LF at the start", ("--rtc-trace-into", "cell")),
    "nobody types": (JUPYTER_5, "empty", ()),
    "four at once": (JUPYTER_5, "of four", ()),
    "four agents, two users": (JUPYTER_5, "of four", ("-u", "2")),
    "four at once in two processes": (JUPYTER_5, "of four", ("--processes", "2")),
    "without files": (NODE, "of four", ()),
}


REFUSED: dict[str, tuple[dict[str, Any] | None, tuple[str, ...], str]] = {
    "no trace named": (None, (), "name one with --rtc-trace FILE"),
    "another end": (sequential("", 3, endContent="another"), (), "they part at 0"),
    "beyond the end": ({"endContent": "", "txns": [{"patches": [[5, 0, "a"]]}]}, (), "transaction 0 deletes 0"),
    "CR LF in a text file": (TRACES["with CR LF at the start"], (), "--rtc-trace-into cell"),
    "several documents": (TRACES["sequential"], ("--rtc-documents", "2", "-u", "2"), "leave one out"),
}


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Run]]]:
    with SharedServers() as servers:
        for name, content in TRACES.items():
            file(folder, name).parent.mkdir(parents=True, exist_ok=True)
            file(folder, name).write_text(json.dumps(content), encoding="utf-8")

        def healthy(name: str, place: str, trace: str, options: tuple[str, ...]) -> Run:
            options = ("--rtc-trace", str(file(folder, trace)), "--rtc-evidence", "always", *options)
            return run_locust(REPLAY, *options, folder=folder / name, server=servers[place])

        def stopped() -> Run:
            options = ("--rtc-trace", str(file(folder, "long")), "--rtc-trace-speed", "1", "-t", "6s")
            return run_locust(REPLAY, *options, folder=folder / "stopped", server=servers[JUPYTER_5])

        def deleting() -> Run:
            options = ("--rtc-trace", str(file(folder, "of four")), "--rtc-evidence", "always")
            with processes.sick_server("delete-text", at=10, quiet=1) as server:
                return run_locust(REPLAY, *options, folder=folder / "deleting", server=server)

        def refused(name: str, content: dict[str, Any] | None, options: tuple[str, ...]) -> Run:
            if content is not None:
                file(folder, name).write_text(json.dumps(content), encoding="utf-8")
                options = ("--rtc-trace", str(file(folder, name)), *options)
            return run_locust(REPLAY, *options, folder=folder / name)

        refusals = {name: partial(refused, name, *of[:2]) for name, of in REFUSED.items()}
        runs = {name: partial(healthy, name, *of) for name, of in PASSING.items()}
        yield {**runs, **refusals, "stopped": stopped, "deleting": deleting}


def file(folder: Path, name: str) -> Path:
    return folder / "traces" / f"{name}.json"


@pytest.mark.parametrize("run", PASSING)
def test_a_trace_ends_in_its_own_text_and_ends_the_run(run: str, runs: Runs) -> None:
    told: Run = runs[run]
    assert told.exit_code == PASSED, told
    trace = TRACES[PASSING[run][1]]
    changing = [one for one in trace["txns"] if any(deleted or inserted for _, deleted, inserted in one["patches"])]
    assert told.told["counts"]["edits"] == len(changing) or PASSING[run][2][:1] == ("-u",), told
    assert told.left_running == ()


@pytest.mark.parametrize("run", ["four at once"])
def test_without_a_number_there_is_one_user_for_each_agent(run: str, runs: Runs) -> None:
    told: Run = runs[run]
    assert told.told["counts"]["users"] == 4, told


@pytest.mark.parametrize("run", ["four at once"])
def test_stored_evidence_is_decided_in_the_same_way(run: str, runs: Runs) -> None:
    told: Run = runs[run]
    lines, code = checked(told.folder / "results")
    assert code == PASSED, lines
    assert "This agrees with" in lines[-1], lines


@pytest.mark.parametrize("run", ["stopped"])
def test_a_run_that_is_ended_before_its_trace_is_inconclusive_and_says_how_far_it_came(run: str, runs: Runs) -> None:
    told: Run = runs[run]
    assert told.exit_code == INCONCLUSIVE, told
    assert "the trace was not finished" in told.told["reason"], told
    assert "of 3000 transactions were made" in told.told["reason"], told


@pytest.mark.parametrize("run", ["deleting"])
def test_a_server_that_deletes_text_does_not_end_in_the_text_of_the_trace(run: str, runs: Runs) -> None:
    told: Run = runs[run]
    assert told.exit_code == FAILED, told
    assert {"trace-differs", "lost-edit"} <= told.kinds, told


@pytest.mark.parametrize("run", REFUSED)
def test_a_trace_that_cannot_be_replayed_is_refused_before_anything_is_opened(run: str, runs: Runs) -> None:
    told: Run = runs[run]
    assert told.exit_code == OPTIONS_REFUSED, told
    assert REFUSED[run][2] in told.output, told
    assert "Traceback" not in told.output, told


@pytest.mark.parametrize("name", ["json-crdt-blog-post", "sveltecomponent", "friendsforever"])
@pytest.mark.recorded
@pytest.mark.timeout(900)
def test_a_recorded_session_ends_in_its_own_text(name: str, tmp_path: Path) -> None:
    trace = SHARED / f"{name}.json.gz"
    if not trace.exists():
        pytest.skip(f"{trace} is not here: the project ships no recorded session")
    told = run_locust(REPLAY, "--rtc-trace", str(trace), folder=tmp_path / name, deadline=600)
    assert told.exit_code == PASSED, told
