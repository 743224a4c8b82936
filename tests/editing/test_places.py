"""Where people work: one place for a burst, mostly one's own; who presents, and whose turn it is."""

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_rtc_locust.editing import choose
from jupyter_rtc_locust.editing.choices import WHERE, WHICH_CELL
from jupyter_rtc_locust.editing.places import OWN_CELLS, PRESENTER, SAME_CELL, TURNS, Places, person_choice
from jupyter_rtc_locust.editing.rhythm import Person

ALL = [OWN_CELLS, SAME_CELL, PRESENTER, TURNS]
people = {"seed": st.integers(0, 2**63), "seat": st.integers(0, 7), "number": st.integers(0, 5000)}


def place_of(choice):
    return choice.fractions[WHICH_CELL], choice.fractions[WHERE], choice.meets_others


@given(**people, burst=st.integers(0, 5000))
def test_all_edits_of_a_burst_go_to_one_place(seed, seat, number, burst):
    chosen = [
        person_choice(seed, seat, number + more, burst=burst, places=OWN_CELLS, seat=seat, seats=8) for more in range(5)
    ]
    assert len({place_of(one) for one in chosen}) == 1


@given(**people)
def test_what_is_done_is_what_the_deck_deals(seed, seat, number):
    chosen = person_choice(seed, seat, number, burst=number, places=OWN_CELLS, seat=seat, seats=8)
    dealt = choose(seed, seat, number, seat=seat, seats=8)
    assert (chosen.kind, chosen.text, chosen.number) == (dealt.kind, dealt.text, dealt.number)


@given(**people, places=st.sampled_from(ALL))
def test_a_place_is_a_fraction(seed, seat, number, places):
    chosen = person_choice(seed, seat, number, burst=number, places=places, seat=seat, seats=8)
    assert chosen is None or all(0 <= fraction < 1 for fraction in chosen.fractions)


def test_people_with_work_of_their_own_are_there_as_often_as_said_and_seldom_with_others():
    chosen = [person_choice(1, 3, burst, burst=burst, places=OWN_CELLS, seat=3, seats=10) for burst in range(4000)]
    at_home = sum(0.3 <= one.fractions[WHICH_CELL] < 0.4 for one in chosen)
    # Who goes anywhere goes home in one of ten cases.
    assert at_home / 4000 == pytest.approx(0.8 + 0.2 / 10, abs=0.03)
    assert sum(one.meets_others for one in chosen) / 4000 == pytest.approx(0.03, abs=0.012)


def test_seats_have_parts_of_their_own():
    only_own = Places(own=1.0)
    for seat in range(5):
        chosen = [person_choice(1, seat, n, burst=n, places=only_own, seat=seat, seats=5) for n in range(50)]
        assert all(seat / 5 <= one.fractions[WHICH_CELL] < (seat + 1) / 5 for one in chosen)


def test_everybody_in_one_cell_goes_to_the_same_one_and_documents_differ():
    cells = {
        document: {
            person_choice(1, user, n, burst=n, places=SAME_CELL, seat=user, seats=4, document=document).fractions[0]
            for user in range(4)
            for n in range(20)
        }
        for document in range(3)
    }
    assert all(len(one) == 1 for one in cells.values())
    assert len(set.union(*cells.values())) == 3


def test_one_presents_and_the_others_watch():
    working = [
        person_choice(1, seat, n, burst=n, places=PRESENTER, seat=seat, seats=6) is not None
        for seat in range(6)
        for n in range(3)
    ]
    assert working == [True] * 3 + [False] * 15


@given(seed=st.integers(0, 2**63), seats=st.integers(1, 12), now=st.floats(0, 1e6))
def test_at_any_moment_it_is_the_turn_of_one(seed, seats, now):
    turns = [TURNS.works(seed=seed, document=0, seat=seat, seats=seats, now=now) for seat in range(seats)]
    assert sum(turns) == 1


def test_in_every_round_each_has_one_turn_and_the_order_differs():
    orders = []
    for round_ in range(10):
        moments = [TURNS.turn_s * (round_ * 5 + turn + 0.5) for turn in range(5)]
        orders.append(tuple(next(s for s in range(5) if works(s, now)) for now in moments))
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in orders)
    assert len(set(orders)) > 5


def works(seat, now):
    return TURNS.works(seed=3, document=1, seat=seat, seats=5, now=now)


def test_a_place_is_the_same_in_every_process():
    here = place_of(person_choice(5, 2, 40, burst=33, places=OWN_CELLS, seat=2, seats=4))
    script = (
        "from jupyter_rtc_locust.editing.places import *;"
        "one = person_choice(5, 2, 40, burst=33, places=OWN_CELLS, seat=2, seats=4);"
        "print((one.fractions[0], one.fractions[1], one.meets_others))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    assert told == str(here)


def test_a_person_of_bursts_moves_from_place_to_place_with_them():
    rhythm = Person(1.0, 1, 0)
    bursts = [rhythm.burst(number) for number in range(300)]
    places = [
        place_of(person_choice(1, 0, n, burst=burst, places=OWN_CELLS, seats=4)) for n, burst in enumerate(bursts)
    ]
    assert 10 < len(set(bursts)) == len(Counter(places)) < 60


@pytest.mark.parametrize("shares", [{}, {"own": 0.5}, {"own": 1.5, "shared": -0.5}, {"own": 1.0, "turn_s": -1.0}])
def test_shares_that_are_none_are_refused(shares):
    with pytest.raises(ValueError, match="give"):
        Places(**shares)
