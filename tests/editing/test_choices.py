from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.editing import DEFAULT_WEIGHTS, TEXT_KINDS, TEXT_WEIGHTS, Choice, EditKind, Weights, choose
from jupyter_rtc_locust.editing.choices import kind_at, meets_others_at

SEEDS = st.integers(0, 2**32)


def choices_of_a_document(seed, seats, start, count, weights=DEFAULT_WEIGHTS):
    return [
        choose(seed, 100 + position % seats, position // seats, seat=position % seats, seats=seats, weights=weights)
        for position in range(start, start + count)
    ]


@given(seed=SEEDS, seats=st.integers(1, 12), start=st.integers(0, 10_000))
@settings(deadline=None, max_examples=60)
def test_any_sixty_consecutive_edits_of_a_document_hold_every_kind(seed, seats, start):
    assert {choice.kind for choice in choices_of_a_document(seed, seats, start, 60)} == set(EditKind)
    assert {choice.kind for choice in choices_of_a_document(seed, seats, start, 60, TEXT_WEIGHTS)} == TEXT_KINDS


@given(seed=SEEDS, start=st.integers(0, 1000), counts=st.lists(st.integers(0, 4), min_size=24, max_size=24))
@settings(deadline=None, max_examples=40)
def test_every_deck_keeps_the_promise_it_states(seed, start, counts):
    counts[0] = max(counts[0], 1)
    weights = Weights.of(dict(zip(EditKind, counts, strict=True)))
    dealt = {kind_at(seed, "d", start + draw, weights) for draw in range(weights.every_kind_within)}
    assert dealt == set(weights.cards)


@given(seed=SEEDS, deck=st.integers(0, 50))
@settings(deadline=None, max_examples=30)
def test_one_deck_deals_each_card_once(seed, deck):
    size = len(DEFAULT_WEIGHTS.cards)
    dealt = Counter(kind_at(seed, 0, deck * size + card) for card in range(size))
    assert dealt == Counter(DEFAULT_WEIGHTS.cards)


@given(seed=SEEDS, group=st.integers(0, 5000))
@settings(deadline=None, max_examples=60)
def test_one_of_every_five_edits_of_a_document_meets_others(seed, group):
    assert sum(meets_others_at(seed, "d", group * 5 + place) for place in range(5)) == 1


def test_where_seats_divide_by_five_every_user_gets_to_meet_others():
    for seats in (5, 10, 25):
        meeting = {p % seats for p in range(seats * 200) if meets_others_at(3, "d", p)}
        assert meeting == set(range(seats))


def test_the_same_seed_gives_the_same_choices():
    assert choices_of_a_document(5, 3, 0, 200) == choices_of_a_document(5, 3, 0, 200)


def test_choices_are_the_same_in_every_process_and_on_every_machine():
    choice = choose(20261122, 3, 18, seat=3, seats=12, document="notebook-0")
    assert (choice.kind, choice.text, choice.meets_others, choice.number) == (
        "set_cell_metadata",
        "meadow مرحبا",
        True,
        18,
    )
    assert choice.fractions[:2] == (0.8764910426603035, 0.6231172999687514)


def test_other_seeds_users_and_documents_are_dealt_otherwise():
    kinds = {
        tuple(kind_at(seed, document, position) for position in range(60)) for seed in (1, 2) for document in ("a", "b")
    }
    assert len(kinds) == 4


def test_different_users_write_different_text_at_different_places():
    written = [tuple(choose(9, user, number).text for number in range(30)) for user in range(50)]
    fractions = {choose(9, user, number).fractions for user in range(50) for number in range(30)}
    assert len(set(written)) == 50
    assert len(fractions) == 50 * 30


def test_fractions_depend_on_seed_user_and_number_alone():
    one = choose(9, 4, 7, seat=0, seats=1, document="a")
    other = choose(9, 4, 7, seat=3, seats=8, document="b", weights=TEXT_WEIGHTS)
    assert one.fractions == other.fractions


@given(seed=SEEDS, user=st.integers(0, 1000), number=st.integers(0, 10**6))
@settings(deadline=None, max_examples=100)
def test_fractions_are_at_least_zero_and_below_one(seed, user, number):
    fractions = choose(seed, user, number).fractions
    assert len(fractions) == 5
    assert all(0 <= fraction < 1 for fraction in fractions)


@pytest.mark.parametrize(("seat", "seats", "number"), [(1, 1, 0), (-1, 4, 0), (0, 0, 0), (0, 1, -1)])
def test_seats_that_do_not_exist_are_refused(seat, seats, number):
    with pytest.raises(ValueError, match="counted from 0"):
        choose(1, 0, number, seat=seat, seats=seats)


def test_a_choice_of_ones_own_needs_a_kind_only():
    choice = Choice.of("paste")
    assert choice.kind is EditKind.PASTE
    assert choice.text.count("\n") >= 4
    assert Choice.of("paste", text="x = 1\n", number=3).text == "x = 1\n"
    assert Choice.of("paste", number=1) != Choice.of("paste", number=2)
    assert Choice.of("paste", seed="one") != Choice.of("paste", seed="two")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"kind": "fold_cell"}, "no kind of edit 'fold_cell': use one of insert_letters"),
        ({"kind": "paste", "text": "a\r\nb"}, "carriage return"),
        ({"kind": "paste", "text": "a\ud83d"}, "lone surrogate"),
        ({"kind": "paste", "fractions": (0.5,)}, "five fractions"),
        ({"kind": "paste", "fractions": (0.5, 0.5, 0.5, 0.5, 1.0)}, "below 1"),
    ],
)
def test_choices_that_no_healthy_server_could_keep_are_refused(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        Choice.of(**wrong)
