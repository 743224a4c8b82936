"""A plan that was saved is played again, three times and in two processes: the same operations, proven by digest.

And the plan of a run that fails lies in its evidence, and can be played as it lies there.
"""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runs.locust_run import FAILED, LOCUSTFILES, LOCUSTFILES_OF_THE_TESTS, PASSED, Run, run_locust
from runs.together import Runs
from servers import processes

pytestmark = pytest.mark.run

OPTIONS_REFUSED = 2
DEALT_AND_IN_TABS = LOCUSTFILES_OF_THE_TESTS / "dealt_and_in_tabs.py"
NOTEBOOK_EDITING = LOCUSTFILES / "notebook_editing.py"
LOAD = ("-u", "4", "-r", "4", "-t", "6s", "--rtc-documents", "2")
AGAIN = {
    "once": (),
    "twice": ("--rtc-seed", "99"),
    "thrice, by another locustfile": (),
    "in two processes": ("--processes", "2"),
}
"""Runs that play the plan, with what they ask for beside it: choices have no say, whatever their seed."""


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Any]]]:
    with processes.jupyter_collaboration(folder=folder / "server") as server:

        def saved_and_played() -> dict[str, Run]:
            ended = {
                "saved": run_locust(
                    DEALT_AND_IN_TABS, *LOAD, "--rtc-plan-out", "plan.jsonl", folder=folder / "saved", server=server
                )
            }
            for name, options in AGAIN.items():
                ended[name] = run_locust(
                    NOTEBOOK_EDITING if "another" in name else DEALT_AND_IN_TABS,
                    *("--rtc-plan", str(folder / "saved" / "plan.jsonl"), "--rtc-plan-out", "again.jsonl.gz"),
                    *("-t", "8s", *options),
                    folder=folder / name.replace(" ", "-"),
                    server=server,
                )
            return ended

        def failed_and_played() -> dict[str, Run]:
            load = ("-u", "3", "-r", "10", "-t", "6s", "--rtc-edit-rate", "4", "--rtc-seed", "7")
            with processes.sick_server("drop-last-relay-to-one", at=10) as sick:
                failed = run_locust(NOTEBOOK_EDITING, *load, folder=folder / "failed", server=sick)
            plan = folder / "failed" / "results" / "evidence" / "plan.jsonl.gz"
            again = run_locust(NOTEBOOK_EDITING, "--rtc-plan", str(plan), folder=folder / "failed-again", server=server)
            return {"failed": failed, "again": again}

        yield {
            "saved and played": saved_and_played,
            "failed and played": failed_and_played,
            "cut short": partial(_cut_short, folder, server),
            "too few": partial(_refused, folder / "too-few", "-u", "2"),
            "other documents": partial(_refused, folder / "other-documents", "--rtc-documents", "3"),
        }


LONGEST = ("saved and played", "failed and played")


def _refused(folder: Path, *options: str) -> Run:
    plan = folder.with_suffix(".jsonl")
    header = {"plan": "jupyter-rtc-locust plan", "schema": 1, "seed": 1, "users": 4, "locustfile": "", "complete": True}
    document = {"kind": "notebook", "cells": [], "content": ""}
    plan.write_text(json.dumps(header | {"documents": [document] * 2}) + "\n")
    return run_locust(NOTEBOOK_EDITING, "--rtc-plan", str(plan), *options, folder=folder)


def _cut_short(folder: Path, server: Any) -> Run:
    """A plan of which the last edit is due long after the run has ended."""
    plan = folder / "cut-short.jsonl"
    header = {"plan": "jupyter-rtc-locust plan", "schema": 1, "seed": 1, "users": 2, "locustfile": "", "complete": True}
    lines = [header | {"documents": [{"kind": "notebook", "cells": [], "content": ""}]}]
    for number, at in enumerate((1.0, 1.5, 2.0, 1000.0)):
        operation = {"do": "set_metadata", "at_cell": None, "key": "told", "value": number}
        edit = {"user": 0, "incarnation": 0, "number": number, "at": at, "document": 0, "kind": "set_notebook_metadata"}
        edit |= {"description": "", "cell": None, "marks_dirty": True, "near": [None], "operations": [operation]}
        lines.append(edit)
    plan.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return run_locust(NOTEBOOK_EDITING, "--rtc-plan", str(plan), "-t", "6s", folder=folder / "cut-short", server=server)


def operations_by_user(path: Path) -> dict[int, list[Any]]:
    """What a plan says that each user did, in order, without when and where just then."""
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text("utf-8")
    done: dict[int, list[Any]] = {}
    for line in text.splitlines()[1:]:
        edit = json.loads(line)
        did = (edit["incarnation"], edit["number"], edit["kind"], edit["operations"], edit["document"])
        done.setdefault(edit["user"], []).append(did)
    return done


@pytest.mark.parametrize("run", ["saved and played"])
def test_a_plan_that_was_saved_is_done_again_with_the_same_digest(run: str, runs: Runs) -> None:
    ended: dict[str, Run] = runs[run]
    saved = ended.pop("saved")
    plan = saved.told["run"]["plan"]
    assert (saved.verdict, saved.exit_code) == ("pass", PASSED), saved
    assert plan["edits"] == saved.told["counts"]["edits"] > 40
    assert (plan["complete"], plan["edits_skipped"], plan["played"]) == (True, 0, None)
    assert f"digest {plan['digest']}; saved as plan.jsonl." in saved.output
    done = operations_by_user(saved.folder / "plan.jsonl")
    assert sorted(done) == [0, 1, 2, 3]
    kinds = {did[2] for made in done.values() for did in made}
    assert {"open", "type", "insert_letters"} <= kinds, kinds
    for name, again in ended.items():
        told = again.told["run"]["plan"]
        assert (again.verdict, again.exit_code) == ("pass", PASSED), f"{name}\n{again}"
        assert told["digest"] == plan["digest"], f"{name}\n{again}"
        assert told["played"]["same"] is True
        assert (told["edits"], told["operations"]) == (plan["edits"], plan["operations"])
        assert again.told["counts"]["edits"] + told["edits_skipped"] == plan["edits"]
        assert told["edits_skipped"] == again.told["counts"].get("edits_skipped", 0)
        assert again.told["run"]["workers"] == (2 if "two" in name else 1)
        assert again.told["counts"]["users"] == 4
        # What a skipped edit would have been stands in the file, too, so that nothing is left out.
        assert operations_by_user(again.folder / "again.jsonl.gz") == done, name


@pytest.mark.parametrize("run", ["failed and played"])
def test_the_plan_of_a_run_that_failed_lies_in_its_evidence_and_can_be_played(run: str, runs: Runs) -> None:
    failed, again = runs[run]["failed"], runs[run]["again"]
    assert failed.exit_code == FAILED, failed
    assert failed.kinds == {"diverged"}
    plan = failed.told["run"]["plan"]
    assert plan["evidence"] == "evidence/plan.jsonl.gz"
    assert plan["edits"] == failed.told["counts"]["edits"]
    assert again.exit_code == PASSED, again
    assert again.told["run"]["plan"]["digest"] == plan["digest"]
    assert again.told["run"]["plan"]["evidence"] is None
    assert not (again.folder / "results" / "evidence" / "plan.jsonl.gz").exists()


@pytest.mark.parametrize("run", ["cut short"])
def test_a_plan_that_is_not_finished_is_a_warning(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert "plan-not-finished" in ended.warnings, ended
    assert ended.told["run"]["plan"]["edits"] == 3
    assert ended.told["run"]["plan"]["played"]["same"] is False
    assert ended.exit_code == PASSED


@pytest.mark.parametrize(("run", "words"), [("too few", "one of 4 users"), ("other documents", "2 notebook documents")])
def test_a_plan_that_this_run_cannot_play_is_refused(run: str, words: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.exit_code == OPTIONS_REFUSED, ended
    assert words in ended.output
    assert ended.result is None
