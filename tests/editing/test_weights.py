import pytest

from jupyter_rtc_locust.editing import (
    CELL_SOURCE_SET,
    CELLS_INSERT_DELETE,
    DEFAULT_WEIGHTS,
    TEXT_INSERT_DELETE,
    TEXT_KINDS,
    TEXT_WEIGHTS,
    EditKind,
    Weights,
)


def test_the_default_deck_holds_every_kind_and_is_small_enough_for_sixty_edits():
    assert set(DEFAULT_WEIGHTS.cards) == set(EditKind)
    assert len(DEFAULT_WEIGHTS.cards) <= 30
    assert DEFAULT_WEIGHTS.every_kind_within <= 60


def test_letters_are_typed_most():
    counts = {kind: DEFAULT_WEIGHTS.cards.count(kind) for kind in EditKind}
    letters = counts.pop(EditKind.INSERT_LETTERS)
    assert letters > max(counts.values())


def test_the_deck_of_text_files_holds_every_text_kind_and_no_other():
    assert set(TEXT_WEIGHTS.cards) == TEXT_KINDS
    assert TEXT_WEIGHTS.suits_text_files
    assert TEXT_WEIGHTS.every_kind_within <= 60


def test_a_deck_with_cells_does_not_suit_text_files():
    assert not DEFAULT_WEIGHTS.suits_text_files
    assert TEXT_INSERT_DELETE.suits_text_files


def test_the_scenarios_of_the_ancestor_do_what_their_names_say():
    assert set(CELL_SOURCE_SET.cards) == {"set_source"}
    assert sorted(CELLS_INSERT_DELETE.cards) == ["delete_cell", "insert_cell"]
    assert {"insert_letters", "delete_text"} <= set(TEXT_INSERT_DELETE.cards)


def test_equal_weights_are_equal_however_they_are_written():
    one = Weights.of({"paste": 1, "set_source": 2, "insert_tab": 0})
    other = Weights.of({"set_source": 2, "paste": 1})
    assert one == other
    assert hash(one) == hash(other)


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"fold_cell": 1}, "no kind of edit 'fold_cell'"),
        ({"paste": -1}, "weight of paste is -1"),
        ({"paste": 0.5}, "weight of paste is 0.5"),
        ({"paste": 0}, "no card"),
        ({}, "no card"),
    ],
)
def test_weights_that_make_no_deck_are_refused_with_a_sentence(weights, sentence):
    with pytest.raises(ValueError, match=sentence):
        Weights.of(weights)
