"""A small soak from its command line to its summary."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runs.programs import run_program
from runs.together import Runs
from soak.__main__ import main, missing_servers
from soak.outcome import finished
from soak.plan import plan

SOAK = "a small soak"
ARGUMENTS = ("--seed", "2", "--runs", "1", "--only", "pycrdt-websocket, text_file_editing, 3 users, 1 documents")


def soaked(folder: Path) -> tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]:
    """The same command twice, the second time when all is done."""
    first, second = (run_program("soak", *ARGUMENTS, "--folder", str(folder)) for _ in range(2))
    return first, second


@contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Any]]]:
    """A small soak, and where it was made."""
    yield {SOAK: lambda: (folder / "soak", *soaked(folder / "soak"))}


@pytest.mark.run
@pytest.mark.parametrize("run", [SOAK])
def test_a_soak_passes_and_is_not_made_again(run: str, runs: Runs) -> None:
    folder, first, second = runs[run]
    (planned,) = plan(2, 1, only=ARGUMENTS[-1])
    assert first.returncode == 0, first.stdout[-3000:] + first.stderr[-3000:]
    (outcome,) = finished(folder / "state.jsonl").values()
    assert (outcome.number, outcome.seed, outcome.standing) == (planned.number, planned.seed, "pass")
    assert outcome.edits > 0
    assert json.loads((folder / "summary.json").read_text())["succeeded"] is True
    assert "| all | 1 | 1 | 0 | 0 | 0 | 0 |" in (folder / "summary.md").read_text()
    assert not list(folder.glob("run-*"))  # nothing is kept of a pass
    assert second.returncode == 0
    assert "1 runs were made before" in second.stdout
    assert len((folder / "state.jsonl").read_text().splitlines()) == 1


def test_no_run_begins_when_the_time_is_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ARGUMENTS, "--folder", str(tmp_path), "--at-most", "0.000001"]) == 1
    assert "1 runs were left out" in capsys.readouterr().out


def test_the_list_names_every_run_and_makes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--runs", "20", "--seed", "5", "--folder", str(tmp_path / "none")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 20
    assert not (tmp_path / "none").exists()


def test_a_server_that_cannot_be_had_is_said_before_anything_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    # In that module alone: runs of other tests start such servers meanwhile.
    nothing_there = SimpleNamespace(
        PYTHON_OF_JUPYTER_COLLABORATION_4=Path("/nowhere"), reason_without_node=lambda: "npm is not installed"
    )
    monkeypatch.setattr("soak.__main__.processes", nothing_there)
    sentences = missing_servers(list(plan(1, 1, only="jupyter-collaboration 4")))
    assert [sentence.split(" ")[0] for sentence in sentences] == ["jupyter-collaboration", "Node"]
