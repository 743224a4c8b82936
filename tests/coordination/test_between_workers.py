"""Deliveries between processes, out of what the processes told: whose edit came where, and how long it took."""

import pytest

from jupyter_rtc_locust.coordination.between_workers import clocks_too_far_apart, deliveries_between
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate, ForeignUpdate, RoomEvidence

ROUND_TRIP_S = 0.0002


def exchanges(ahead):
    """Of a process to whose clock so many seconds have to be added."""
    return [[at - ahead, at + ROUND_TRIP_S / 2, at - ahead + ROUND_TRIP_S] for at in range(0, 20, 2)]


def answer(process, ahead, *, wrote=(), heard=(), path="a.ipynb", **more):
    """Moments of edits are those of the master's clock."""
    authored = [
        AuthoredUpdate(1, 7, n, "typed", None, due - ahead, None, update) for n, (due, update) in enumerate(wrote)
    ]
    foreign = [ForeignUpdate(at - ahead, update) for at, update in heard]
    room = RoomEvidence(path, "notebook", True, authored=tuple(authored), foreign=tuple(foreign))
    return {"process": process, "documents": [room], "clock": exchanges(ahead), **more}


def test_a_delivery_is_as_long_as_it_truly_took_however_far_the_clocks_are_apart():
    edits = [(5.0 + n / 100, b"edit %d" % n) for n in range(100)]
    told = deliveries_between(
        [
            answer("worker 1", 120.0, wrote=edits),
            answer("worker 2", -3.5, heard=[(due + 0.03, update) for due, update in edits]),
        ],
        0.0,
    )
    assert told["count"] == 100
    assert told["loose"] == 0
    assert abs(told["p50_ms"] - 30.0) <= told["p50_bound_ms"] + 0.6
    assert told["p50_bound_ms"] < 2.0
    assert [one["process"] for one in told["clocks"]] == ["worker 1", "worker 2"]


def test_an_edit_is_not_taken_for_that_of_another_document():
    told = deliveries_between(
        [answer("one", 0, wrote=[(1.0, b"x")]), answer("two", 0, heard=[(1.1, b"x")], path="b.ipynb")], 0.0
    )
    assert told["count"] == 0


def test_what_nobody_of_the_run_wrote_is_no_delivery():
    told = deliveries_between([answer("one", 0), answer("two", 0, heard=[(1.1, b"x")])], 0.0)
    assert told["count"] == 0
    assert told["p50_ms"] is None


def test_what_arrived_in_the_warm_up_is_left_out():
    edits = [(1.0, b"early"), (6.0, b"late")]
    heard = [(1.1, b"early"), (6.1, b"late")]
    assert deliveries_between([answer("one", 0, wrote=edits), answer("two", 0, heard=heard)], 5.0)["count"] == 1


def test_of_one_process_there_is_nothing_to_tell():
    assert deliveries_between([answer("one", 0, wrote=[(1.0, b"x")])], 0.0) is None
    assert deliveries_between([answer("one", 0), {"process": "two"}], 0.0) is None


@pytest.mark.parametrize(
    "clock", [None, [], [[0.0]], "nonsense", [[0.0, 0.0, 0.1], [10.0, 50.0, 10.1]], [[0.0, float("nan"), 0.1]]]
)
def test_a_process_whose_clock_is_not_known_takes_its_deliveries_with_it_and_says_why(clock):
    edits = [(1.0, b"x")]
    others = [answer("one", 0, wrote=edits), answer("three", 0, heard=[(1.1, b"x")])]
    told = deliveries_between([*others, answer("two", 0, heard=[(1.1, b"x")]) | {"clock": clock}], 0.0)
    assert told["count"] == 1
    (problem,) = [one for one in told["clocks"] if one["problem"]]
    assert problem["process"] == "two"


@pytest.mark.parametrize(("ahead", "too_far"), [(1.9, False), (-1.9, False), (2.1, True), (-2.1, True)])
def test_a_clock_that_is_further_off_than_the_verdict_allows_for_is_said(ahead, too_far):
    said = clocks_too_far_apart([answer("worker 1", 0.0), answer("worker 2", ahead)])
    assert len(said) == too_far
    assert all("worker 2" in one and "2.1 s" in one for one in said)


def test_one_look_at_a_clock_that_stood_still_later_is_enough_and_a_slow_answer_says_nothing():
    stood_still = [*exchanges(0.0), [30.0, 33.0, 30.001]]
    slow = [*exchanges(0.0), [30.0, 30.1, 45.0], [50.0, 64.9, 65.0]]
    said = clocks_too_far_apart([{"process": "a", "clock": stood_still}, {"process": "b", "clock": slow}])
    assert [one.split(" was")[0] for one in said] == ["The clock of a"]


@pytest.mark.parametrize("told", [None, [], [[1.0]], [["x", 1.0, 2.0]], 7])
def test_what_is_no_clock_says_nothing_of_how_far_it_is_off(told):
    assert clocks_too_far_apart([{"process": "a", "clock": told}]) == []
