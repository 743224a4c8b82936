"""The change between repeated runs, and the bounds between which it lies."""

import math
import random

import pytest

from comparison.simulated_runs import simulated
from jupyter_rtc_locust.comparison.by_chance import by_chance
from jupyter_rtc_locust.comparison.change import change
from jupyter_rtc_locust.comparison.comparing import compare
from jupyter_rtc_locust.comparison.documents import NO_DIFFERENCE, RARE
from jupyter_rtc_locust.comparison.percentiles import Measured
from jupyter_rtc_locust.timing.figures import figure_named
from jupyter_rtc_locust.timing.histogram import Histogram


def runs(*logarithms, variance=0.0):
    return [Measured(logarithm, variance) for logarithm in logarithms]


def test_error_and_freedom_are_welchs():
    one = change(runs(1.0, 2.0, 3.0), runs(4.0, 8.0, 6.0, 2.0))
    assert one.logarithm == pytest.approx(3.0)
    # Variances of the means: 1 / 3 of two degrees, 20 / 3 / 4 of three.
    assert one.error == pytest.approx(math.sqrt(1 / 3 + 5 / 3))
    assert one.freedom == pytest.approx(4 / (1 / 18 + 25 / 27))


def test_the_bounds_hold_the_true_change_in_nineteen_of_twenty_comparisons():
    chance = random.Random(5)
    held = 0
    for _ in range(300):
        before = runs(*(chance.gauss(0, 0.1) for _ in range(5)), variance=0.001)
        after = runs(*(chance.gauss(0.2, 0.1) for _ in range(5)), variance=0.001)
        low, high = change(before, after).bounds(0.05)
        held += low < math.exp(0.2) < high
    assert 0.92 <= held / 300 <= 0.99


def test_runs_that_agree_by_luck_have_the_bounds_that_their_samples_allow():
    lucky = change(runs(*[0.0] * 5, variance=0.04), runs(*[0.1] * 5, variance=0.04))
    assert lucky.error == pytest.approx(math.sqrt(2 * 0.04 / 5))
    low, high = lucky.bounds(0.05)
    assert low < 1.0 < high


def test_what_chance_rarely_makes_is_not_shown_where_the_bounds_leave_open_whether_it_is_there():
    """Every run of B is slower than all of A, but so differently that the typical one may not be."""

    def version(*milliseconds):
        told = []
        for time in milliseconds:
            histogram = Histogram()
            for _ in range(10_000):
                histogram.record(time)
            told.append(simulated({"update echo": histogram}))
        return told

    logarithms = (0.1, 0.2, 0.3, 0.4, 0.9)
    chance = by_chance({"x": (runs(*[0.0] * 5), runs(*logarithms))})["x"]
    assert chance < RARE
    comparison = compare(
        version(*[2.0] * 5),
        version(*(2.0 * math.exp(one) for one in logarithms)),
        figures=[figure_named("update echo p50")],
    )
    (one,) = comparison.figures
    assert one.by_chance < RARE
    assert one.bounds[0] < 1.0 < one.bounds[1]
    assert one.outcome == NO_DIFFERENCE
