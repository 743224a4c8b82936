"""A small soak from its command line to its summary."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from soak.__main__ import main, missing_servers
from soak.outcome import finished
from soak.plan import plan

ARGUMENTS = ("--seed", "2", "--runs", "1", "--only", "pycrdt-websocket, text_file_editing, 3 users, 1 documents")


@pytest.mark.run
def test_a_soak_passes_and_is_not_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*ARGUMENTS, "--folder", str(tmp_path)]
    (planned,) = plan(2, 1, only=ARGUMENTS[-1])
    assert main(arguments) == 0
    (outcome,) = finished(tmp_path / "state.jsonl").values()
    assert (outcome.number, outcome.seed, outcome.standing) == (planned.number, planned.seed, "pass")
    assert outcome.edits > 0
    assert json.loads((tmp_path / "summary.json").read_text())["succeeded"] is True
    assert "| all | 1 | 1 | 0 | 0 | 0 | 0 |" in (tmp_path / "summary.md").read_text()
    assert not list(tmp_path.glob("run-*"))  # nothing is kept of a pass
    capsys.readouterr()
    assert main(arguments) == 0
    assert "1 runs were made before" in capsys.readouterr().out
    assert len((tmp_path / "state.jsonl").read_text().splitlines()) == 1


def test_no_run_begins_when_the_time_is_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ARGUMENTS, "--folder", str(tmp_path), "--at-most", "0.000001"]) == 1
    assert "1 runs were left out" in capsys.readouterr().out


def test_the_list_names_every_run_and_makes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--runs", "20", "--seed", "5", "--folder", str(tmp_path / "none")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 20
    assert not (tmp_path / "none").exists()


def test_a_server_that_cannot_be_had_is_said_before_anything_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("soak.__main__.processes.PYTHON_OF_JUPYTER_COLLABORATION_4", Path("/nowhere"))
    monkeypatch.setattr("soak.__main__.processes.reason_without_node", lambda: "npm is not installed")
    sentences = missing_servers(list(plan(1, 1, only="jupyter-collaboration 4")))
    assert [sentence.split(" ")[0] for sentence in sentences] == ["jupyter-collaboration", "Node"]
