"""What stands on disk and what people had: `saved-file-differs`, and what the coordinator waits for."""

import copy
import json

import pytest

from jupyter_rtc_locust.verdict.checks.saved_file import file_agrees
from jupyter_rtc_locust.verdict.evidence import SavedFile, Snapshot
from jupyter_rtc_locust.verdict.findings import Kind, Value
from verdict.model_server import cells_of, erase, text_of
from verdict.opinions import kinds_of, of_kind, report
from verdict.swarm_model import SwarmModel
from verdict.templates import TEXT, old_notebook, plain_notebook, rich_notebook


@pytest.fixture(params=["4.5", "4.2"])
def swarm(request) -> SwarmModel:
    """People who have edited a rich notebook, which was then saved."""
    swarm = SwarmModel(rich_notebook() if request.param == "4.5" else old_notebook())
    swarm[0].type("typed with emoji 😀 and a blank ", 1)
    swarm[1].write(lambda replica: replica.cells[1].update({"execution_count": 12}), "ran cell 1")
    swarm[2].write(
        lambda replica: replica.cells[0].update({"attachments": {"n.png": {"image/png": "AAAA"}}}), "attached"
    )
    swarm.finish()
    assert swarm.verdict().value is Value.PASS, report(swarm.verdict())
    return swarm


def source(cell: dict) -> str:
    return "".join(cell["source"])


def outputs(file: dict) -> list:
    return max((cell.get("outputs", []) for cell in file["cells"]), key=len)


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file["cells"][1].update(source=source(file["cells"][1]).rstrip(" ")),
        lambda file: file["cells"][1].update(source=source(file["cells"][1]) + " "),
        lambda file: file["cells"][1].update(source=source(file["cells"][1]).replace("😀", "�")),
        lambda file: file["cells"][1].update(source=source(file["cells"][1]).replace("😀", "😁")),
        lambda file: file["cells"].insert(0, file["cells"].pop(1)),
        lambda file: file["cells"].pop(),
        lambda file: file["cells"].append(copy.deepcopy(file["cells"][0])),
        lambda file: file["cells"].insert(1, copy.deepcopy(file["cells"][1])),
        lambda file: file["cells"][1].update(execution_count=13),
        lambda file: file["cells"][1].update(execution_count=None),
        lambda file: outputs(file).pop(),
        lambda file: outputs(file).reverse(),
        lambda file: outputs(file)[0].update(text="other"),
        lambda file: file["cells"][0]["attachments"]["n.png"].update({"image/png": "AAAB"}),
        lambda file: file["cells"][0].pop("attachments"),
        lambda file: file["cells"][1]["metadata"].update(new=1),
        lambda file: file["metadata"].pop("kernelspec"),
        lambda file: file.update(nbformat_minor=file["nbformat_minor"] - 1),
        lambda file: file["cells"][1].update(cell_type="raw"),
        lambda file: file["cells"].clear(),
    ],
)
def test_every_damage_on_the_way_to_the_disk_is_found(swarm, damage):
    file = copy.deepcopy(swarm.server.file)
    damage(file)
    verdict = swarm.verdict(saved=SavedFile(content=file, waited=30.0))
    assert kinds_of(verdict) == {Kind.SAVED_FILE_DIFFERS}
    found = of_kind(verdict, Kind.SAVED_FILE_DIFFERS)
    assert found.users == (0, 1, 2) and found.detail.startswith("30 s after")
    assert not file_agrees(swarm.evidence(), SavedFile(content=file))


def test_the_coordinator_waits_until_the_file_has_it(swarm):
    before = swarm.server.file
    swarm[0].type("one more", 0)
    swarm.settle()
    assert not file_agrees(swarm.evidence(), SavedFile(content=before))
    swarm.save_in_pause()
    assert file_agrees(swarm.evidence(), SavedFile(content=swarm.server.file))


def test_what_nbformat_may_write_otherwise_is_no_difference(swarm):
    file = copy.deepcopy(swarm.server.file)
    for cell in file["cells"]:
        cell["source"] = source(cell)
        cell["metadata"]["trusted"] = True
    assert swarm.verdict(saved=SavedFile(content=file)).value is Value.PASS


def test_a_text_file_is_compared_to_the_last_blank():
    swarm = SwarmModel(TEXT, kind="text")
    swarm[0].type(" ")
    swarm.finish()
    assert swarm.verdict().value is Value.PASS
    for file in (swarm.server.file[:-1], swarm.server.file + "\n", swarm.server.file.replace("🌡️", "?"), ""):
        assert kinds_of(swarm.verdict(saved=SavedFile(content=file))) == {Kind.SAVED_FILE_DIFFERS}


def test_a_file_that_is_gone_is_a_finding_and_one_that_cannot_be_read_is_not_known(swarm):
    gone = swarm.verdict(saved=SavedFile(problem="The server knows no such file.", gone=True))
    assert "The file is gone" in of_kind(gone, Kind.SAVED_FILE_DIFFERS).detail
    unreadable = swarm.verdict(saved=SavedFile(problem="500 Internal Server Error"))
    assert unreadable.value is Value.INCONCLUSIVE and "500" in unreadable.reason


@pytest.mark.parametrize("content", ["text", None, [], 3])
def test_a_file_that_is_no_notebook_is_a_finding(swarm, content):
    assert kinds_of(swarm.verdict(saved=SavedFile(content=content))) == {Kind.SAVED_FILE_DIFFERS}


def test_a_file_that_was_never_saved_though_people_wrote_is_a_finding(swarm):
    never = SavedFile(content=json.loads(json.dumps(swarm.template)))
    assert kinds_of(swarm.verdict(saved=never)) == {Kind.SAVED_FILE_DIFFERS}


def test_a_loss_in_the_document_is_not_told_once_more_for_its_file(swarm):
    erase(text_of(swarm.server.doc, 1), "emoji")
    swarm.finish()
    assert kinds_of(swarm.verdict()) == {Kind.LOST_EDIT}


def test_a_file_that_is_right_while_the_newcomer_was_given_an_old_document_is_right(swarm):
    stale = swarm.server.snapshot()
    swarm[0].type("later", 0)
    swarm.finish()
    assert Kind.SAVED_FILE_DIFFERS not in kinds_of(swarm.verdict(joiner=stale))
    broken = Snapshot({}, b"\x00\x00", "refused")
    assert not swarm.verdict(joiner=broken).opinion.findings


class TestCopies:
    """Two people moved one cell at once: rule 11."""

    @pytest.fixture
    def copies(self) -> SwarmModel:
        swarm = SwarmModel(plain_notebook("a = 1", "b = 2", "c = 3"))
        swarm[0].move(0, 2)
        swarm[1].move(0, 1)
        swarm.settle()
        return swarm

    def test_the_file_may_hold_identical_copies_once_or_as_often_as_the_document(self, copies):
        copies.finish()
        file = copies.server.file
        twice = copy.deepcopy(file)
        twice["cells"].append(next(cell for cell in file["cells"] if cell["id"] == "cell-0"))
        ids = [cell["id"] for cell in cells_of(copies.server.doc)]
        twice["cells"].sort(key=lambda cell: ids.index(cell["id"]))
        assert copies.verdict().value is Value.PASS
        assert not file_agrees(copies.evidence(), SavedFile(content={**file, "cells": []}))

    def test_the_file_may_not_lack_all_of_them(self, copies):
        copies.finish()
        file = copy.deepcopy(copies.server.file)
        file["cells"] = [cell for cell in file["cells"] if cell["id"] != "cell-0"]
        assert kinds_of(copies.verdict(saved=SavedFile(content=file))) == {Kind.SAVED_FILE_DIFFERS}

    def test_the_file_may_not_lack_another_cell_beside_them(self, copies):
        copies.finish()
        file = copy.deepcopy(copies.server.file)
        file["cells"] = [cell for cell in file["cells"] if cell["id"] != "cell-1"]
        assert kinds_of(copies.verdict(saved=SavedFile(content=file))) == {Kind.SAVED_FILE_DIFFERS}
