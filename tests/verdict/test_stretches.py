"""Stretches of time, moment by moment: put together, and what is left of one without others."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.verdict.stretches import apart_from, put_together

STRETCHES = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda ends: (min(ends), max(ends)))


def has(one, moment):
    return one[0] <= moment < one[1]


@settings(max_examples=150, deadline=None)
@given(STRETCHES, st.lists(STRETCHES, max_size=4))
def test_a_moment_is_left_where_none_of_the_others_has_it(stretch, others):
    left = list(apart_from(stretch, others))
    assert left == sorted(left) and all(since < until for since, until in left)
    for moment in range(13):
        rest = has(stretch, moment) and not any(has(one, moment) for one in others)
        assert sum(has(one, moment) for one in left) == rest


@settings(max_examples=150, deadline=None)
@given(st.lists(STRETCHES, max_size=5))
def test_put_together_they_have_the_same_moments_and_do_not_touch(stretches):
    whole = list(put_together(stretches))
    assert all(first[1] < second[0] for first, second in pairwise(whole))
    for moment in range(13):
        assert any(has(one, moment) for one in whole) == any(has(one, moment) for one in stretches)
