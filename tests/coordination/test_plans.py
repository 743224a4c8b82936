"""The plan of a run: refused at the door with a sentence; at the end put together from processes and written whole."""

import gzip
from argparse import Namespace
from dataclasses import asdict

import pytest

from jupyter_rtc_locust.coordination.plans import (
    AFTER_THE_PLAN_S,
    adopt_plan,
    cell_names,
    checked_plan,
    collected_plan,
    plan_figures,
    plan_to_play,
    played,
    write_plan,
)
from jupyter_rtc_locust.coordination.preparation import Prepared, PreparedDocument
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.documents.seeding import fill
from jupyter_rtc_locust.documents.templates import notebook_template
from jupyter_rtc_locust.editing.operations import SetState
from jupyter_rtc_locust.editing.planned_operations import PlannedOperation
from jupyter_rtc_locust.editing.plans import (
    PlanHeader,
    PlannedDocument,
    PlannedEdit,
    edit_line,
    header_line,
    operations_json,
    read_plan,
)
from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.users.plan_record import PlanRecord
from jupyter_rtc_locust.verdict.evidence import Snapshot

NOTEBOOKS = (PlannedDocument("notebook"), PlannedDocument("notebook"))


def edit(user=0, number=0, at=0.0, text="größe"):
    return PlannedEdit(
        user=user,
        incarnation=0,
        number=number,
        at=at,
        document=0,
        kind="mark",
        description="",
        cell_id=None,
        operations=(PlannedOperation(SetState("a", text)),),
    )


def lines(*edits, users=3, documents=NOTEBOOKS):
    header = header_line(PlanHeader(7, users, documents))
    return header + "".join(edit_line(one, operations_json(one.operations)) for one in edits)


@pytest.fixture
def plan_file(tmp_path):
    """Writes a plan, and says where."""

    def write(text, name="plan.jsonl"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


def record(*edits):
    made = PlanRecord()
    for one in edits:
        made.note(one)
    return made.as_message()


def state_with(settings=None, **answers):
    state = RunState("run", 7, settings or Settings(users=3), "http://h", None)
    state.processes = set(answers)
    state.end.answers |= {name: {"plan": told} for name, told in answers.items()}
    return state


# -- at the door ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plan.jsonl", "plan.jsonl.gz", "named.otherwise"])
def test_a_plan_is_read_whether_or_not_it_is_compressed(plan_file, name):
    path = plan_file(lines(edit(), edit(1)), name)
    plan = checked_plan(Settings(plan=path, users=3, documents=2), ["notebook"])
    assert plan is not None
    assert plan.count == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no plan that can be played: its first line"),
        (b"[]\n", "no plan that can be played"),
        (b"\x1f\x8bbroken", "cannot be read"),
        (gzip.compress(lines(edit()).encode())[:-12], "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (lines(edit()).encode() + b"{}\n", "line 3"),
    ],
)
def test_what_is_no_plan_is_refused_with_a_sentence(tmp_path, content, words):
    path = tmp_path / "plan"
    path.write_bytes(content)
    with pytest.raises(OptionsError, match=words) as refused:
        plan_to_play(Settings(plan=path))
    assert str(refused.value).startswith("--rtc-plan ")
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("settings", "kinds", "words"),
    [
        ({"users": 2, "documents": 2}, ["notebook"], "one of 3 users, but this run has 2"),
        ({"users": 3, "documents": 3}, ["notebook"], "2 notebook documents, but this run has 3 notebook"),
        ({"users": 3, "documents": 2}, ["text"], "2 notebook documents, but this run has 2 text"),
        ({"users": 3, "documents": 2}, ["text", "notebook"], "2 notebook documents and 2 text documents"),
    ],
)
def test_a_plan_needs_its_users_and_its_documents(plan_file, settings, kinds, words):
    with pytest.raises(OptionsError, match=words):
        checked_plan(Settings(plan=plan_file(lines(edit())), **settings), kinds)


def test_more_users_than_in_the_plan_look_on(plan_file):
    assert checked_plan(Settings(plan=plan_file(lines(edit())), users=9, documents=2), ["notebook"]) is not None


def test_a_trace_is_its_own_plan(plan_file, tmp_path):
    for named in ({"plan": plan_file(lines(edit()))}, {"plan_out": tmp_path / "out.jsonl"}):
        with pytest.raises(OptionsError, match="--rtc-trace says everything"):
            checked_plan(Settings(trace=tmp_path / "trace", users=3, documents=2, **named), ["notebook"])


def test_where_a_plan_cannot_be_saved_is_said_before_the_run(tmp_path):
    for path in (tmp_path, tmp_path / "not there" / "plan.jsonl"):
        with pytest.raises(OptionsError, match="--rtc-plan-out"):
            checked_plan(Settings(plan_out=path), ["notebook"])
    assert checked_plan(Settings(plan_out=tmp_path / "plan.jsonl"), ["notebook"]) is None


def options(path, **given):
    none = {"num_users": None, "rtc_documents": 1, "run_time": None, "spawn_rate": None}
    return Namespace(**{**none, "rtc_plan": str(path), **given})


def test_what_the_command_line_does_not_say_comes_from_the_plan(plan_file):
    told = options(plan_file(lines(edit(at=4.2))))
    adopt_plan(told)
    assert (told.num_users, told.rtc_documents, told.spawn_rate) == (3, 2, 3.0)
    assert told.run_time == 5 + AFTER_THE_PLAN_S


def test_what_it_says_stays(plan_file):
    said = {"num_users": 5, "rtc_documents": 4, "run_time": 9, "spawn_rate": 1.0}
    told = options(plan_file(lines(edit())), **said)
    adopt_plan(told)
    assert {name: getattr(told, name) for name in said} == said


def test_without_a_plan_nothing_is_adopted_and_a_missing_one_is_refused(tmp_path):
    told = options("")
    adopt_plan(told)
    assert told.num_users is None
    with pytest.raises(OptionsError, match="no such file"):
        adopt_plan(options(tmp_path / "none"))


# -- at the end -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plan.jsonl", "plan.jsonl.gz"])
def test_what_processes_told_is_one_plan_that_can_be_played(tmp_path, name):
    first, second = [edit(0, 0), edit(0, 1, text="x" * 200_000)], [edit(2, 0), edit(2, 5)]
    state = state_with(a=record(*first), b=record(*second))
    made = collected_plan(state, "students.py")
    assert (made.edits, made.operations, made.header.complete, made.header.users) == (4, 4, True, 3)
    header = PlanHeader(7, 3, NOTEBOOKS)
    path = tmp_path / name
    path.write_text("an older one")
    made = type(made)(header, made.edits, made.operations, digest=made.digest, parts=made.parts)
    assert write_plan(path, made) == ""
    read = plan_to_play(Settings(plan=path))
    assert read is not None
    assert read.edits == {0: first, 2: second}
    assert read.digest == made.digest
    assert read_plan(gzip.decompress(made.compressed()).decode().splitlines(keepends=True)).edits == read.edits
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_a_process_that_is_lost_or_cut_leaves_a_hole_that_is_told():
    assert collected_plan(state_with(a=record(edit())), "").header.complete
    lost = state_with(a=record(edit()))
    lost.end.lost.add("b")
    cut = state_with(a={**record(edit()), "complete": False})
    silent = state_with(a=record(edit()), b=None)
    assert not any(collected_plan(one, "").header.complete for one in (lost, cut, silent))


def test_a_plan_that_cannot_be_written_is_a_sentence(tmp_path):
    made = collected_plan(state_with(a=record(edit())), "")
    assert write_plan(tmp_path / "none" / "plan.jsonl", made).startswith("The plan could not be written to ")


def test_the_result_tells_what_was_done_of_the_plan(plan_file):
    path = plan_file(lines(edit(0, 0), edit(0, 1), edit(1, 0)))
    state = state_with(Settings(plan=path, users=3, documents=2), a=record(edit(0, 0), edit(0, 1)))
    assert plan_figures(state) is None
    state.plan = collected_plan(state, "")
    plan = plan_to_play(state.settings)
    assert asdict(played(plan, state.plan)) == {"planned": 3, "taken": 2, "skipped": 0, "same": False}
    figures = plan_figures(state)
    assert (figures["edits"], figures["played"]["edits"], figures["played"]["same"]) == (2, 3, False)
    state.end.answers["b"] = {"plan": record(edit(1, 0))}
    state.plan = collected_plan(state, "")
    assert plan_figures(state)["played"]["same"] is True
    assert played(None, state.plan) is None


def prepared(ids):
    cells = [
        {"id": one, "cell_type": "raw", "source": f"cell {place}", "metadata": {}} for place, one in enumerate(ids)
    ]
    template = notebook_template("a.ipynb", {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    replica = Replica("notebook", 1)
    fill(replica, template)
    return PreparedDocument(Document("a.ipynb", "notebook"), template, Snapshot({}, replica.full_update()))


def test_cells_that_got_other_ids_are_named_to_whoever_plays_the_plan(plan_file):
    state = state_with()
    state.prepared = Prepared(None, "folder", [prepared(["a", "b"])], None)
    header = collected_plan(state, "").header
    assert header.documents[0].cells == ("a", "b")
    again = state_with(Settings(plan=plan_file(lines(documents=header.documents)), users=3))
    again.prepared = Prepared(None, "folder", [prepared(["a", "B"])], None)
    assert cell_names(again, 0) == {"b": "B"}
    assert collected_plan(again, "").header.documents == header.documents
    assert cell_names(state, 0) == {}
