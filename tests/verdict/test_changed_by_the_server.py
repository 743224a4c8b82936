"""The server changes the document for everybody: a file reverted, a store lost. A loss, and not an edit of somebody."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_rtc_locust.verdict.findings import Kind
from verdict.model_server import cells_of
from verdict.opinions import kinds_of, of_kind, report
from verdict.swarm_model import SwarmModel
from verdict.templates import plain_notebook


@pytest.fixture(params=[1, 2])
def swarm(request) -> SwarmModel:
    """Three people who have written something, all of it saved."""
    template = plain_notebook("a = 1", "b = 2", "c = 3")
    template["cells"][0]["metadata"] = {"tags": ["x"]}
    swarm = SwarmModel(template, processes=request.param)
    for user in range(3):
        swarm[user].type(f"[by {user}]", user)
    swarm.settle()
    swarm.save_in_pause()
    return swarm


def revert(swarm: SwarmModel, since: Callable[[SwarmModel], Any]) -> None:
    """People write on; then the server takes the document back to what the file held before."""
    old = json.loads(json.dumps(swarm.server.file))
    for cell in old["cells"]:
        cell["source"] = "".join(cell["source"])
        cell["metadata"]["trusted"] = cells_of(swarm.server.doc)[0]["metadata"]["trusted"]
    since(swarm)
    swarm.settle()
    swarm.pass_time(5.0)
    swarm.server.document.set(old)
    swarm.finish()


def test_words_typed_since_are_lost_and_named(swarm):
    revert(swarm, lambda swarm: swarm[1].type(" newer words", 1))
    verdict = swarm.verdict()
    assert Kind.LOST_EDIT in kinds_of(verdict)
    lost = [one.detail for one in verdict.opinion.findings if one.kind == Kind.LOST_EDIT]
    assert any("' newer words' in cell cell-1" in detail and "edit 1 of user 1" in detail for detail in lost)
    assert Kind.DUPLICATED_CONTENT not in kinds_of(verdict), report(verdict)


def test_words_deleted_since_that_stand_there_again_are_not_called_doubled(swarm):
    """The server takes out all of the cell's text and puts in that of the file: its own words beside went before."""
    revert(swarm, lambda swarm: swarm[2].erase("c = 3", 2))
    verdict = swarm.verdict()
    assert Kind.LOST_EDIT in kinds_of(verdict) and Kind.DUPLICATED_CONTENT not in kinds_of(verdict), report(verdict)


def test_a_cell_deleted_since_stands_there_again_and_its_deletion_is_the_lost_edit(swarm):
    revert(swarm, lambda swarm: swarm[1].write(lambda replica: replica.cells.pop(1), "deleted cell 1"))
    verdict = swarm.verdict()
    assert kinds_of(verdict) == {Kind.LOST_EDIT}, report(verdict)
    lost = of_kind(verdict, Kind.LOST_EDIT)
    assert lost.users == (1,) and "the id cell-1 stands there again" in lost.detail and "deleted cell 1" in lost.detail
    assert str(swarm.server.doc.client_id) in lost.detail


def test_a_cell_made_since_is_lost(swarm):
    cell = {"cell_type": "markdown", "id": "new", "metadata": {}, "source": "new words"}
    from jupyter_rtc_locust.documents.cells import make_cell

    revert(swarm, lambda swarm: swarm[2].write(lambda replica: replica.cells.append(make_cell(cell)), "made a cell"))
    lost = of_kind(swarm.verdict(), Kind.LOST_EDIT)
    assert lost.users == (2,) and "markdown cell with the source 'new words' in cell new" in lost.detail


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda replica: replica.cells[0]["metadata"].update({"tags": ["y"]}), "'tags' with the value ['x']"),
        (lambda replica: replica.cells[1].update({"execution_count": 4}), "'execution_count' with the value None"),
    ],
)
def test_a_value_set_since_is_lost_to_the_one_before_it(swarm, change, words):
    revert(swarm, lambda swarm: swarm[1].write(change, "set it"))
    verdict = swarm.verdict()
    assert kinds_of(verdict) == {Kind.LOST_EDIT} and len(verdict.opinion.findings) == 1, report(verdict)
    lost = of_kind(verdict, Kind.LOST_EDIT)
    assert lost.users == (1,) and words in lost.detail and "stands there again" in lost.detail


def test_a_value_deleted_since_stands_there_again(swarm):
    revert(swarm, lambda swarm: swarm[1].write(lambda replica: replica.cells[0]["metadata"].pop("tags") and None))
    verdict = swarm.verdict()
    assert kinds_of(verdict) == {Kind.LOST_EDIT}, report(verdict)
    assert of_kind(verdict, Kind.LOST_EDIT).users == (1,)
