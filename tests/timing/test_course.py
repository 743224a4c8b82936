import json

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.timing.course import COUNTED, Course
from jupyter_rtc_locust.timing.histogram import Histogram

MOMENTS = st.lists(st.tuples(st.floats(0, 5000), st.floats(0.01, 1000)), max_size=30)


def histogram(*milliseconds):
    times = Histogram()
    for each in milliseconds:
        times.record(each)
    return times


def course_of(samples, most_slots=16):
    course = Course(most_slots)
    for moment, milliseconds in samples:
        course.times(moment, {"update echo": histogram(milliseconds)})
    return course


def counts_of(course):
    return [(slot["at_s"], slot["timings"]["update echo"]["count"]) for slot in course.as_result()["slots"]]


def test_each_slot_has_the_times_that_were_noticed_in_it():
    course = course_of([(0.2, 1.0), (0.9, 3.0), (2.5, 7.0)])
    assert course.as_result()["slot_s"] == 1
    assert counts_of(course) == [(0, 2), (2, 1)]
    assert course.as_result()["slots"][1]["timings"]["update echo"]["max_ms"] == 7.0


def test_a_slot_has_its_share_of_the_counts_and_the_users_last_seen():
    course = Course()
    course.look(0.5, 2, {"edits": 3})
    course.look(0.9, 4, {"edits": 5, "reconnects": 1})
    course.look(1.5, 1, {"edits": 5, "reconnects": 1, "something_else": 9})
    first, second = course.as_result()["slots"]
    assert (first["users"], first["edits"], first["reconnects"]) == (4, 5, 1)
    assert (second["users"], second["edits"], second["reconnects"]) == (1, 0, 0)
    assert set(COUNTED) < first.keys() and "something_else" not in second


def test_what_happened_before_the_start_is_put_into_the_first_slot():
    course = course_of([(-0.3, 1.0)])
    assert counts_of(course) == [(0, 1)]


@settings(max_examples=60)
@given(MOMENTS)
def test_there_are_never_more_slots_than_allowed_and_no_sample_is_lost(samples):
    course = course_of(samples)
    told = course.as_result()
    assert len(told["slots"]) <= 16
    assert sum(count for _, count in counts_of(course)) == len(samples)
    assert course.seconds & (course.seconds - 1) == 0
    for moment, _ in samples:
        assert any(at <= moment < at + course.seconds for at, _ in counts_of(course))


@settings(max_examples=60)
@given(MOMENTS, MOMENTS)
def test_what_two_processes_kept_adds_up_to_what_one_would_have_kept(mine, theirs):
    merged, one = course_of(mine), course_of(mine + theirs)
    merged.merge(msgpack.unpackb(msgpack.packb(course_of(theirs).as_evidence())))
    while merged.seconds < one.seconds:
        merged._double()
    assert merged.as_result() == one.as_result()


def test_users_of_two_processes_are_added_and_those_of_two_moments_are_not():
    mine, other = Course(2), Course(2)
    mine.look(0.1, 3, {})
    other.look(0.1, 4, {})
    other.look(1.1, 6, {})
    other.look(3.1, 2, {})  # two seconds a slot from here on
    mine.merge(other.as_evidence())
    assert [(slot["at_s"], slot["users"]) for slot in mine.as_result()["slots"]] == [(0, 9), (2, 2)]


@pytest.mark.parametrize("evidence", [{}, {"seconds": 1, "slots": {"0": {}}}, {"seconds": 1, "slots": {"x": {}}}, None])
def test_what_cannot_be_read_is_refused_and_nothing_is_taken_in(evidence):
    course = course_of([(1.0, 1.0)])
    before = course.as_result()
    with pytest.raises(ValueError):
        course.merge(evidence)
    assert course.as_result() == before


def test_the_result_is_plain_json():
    json.dumps(course_of([(1.0, 2.0)]).as_result(), allow_nan=False)
