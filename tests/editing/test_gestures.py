"""What gestures leave behind: in one document, and in two whose people did not see each other's yet."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.conftest import NOTEBOOKS, assert_valid, notebook
from editing.playing import Sent
from jupyter_rtc_locust.documents.canonical import read_content
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.editing.gestures import (
    AddCellBelow,
    ChangeCellType,
    ClearOutputs,
    Click,
    DeleteCell,
    Displayed,
    Gesture,
    MergeWithNextCell,
    MoveCaret,
    MoveCell,
    Paste,
    PressBackspace,
    Printed,
    Raised,
    Redo,
    ReplaceSelection,
    RestartKernel,
    RunCell,
    SplitCell,
    TypeText,
    Undo,
)

quick = settings(deadline=None, max_examples=100)
WORDS = st.text("ab \n😀é", min_size=1, max_size=8)
UUID = "9d1c3e35-8b1f-4b52-a3ce-6a5b1d7f0c11"


def person(client_id: int = 1) -> Sent:
    return Sent(notebook(NOTEBOOKS["of everything"], client_id))


def copy(replica: Replica, client_id: int) -> Replica:
    other = Replica(replica.kind, client_id)
    other.apply_updates([replica.full_update()])
    return other


def source(sent: Sent, cell_id: str = "raw") -> str:
    return next(str(cell["source"]) for cell in sent.replica.cells if cell["id"] == cell_id)


def ids(sent: Sent) -> list[str]:
    return [cell["id"] for cell in sent.replica.cells]


def cell(sent: Sent, cell_id: str) -> dict[str, object]:
    content = read_content(sent.replica, "notebook")
    return next(cell for cell in content["cells"] if cell["id"] == cell_id)


KEYS = st.one_of(
    st.tuples(st.just("type"), WORDS),
    st.tuples(st.just("paste"), WORDS),
    st.tuples(st.just("backspace"), st.integers(1, 4)),
    st.tuples(st.just("move"), st.integers(-4, 4)),
    st.tuples(st.just("select"), st.integers(-4, 4)),
)


@quick
@given(done=st.lists(KEYS, max_size=12))
def test_keys_write_what_they_write_into_a_string(done: list[tuple[str, str | int]]) -> None:
    sent = person()
    sent.play(Click("raw"))
    content = "as it is"
    anchor = head = len(content)
    for what, value in done:
        if isinstance(value, str):
            sent.play(TypeText("raw", value) if what == "type" else Paste("raw", value))
            start, end = sorted((anchor, head))
            content = content[:start] + value + content[end:]
            anchor = head = start + len(value)
        elif what == "backspace":
            sent.play(PressBackspace("raw", value))
            for _ in range(value):
                start, end = sorted((anchor, head))
                start = max(start - 1, 0) if start == end else start
                content, anchor, head = content[:start] + content[end:], start, start
        else:
            sent.play(MoveCaret("raw", value, selecting=what == "select"))
            for _ in range(abs(value)):
                start, end = sorted((anchor, head))
                if what == "move" and start != end:
                    head = end if value > 0 else start
                else:
                    head = min(max(head + (1 if value > 0 else -1), 0), len(content))
                anchor = anchor if what == "select" else head
        assert source(sent) == content
        assert sent.tab.caret is not None
        assert (sent.tab.caret.anchor, sent.tab.caret.head) == (anchor, head)


@quick
@given(first=WORDS, second=WORDS, times=st.integers(1, 5), by_others=WORDS)
def test_undo_takes_back_gesture_after_gesture_and_redo_does_them_again(
    first: str, second: str, times: int, by_others: str
) -> None:
    sent = person()
    stages = [source(sent)]
    for gesture in (TypeText("raw", first, at=0.5), PressBackspace("raw", times), Paste("raw", second, at=0.2)):
        sent.play(gesture)
        stages.append(source(sent))
    elsewhere = Sent(copy(sent.replica, 2))
    elsewhere.play(Paste("empty", by_others))
    sent.replica.apply_updates(elsewhere.updates)

    for stage in reversed(stages[:-1]):
        sent.play(Undo())
        assert source(sent) == stage
    for stage in stages[1:]:
        sent.play(Redo())
        assert source(sent) == stage
    assert source(sent, "empty") == by_others


def test_what_is_written_after_an_undo_leaves_nothing_to_redo() -> None:
    sent = person()
    for gesture in (TypeText("raw", "one", at=1.0), Undo(), TypeText("raw", "two", at=1.0)):
        sent.play(gesture)

    assert sent.play(Redo()).updates == []
    assert source(sent) == "as it istwo"


def test_undo_leaves_what_others_wrote_beside() -> None:
    one = person()
    one.play(TypeText("raw", "MINE", at=0.0))
    other = Sent(copy(one.replica, 2))
    other.play(TypeText("raw", "THEIRS", at=1.0))
    other.play(TypeText("raw", "ABOVE", at=0.0))
    one.replica.apply_updates(other.updates)

    one.play(Undo())

    assert source(one) == "ABOVEas it isTHEIRS"


def test_undo_of_what_somebody_changed_meanwhile_writes_nothing() -> None:
    one = person()
    one.play(TypeText("raw", "MINE", at=0.0))
    other = Sent(copy(one.replica, 2))
    other.play(Click("raw", 0.15))
    other.play(PressBackspace("raw", 1))
    one.replica.apply_updates(other.updates)
    before = source(one)

    sent = one.play(Undo())

    assert sent.updates == []
    assert source(one) == before


@pytest.mark.parametrize(
    "gesture",
    [
        TypeText("gone", "abc"),
        ReplaceSelection("gone", 0.1, 2, "x"),
        AddCellBelow("gone", UUID),
        DeleteCell("gone", UUID),
        MoveCell("gone", 1),
        ChangeCellType("gone", "raw"),
        SplitCell("gone", 0.5, "a", "b"),
        MergeWithNextCell("gone", UUID),
        RunCell("gone"),
        ClearOutputs("gone"),
        Undo(),
        Redo(),
    ],
    ids=lambda gesture: type(gesture).__name__,
)
def test_where_the_cell_is_gone_nothing_is_sent(gesture: Gesture) -> None:
    sent = person()

    sent.play(gesture)

    assert sent.updates == []


def test_the_rest_is_dropped_when_the_cell_goes_in_between() -> None:
    sent = person()
    steps = TypeText("raw", "abc").steps()
    assert sent.take(next(steps))
    sent.play(DeleteCell("raw", UUID))

    assert not sent.take(next(steps))


def test_a_cell_added_is_below_and_the_caret_in_it() -> None:
    sent = person()

    sent.play(AddCellBelow("picture", UUID))

    assert ids(sent)[2] == UUID
    assert sent.tab.caret is not None
    assert sent.tab.caret.cell_id == UUID
    assert_valid(sent.replica)


def test_the_last_cell_is_replaced_by_an_empty_one() -> None:
    sent = Sent(notebook(NOTEBOOKS["one empty cell"]))

    sent.play(DeleteCell("empty", UUID))

    assert ids(sent) == [UUID]
    assert_valid(sent.replica)


@pytest.mark.parametrize(("by", "place"), [(1, 3), (2, 4), (9, 4), (-1, 1), (-9, 0), (0, 2)])
def test_a_move_keeps_the_cell_and_its_id(by: int, place: int) -> None:
    sent = person()
    before = cell(sent, "raw")

    sent.play(MoveCell("raw", by))

    assert ids(sent)[place] == "raw"
    assert cell(sent, "raw") == before


def test_a_move_keeps_outputs_and_attachments() -> None:
    sent = person()
    printing, picture = cell(sent, "printing"), cell(sent, "picture")
    printing.pop("execution_state")

    sent.play(MoveCell("printing", 3))
    sent.play(MoveCell("picture", 1))

    assert cell(sent, "printing") == printing
    assert cell(sent, "picture") == picture
    assert_valid(sent.replica)


@pytest.mark.parametrize("to", ["code", "markdown", "raw"])
@pytest.mark.parametrize("cell_id", ["printing", "picture", "raw"])
def test_a_change_of_type_keeps_source_and_id(cell_id: str, to: str) -> None:
    sent = person()
    before = cell(sent, cell_id)

    sent.play(ChangeCellType(cell_id, to))

    assert cell(sent, cell_id)["cell_type"] == to
    assert cell(sent, cell_id)["source"] == before["source"]
    assert_valid(sent.replica)


@quick
@given(at=st.floats(0, 1))
def test_split_and_merged_again_the_source_lacks_only_newlines(at: float) -> None:
    sent = person()
    before = source(sent, "picture")

    sent.play(SplitCell("picture", at, "upper", "lower"))
    assert len(sent.updates) == 1
    assert_valid(sent.replica)
    sent.play(MergeWithNextCell("upper", "merged"))

    assert len(sent.updates) == 2
    assert source(sent, "merged").replace("\n", "") == before.replace("\n", "")
    assert_valid(sent.replica)


def test_the_lower_half_keeps_the_outputs() -> None:
    sent = person()

    sent.play(SplitCell("printing", 0.5, "upper", "lower"))

    assert cell(sent, "upper")["outputs"] == []
    assert len(cell(sent, "lower")["outputs"]) == 2  # type: ignore[arg-type]


def printed(sent: Sent, cell_id: str = "empty") -> list[dict[str, object]]:
    outputs = cell(sent, cell_id)["outputs"]
    assert isinstance(outputs, list)
    return outputs


def test_a_run_leaves_its_output_its_count_and_an_idle_cell() -> None:
    sent = person()

    sent.play(RunCell("empty", (Printed(3), Displayed({"text/plain": "7"}), Raised(frames=1))))

    content = cell(sent, "empty")
    assert [output["output_type"] for output in printed(sent)] == ["stream", "display_data", "error"]
    assert printed(sent)[0]["text"] == "line 0\nline 1\nline 2\n"
    assert content["execution_count"] == 4  # one more than any cell of the notebook had
    assert content["execution_state"] == "idle"
    assert_valid(sent.replica)


def test_only_the_first_update_of_a_run_marks_the_document() -> None:
    sent = person()

    sent.play(RunCell("empty"))

    assert [edit.marks_dirty for edit in sent.play(RunCell("empty")).edits] == [True] + [False] * 23


def test_a_cell_that_needs_nothing_before_it_runs_is_marked_all_the_same() -> None:
    sent = person()
    sent.play(RunCell("empty", ()))
    sent.play(ClearOutputs("empty"))

    updates = sent.play(RunCell("empty", ())).updates

    assert len(updates) == 4


def test_clearing_takes_outputs_count_and_state_in_one_update() -> None:
    sent = person()
    steps = RunCell("printing").steps()
    for _ in range(4):
        sent.take(next(steps))

    assert len(sent.play(ClearOutputs("printing")).updates) == 1

    content = cell(sent, "printing")
    assert (content["outputs"], content["execution_count"], content["execution_state"]) == ([], None, "idle")
    assert sent.play(ClearOutputs("printing")).updates == []


def test_an_interrupted_run_ends_with_the_error_and_is_idle() -> None:
    sent = person()

    sent.play(RunCell("empty", (Printed(100),), interrupted_after=5))

    assert printed(sent)[0]["text"] == "".join(f"line {number}\n" for number in range(5))
    assert printed(sent)[1]["ename"] == "KeyboardInterrupt"
    assert len(printed(sent)) == 2
    assert cell(sent, "empty")["execution_state"] == "idle"


def test_a_restart_makes_running_cells_idle_and_nothing_else() -> None:
    sent = person()
    steps = RunCell("empty").steps()
    for _ in range(5):
        sent.take(next(steps))
    outputs = printed(sent)

    update = sent.play(RestartKernel()).updates

    assert len(update) == 1
    assert cell(sent, "empty")["execution_state"] == "idle"
    assert printed(sent) == outputs
    assert sent.play(RestartKernel()).updates == []


def test_a_stream_takes_its_time() -> None:
    waits = [step.wait for step in RunCell("empty", (Printed(1200, lines_a_second=20),)).steps()]

    assert sum(waits) == pytest.approx(60, rel=0.01)


def test_a_displayed_picture_is_one_update_of_its_size() -> None:
    sent = person()

    sizes = sent.play(RunCell("empty", (Displayed.picture(1_000_000),))).sizes

    assert 1_000_000 < max(sizes) < 1_001_000
    assert Displayed.picture(1000, 1) == Displayed.picture(1000, 1) != Displayed.picture(1000, 2)


def test_two_people_who_run_one_cell_both_write_its_outputs() -> None:
    one = person(1)
    other = Sent(copy(one.replica, 2))
    one.play(RunCell("empty", (Printed(3),)))
    other.play(RunCell("empty", (Printed(3),)))

    one.replica.apply_updates(other.updates)
    other.replica.apply_updates(one.updates)

    assert read_content(one.replica, "notebook") == read_content(other.replica, "notebook")
    assert len(printed(one)) == 2


def whatever_people_do(cell_id: str, new: str) -> tuple[Gesture, ...]:
    return (
        TypeText(cell_id, "typed 😀", at=0.5),
        ReplaceSelection(cell_id, 0.3, 4, "new"),
        Paste(cell_id, "a\nb\n", at=0.1),
        PressBackspace(cell_id, 3),
        Undo(),
        Redo(),
        AddCellBelow(cell_id, new),
        DeleteCell(cell_id, new),
        MoveCell(cell_id, 1),
        ChangeCellType(cell_id, "markdown"),
        SplitCell(cell_id, 0.5, new, f"{new}-lower"),
        MergeWithNextCell(cell_id, new),
        RunCell(cell_id, (Printed(2), Raised())),
        ClearOutputs(cell_id),
    )


@quick
@given(done=st.lists(st.tuples(st.booleans(), st.integers(0, 13), st.integers(0, 9), st.booleans()), max_size=10))
def test_two_people_end_with_one_document_whatever_they_do(done: list[tuple[bool, int, int, bool]]) -> None:
    one = person(1)
    other = Sent(copy(one.replica, 2))
    for number, (first, which, place, meet) in enumerate(done):
        sent = one if first else other
        cell_ids = ids(sent)
        if not cell_ids:
            continue  # both deleted the last one that the other had left
        sent.play(whatever_people_do(cell_ids[place % len(cell_ids)], f"new-{number}")[which])
        if meet:
            one.replica.apply_updates(other.updates)
            other.replica.apply_updates(one.updates)
    one.replica.apply_updates(other.updates)
    other.replica.apply_updates(one.updates)

    assert read_content(one.replica, "notebook") == read_content(other.replica, "notebook")


def test_a_text_file_is_typed_into_and_undone() -> None:
    replica = Replica("text", 1)
    replica.edit(lambda replica: replica.source.insert(0, "größe") is None)
    sent = Sent(replica)

    sent.play(TypeText(None, "😀x", at=0.4))
    assert str(replica.source) == "gr😀xöße"
    sent.play(Undo())

    assert str(replica.source) == "größe"
