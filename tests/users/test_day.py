"""A day of a course as a curve: waves that come and go, lunch, and nobody there outside of it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_rtc_locust.users.day import COURSE_DAY, Day

MOMENTS = [number / 1000 for number in range(1000)]


def test_people_arrive_work_go_to_lunch_come_back_and_leave():
    assert [COURSE_DAY.people_at(over, 40) for over in (0.0, 0.3, 0.55, 0.75, 0.999)] == [4, 40, 8, 40, 4]


def test_a_wave_is_steepest_in_its_middle():
    arrived = [COURSE_DAY.people_at(over, 1000) for over in (0.0, 0.05, 0.075, 0.125, 0.15, 0.2)]
    begin, middle, end = arrived[1] - arrived[0], arrived[3] - arrived[2], arrived[5] - arrived[4]
    assert middle > 1.5 * begin and middle > 1.5 * end


@given(st.integers(1, 500))
def test_no_more_people_come_than_there_are_and_all_of_them_come(people):
    there = [COURSE_DAY.people_at(over, people) for over in MOMENTS]
    assert max(there) == people
    assert min(there) >= 0


@given(st.integers(1, 500))
def test_there_is_no_leap_within_a_day(people):
    there = [COURSE_DAY.people_at(over, people) for over in MOMENTS]
    assert max(abs(later - earlier) for earlier, later in itertools.pairwise(there)) <= people * 0.02 + 1


@pytest.mark.parametrize("over", [-0.1, 1.0, 2.0])
def test_nobody_is_there_outside_of_the_day(over):
    assert COURSE_DAY.people_at(over, 40) == 0


@pytest.mark.parametrize(
    "points",
    [(), ((0.0, 1.0),), ((0.1, 1.0), (1.0, 1.0)), ((0.0, 1.0), (0.5, 1.0), (0.5, 0.0), (1.0, 1.0))],
)
def test_points_that_are_no_day_are_refused(points):
    with pytest.raises(ValueError, match="points of a day"):
        Day(points)


def test_shares_of_people_beyond_everybody_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        Day(((0.0, 0.0), (1.0, 1.5)))
