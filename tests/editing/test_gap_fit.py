"""The figures of a rhythm: what is counted as what, and that a rhythm outside the ranges is said to be."""

import math

import pytest

from jupyter_rtc_locust.editing.gap_fit import RANGES_OF_RECORDINGS, fit


def test_each_figure_is_what_its_name_says():
    fitted = fit([[0.1, 0.1, 4.0, 0.4, 0.4, 0.005], [0.1, 6.0, 0.4]])
    assert fitted.mu == pytest.approx((math.log(100) + math.log(400)) / 2)
    assert fitted.sigma == pytest.approx(math.log(4) / 2)
    assert fitted.pause_share == 2 / 8
    assert (fitted.pause_median_s, fitted.pause_p90_s) == (5.0, 6.0)
    assert fitted.edits_a_burst == 10 / 4
    assert fitted.edits_a_second_active == pytest.approx(6 / 1.5)


def test_a_gap_of_two_seconds_is_a_pause_and_one_below_is_none():
    assert fit([[0.1, 0.2, 2.0, 1.999]]).pause_share == 1 / 4


def test_figures_outside_their_ranges_are_named():
    even = fit([[1.0, 1.0, 3.0, 1.0, 1.0]])
    assert even.outside(RANGES_OF_RECORDINGS) == list(RANGES_OF_RECORDINGS)
    assert even.outside({"mu": (6.9, 7.0)}) == []


@pytest.mark.parametrize("gaps", [[], [[0.1, 0.2]], [[3.0, 4.0]], [[0.1, 3.0]]])
def test_too_few_gaps_are_refused(gaps):
    with pytest.raises(ValueError, match="too few"):
        fit(gaps)
