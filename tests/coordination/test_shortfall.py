"""Who is gone is told from who was there, and nobody is called gone who had not come, or was not wanted any more."""

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.coordination.shortfall import GONE_S, Gone, Shortfall


def after(*seconds):
    """A run in which so many were wanted and so many there, second for second."""
    shortfall = Shortfall()
    for moment, (wanted, there) in enumerate(seconds):
        shortfall.look(float(moment), wanted, there)
    return shortfall.gone


def test_people_who_are_gone_are_told_with_how_many_and_since_when():
    assert after(*[(8, 8)] * 5, *[(8, 7)] * 3, *[(8, 6)] * 10) == Gone(2, 8, 5.0)


def test_a_gap_in_which_others_take_over_is_none():
    assert after(*[(8, 8)] * 5, *[(8, 4)] * 20, *[(8, 8)] * 2) is None
    assert after(*[(8, 8)] * 5, *[(8, 4)] * int(GONE_S)) is None


def test_who_had_not_come_when_the_run_ended_is_not_gone():
    assert after(*[(40, there) for there in range(30)]) is None
    assert after(*[(40, 6)] * 60) is None


def test_who_was_sent_away_by_a_shape_or_by_hand_is_not_gone():
    assert after(*[(20, 20)] * 5, *[(5, max(5, 20 - second)) for second in range(30)]) is None
    assert after(*[(20, 20)] * 5, *[(5, 5)] * 15, *[(15, 7)] * 15) is None


def test_who_is_counted_twice_until_workers_have_told_is_not_gone():
    assert after(*[(40, 20)] * 10, *[(40, 22)] * 3, *[(40, 20)] * 20) is None


STEPS = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 30)), max_size=6)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(1, 3))
def test_nobody_is_gone_in_a_run_whose_people_come_and_go_as_they_are_wanted(steps, quickly):
    there, seconds = 0, []
    for wanted, length in steps:
        for _ in range(length):
            there += max(-quickly, min(quickly, wanted - there))
            seconds.append((wanted, there))
    assert after(*seconds) is None
