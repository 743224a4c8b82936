"""Users who do what a plan says: nothing of their own, in order, on time, and what cannot be done is counted."""

import gzip
import json
import time
from dataclasses import replace

import pytest

from jupyter_rtc_locust.editing.gestures import OpenNotebook
from jupyter_rtc_locust.editing.operations import ReplaceText, SetMetadata
from jupyter_rtc_locust.editing.planned_operations import PlannedOperation
from jupyter_rtc_locust.editing.plans import (
    PlanHeader,
    PlannedDocument,
    PlannedEdit,
    Segment,
    digest_of,
    edit_line,
    header_line,
    operations_json,
    read_plan,
)
from jupyter_rtc_locust.users import writing
from jupyter_rtc_locust.users.plan_player import PlannedUsers
from jupyter_rtc_locust.users.plan_record import PlanRecord
from users.conftest import make_swarm, type_letters
from users.fake_room import settle, wait_until

HEADER = PlanHeader(1, 3, (PlannedDocument("notebook"),))


def letter(text, number, *, user=0, at=0.0, start=0, cell_id="cell-0", **fields):
    operation = PlannedOperation(ReplaceText(0, start, 0, text), cell_id)
    fields = {"incarnation": 0, "document": 0} | fields
    return PlannedEdit(
        user=user,
        number=number,
        at=at,
        kind="type",
        description=f"typed {text}",
        cell_id=cell_id,
        operations=(operation,),
        **fields,
    )


def plan_of(*edits):
    return read_plan([header_line(HEADER), *(edit_line(edit, operations_json(edit.operations)) for edit in edits)])


def playing(told, *edits):
    swarm = make_swarm(told)
    swarm.planned = PlannedUsers(plan_of(*edits))
    return swarm


def lines_of(swarm):
    return [json.loads(line) for line in gzip.decompress(swarm.plan.as_message()["lines"]).splitlines()]


def digest_of_swarm(swarm):
    return digest_of(Segment(**one) for one in swarm.plan.as_message()["segments"])


@pytest.fixture
def play(room, told, person):
    """Opens the document for one user who does what these edits say."""

    def make(*edits, choose=lambda _: None, **seat):
        swarm = playing(told, *edits)
        one = person(swarm=swarm, choose=choose, **seat)
        one.open()
        one.start_editing(0.0)
        return one, swarm

    return make


def test_what_users_do_is_kept_as_it_was_done_and_done_again_to_the_same_effect(room, told, person, swarm):
    one = person(choose=type_letters)
    one.open()
    for number in (3, 7):
        assert one.make_edit(type_letters(number), number, time.monotonic())
    one.writing.play(OpenNotebook("room"))
    wait_until(lambda: swarm.counts["edits"] >= 3)
    one.stop_editing()
    lines = lines_of(swarm)
    assert [line["number"] for line in lines[:2]] == [3, 7]
    assert [line["kind"] for line in lines] == ["insert_letters", "insert_letters", "open"]
    assert {line["user"] for line in lines} == {0}
    message = swarm.plan.as_message()
    assert (message["edits"], message["operations"], message["edits_skipped"]) == (3, 3, 0)

    again = make_swarm(told)
    plan = read_plan([header_line(HEADER), *(f"{json.dumps(line)}\n" for line in lines)])
    again.planned = PlannedUsers(plan)
    other = person(swarm=again, incarnation=1, choose=type_letters)
    other.open()
    again.planned.user(0, 0, 0.0)
    other.start_editing(5.0)
    wait_until(lambda: again.plan.edits == 3)
    assert plan.digest == digest_of_swarm(swarm) == digest_of_swarm(again)
    assert [line["operations"] for line in lines_of(again)] == [line["operations"] for line in lines]


def test_a_user_does_what_the_plan_says_and_nothing_of_its_own(room, play):
    one, swarm = play(letter("a", 0), letter("b", 5), choose=type_letters)
    wait_until(lambda: swarm.counts["edits"] == 2)
    assert one.make_edit(type_letters(0), 0, 0.0) is None
    one.writing.play(OpenNotebook("room"))
    settle()
    wait_until(lambda: room.sources == ["bafirst cell"])
    assert swarm.counts["edits"] == 2
    assert [line["number"] for line in lines_of(swarm)] == [0, 5]


def test_edits_leave_at_their_moments_and_not_before(room, play):
    one, swarm = play(letter("a", 0, at=0.05), letter("b", 1, at=0.2), letter("c", 2, at=3600.0))
    wait_until(lambda: swarm.counts["edits"] == 2)
    settle()
    assert swarm.since_start(time.monotonic()) >= 0.2
    assert [line["at"] for line in lines_of(swarm)] == [0.05, 0.2]
    assert swarm.counts["edits"] == 2
    assert one.writing.rhythm is not None


def test_what_cannot_be_done_is_counted_and_the_rest_goes_on(room, play):
    one, swarm = play(
        letter("a", 0, cell_id="gone"), letter("b", 1, start=99), letter("c", 2, document=0), letter("d", 3)
    )
    wait_until(lambda: swarm.plan.edits == 4)
    wait_until(lambda: room.sources == ["dcfirst cell"])
    assert swarm.counts["edits_skipped"] == swarm.counts["operations_skipped"] == 2
    assert [line.get("skipped", False) for line in lines_of(swarm)] == [True, True, False, False]
    assert digest_of_swarm(swarm) == swarm.planned._plan.digest
    assert one.trouble == ""


def test_the_digest_is_of_what_was_written_and_not_of_what_was_to_be(room, play, monkeypatch):
    monkeypatch.setattr(writing, "resolved", lambda *_: (ReplaceText(0, 0, 0, "other"),))
    _, swarm = play(letter("a", 0))
    wait_until(lambda: room.sources == ["otherfirst cell"])
    assert digest_of_swarm(swarm) != swarm.planned._plan.digest


def test_an_edit_of_another_document_is_not_made_here(room, told, person):
    header = PlanHeader(1, 1, (PlannedDocument("notebook"), PlannedDocument("notebook")))
    edit = letter("a", 0, document=1)
    swarm = make_swarm(told)
    swarm.planned = PlannedUsers(read_plan([header_line(header), edit_line(edit, operations_json(edit.operations))]))
    one = person(swarm=swarm)
    one.open()
    one.start_editing(1.0)
    wait_until(lambda: swarm.plan.edits == 1)
    assert swarm.counts["edits_skipped"] == 1
    assert room.sources == ["first cell"]


def test_who_is_asleep_does_it_afterwards_in_order(room, play):
    one, swarm = play(letter("a", 0, at=0.1), letter("b", 1, at=0.12), letter("c", 2, at=0.14))
    one.go_offline(asleep=True)
    wait_until(lambda: swarm.since_start(time.monotonic()) > 0.2)
    settle()
    assert swarm.plan.edits == 0
    one.come_online()
    wait_until(lambda: swarm.plan.edits == 3)
    assert [line["number"] for line in lines_of(swarm)] == [0, 1, 2]
    wait_until(lambda: room.sources == ["cbafirst cell"])


def test_in_a_pause_nothing_is_taken_and_all_of_it_comes_later(room, play):
    _, swarm = play(letter("a", 0, at=0.1), letter("b", 1, at=0.12))
    swarm.pause_editing()
    wait_until(lambda: swarm.since_start(time.monotonic()) > 0.2)
    settle()
    assert swarm.plan.edits == 0
    swarm.resume_editing()
    wait_until(lambda: swarm.plan.edits == 2)
    assert swarm.counts["edits_skipped"] == 0


def test_who_opens_the_document_anew_goes_on_where_it_was(room, told, person):
    swarm = playing(told, letter("a", 0), letter("b", 1, at=0.5), letter("c", 0, incarnation=1, at=0.6))
    one = person(swarm=swarm)
    one.open()
    one.start_editing(1.0)
    wait_until(lambda: swarm.plan.edits == 1)
    one.leave()
    other = person(swarm=swarm, incarnation=1)
    other.open()
    other.start_editing(1.0)
    wait_until(lambda: swarm.plan.edits == 3)
    assert [(line["incarnation"], line["number"]) for line in lines_of(swarm)] == [(0, 0), (0, 1), (1, 0)]
    assert digest_of_swarm(swarm) == swarm.planned._plan.digest


def test_who_was_played_elsewhere_before_goes_on_with_what_is_due_from_now_on():
    users = PlannedUsers(plan_of(letter("a", 0, at=1.0), letter("b", 1, at=5.0)))
    assert users.user(0, 1, 3.0).take(1).number == 1
    assert users.user(1, 0, 3.0).take(9) is None


def test_cells_that_are_called_otherwise_here_are_found_and_noted_under_the_names_of_the_plan(room, told, person):
    edit = letter("a", 0, cell_id="then")
    swarm = playing(told, edit)
    swarm.planned.name_cells(0, {"then": "cell-0"})
    one = person(swarm=swarm)
    one.open()
    one.start_editing(1.0)
    wait_until(lambda: room.sources == ["afirst cell"])
    assert lines_of(swarm)[0]["operations"][0]["at_cell"] == "then"
    assert digest_of_swarm(swarm) == swarm.planned._plan.digest


def test_a_picture_is_kept_in_its_place_between_small_edits():
    record = PlanRecord()
    texts = ["a", "b" * 100_000, "c", "d" * 100_000, "e" * 100_000, "f"]
    for number, text in enumerate(texts):
        record.note(letter(text, number))
    kept = gzip.decompress(record.as_message()["lines"]).splitlines()
    assert [json.loads(line)["operations"][0]["inserted"] for line in kept] == texts


def test_what_is_told_in_the_middle_is_told_again_at_the_end():
    record = PlanRecord()
    record.note(letter("a", 0))
    first = record.as_message()
    record.note(letter("b", 1))
    last = record.as_message()
    assert [len(gzip.decompress(one["lines"]).splitlines()) for one in (first, last)] == [1, 2]


def test_a_plan_that_grows_too_long_is_cut_and_says_so_and_goes_on_counting():
    record = PlanRecord(limit_bytes=50_000)
    for number in range(30):
        text = json.dumps([hash((number, place)) for place in range(1000)])
        operation = PlannedOperation(SetMetadata(None, "key", text))
        record.note(
            PlannedEdit(
                user=0,
                incarnation=0,
                number=number,
                at=0.0,
                document=0,
                kind="paste",
                description="",
                cell_id=None,
                operations=(operation,),
            )
        )
    message = record.as_message()
    assert message["complete"] is False
    assert message["edits"] == 30
    assert 50_000 < len(message["lines"]) < 100_000
    kept = gzip.decompress(message["lines"]).splitlines()
    assert 0 < len(kept) < 30
    assert [json.loads(line)["number"] for line in kept] == list(range(len(kept)))


def test_what_no_json_holds_costs_the_plan_the_rest_and_no_edit():
    record = PlanRecord()
    record.note(letter("a", 0))
    record.note(replace(letter("b", 1), operations=(PlannedOperation(SetMetadata(None, "key", b"bytes")),)))
    record.note(letter("c", 2))
    message = record.as_message()
    assert (message["complete"], message["edits"]) == (False, 3)
    assert len(gzip.decompress(message["lines"]).splitlines()) == 1
