"""Whoever opens the document after everybody has left: `joiner-differs` where it is another one."""

import pytest

from jupyter_rtc_locust.verdict.evidence import Snapshot
from jupyter_rtc_locust.verdict.findings import Kind, Value
from verdict.model_server import ModelServer
from verdict.opinions import kinds_of, of_kind, report
from verdict.swarm_model import SwarmModel
from verdict.templates import old_notebook, plain_notebook, rich_notebook


@pytest.fixture(params=[plain_notebook, rich_notebook, old_notebook])
def swarm(request) -> SwarmModel:
    swarm = SwarmModel(request.param())
    swarm[0].type("words that stay ")
    swarm.finish()
    return swarm


def made_anew(swarm: SwarmModel, file: object) -> Snapshot:
    """The room as a healthy server makes it of a file."""
    return ModelServer(swarm.kind, file, swarm.generator).snapshot()


def test_a_room_made_anew_of_the_file_is_the_same_document(swarm):
    verdict = swarm.verdict(reopened=made_anew(swarm, swarm.server.file))
    assert verdict.value is Value.PASS, report(verdict)
    assert verdict.exercised["second_openings"] == 1


def test_a_room_that_came_back_as_it_was_is_the_same_document(swarm):
    assert swarm.verdict(reopened=swarm.server.snapshot()).value is Value.PASS


def test_a_room_made_of_an_older_file_is_found(swarm):
    verdict = swarm.verdict(reopened=made_anew(swarm, swarm.template))
    assert kinds_of(verdict) == {Kind.JOINER_DIFFERS}
    finding = of_kind(verdict, Kind.JOINER_DIFFERS)
    assert "Everybody left" in finding.detail
    assert finding.users == (0, 1, 2)


def test_a_room_whose_cells_came_twice_is_found(swarm):
    file = dict(swarm.server.file)
    file["cells"] = [*file["cells"], {**file["cells"][0], **({"id": "another"} if "id" in file["cells"][0] else {})}]
    assert kinds_of(swarm.verdict(reopened=made_anew(swarm, file))) == {Kind.JOINER_DIFFERS}


def test_an_empty_room_is_found(swarm):
    assert Kind.JOINER_DIFFERS in kinds_of(swarm.verdict(reopened=Snapshot({}, b"\x00\x00")))


def test_a_room_that_could_not_be_opened_again_is_not_known(swarm):
    verdict = swarm.verdict(reopened=Snapshot({}, b"\x00\x00", "no answer within 15 s"))
    assert verdict.value is Value.INCONCLUSIVE
    assert "no answer within 15 s" in verdict.reason
