"""What a person does next: the same for the same seed, each activity in turn, and possible in the document as it is."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.conftest import NOTEBOOKS, assert_valid, notebook
from editing.playing import Sent
from jupyter_rtc_locust.documents.canonical import read_content
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.editing.activities import (
    DEFAULT_ACTIVITIES,
    TEXT_ACTIVITIES,
    TEXT_FILE_ACTIVITIES,
    Activities,
    Activity,
    activity_at,
    next_gesture,
)
from jupyter_rtc_locust.editing.gestures import EditStep, Gesture, RunCell, Tab
from jupyter_rtc_locust.editing.limits import Limits

quick = settings(deadline=None, max_examples=30)
EVERYTHING = Activities.of(dict.fromkeys(Activity, 1))


def played(seed: int, activities: Activities, *, cells: str = "of everything", gestures: int = 60) -> Sent:
    sent = Sent(notebook(NOTEBOOKS[cells]))
    for number in range(gestures):
        gesture = next_gesture(seed, 0, number, sent.replica, sent.tab, activities)
        if gesture is not None:
            sent.play(gesture)
    return sent


def test_each_activity_occurs_within_the_promised_number_of_gestures() -> None:
    dealt = [activity_at(7, 3, number, DEFAULT_ACTIVITIES) for number in range(400)]
    window = DEFAULT_ACTIVITIES.every_activity_within

    for start in range(400 - window):
        assert set(dealt[start : start + window]) == set(DEFAULT_ACTIVITIES.cards)
    cards = len(DEFAULT_ACTIVITIES.cards)
    assert Counter(dealt[:cards]) == Counter(DEFAULT_ACTIVITIES.cards)


def test_the_same_seed_does_the_same_and_another_one_something_else() -> None:
    first, again, other = (played(seed, DEFAULT_ACTIVITIES) for seed in (1, 1, 2))
    descriptions = [[edit.description for edit in sent.edits] for sent in (first, again, other)]

    # Not the bytes: a shared Map keeps no order of keys, so a copy of a cell is written in another one each time.
    assert descriptions[0] == descriptions[1] != descriptions[2]
    assert read_content(first.replica, "notebook") == read_content(again.replica, "notebook")


@quick
@given(seed=st.integers(0, 10_000), cells=st.sampled_from(sorted(NOTEBOOKS)))
def test_whatever_is_done_leaves_a_valid_notebook(seed: int, cells: str) -> None:
    assert_valid(played(seed, DEFAULT_ACTIVITIES, cells=cells, gestures=40).replica)


def test_every_activity_writes_or_moves_the_caret_somewhere_in_its_turn() -> None:
    for activity in set(Activity) - {Activity.RESTART_KERNEL, Activity.STREAM_FOR_MINUTES}:
        sent = played(3, Activities.of({activity: 1, "type_words": 1}), gestures=12)
        done = [number for number in range(12) if activity_at(3, 0, number, Activities.of({activity: 1})) is activity]
        assert done
        assert sent.updates


def test_a_stream_of_minutes_has_twenty_messages_a_second() -> None:
    replica = notebook(NOTEBOOKS["of everything"])

    gesture = next_gesture(1, 0, 0, replica, Tab(), Activities.of({"stream_for_minutes": 1}))

    assert isinstance(gesture, RunCell)
    steps = list(gesture.steps())
    assert len(steps) == 3 * 60 * 20 + 4
    assert sum(step.wait for step in steps) == pytest.approx(180, rel=0.01)


def test_documents_stay_within_their_limits() -> None:
    limits = Limits(most_cells=6, longest_cell=300)
    sent = Sent(notebook(NOTEBOOKS["of everything"]))
    for number in range(300):
        gesture = next_gesture(5, 0, number, sent.replica, sent.tab, DEFAULT_ACTIVITIES, limits=limits)
        if gesture is not None:
            sent.play(gesture)
        assert limits.least_cells - 1 <= len(sent.replica.cells) <= limits.most_cells
    assert max(len(str(cell["source"])) for cell in sent.replica.cells) < 2_000


def test_the_cell_that_is_named_is_the_one_that_is_edited() -> None:
    replica = notebook(NOTEBOOKS["of everything"])

    for number in range(20):
        gesture = next_gesture(1, 0, number, replica, Tab(), Activities.of({"type_words": 1}), cell_id="raw")
        assert getattr(gesture, "cell_id", None) == "raw"


def test_nothing_is_done_where_nothing_can_be() -> None:
    empty = Replica("notebook", 1)
    prose = notebook(NOTEBOOKS["only prose"])

    assert next_gesture(1, 0, 0, empty, Tab()) is None
    assert next_gesture(1, 0, 0, prose, Tab(), Activities.of({"run_cell": 1})) is None
    assert next_gesture(1, 0, 0, Replica("text", 1), Tab(), Activities.of({"run_cell": 1})) is None


def test_a_text_file_is_written_as_well() -> None:
    sent = Sent(Replica("text", 1))
    for number in range(40):
        gesture: Gesture | None = next_gesture(1, 0, number, sent.replica, sent.tab, TEXT_FILE_ACTIVITIES)
        assert gesture is not None
        sent.play(gesture)

    assert TEXT_FILE_ACTIVITIES.suits_text_files
    assert not DEFAULT_ACTIVITIES.suits_text_files
    assert str(sent.replica.source)
    assert set(TEXT_FILE_ACTIVITIES.cards) == TEXT_ACTIVITIES


def test_new_cells_of_two_tabs_never_have_one_id() -> None:
    def added(client_id: int) -> set[str]:
        sent = Sent(notebook(NOTEBOOKS["of everything"], client_id))
        before = {str(cell["id"]) for cell in sent.replica.cells}
        for number in range(10):
            gesture = next_gesture(1, 0, number, sent.replica, sent.tab, Activities.of({"add_cell": 1}))
            assert gesture is not None
            sent.play(gesture)
        return {str(cell["id"]) for cell in sent.replica.cells} - before

    assert len(added(1)) == 10
    assert not added(1) & added(2)


@pytest.mark.parametrize("weights", [{}, {"type_words": 0}, {"dance": 1}, {"paste": -1}, {"paste": 0.5}])
def test_a_deck_that_cannot_be_dealt_from_is_refused(weights: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"card|activity"):
        Activities.of(weights)


def test_looking_at_steps_does_nothing() -> None:
    replica = notebook(NOTEBOOKS["of everything"])
    before = replica.encoded_state()

    for number in range(60):
        gesture = next_gesture(1, 0, number, replica, Tab(), EVERYTHING)
        if gesture is not None:
            assert all(isinstance(step, EditStep) or step.wait >= 0 for step in gesture.steps())

    assert replica.encoded_state() == before
