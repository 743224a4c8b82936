"""A percentile of a run and its luck are those that drawing samples anew gives, without drawing."""

import math
import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.comparison.percentiles import measured
from jupyter_rtc_locust.timing.histogram import RELATIVE_ERROR, Histogram


def histogram_of(times):
    histogram = Histogram()
    for time in times:
        histogram.record(time)
    return histogram


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(0.01, 1e5), min_size=1, max_size=80), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_that_of_the_result_but_for_a_bucket(times, fraction):
    histogram = histogram_of(times)
    one = measured(histogram, fraction)
    assert math.exp(one.logarithm) == pytest.approx(histogram.percentile(fraction), rel=2.1 * RELATIVE_ERROR)
    assert one.variance > 0


@pytest.mark.parametrize("fraction", [0.5, 0.95])
def test_the_luck_of_samples_is_what_drawing_them_anew_shows(fraction):
    chance = random.Random(1)
    times = [3 * math.exp(chance.gauss(0, 0.4)) for _ in range(200)]
    drawn = [math.log(histogram_of(chance.choices(times, k=len(times))).percentile(fraction)) for _ in range(1500)]
    assert measured(histogram_of(times), fraction).variance == pytest.approx(statistics.variance(drawn), rel=0.12)


def test_more_samples_leave_less_to_luck_and_never_nothing():
    chance = random.Random(2)
    variances = [
        measured(histogram_of([3 * math.exp(chance.gauss(0, 0.4)) for _ in range(number)]), 0.95).variance
        for number in (50, 500, 5000)
    ]
    assert sorted(variances, reverse=True) == variances
    assert measured(histogram_of([2.0] * 1000), 0.5).variance > 0


def test_what_took_no_time_is_ten_microseconds():
    assert math.exp(measured(histogram_of([0.0] * 10), 0.5).logarithm) == pytest.approx(0.01, rel=0.02)
