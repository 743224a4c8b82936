import json
import math

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.timing.histogram import RELATIVE_ERROR, Histogram, bucket_of, bucket_value

TEN_MICROSECONDS, TEN_MINUTES = 0.01, 600_000.0

milliseconds = st.one_of(
    st.floats(TEN_MICROSECONDS, TEN_MINUTES),
    # As many short times as long ones.
    st.floats(math.log(TEN_MICROSECONDS), math.log(TEN_MINUTES)).map(
        lambda exponent: min(max(math.exp(exponent), TEN_MICROSECONDS), TEN_MINUTES)
    ),
)
any_time = st.floats(-1.0, 1e9)
samples = st.lists(any_time, max_size=60)
modest = settings(deadline=None, max_examples=150)


def recorded(times):
    histogram = Histogram()
    for time in times:
        histogram.record(time)
    return histogram


def nearest_rank(times, fraction):
    return sorted(times)[max(1, math.ceil(fraction * len(times) * (1 - 1e-12))) - 1]


@modest
@given(st.lists(milliseconds, min_size=1, max_size=60), st.floats(0, 1))
def test_a_percentile_is_at_most_one_percent_from_the_sample_of_that_rank(times, fraction):
    exact = nearest_rank(times, fraction)
    # Half a nanosecond is lost where a time becomes an integer.
    assert abs(recorded(times).percentile(fraction) - exact) <= exact * RELATIVE_ERROR + 0.5e-6


@modest
@given(st.lists(any_time, min_size=1, max_size=60), st.floats(0, 1))
def test_a_percentile_is_never_outside_what_was_recorded(times, fraction):
    histogram = recorded(times)
    assert histogram.min_ms <= histogram.percentile(fraction) <= histogram.max_ms


@modest
@given(st.lists(milliseconds, min_size=1, max_size=60))
def test_the_ends_are_the_exact_minimum_and_maximum(times):
    histogram = recorded(times)
    assert histogram.percentile(0.0) == histogram.min_ms == pytest.approx(min(times), abs=1e-6)
    assert histogram.percentile(1.0) == histogram.max_ms == pytest.approx(max(times), abs=1e-6)


@modest
@given(st.lists(any_time, min_size=1, max_size=60), st.floats(0, 1), st.floats(0, 1))
def test_percentiles_do_not_fall_as_the_fraction_rises(times, one, other):
    histogram = recorded(times)
    assert histogram.percentile(min(one, other)) <= histogram.percentile(max(one, other))


@modest
@given(samples, samples)
def test_merging_is_the_same_as_recording_everything_in_one(ours, theirs):
    merged = recorded(ours)
    merged.merge(recorded(theirs))
    assert merged == recorded(ours + theirs)


@modest
@given(samples, samples, samples)
def test_merging_is_commutative_and_associative(one, two, three):
    def in_order(*parts):
        result = Histogram()
        for part in parts:
            result.merge(part)
        return result

    a, b, c = recorded(one), recorded(two), recorded(three)
    assert in_order(a, b, c) == in_order(c, a, b) == in_order(a, in_order(b, c)) == in_order(in_order(a, b), c)


@modest
@given(samples)
def test_the_plain_form_comes_back_equal_through_json_and_msgpack(times):
    histogram = recorded(times)
    assert Histogram.from_dict(histogram.as_dict()) == histogram
    assert Histogram.from_dict(json.loads(json.dumps(histogram.as_dict()))) == histogram
    assert Histogram.from_dict(msgpack.loads(msgpack.dumps(histogram.as_dict()))) == histogram


@modest
@given(st.integers(0, 10**15))
def test_the_value_of_a_bucket_lies_in_that_bucket_or_beside_it_by_rounding(nanoseconds):
    value = bucket_value(bucket_of(nanoseconds)) * 1e6
    assert abs(value - max(nanoseconds, 1)) <= max(nanoseconds, 1) * RELATIVE_ERROR


def test_count_sum_and_mean_are_exact():
    histogram = recorded([0.1] * 1000 + [0.2] * 1000)
    assert histogram.count == 2000
    assert histogram.sum_ms == 300.0
    assert histogram.mean_ms == 0.15


def test_a_fraction_that_is_inexact_in_floating_point_does_not_move_to_the_next_sample():
    assert 0.07 * 100 > 7
    assert recorded(range(1, 101)).percentile(0.07) == pytest.approx(7, rel=RELATIVE_ERROR)
    assert recorded(range(1, 101)).percentile(0.95) == pytest.approx(95, rel=RELATIVE_ERROR / 2)


def test_a_time_below_zero_counts_as_zero():
    histogram = recorded([-0.5])
    assert (histogram.count, histogram.min_ms, histogram.max_ms, histogram.percentile(0.5)) == (1, 0.0, 0.0, 0.0)


def test_a_recorder_bound_before_clearing_still_records_after_it():
    histogram = Histogram()
    record = histogram.record
    record(7)
    histogram.clear()
    assert histogram == Histogram()
    record(3)
    assert (histogram.count, histogram.min_ms, histogram.max_ms, histogram.sum_ms) == (1, 3.0, 3.0, 3.0)


def test_a_copy_does_not_change_with_the_original():
    original = recorded([1, 2])
    copy = original.copy()
    original.record(3)
    assert (copy, original.count) == (recorded([1, 2]), 3)


def test_the_buckets_hold_all_samples_shortest_first():
    buckets = list(recorded([5, 0.4, 0.4, 100]).buckets())
    assert [count for _, count in buckets] == [2, 1, 1]
    assert [value for value, _ in buckets] == [pytest.approx(time, rel=RELATIVE_ERROR) for time in (0.4, 5, 100)]


def test_a_histogram_without_samples_says_so():
    assert (Histogram().count, Histogram().min_ms, Histogram().max_ms, Histogram().mean_ms) == (0, None, None, None)
    with pytest.raises(ValueError, match="no samples"):
        Histogram().percentile(0.5)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, 95, math.nan])
def test_a_fraction_that_is_none_is_refused(fraction):
    with pytest.raises(ValueError, match="fraction from 0 to 1"):
        recorded([1]).percentile(fraction)


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"buckets": []},
        {"buckets": {"x": 1}, "sum_ns": 1, "min_ns": 1, "max_ns": 1},
        {"buckets": {"0": None}, "sum_ns": 1, "min_ns": 1, "max_ns": 1},
        {"buckets": {"0": 0}, "sum_ns": 1, "min_ns": 1, "max_ns": 1},
        {"buckets": {"-1": 1}, "sum_ns": 1, "min_ns": 1, "max_ns": 1},
        {"buckets": {"600": 1}, "sum_ns": 1, "min_ns": 1, "max_ns": 1},
        "a text",
    ],
)
def test_a_plain_form_that_is_none_is_refused_with_a_sentence(plain):
    with pytest.raises(ValueError, match="a histogram could not be read"):
        Histogram.from_dict(plain)


def test_histograms_are_equal_to_nothing_else_and_show_what_they_hold():
    assert Histogram() != {}
    assert repr(recorded([2])) == "Histogram(count=1, min_ms=2.0, max_ms=2.0, sum_ms=2.0)"
