"""Plans: what stands in a line is what was done, it is done again or not at all, and the digest tells."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.playing import Sent
from jupyter_rtc_locust.documents.canonical import read_content
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.editing import Choice, EditKind, make_edit
from jupyter_rtc_locust.editing.activities import Activities, Activity, next_gesture
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.operations import (
    AddOutput,
    PutCell,
    RemoveCell,
    RemoveMetadata,
    RemoveOutputs,
    ReplaceText,
    SetEntry,
    SetMetadata,
    SetState,
)
from jupyter_rtc_locust.editing.plan_rhythm import AsPlanned
from jupyter_rtc_locust.editing.planned_operations import PlannedOperation, apply_and_note, placed, resolved
from jupyter_rtc_locust.editing.plans import (
    Plan,
    PlanDigests,
    PlanError,
    PlanHeader,
    PlannedDocument,
    PlannedEdit,
    digest_of,
    edit_line,
    header_line,
    operations_json,
    read_plan,
)

KINDS = list(EditKind)
FIVE = st.tuples(*[st.floats(0, 1, exclude_max=True)] * 5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abäя🧪"), inner, max_size=3),
    max_leaves=6,
)
HEADER = PlanHeader(7, 3, (PlannedDocument("notebook"), PlannedDocument("text")), "students.py")
CELL = {"id": "new", "cell_type": "markdown", "source": "# new", "metadata": {}}
OF_EVERYTHING = Activities.of({activity: 1 for activity in Activity if activity is not Activity.STREAM_FOR_MINUTES})


def planned(*operations: PlannedOperation, user=0, incarnation=0, number=0, at=1.5, **fields) -> PlannedEdit:
    return PlannedEdit(user, incarnation, number, at, 0, "paste", "pasted 'x'", "printing", operations, **fields)


def written(*edits: PlannedEdit, header: PlanHeader = HEADER) -> list[str]:
    return [header_line(header), *(edit_line(edit, operations_json(edit.operations)) for edit in edits)]


def read_again(*edits: PlannedEdit) -> Plan:
    return read_plan(written(*edits))


def noted(edit: Edit, replica: Replica) -> tuple[PlannedOperation, ...]:
    """Apply an edit, and return what a plan keeps of it."""
    kept = []

    def change(replica: Replica) -> bool:
        changed, operations = apply_and_note(edit, replica)
        kept.extend(operations)
        return changed

    replica.edit(change, marks_dirty=lambda: edit.marks_dirty)
    return tuple(kept)


def do(operations: tuple[PlannedOperation, ...], replica: Replica) -> tuple[PlannedOperation, ...] | None:
    """Do what was planned, and return what was done, as a plan would keep it; None: it cannot apply."""
    before = replica.full_update()
    here = resolved(operations, replica)
    assert replica.full_update() == before, "whoever resolves writes nothing"
    return None if here is None else noted(Edit("again", "again", here), replica)


def twin(replica: Replica, client_id: int = 2) -> Replica:
    other = Replica(replica.kind, client_id)
    other.apply_updates([replica.full_update()])
    return other


def content(replica: Replica):
    return {name: value for name, value in read_content(replica, replica.kind).items() if name != "state"}


# -- lines ----------------------------------------------------------------------------------------------------------


@given(value=VALUES, text=st.text(st.characters(exclude_categories=["Cs"])), number=st.integers(0, 2**40))
@settings(deadline=None)
def test_whatever_stands_in_an_edit_stands_in_its_line(value, text, number):
    edit = planned(
        PlannedOperation(ReplaceText(3, 17, len(text.encode()), "ä\u2028\r\x85", output=1), "printing", text),
        PlannedOperation(PutCell(0, {**CELL, "source": text, "more": value}, has_state=False)),
        PlannedOperation(PutCell(4, CELL), "before"),
        PlannedOperation(RemoveCell(2), "gone"),
        PlannedOperation(SetEntry(2, "execution_count", value), "a"),
        PlannedOperation(SetMetadata(None, "key", value)),
        PlannedOperation(RemoveMetadata(1, "key"), "b"),
        PlannedOperation(AddOutput(1, {"output_type": "display_data", "data": {text: value}}), "b"),
        PlannedOperation(RemoveOutputs(1), "b"),
        PlannedOperation(SetState("dirty", value)),
        number=number,
        marks_dirty=False,
    )
    plan = read_again(edit)
    assert plan.edits == {0: [edit]}
    assert plan.header == HEADER


def test_one_line_is_one_edit_whatever_characters_are_in_it():
    edit = planned(PlannedOperation(ReplaceText(None, 0, 0, "a\nb\rc\u2028d\x85e")))
    line = edit_line(edit, operations_json(edit.operations))
    assert line.count("\n") == 1
    assert line.endswith("\n")
    assert json.loads(line)["operations"][0]["inserted"] == "a\nb\rc\u2028d\x85e"


def test_the_lines_of_a_user_are_put_in_order_and_users_do_not_matter_to_each_other():
    first, second, later = planned(number=3), planned(number=40), planned(number=0, incarnation=1)
    other = planned(user=1)
    plan = read_again(later, other, second, first)
    assert plan.edits[0] == [first, second, later]
    assert (plan.count, plan.duration) == (4, 1.5)
    assert plan.digest == read_again(first, second, later, other).digest


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "first line"),
        (["{}"], "first line"),
        (["not even json"], "first line"),
        ([header_line(HEADER).replace('"schema": 1', '"schema": 2')], "the form 2"),
        ([header_line(HEADER).replace('"users": 3', '"users": "some"')], "first line"),
        ([header_line(HEADER), "{}"], "line 2"),
        ([header_line(HEADER), "", "[]"], "line 3"),
        (written(planned(user=3)), "user 3"),
        (written(replace(planned(), document=2)), "document 2"),
        ([*written(planned()), written(planned(PlannedOperation(SetState("a", 1))))[1].replace("set_state", "x")], "3"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_line_it_fails_at(lines, words):
    with pytest.raises(PlanError, match=words):
        read_plan(lines)


# -- the digest -----------------------------------------------------------------------------------------------------


def digest(*edits: PlannedEdit) -> str:
    digests = PlanDigests()
    for edit in edits:
        digests.note(edit, operations_json(edit.operations))
    return digest_of(digests.segments())


LETTER, OTHER = PlannedOperation(ReplaceText(0, 0, 0, "a"), "x"), PlannedOperation(ReplaceText(0, 0, 0, "b"), "x")


@pytest.mark.parametrize(
    "changed",
    [
        [planned(OTHER), planned(OTHER, number=1)],
        [planned(LETTER)],
        [planned(LETTER), planned(OTHER, number=1), planned(OTHER, number=2)],
        [planned(OTHER, number=1), planned(LETTER)],
        [planned(LETTER, user=1), planned(OTHER, number=1)],
        [planned(LETTER, marks_dirty=False), planned(OTHER, number=1)],
        [replace(planned(LETTER), document=1), planned(OTHER, number=1)],
        [planned(replace(LETTER, cell_id="y")), planned(OTHER, number=1)],
        [planned(replace(LETTER, removed="y")), planned(OTHER, number=1)],
    ],
)
def test_another_operation_another_user_or_another_order_has_another_digest(changed):
    assert digest(*changed) != digest(planned(LETTER), planned(OTHER, number=1))


def test_when_and_where_just_then_is_not_in_the_digest():
    moved = replace(LETTER, operation=ReplaceText(9, 0, 0, "a"))
    assert digest(planned(LETTER, at=1.0)) == digest(planned(moved, at=2.0))


def test_the_digest_is_that_of_the_run_however_many_processes_played_it():
    edits = [planned(LETTER, user=user, number=number) for number in range(3) for user in range(4)]
    apart = [PlanDigests(), PlanDigests()]
    for edit in edits:
        apart[edit.user % 2].note(edit, operations_json(edit.operations))
    assert digest_of([*apart[1].segments(), *apart[0].segments()]) == digest(*edits)


# -- doing it again -------------------------------------------------------------------------------------------------


@given(
    name=st.sampled_from(["of everything", "without cells", "only prose", "only code"]),
    steps=st.lists(st.tuples(st.sampled_from(KINDS), FIVE), max_size=25),
)
@settings(deadline=None, max_examples=120)
def test_every_edit_done_again_in_an_equal_document_does_the_same_and_is_noted_the_same(name, steps, notebook):
    first = notebook(name)
    second = twin(first)
    for number, (kind, fractions) in enumerate(steps):
        choice = Choice.of(kind, number=number, seed=1, fractions=fractions)
        operations = noted(make_edit(choice, first), first)
        read = read_again(planned(*operations)).edits[0][0].operations
        again = do(read, second)
        assert again is not None
        assert operations_json(again) == operations_json(operations)
        assert content(second) == content(first)


@given(seed=st.integers(0, 10_000))
@settings(deadline=None, max_examples=60)
def test_so_does_whatever_a_person_does_in_a_tab(seed, notebook):
    first = notebook("of everything")
    second = twin(first)
    tab = Sent(first)
    for number in range(12):
        gesture = next_gesture(seed, 0, number, first, tab.tab, OF_EVERYTHING)
        for step in gesture.steps() if gesture is not None else ():
            if not hasattr(step, "make"):
                tab.take(step)
                continue
            edit = step.make(first, tab.tab)
            if edit is None:
                break
            operations = noted(edit, first)
            again = do(read_again(planned(*operations)).edits[0][0].operations, second)
            assert again is not None
            assert operations_json(again) == operations_json(operations)
        assert content(second) == content(first)


@given(
    theirs=st.lists(st.tuples(st.sampled_from(KINDS), FIVE), max_size=6),
    steps=st.lists(st.tuples(st.sampled_from(KINDS), FIVE), min_size=1, max_size=12),
)
@settings(deadline=None, max_examples=120)
def test_in_another_document_an_edit_is_done_exactly_or_not_at_all(theirs, steps, notebook, assert_valid):
    first = notebook()
    second = twin(first)
    for number, (kind, fractions) in enumerate(theirs):
        noted(make_edit(Choice.of(kind, number=number, seed=2, fractions=fractions), second), second)
    for number, (kind, fractions) in enumerate(steps):
        operations = noted(make_edit(Choice.of(kind, number=number, seed=1, fractions=fractions), first), first)
        before = content(second)
        again = do(operations, second)
        if again is None:
            assert content(second) == before
        else:
            assert operations_json(again) == operations_json(operations)
        assert_valid(second)


def insertion(start: int, text: str = "!", cell_id: str | None = "printing", **fields) -> PlannedOperation:
    return PlannedOperation(ReplaceText(0, start, 0, text, **fields), cell_id)


SOURCE = "print('größe 👩‍💻')\n"
SIZE = len(SOURCE.encode())


@pytest.mark.parametrize(
    "operation",
    [
        insertion(0, cell_id="gone"),
        insertion(SIZE + 1),
        insertion(SOURCE.encode().index("ö".encode()) + 1),
        insertion(0, output=7),
        insertion(0, output=0),
        PlannedOperation(ReplaceText(0, 0, 5, ""), "printing", "Print"),
        PlannedOperation(ReplaceText(0, SIZE - 1, 2, ""), "printing", "\nx"),
        PlannedOperation(ReplaceText(None, 0, 0, "text of no cell")),
        PlannedOperation(RemoveCell(0), "gone"),
        PlannedOperation(PutCell(1, CELL), "gone"),
        PlannedOperation(PutCell(0, {**CELL, "id": "raw"})),
        PlannedOperation(SetEntry(0, "execution_count", 1), "picture"),
        PlannedOperation(SetEntry(0, "execution_state", "idle"), "raw"),
        PlannedOperation(SetEntry(0, "attachments", {}), "printing"),
        PlannedOperation(SetMetadata(0, "a", 1), "gone"),
        PlannedOperation(RemoveMetadata(0, "not there"), "printing"),
        PlannedOperation(RemoveMetadata(None, "not there")),
        PlannedOperation(AddOutput(0, {"output_type": "error"}), "raw"),
        PlannedOperation(RemoveOutputs(0), "empty"),
        PlannedOperation(RemoveOutputs(0), "picture"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_left_out_with_all_of_its_edit(operation, notebook):
    replica = notebook()
    assert resolved([operation], replica) is None
    assert resolved([PlannedOperation(SetState("a", 1)), operation], replica) is None


def test_a_cell_is_found_wherever_it_stands_now_and_the_nearest_of_two(notebook):
    replica = notebook()
    noted(Edit("put", "", (PutCell(0, CELL),)), replica)
    assert resolved([PlannedOperation(RemoveCell(0), "printing")], replica) == (RemoveCell(1),)
    noted(Edit("put", "", (PutCell(4, CELL),)), replica)
    assert resolved([PlannedOperation(RemoveCell(0), "new")], replica) == (RemoveCell(0),)
    assert resolved([PlannedOperation(RemoveCell(5), "new")], replica) == (RemoveCell(4),)


def test_a_place_counts_what_the_same_edit_did_before(notebook):
    replica = notebook()
    operations = [
        PlannedOperation(RemoveCell(0), "printing"),
        PlannedOperation(PutCell(1, {**CELL, "id": "printing"}), "picture"),
        PlannedOperation(ReplaceText(1, 2, 3, ""), "printing", "new"),
    ]
    assert resolved(operations, replica) == (
        RemoveCell(0),
        PutCell(1, {**CELL, "id": "printing"}),
        ReplaceText(1, 2, 3, ""),
    )
    twice = [insertion(SIZE, "one"), insertion(SIZE + 3, "two")]
    assert resolved(twice, replica) is not None
    assert resolved([*twice, insertion(SIZE + 1)], replica) is not None
    assert resolved([*twice, insertion(SIZE + 7)], replica) is None
    taken_twice = [PlannedOperation(ReplaceText(0, 0, 5, ""), "printing", "print")] * 2
    assert resolved(taken_twice, replica) is None


def test_a_letter_goes_to_its_place_whatever_stands_around_it_now(notebook):
    replica = notebook()
    noted(Edit("put", "", (ReplaceText(0, 0, 0, "# "),)), replica)
    assert do((insertion(3),), replica) is not None
    assert str(replica.cells[0]["source"]).startswith("# p!rint")


# -- cells under other names ----------------------------------------------------------------------------------------


def test_cells_of_an_equal_document_are_known_by_their_place():
    cells = [{"id": name, "cell_type": "code", "source": name} for name in "abc"]
    others = [{**cell, "id": cell["id"].upper()} for cell in cells]
    then, now = (PlannedDocument.of("notebook", {"cells": one}) for one in (cells, others))
    assert then.names_in(now) == {"a": "A", "b": "B", "c": "C"}
    assert then.names_in(then) == {}
    changed = PlannedDocument.of("notebook", {"cells": [{**others[0], "source": "x"}, *others[1:]]})
    assert then.names_in(changed) == {}
    assert PlannedDocument.of("text", {"source": "a"}).names_in(PlannedDocument.of("text", {"source": "a"})) == {}


def test_an_edit_under_other_names_and_back_is_the_edit_that_it_was():
    edit = planned(
        PlannedOperation(RemoveCell(0), "printing"),
        PlannedOperation(PutCell(1, {**CELL, "id": "printing"}), "picture"),
        PlannedOperation(SetState("a", 1)),
        PlannedOperation(PutCell(0, CELL)),
    )
    names = {"printing": "1", "picture": "2"}
    named = edit.named(names)
    assert [one.cell_id for one in named.operations] == ["1", "2", None, None]
    assert named.operations[1].operation.cell["id"] == named.cell_id == "1"
    assert named.named({new: old for old, new in names.items()}) == edit


# -- when -----------------------------------------------------------------------------------------------------------


def test_edits_are_due_as_planned_and_none_before_its_user_has_come():
    rhythm = AsPlanned([1.0, 2.0, 2.0, 7.0], earliest=1.5)
    moment, dues = rhythm.first(1.4), []
    for _ in range(6):
        dues.append((moment.number, moment.due))
        moment = rhythm.after(moment)
    assert dues == [(0, 1.5), (1, 2.0), (2, 2.0), (3, 7.0), (4, 8.0), (5, 9.0)]


def test_who_comes_back_goes_on_with_what_is_left():
    rhythm = AsPlanned([1.0, 2.0, 3.0], begin=2)
    assert rhythm.first(9.0).number == 2
    assert rhythm.first(9.0).due == 9.0
    assert AsPlanned([1.0], begin=1).first(9.0).number == 1


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(KINDS), FIVE, st.integers(0, 3))
def test_what_an_edit_knows_of_its_cell_is_what_the_document_would_say(
    notebook, kind: EditKind, fractions: tuple[float, ...], earlier: int
) -> None:
    one, other = notebook(), notebook()
    for number in range(earlier + 1):
        choice = Choice.of(kind, fractions=fractions, number=number)
        made: list[Edit] = []
        asked: list[PlannedOperation] = []

        def change(replica: Replica, choice=choice, made=made) -> bool:
            made.append(make_edit(choice, replica))
            return False

        def ask(replica: Replica, made=made, asked=asked) -> bool:
            for operation in made[0].operations:
                asked.append(placed(operation, replica))
                operation.apply(replica)
            return bool(asked)

        one.edit(change)
        other.edit(ask)
        assert noted(made[0], one) == tuple(asked)
