"""What is left of a stretch of time without others."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.verdict.stretches import apart_from

STRETCHES = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda ends: (min(ends), max(ends)))


@settings(max_examples=150, deadline=None)
@given(STRETCHES, st.lists(STRETCHES, max_size=4))
def test_a_moment_is_left_where_none_of_the_others_has_it(stretch, others):
    left = list(apart_from(stretch, others))
    assert left == sorted(left) and all(since < until for since, until in left)

    def has(one, moment):
        return one[0] <= moment < one[1]

    for moment in range(13):
        rest = has(stretch, moment) and not any(has(one, moment) for one in others)
        assert sum(has(one, moment) for one in left) == rest
