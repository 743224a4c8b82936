"""Whether the document is still a notebook that others can open: `malformed-document`."""

import copy

import pytest

from jupyter_rtc_locust.documents.cells import make_cell
from jupyter_rtc_locust.verdict.findings import Kind, Value
from verdict.model_server import cells_of
from verdict.opinions import kinds_of, of_kind, report
from verdict.swarm_model import SwarmModel
from verdict.templates import TEXT, code, notebook, plain_notebook


@pytest.fixture
def swarm() -> SwarmModel:
    swarm = SwarmModel(plain_notebook("a = 1", "b = 2", "c = 3"))
    swarm[0].type("x")
    swarm.settle()
    return swarm


def damage_type(cells):
    cells[1]["cell_type"] = "bogus"


def damage_source(cells):
    del cells[1]["source"]


def damage_id(cells):
    cells[1]["id"] = "cell-0"


@pytest.mark.parametrize(
    ("damage", "beside"),
    [(damage_type, Kind.INVENTED_EDIT), (damage_source, Kind.LOST_EDIT), (damage_id, Kind.INVENTED_EDIT)],
)
def test_what_the_server_makes_of_a_notebook_that_is_none_any_more(swarm, damage, beside):
    damage(cells_of(swarm.server.doc))
    swarm.settle()
    verdict = swarm.verdict(saved=None)
    assert kinds_of(verdict) == {Kind.MALFORMED_DOCUMENT, beside}, report(verdict)


def test_the_same_id_twice_is_named(swarm):
    damage_id(cells_of(swarm.server.doc))
    swarm.settle()
    assert "2 cells have the id 'cell-0'" in of_kind(swarm.verdict(saved=None), Kind.MALFORMED_DOCUMENT).detail


def test_copies_that_people_made_are_no_malformation_and_others_beside_them_are():
    swarm = SwarmModel(plain_notebook("a", "b", "c"))
    swarm[0].move(0, 2)
    swarm[1].move(0, 1)
    swarm.settle()
    assert swarm.verdict(saved=None).value is Value.PASS, report(swarm.verdict(saved=None))
    ids = [cell["id"] for cell in cells_of(swarm.server.doc)]
    cells_of(swarm.server.doc)[ids.index("cell-1")]["id"] = "cell-2"
    swarm.settle()
    assert "'cell-2'" in of_kind(swarm.verdict(saved=None), Kind.MALFORMED_DOCUMENT).detail


class TestBefore:
    """What was wrong before anybody edited is not held against the run, wherever it stands in the end."""

    def swarm(self, *cells) -> SwarmModel:
        swarm = SwarmModel(notebook([code("a", id="a"), *cells, code("z", id="z")]))
        swarm[0].move(1, 0)
        swarm[0].type("edited ", 0, 0)
        swarm.settle()
        return swarm

    def test_a_cell_that_never_was_valid(self):
        swarm = self.swarm(code("b", id="b", surplus={"x": 1}))
        verdict = swarm.verdict(saved=None)
        assert verdict.value is Value.PASS and verdict.opinion.cautions == (), report(verdict)

    def test_a_cell_that_never_was_valid_where_an_author_left_no_record(self):
        swarm = self.swarm(code("b", id="b", surplus={"x": 1}))
        swarm[1].type("not in the record", 1)
        swarm.settle()
        authored = tuple(edit for edit in swarm.evidence().authored if edit.user == 0)
        assert swarm.verdict(saved=None, authored=authored).value is Value.INCONCLUSIVE

    def test_another_malformation_beside_it_is_found(self):
        swarm = self.swarm(code("b", id="b", surplus={"x": 1}))
        damage_source(cells_of(swarm.server.doc))
        swarm.settle()
        found = of_kind(swarm.verdict(saved=None), Kind.MALFORMED_DOCUMENT)
        assert "source" in found.detail

    def test_a_document_full_of_them_is_only_asked_for_its_ids(self):
        swarm = self.swarm(*(code("b", id=f"b{n}", surplus=n) for n in range(8)))
        swarm[1].type("z", 2)
        swarm.settle()
        assert swarm.verdict(saved=None).value is Value.PASS, report(swarm.verdict(saved=None))
        cells_of(swarm.server.doc)[1]["id"] = cells_of(swarm.server.doc)[2]["id"]
        swarm.settle()
        assert "must be unique" in of_kind(swarm.verdict(saved=None), Kind.MALFORMED_DOCUMENT).detail


def test_what_people_themselves_wrote_is_a_warning(swarm):
    cell = make_cell({"id": "odd", "cell_type": "markdown", "source": "s", "metadata": {}, "surplus": 1})
    swarm[0].write(lambda replica: replica.cells.append(cell), "wrote nonsense")
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.PASS, report(verdict)
    assert [caution.kind for caution in verdict.opinion.cautions] == ["written-malformed"]


def test_a_text_has_no_form():
    swarm = SwarmModel(TEXT, kind="text")
    swarm[0].type("{")
    swarm.finish()
    assert swarm.verdict().value is Value.PASS


def test_a_room_that_nobody_filled_is_no_malformed_notebook():
    swarm = SwarmModel(None, files=False)
    swarm.finish()
    evidence = copy.copy(swarm.evidence())
    assert not evidence.authored
    assert not swarm.verdict().opinion.findings
