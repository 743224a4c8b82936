"""Where nothing is wrong, nothing is found: many seeds, all kinds of servers, old and new documents, all habits.

A run that fails here is a fault of this project or of the server, never of the test: what it found is to be understood
and reduced, not left out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jupyter_rtc_locust.reporting.stored_results import checked
from runs.locust_run import LOCUSTFILES_OF_THE_TESTS, PASSED, Run, run_locust
from runs.shared_servers import SharedServers
from runs.templates import write_templates
from runs.together import Runs

pytestmark = pytest.mark.run

JUPYTER_5 = "jupyter-collaboration 5"
JUPYTER_4 = "jupyter-collaboration 4"
NODE = "Node y-websocket"
PYCRDT = "pycrdt-websocket"

MOVING = LOCUSTFILES_OF_THE_TESTS / "moving_one_cell.py"
PAUSING = LOCUSTFILES_OF_THE_TESTS / "pausing.py"
BREAKING = LOCUSTFILES_OF_THE_TESTS / "breaking.py"
IN_A_TAB = LOCUSTFILES_OF_THE_TESTS / "in_a_tab.py"

LOAD = ("-u", "4", "-r", "20", "-t", "6s", "--rtc-edit-rate", "4", "--rtc-evidence", "always")
"""Users in a tab have a rate of their own: a slot is a key."""


LEAST_EDITS = 10
"""Some 80 on a quiet machine; a busy one must not turn what users could not do into a failure."""


@dataclass(frozen=True)
class Healthy:
    """One run: where, what scenario, with which options beside the usual, from which template."""

    server: str
    locustfile: str | Path = "notebook_editing.py"
    options: tuple[str, ...] = ()
    template: str | None = None


AS_PEOPLE_TYPE = ("--rtc-rhythm", "person")
TWO_DOCUMENTS = ("--rtc-documents", "2")
IN_PAIRS = ("-u", "2", "-t", "14s")
LONGER = ("-t", "11s")
REPORTED = ("--rtc-report", "always", "--rtc-history")

RUNS = {
    # The longer ones first, so that the others are done meanwhile.
    "5 moving": Healthy(JUPYTER_5, MOVING, IN_PAIRS),
    "5 pausing": Healthy(JUPYTER_5, PAUSING, LONGER),
    "5 pausing in two processes": Healthy(JUPYTER_5, PAUSING, (*LONGER, "--processes", "2")),
    "5 breaking": Healthy(JUPYTER_5, BREAKING, ("-t", "9s")),
    "4 breaking": Healthy(JUPYTER_4, BREAKING, ("-t", "9s")),
    "pycrdt breaking": Healthy(PYCRDT, BREAKING, ("-t", "9s")),
    "5 people": Healthy(JUPYTER_5, options=(*AS_PEOPLE_TYPE, *LONGER)),
    "4 people": Healthy(JUPYTER_4, options=(*AS_PEOPLE_TYPE, *LONGER)),
    "5 people in two processes": Healthy(JUPYTER_5, options=(*AS_PEOPLE_TYPE, *LONGER, "--processes", "2", *REPORTED)),
    "5 poisson": Healthy(JUPYTER_5, options=("--rtc-rhythm", "poisson")),
    "5 in a tab": Healthy(JUPYTER_5, IN_A_TAB, LONGER),
    "Node in a tab": Healthy(NODE, IN_A_TAB, LONGER),
    "5 two documents": Healthy(JUPYTER_5, options=(*TWO_DOCUMENTS, *REPORTED)),
    "5 without ids": Healthy(JUPYTER_5, template="without-ids"),
    "5 every output": Healthy(JUPYTER_5, template="every-output"),
    "5 without cells": Healthy(JUPYTER_5, template="without-cells"),
    "5 format 3": Healthy(JUPYTER_5, template="format-3"),
    "5 text": Healthy(JUPYTER_5, "text_file_editing.py", template="text"),
    "5 demo": Healthy(JUPYTER_5, options=("-u", "8", "-r", "20", "--rtc-documents", "8"), template="demo"),
    "5 sources": Healthy(JUPYTER_5, "cell_source_set.py"),
    "5 random text": Healthy(JUPYTER_5, "text_insert_delete.py"),
    "5 cells": Healthy(JUPYTER_5, "cells_insert_delete.py"),
    "4 text": Healthy(JUPYTER_4, "text_file_editing.py"),
    "Node two documents": Healthy(NODE, options=TWO_DOCUMENTS),
    "Node cells": Healthy(NODE, "cells_insert_delete.py", template="every-output"),
    "pycrdt two documents": Healthy(PYCRDT, options=TWO_DOCUMENTS),
    "pycrdt text": Healthy(PYCRDT, "text_file_editing.py"),
}
SEEDS = {name: 1000 + 7 * number for number, name in enumerate(RUNS)}


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Run]]]:
    templates = write_templates(folder)
    with SharedServers() as servers:
        yield {name: make_run(name, one, folder, templates, servers) for name, one in RUNS.items()}
        left = [path for server in servers.started.values() for path in server.root.rglob("rtc-locust*")]
        assert not left, f"documents of runs were left on a server: {left}"


def make_run(
    name: str, one: Healthy, folder: Path, templates: dict[str, Path], servers: SharedServers
) -> Callable[[], Run]:
    def run() -> Run:
        template = () if one.template is None else ("--rtc-template", str(templates[one.template]))
        options = (*LOAD, "--rtc-seed", str(SEEDS[name]), *template, *one.options)
        return run_locust(one.locustfile, *options, folder=folder / name.replace(" ", "-"), server=servers[one.server])

    return run


def test_there_are_twenty_runs_or_more_of_which_no_two_have_the_same_seed() -> None:
    assert len(RUNS) >= 20
    assert len(set(SEEDS.values())) == len(RUNS)


@pytest.mark.parametrize("run", RUNS)
def test_a_healthy_run_passes_without_a_finding_or_a_failed_request(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert (ended.exit_code, ended.verdict, ended.kinds) == (PASSED, "pass", set()), str(ended)
    assert ended.told["counts"]["edits"] >= LEAST_EDITS, str(ended)
    assert all(timing["failures"] == 0 for timing in ended.told["timings"].values()), str(ended)
    assert ended.count("update echo") > 0, str(ended)


@pytest.mark.parametrize("run", RUNS)
def test_nothing_is_found_in_the_evidence_either_without_the_server(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    lines, code = checked(ended.folder / "results")
    assert code == PASSED, lines
    assert "This agrees with" in lines[-1], lines


@pytest.mark.parametrize("run", [name for name, one in RUNS.items() if "--rtc-report" in one.options])
def test_a_run_that_was_asked_for_reports_leaves_them_and_says_where(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    results = ended.folder / "results"
    where = [f"Report: {results / 'report.html'}", f"Result file: {results / 'result.json'}"]
    assert ended.output.splitlines()[-2:] == where, str(ended)
    assert "The documents can be trusted" in (results / "report.html").read_text("utf-8")
    assert "PASS" in (results / "summary.md").read_text("utf-8")
    assert 'failures="0" errors="0"' in (results / "junit.xml").read_text("utf-8")


@pytest.mark.parametrize("run", [name for name, one in RUNS.items() if one.locustfile == BREAKING])
def test_lines_that_broke_were_resumed_and_nothing_typed_meanwhile_is_missing(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    counts = ended.told["counts"]
    assert counts["disconnects"] >= 8, str(ended)
    assert counts["reconnects"] == counts["disconnects"] == ended.count("reconnect"), str(ended)
    acknowledged = ended.count("update echo") + counts["edits_covered_without_echo"]
    assert acknowledged == counts["edits"], str(ended)


@pytest.mark.parametrize("run", [name for name, one in RUNS.items() if one.locustfile == MOVING])
def test_copies_of_a_cell_that_two_people_moved_at_once_are_a_warning(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.warnings & {"cell-copies", "copy-renamed"}, str(ended)


@pytest.mark.parametrize("run", [name for name, one in RUNS.items() if one.locustfile in (PAUSING, MOVING)])
def test_pauses_were_long_enough_for_saves_in_the_middle(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    document = ended.told["run"]["documents"][0]
    assert ended.server_log.count(f"Saving file: {document}") >= 2, str(ended)
