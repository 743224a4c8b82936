"""The second opinion sees what is there, whatever the verdict says, and nothing where nothing is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.folder.contents import Witness, items_of
from jupyter_rtc_locust.verdict.folder.writing import write_items
from servers.processes import reason_without_node
from soak.runner import second_opinion
from verdict.model_server import erase, text_of
from verdict.swarm_model import SwarmModel
from verdict.templates import plain_notebook

THE_SAME, SOMETHING_ELSE, CANNOT_SAY = 0, 1, 2

pytestmark = pytest.mark.skipif(reason_without_node() is not None, reason="Node is not installed")


@pytest.fixture
def swarm() -> SwarmModel:
    swarm = SwarmModel(plain_notebook("a = 1", "b = 2", "c = 3"), processes=2)
    for user in range(3):
        swarm[user].type(f"[by {user}]", user)
    swarm.settle()
    swarm[0].move(0, 2)
    swarm.settle()
    swarm[1].erase("[by 1]", 0)
    swarm.settle()
    swarm.server.save()
    return swarm


def asked(folder: Path, swarm: SwarmModel, *kinds: str) -> tuple[int, str]:
    """What it says when the verdict has findings of these kinds; without any it is a pass."""
    run, witness = swarm.run_evidence(), Witness()
    verdict = decide(run, witness)
    write_items(folder, items_of(run, verdict, witness, everything=True), 10_000_000)
    findings = [{"kind": kind, "document": run.documents[0].path} for kind in kinds]
    (folder / "result.json").write_text(json.dumps({"verdict": "fail" if kinds else "pass", "findings": findings}))
    return second_opinion(folder)


def test_of_a_healthy_run_nothing_is_confirmed(swarm: SwarmModel, tmp_path: Path) -> None:
    kinds = ("lost-edit", "duplicated-content", "invented-edit", "diverged", "joiner-differs", "saved-file-differs")
    code, said = asked(tmp_path, swarm, *kinds)
    assert code == SOMETHING_ELSE, said
    assert [line.partition(": ")[2] for line in said.splitlines()] == [f"{kind} is not seen here" for kind in kinds]


def test_of_a_healthy_run_that_passed_the_same_is_seen(swarm: SwarmModel, tmp_path: Path) -> None:
    assert asked(tmp_path, swarm) == (THE_SAME, "")


def test_of_a_pass_in_which_words_are_gone_something_else_is_seen(swarm: SwarmModel, tmp_path: Path) -> None:
    swarm[2].type("gone for all")
    swarm.settle()
    erase(text_of(swarm.server.doc), "gone for all")
    swarm.settle()
    assert asked(tmp_path, swarm)[0] == SOMETHING_ELSE


def test_words_that_the_server_deleted_are_seen(swarm: SwarmModel, tmp_path: Path) -> None:
    swarm[2].type("gone for all")
    swarm.settle()
    erase(text_of(swarm.server.doc), "gone for all")
    swarm.server.save()
    code, said = asked(tmp_path, swarm, "lost-edit")
    assert code == THE_SAME, said
    assert "gone for all" in said


def test_words_that_nobody_wrote_are_seen(swarm: SwarmModel, tmp_path: Path) -> None:
    text_of(swarm.server.doc).insert(0, "invented")
    swarm.settle()
    swarm.server.save()
    code, said = asked(tmp_path, swarm, "invented-edit")
    assert code == THE_SAME, said
    assert "invented" in said


def test_a_file_that_is_old_is_seen(swarm: SwarmModel, tmp_path: Path) -> None:
    swarm[0].type("not on disk")
    swarm.settle()
    code, said = asked(tmp_path, swarm, "saved-file-differs")
    assert code == THE_SAME, said


def test_what_cannot_be_told_afterwards_is_said_to_be_so(swarm: SwarmModel, tmp_path: Path) -> None:
    assert asked(tmp_path, swarm, "stalled")[0] == CANNOT_SAY


def test_without_evidence_there_is_no_opinion(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(json.dumps({"verdict": "fail", "findings": []}))
    assert second_opinion(tmp_path)[0] == CANNOT_SAY
