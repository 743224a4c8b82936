"""A server that was started again makes a room of its store and its file: what it writes then is no finding.

Nothing else is forgiven with it: each difference that a person would see is found beside it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jupyter_rtc_locust.protocol.merging import EMPTY_UPDATE, merge_updates
from jupyter_rtc_locust.verdict.findings import Kind, Value, Verdict
from verdict.model_server import UPDATE, cells_of, erase, text_of
from verdict.opinions import kinds_of, report
from verdict.swarm_model import SwarmModel
from verdict.templates import plain_notebook


@pytest.fixture(params=[1, 2])
def swarm(request) -> SwarmModel:
    """Three people who have written text and metadata, all of it saved."""
    template = plain_notebook("a = 1", "b = 2", "c = 3")
    template["cells"][0]["metadata"] = {"tags": ["exercise"], "count": 3}
    swarm = SwarmModel(template, processes=request.param)
    for user in range(3):
        swarm[user].type(f"[by {user}]", user)
    swarm.settle()
    swarm[1].write(lambda replica: replica.cells[1]["metadata"].update({"scrolled": "auto", "trusted": False}))
    swarm.settle()
    swarm.save_in_pause()
    return swarm


def nothing(_swarm: SwarmModel) -> None:
    """Nobody does anything."""


def restart(
    swarm: SwarmModel,
    *,
    trusted: bool = True,
    offline: Callable[[SwarmModel], object] = nothing,
    by_the_server: Callable[[SwarmModel], object] = nothing,
) -> None:
    """The server stops and comes back; `offline` is what people do meanwhile, `by_the_server` what it does beside."""
    for one in swarm.users:
        one.lose_line()
    swarm.pass_time(1.0)
    offline(swarm)
    swarm.server.restart(swarm.generator, trusted=trusted)
    by_the_server(swarm)
    for one in swarm.users:
        one.connect()
    swarm.settle()


def warnings_of(verdict: Verdict) -> list[str]:
    return [caution.kind for caution in verdict.opinion.cautions]


def metadata(swarm: SwarmModel, cell: int):
    return cells_of(swarm.server.doc)[cell]["metadata"]


@pytest.mark.parametrize("trusted", [True, False])
def test_trusted_and_equal_metadata_written_anew_are_a_warning(swarm, trusted):
    for cell in cells_of(swarm.server.doc):
        cell["metadata"]["trusted"] = not trusted
    swarm.settle()
    restart(swarm, trusted=trusted)
    swarm[0].type("after the restart ")
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.PASS, report(verdict)
    assert warnings_of(verdict) == ["room-rebuilt"]
    assert metadata(swarm, 0).to_py() == {"tags": ["exercise"], "count": 3, "trusted": trusted}


def test_a_server_that_restarts_twice_repeats_what_it_repeated(swarm):
    for trusted in (True, False, True):
        restart(swarm, trusted=trusted)
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.PASS, report(verdict)


def test_what_was_written_anew_is_known_also_from_an_update_that_was_merged(swarm):
    """Merging loses the bit that says of an entry of a map that it is one."""
    restart(swarm)
    for one in swarm.users:
        one.inbox.append((UPDATE, merge_updates([swarm.server.doc.get_update(), EMPTY_UPDATE])))
    swarm[0].type("after the restart ")
    swarm.finish()
    for one in swarm.users:
        one.write(lambda replica: replica.cells.pop(0) and None, "deleted a cell")
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.PASS, report(verdict)


def test_a_value_that_somebody_replaced_who_left_before_it_arrived_may_be_written_anew(swarm):
    swarm[1].write(lambda replica: replica.cells[1]["metadata"].update({"scrolled": True}))
    swarm[1].leave(0)
    swarm.save_in_pause()
    for one in (swarm[0], swarm[2]):
        one.lose_line()
    swarm.server.restart(swarm.generator, trusted=True)
    for one in (swarm[0], swarm[2]):
        one.connect()
    swarm.finish()
    verdict = swarm.verdict()
    assert metadata(swarm, 1)["scrolled"] == "auto"
    assert verdict.value is Value.PASS, report(verdict)


def test_people_may_change_what_was_written_anew(swarm):
    restart(swarm)
    swarm[0].write(lambda replica: replica.cells[1]["metadata"].update({"scrolled": True}))
    swarm[1].write(lambda replica: replica.cells[0]["metadata"].pop("tags") and None)
    swarm[2].move(1, 2)
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.PASS, report(verdict)


def test_a_cell_deleted_while_the_server_was_away_stays_deleted(swarm):
    restart(swarm, offline=lambda swarm: swarm[0].write(lambda replica: replica.cells.pop(1) and None))
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.PASS, report(verdict)


@pytest.mark.parametrize(
    "change",
    [
        lambda swarm: metadata(swarm, 0).update({"tags": ["another"]}),
        lambda swarm: metadata(swarm, 0).update({"count": 4}),
        lambda swarm: metadata(swarm, 1).update({"scrolled": True}),
        lambda swarm: metadata(swarm, 1).update({"unheard": 1}),
        lambda swarm: metadata(swarm, 1).update({"trusted": "yes"}),
        lambda swarm: cells_of(swarm.server.doc)[1].update({"execution_count": 7}),
        lambda swarm: text_of(swarm.server.doc, 2).insert(0, "invented"),
    ],
)
def test_what_the_server_invents_beside_is_found(swarm, change):
    restart(swarm, by_the_server=change)
    swarm.finish()
    verdict = swarm.verdict()
    assert kinds_of(verdict) == {Kind.INVENTED_EDIT}, report(verdict)
    assert len(verdict.opinion.findings) == 1, report(verdict)


@pytest.mark.parametrize(
    "change",
    [
        lambda swarm: metadata(swarm, 0).pop("tags"),
        lambda swarm: metadata(swarm, 1).pop("scrolled"),
        lambda swarm: erase(text_of(swarm.server.doc, 1), "[by 1]"),
    ],
)
def test_what_the_server_loses_beside_is_found(swarm, change):
    restart(swarm, by_the_server=change)
    swarm.finish()
    verdict = swarm.verdict()
    assert kinds_of(verdict) == {Kind.LOST_EDIT}, report(verdict)


def test_a_lie_that_the_server_repeats_is_found(swarm):
    metadata(swarm, 0)["count"] = 5
    swarm.settle()
    swarm.save_in_pause()
    restart(swarm)
    swarm.finish()
    assert kinds_of(swarm.verdict()) == {Kind.INVENTED_EDIT}


def test_a_value_that_somebody_replaced_or_deleted_is_found_when_the_server_brings_it_back(swarm):
    """The file is older than the store: what was written since the last save is gone for everybody."""
    swarm[0].write(lambda replica: replica.cells[0]["metadata"].pop("tags") and None)
    swarm[1].write(lambda replica: replica.cells[1]["metadata"].update({"scrolled": True}))
    swarm.settle()
    restart(swarm)
    swarm.finish()
    verdict = swarm.verdict()
    assert len(verdict.opinion.findings) == 2 and kinds_of(verdict) == {Kind.LOST_EDIT}, report(verdict)
    assert {finding.users for finding in verdict.opinion.findings} == {(0,), (1,)}


def test_a_value_set_while_the_server_was_away_that_the_old_one_takes_the_place_of_is_found(swarm):
    """Two values of one entry at the same time: the greater id stays, and the ids of servers have more bits."""
    restart(
        swarm,
        offline=lambda swarm: swarm[2].write(lambda replica: replica.cells[1]["metadata"].update({"scrolled": True})),
    )
    swarm.finish()
    verdict = swarm.verdict()
    assert metadata(swarm, 1)["scrolled"] == "auto"
    assert kinds_of(verdict) == {Kind.LOST_EDIT} and len(verdict.opinion.findings) == 1, report(verdict)
    assert verdict.opinion.findings[0].users == (2,)


def test_trusted_at_another_place_than_the_metadata_of_a_cell_is_found(swarm):
    restart(swarm, by_the_server=lambda swarm: cells_of(swarm.server.doc)[1].update({"trusted": True}))
    swarm.finish()
    assert kinds_of(swarm.verdict()) == {Kind.INVENTED_EDIT, Kind.MALFORMED_DOCUMENT}
