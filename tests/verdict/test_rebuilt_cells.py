"""The room of a notebook without ids, made anew in the middle of a run: equal cells with new ids are a warning.

Whatever a person would miss is found all the same.
"""

from types import SimpleNamespace

import pytest

from jupyter_rtc_locust.documents.cells import make_cell
from jupyter_rtc_locust.verdict.findings import Kind, Value
from verdict.model_server import cells_of, erase, text_of
from verdict.opinions import kinds_of, report
from verdict.swarm_model import SwarmModel
from verdict.templates import plain_notebook

LOSSES = {Kind.LOST_EDIT, Kind.DUPLICATED_CONTENT, Kind.INVENTED_EDIT}


def without_ids(minor=4):
    template = plain_notebook("a = 1", "b = 2", "c = 3")
    template["nbformat_minor"] = minor
    if minor < 5:
        for cell in template["cells"]:
            del cell["id"]
    return template


@pytest.fixture(params=[1, 2])
def swarm(request):
    """Three people who have typed a little, all of it saved."""
    swarm = SwarmModel(without_ids(), processes=request.param)
    for user in range(3):
        swarm[user].type(f"[by {user}]", user)
    swarm.settle()
    swarm[0].write(lambda replica: replica.cells[2]["metadata"].update({"tags": ["x"]}))
    swarm.settle()
    swarm.save_in_pause()
    return swarm


def restart(swarm, *, trusted=True, offline=None, beside=None, reconnect=True, server_id=None):
    for one in swarm.users:
        one.lose_line()
    swarm.pass_time(1.0)
    if offline is not None:
        offline(swarm)
    ids = [cell["id"] for cell in cells_of(swarm.server.doc)]
    numbers = [] if server_id is None else [server_id]
    random = SimpleNamespace(getrandbits=lambda bits: numbers.pop() if numbers else swarm.generator.getrandbits(bits))
    swarm.server.restart(random, trusted=trusted)
    assert not set(ids) & {cell["id"] for cell in cells_of(swarm.server.doc)}, "the model did not put new cells in"
    if beside is not None:
        beside(swarm)
    if reconnect:
        for one in swarm.users:
            one.connect()
        swarm.settle()


def put_last(cells, index):
    cell = cells[index].to_py()
    cells.pop(index)
    cells.append(make_cell(cell))


def warnings_of(verdict):
    return [caution.kind for caution in verdict.opinion.cautions]


def test_equal_cells_with_new_ids_are_a_warning_that_says_how_many(swarm):
    restart(swarm)
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.PASS, report(verdict)
    assert warnings_of(verdict) == ["room-rebuilt"]
    assert "put 3 cells with new ids in the place of equal ones" in verdict.opinion.cautions[0].detail


def test_people_go_on_in_the_new_cells_type_move_and_delete(swarm):
    restart(swarm)
    for number in range(3):
        swarm[0].type(f"{number} after ", 0)
        swarm[1].type(f"{number} later ", 1, 0)
        swarm.settle()
    swarm[2].move(0, 2)
    swarm.settle()
    swarm[1].write(lambda replica: replica.cells.pop(0) and None, "deleted a cell")
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.PASS, report(verdict)


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("times", [2, 3])
def test_the_room_may_be_made_anew_again_and_again(swarm, times, ascending):
    for number in range(times):
        restart(swarm, trusted=number % 2 == 0, server_id=2**50 + (number if ascending else -number))
        swarm[0].type(f"after restart {number} ", 1)
        swarm.settle()
        swarm.save_in_pause()
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.PASS, report(verdict)
    assert f"put {3 * times} cells" in verdict.opinion.cautions[0].detail


def test_a_newcomer_and_somebody_who_left_change_nothing(swarm):
    swarm[2].leave()
    restart(swarm, reconnect=False)
    for one in swarm.users[:2]:
        one.connect()
    swarm.settle()
    newcomer = swarm.join()
    swarm.settle()
    newcomer.type("new here ", 0)
    swarm.finish(reconnect=False)
    verdict = swarm.verdict()
    assert verdict.value is Value.PASS, report(verdict)


def test_what_was_typed_into_a_cell_while_the_server_was_away_is_lost_with_it(swarm):
    restart(swarm, offline=lambda swarm: swarm[1].type("offline", 1))
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.FAIL, report(verdict)
    assert any(
        finding.kind == Kind.LOST_EDIT and "'offline'" in finding.detail and finding.users == (1,)
        for finding in verdict.opinion.findings
    ), report(verdict)


def test_what_was_never_saved_is_lost(swarm):
    swarm[0].type("not on disk", 0)
    swarm.settle()
    restart(swarm)
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.FAIL, report(verdict)
    assert "'not on disk'" in report(verdict)


@pytest.mark.parametrize(
    "change",
    [
        lambda swarm: erase(text_of(swarm.server.doc, 1), "[by 1]"),
        lambda swarm: text_of(swarm.server.doc, 0).insert(0, "invented"),
        lambda swarm: cells_of(swarm.server.doc).pop(2),
        lambda swarm: put_last(cells_of(swarm.server.doc), 0),
        lambda swarm: cells_of(swarm.server.doc)[2]["metadata"].update({"tags": ["y"]}),
        lambda swarm: cells_of(swarm.server.doc)[0].update({"execution_count": 3}),
    ],
    ids=["words lost", "words invented", "a cell lost", "cells in another order", "metadata", "count"],
)
def test_a_difference_beside_the_new_cells_is_found(swarm, change):
    restart(swarm, beside=change)
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.FAIL, report(verdict)
    assert kinds_of(verdict) & LOSSES, report(verdict)


def test_in_a_notebook_with_ids_equal_cells_in_the_place_of_others_are_findings():
    """No healthy server does it: it finds the cells of the file by their ids."""
    swarm = SwarmModel(without_ids(minor=5))
    swarm[0].type("words")
    swarm.settle()
    cells = cells_of(swarm.server.doc)
    for index in range(len(cells)):
        cells[index] = make_cell(cells[index].to_py())
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.FAIL, report(verdict)


def test_in_a_notebook_with_ids_equal_cells_with_new_ids_are_findings():
    swarm = SwarmModel(without_ids(minor=5))
    swarm[0].type("words")
    swarm.settle()
    swarm.save_in_pause()
    for cell in swarm.server.file["cells"]:
        cell["id"] = f"new-{cell['id']}"
    restart(swarm)
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.FAIL, report(verdict)
