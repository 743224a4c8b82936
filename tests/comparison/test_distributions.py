"""What is computed of chance is what tables and sums say."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.comparison.distributions import beta_part, beyond, reach

quick = settings(deadline=None, max_examples=60)


@pytest.mark.parametrize(
    ("freedom", "likelihood", "value"),
    [
        (1, 0.05, 12.7062),
        (4, 0.05, 2.7764),
        (8, 0.05, 2.3060),
        (8, 0.01, 3.3554),
        (30, 0.02, 2.4573),
        (5, 0.5, 0.7267),
    ],
)
def test_students_distribution_is_that_of_the_tables(freedom, likelihood, value):
    assert reach(likelihood, freedom) == pytest.approx(value, rel=1e-4)
    assert beyond(value, freedom) == pytest.approx(likelihood, rel=1e-3)


@quick
@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))), st.floats(0.001, 0.999))
def test_a_part_of_the_beta_distribution_is_a_sum_of_binomials(numbers, part):
    n, k = numbers
    summed = math.fsum(math.comb(n, i) * part**i * (1 - part) ** (n - i) for i in range(k, n + 1))
    assert beta_part(part, k, n - k + 1) == pytest.approx(summed, abs=1e-10)


@quick
@given(st.floats(0.5, 2000), st.floats(0.5, 2000), st.floats(0, 1), st.floats(0, 1))
def test_a_part_grows_from_nothing_to_all(a, b, one, other):
    low, high = sorted((one, other))
    assert 0.0 <= beta_part(low, a, b) <= beta_part(high, a, b) + 1e-9 <= 1.0 + 2e-9


def test_a_million_samples_are_no_obstacle():
    assert beta_part(0.95, 950_000, 50_001) == pytest.approx(0.5, abs=0.01)
