"""Runs dealt out anew: how often chance makes as much, of all figures together, without false alarms beyond that."""

from itertools import combinations
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.comparison.by_chance import ALL_WAYS, by_chance
from jupyter_rtc_locust.comparison.percentiles import Measured

values = st.floats(-1, 1).map(lambda value: Measured(value, 0.0001))
quick = settings(deadline=None, max_examples=30)


def split(runs, way):
    return [runs[run] for run in way], [run for place, run in enumerate(runs) if place not in way]


@quick
@given(st.lists(st.lists(values, min_size=6, max_size=6), min_size=1, max_size=3))
def test_of_all_ways_to_call_runs_a_no_more_are_unlikely_than_are_unlikely(figures):
    """The promise itself: a version beside itself raises alarms as seldom as it says, whatever its times are."""
    least = [
        min(by_chance({name: split(runs, way) for name, runs in enumerate(figures)}).values())
        for way in combinations(range(6), 3)
    ]
    for likely in (0.1, 0.2, 0.3, 0.5):
        assert sum(one <= likely + 1e-12 for one in least) <= likely * len(least) + 1e-9


@quick
@given(st.lists(values, min_size=8, max_size=8), st.lists(values, min_size=8, max_size=8))
def test_it_does_not_matter_which_version_is_called_a(one, other):
    there = by_chance({"x": (one[:4], one[4:]), "y": (other[:4], other[4:])})
    back = by_chance({"x": (one[4:], one[:4]), "y": (other[4:], other[:4])})
    assert there == pytest.approx(back)


@quick
@given(st.lists(values, min_size=8, max_size=8), st.lists(values, min_size=8, max_size=8))
def test_another_figure_makes_nothing_likelier_to_be_shown(one, other):
    alone = by_chance({"x": (one[:4], one[4:])})["x"]
    assert by_chance({"x": (one[:4], one[4:]), "y": (other[:4], other[4:])})["x"] >= alone - 1e-12


def test_five_runs_that_are_all_slower_than_five_others_are_two_of_252_ways():
    runs = (
        [Measured(0.01 * number, 0.0) for number in range(5)],
        [Measured(1 + 0.01 * number, 0.0) for number in range(5)],
    )
    assert by_chance({"x": runs})["x"] == pytest.approx(2 / 252)


def test_runs_that_agree_better_than_their_samples_allow_are_not_believed():
    apart = [Measured(0.0, 0.04)] * 5, [Measured(0.1, 0.04)] * 4 + [Measured(0.1001, 0.04)]
    mixed = [Measured(0.3, 0.04)] * 2 + [Measured(-0.3, 0.04)] * 3, [Measured(0.2, 0.04)] * 5
    assert by_chance({"x": apart, "y": mixed})["x"] > 0.05


def test_where_there_are_too_many_ways_some_are_drawn_and_always_the_same():
    assert comb(20, 10) > ALL_WAYS
    runs = (
        [Measured(0.01 * number, 0.0) for number in range(10)],
        [Measured(0.05 + 0.01 * number, 0.0) for number in range(10)],
    )
    first, second = by_chance({"x": runs}), by_chance({"x": runs})
    assert first == second
    assert 0.0001 <= first["x"] < 0.01


def test_nothing_to_judge_is_nothing_judged():
    assert by_chance({}) == {}
