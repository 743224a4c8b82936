"""What a fault wrote into the file from outside is meant, once; whatever a server loses or adds with it is found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_rtc_locust.verdict.evidence import SavedFile, WrittenOutside
from jupyter_rtc_locust.verdict.findings import Kind, Value
from verdict.model_server import cells_of, text_of
from verdict.opinions import kinds_of, of_kind, report
from verdict.swarm_model import SwarmModel
from verdict.templates import plain_notebook

WORDS = "Written into the file from outside."
OUTSIDE = (WrittenOutside(1.0, WORDS),)
CELL = {"cell_type": "raw", "id": "outside", "metadata": {}, "source": WORDS}


@pytest.fixture(params=[1, 2])
def swarm(request) -> SwarmModel:
    """Three people who have written something into a notebook, all of it saved."""
    swarm = SwarmModel(plain_notebook("a = 1", "b = 2", "c = 3"), processes=request.param)
    for user in range(3):
        swarm[user].type(f"[by {user}]", user)
    swarm.settle()
    swarm.save_in_pause()
    return swarm


@pytest.fixture(params=[1, 2])
def writers(request) -> SwarmModel:
    """Two people who write a text, all of it saved."""
    swarm = SwarmModel("one line\nanother\n", kind="text", processes=request.param)
    for user in range(2):
        swarm[user].type(f"[by {user}]", at=3)
    swarm.settle()
    swarm.save_in_pause()
    return swarm


def as_the_server_reads_it(swarm: SwarmModel) -> Any:
    if swarm.kind == "text":
        return swarm.server.file
    read = json.loads(json.dumps(swarm.server.file))
    for cell in read["cells"]:
        cell["source"] = "".join(cell["source"])
        cell["metadata"]["trusted"] = cells_of(swarm.server.doc)[0]["metadata"]["trusted"]
    return read


def change_file(swarm: SwarmModel, read: Any = None) -> None:
    """The file is changed from outside, and the server takes it in; `read` is what it held before that."""
    read = as_the_server_reads_it(swarm) if read is None else read
    if swarm.kind == "text":
        read += f"{WORDS}\n"
    else:
        read["cells"].append(dict(CELL))
    swarm.pass_time(2.0)
    swarm.server.document.set(read)
    swarm.server.save()
    swarm.settle()


def test_a_cell_that_the_server_takes_in_from_the_file_is_no_finding(swarm):
    change_file(swarm)
    swarm[1].type("after it ", 3)
    swarm.finish()
    assert kinds_of(swarm.verdict()) == {Kind.INVENTED_EDIT}, "nobody of the run wrote it"
    verdict = swarm.verdict(outside=OUTSIDE)
    assert verdict.value is Value.PASS, report(verdict)


def test_a_line_that_the_server_takes_in_from_the_file_is_no_finding(writers):
    change_file(writers)
    writers[0].type("after it ", at=0)
    writers.finish()
    assert kinds_of(writers.verdict()) == {Kind.INVENTED_EDIT}, "nobody of the run wrote it"
    verdict = writers.verdict(outside=OUTSIDE)
    assert verdict.value is Value.PASS, report(verdict)


@pytest.mark.parametrize("minor", [4, 5])
@pytest.mark.parametrize("processes", [1, 2])
def test_a_server_that_makes_the_room_anew_takes_it_in_when_nobody_is_connected(minor, processes):
    """Whoever comes back is given it in the answer to its first question, which is no evidence of its own."""
    template = plain_notebook("a = 1", "b = 2")
    template["nbformat_minor"] = minor
    for cell in template["cells"] if minor < 5 else ():
        del cell["id"]
    swarm = SwarmModel(template, processes=processes)
    swarm[0].type("words ", 0)
    swarm.settle()
    swarm.save_in_pause()
    for one in swarm.users:
        one.lose_line()
    swarm.pass_time(1.0)
    swarm.server.file["cells"].append({key: value for key, value in CELL.items() if key != "id" or minor == 5})
    swarm.server.restart(swarm.generator, trusted=minor == 5)
    for one in swarm.users:
        one.connect()
    swarm.settle()
    swarm[1].type("in its midst ", 2, len("Written"))
    swarm[0].erase("file", 2)
    swarm[1].erase("outside", 2)
    swarm.settle()
    swarm[2].type("and again ", 0)
    swarm.settle()
    swarm.save_in_pause()
    for one in swarm.users:
        one.lose_line()
    swarm.pass_time(1.0)
    swarm.server.restart(swarm.generator, trusted=minor == 4)
    for one in swarm.users:
        one.connect()
    swarm.finish()
    verdict = swarm.verdict(outside=OUTSIDE)
    assert verdict.value is Value.PASS, report(verdict)


def test_people_may_type_into_a_line_that_was_taken_in_while_nobody_was_connected(writers):
    for one in writers.users:
        one.lose_line()
    writers.server.document.set(writers.server.file + f"{WORDS}\n")
    writers.server.save()
    for one in writers.users:
        one.connect()
    writers.settle()
    end = len(str(text_of(writers.server.doc, kind="text")).encode())
    writers[0].type("in its midst ", at=end - 10)
    writers[1].erase("file")
    writers.finish()
    verdict = writers.verdict(outside=OUTSIDE)
    assert verdict.value is Value.PASS, report(verdict)


def test_people_may_delete_it(swarm):
    change_file(swarm)
    swarm[2].write(lambda replica: replica.cells.pop(3), "deleted the cell")
    swarm.finish()
    verdict = swarm.verdict(outside=OUTSIDE)
    assert verdict.value is Value.PASS, report(verdict)


def test_words_that_were_not_saved_when_the_file_was_taken_in_are_lost(swarm):
    saved = as_the_server_reads_it(swarm)
    swarm[1].type("newer words ", 1)
    swarm.settle()
    change_file(swarm, saved)
    swarm.finish()
    verdict = swarm.verdict(outside=OUTSIDE)
    lost = [one for one in verdict.opinion.findings if one.kind == Kind.LOST_EDIT and one.users == (1,)]
    assert any("'newer words '" in one.detail and "edit 1 of user 1" in one.detail for one in lost), report(verdict)
    assert not [one for one in verdict.opinion.findings if WORDS in one.detail], report(verdict)


def test_a_second_copy_of_it_is_doubled(swarm):
    change_file(swarm)
    cells = cells_of(swarm.server.doc)
    cells.append(swarm.server.document.create_ycell(CELL | {"id": "once-more"}))
    swarm.finish()
    verdict = swarm.verdict(outside=OUTSIDE)
    assert kinds_of(verdict) == {Kind.DUPLICATED_CONTENT}, report(verdict)
    assert WORDS in verdict.opinion.findings[0].detail


OTHER = pytest.mark.parametrize("words", ["by nobody", WORDS[::-1], WORDS[:-1], f"{WORDS}."])


@OTHER
def test_another_cell_of_nobody_is_invented_beside_it(swarm, words):
    other = CELL | {"id": "other", "source": words}
    cells_of(swarm.server.doc).append(swarm.server.document.create_ycell(other))
    swarm.settle()
    swarm.save_in_pause()
    change_file(swarm)
    swarm.finish()
    verdict = swarm.verdict(outside=OUTSIDE)
    assert kinds_of(verdict) == {Kind.INVENTED_EDIT}, report(verdict)
    assert ["and the id other" in one.detail for one in verdict.opinion.findings] == [True]


@OTHER
def test_another_line_of_nobody_is_invented_beside_it(writers, words):
    text = text_of(writers.server.doc, kind="text")
    text.insert(len(str(text).encode()), f"{words}\n")
    writers.settle()
    writers.save_in_pause()
    change_file(writers)
    writers.finish()
    verdict = writers.verdict(outside=OUTSIDE)
    assert kinds_of(verdict) == {Kind.INVENTED_EDIT}, report(verdict)
    assert [repr(f"{words}\n") in one.detail for one in verdict.opinion.findings] == [True]


def test_other_words_of_nobody_are_invented_beside_it(swarm):
    change_file(swarm)
    text_of(swarm.server.doc, 0).insert(0, "by nobody ")
    swarm.finish()
    verdict = swarm.verdict(outside=OUTSIDE)
    assert kinds_of(verdict) == {Kind.INVENTED_EDIT}, report(verdict)
    assert "by nobody" in verdict.opinion.findings[0].detail


def test_what_the_server_takes_away_again_is_lost(swarm):
    change_file(swarm)
    del cells_of(swarm.server.doc)[3]
    swarm.finish()
    verdict = swarm.verdict(outside=OUTSIDE)
    lost = of_kind(verdict, Kind.LOST_EDIT)
    assert lost.detail.startswith("For a newcomer, what was written into the file from outside is gone: "), report(
        verdict
    )
    assert WORDS in lost.detail and lost.users == ()


def test_what_the_server_saved_over_without_a_look_is_lost(swarm):
    swarm.finish()
    verdict = swarm.verdict(outside=OUTSIDE)
    assert kinds_of(verdict) == {Kind.LOST_EDIT}, report(verdict)
    assert "What was written into the file from outside at 1.00 s is gone" in verdict.opinion.findings[0].detail
    assert "the server saved over it" in verdict.opinion.findings[0].detail


def test_what_is_on_disk_and_not_taken_in_is_a_file_that_differs_and_nothing_else(swarm):
    swarm.finish()
    file = json.loads(json.dumps(swarm.server.file))
    file["cells"].append(CELL)
    verdict = swarm.verdict(outside=OUTSIDE, saved=SavedFile(content=file, waited=30.0))
    assert kinds_of(verdict) == {Kind.SAVED_FILE_DIFFERS}, report(verdict)
