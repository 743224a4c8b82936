"""Evidence leaves over lines of any kind: whole, without being sent twice where nothing was lost."""

import logging

import gevent
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordination.slow_lines import Worker, World
from jupyter_rtc_locust.coordination.pieces import MOST_AT_ONCE, PIECE_BYTES, Assembly, split
from jupyter_rtc_locust.coordination.sending import PATIENCE_S, Pace

NAMES = ("run", "round", "part", "index")


def told(payload, *, broken_for=0.0, **line):
    """The worker, what its master put together of a payload that is sent over such a line, and the seconds it took."""
    world = World()
    came = Assembly(len(split(payload)))

    def hear(_node, _kind, body):
        came.add(body["index"], body["piece"])
        worker.hear_taken({name: body[name] for name in NAMES})

    worker = Worker(world, "worker", payload, hear=hear, **line)
    began = world.now
    if broken_for:
        world.at(began + 1.0, lambda: worker.break_for(broken_for))
    telling = worker.begin()
    while not telling.ready():
        world.turn()
    telling.get(block=False)
    return worker, came, world.now - began


@given(
    megabytes=st.floats(0, 3),
    megabits=st.floats(0.5, 1000),
    latency=st.floats(0, 0.3),
)
@settings(deadline=None, max_examples=40)
def test_a_line_of_half_a_megabit_or_more_is_never_sent_anything_twice(megabytes, megabits, latency):
    payload = b"x" * int(megabytes * 1e6)
    worker, came, _ = told(payload, bits_per_s=megabits * 1e6, latency_s=latency)
    assert came.complete
    assert came.take() == payload
    assert worker.copies == 0
    assert worker.most_on_its_way == 1, "a message is sent when the one before it was taken"


@given(megabits=st.floats(0.06, 0.5), pieces=st.integers(1, 60))
@settings(deadline=None, max_examples=40)
def test_on_a_slower_line_one_message_is_sent_twice_at_most(megabits, pieces):
    worker, came, _ = told(b"x" * (pieces * PIECE_BYTES), bits_per_s=megabits * 1e6)
    assert came.complete
    assert worker.copies <= 1


@given(lost=st.sets(st.integers(0, 12), max_size=3), pieces=st.integers(1, 200))
@settings(deadline=None, max_examples=40)
def test_what_a_line_lost_is_sent_again_and_arrives_whole(lost, pieces):
    worker, came, _ = told(b"x" * (pieces * PIECE_BYTES), bits_per_s=20e6, lost=lost)
    assert came.complete
    assert worker.copies == len([number for number in lost if number < len(worker.sent)])
    assert worker.most_on_its_way == 1


def test_a_slow_line_takes_no_longer_than_its_bytes_need():
    payload = b"x" * 5_400_000
    _, _, seconds = told(payload, bits_per_s=0.5e6)
    assert seconds < 1.15 * len(payload) * 8 / 0.5e6


def test_a_heartbeat_never_waits_long_behind_evidence_nor_is_a_fast_line_with_a_long_way_left_idle():
    worker, _, _ = told(b"x" * 5_400_000, bits_per_s=0.5e6)
    assert max(length for _, length in worker.sent) * 8 / 0.5e6 < 2.5
    _, _, seconds = told(b"x" * 90_000_000, bits_per_s=1e9, latency_s=0.1)
    assert seconds < 30


@pytest.mark.parametrize(("seconds", "copies"), [(4, 1), (12, 2), (29, 3)])
def test_a_line_that_is_broken_for_less_than_half_a_minute_goes_on_where_it_broke(seconds, copies):
    worker, came, _ = told(b"x" * 5_000_000, bits_per_s=20e6, broken_for=seconds)
    assert came.complete
    order = [index for index, _ in worker.sent]
    assert order == sorted(order)
    assert worker.copies == copies
    assert len([index for index in set(order) if order.count(index) > 1]) == 1, "one message was lost"


def test_a_line_that_stays_broken_is_given_up_with_a_sentence(caplog):
    with caplog.at_level(logging.ERROR):
        worker, came, seconds = told(b"x" * (2 * PIECE_BYTES), bits_per_s=20e6, lost=range(100))
    assert not came.complete
    assert [index for index, _ in worker.sent] == [0] * len(PATIENCE_S)
    assert seconds == pytest.approx(sum(PATIENCE_S), abs=1)
    assert "did not take piece 1 of 2" in caplog.text


def test_what_nobody_waits_for_any_more_is_not_sent_again_and_no_error(caplog):
    world = World()
    worker = Worker(world, "worker", b"x" * 10, hear=lambda *_: None, bits_per_s=20e6)
    telling = worker.begin()
    world.turn(1.0)
    worker.over = True
    for _ in range(3):
        world.turn(PATIENCE_S[0])
    telling.get(timeout=5)
    assert len(worker.sent) == 1
    assert not caplog.records


def test_what_is_sent_next_leaves_as_the_line_was_found_to_take_it():
    worker, _, _ = told(b"x" * 20_000_000, bits_per_s=100e6)
    largest, worker.sent = max(length for _, length in worker.sent), []
    worker.payload = b"x" * 20_000_000
    worker.begin(number=1)
    gevent.sleep(0)
    assert worker.sent == [(0, largest)]


def test_a_run_that_begins_forgets_what_was_taken_before():
    world = World()
    worker = Worker(world, "worker", b"", hear=lambda *_: None, bits_per_s=20e6)
    worker.hear_taken({"run": "run", "round": 0, "part": 0, "index": 0})
    world.turn()
    worker.begin()
    gevent.sleep(0)
    world.turn(1.0)
    gevent.sleep(0)
    assert worker.finished, "it was taken already"
    worker.finished = False
    worker.sending.begin()
    worker.begin()
    world.turn(1.0)
    assert not worker.finished


@given(
    st.lists(
        st.tuples(st.integers(1, MOST_AT_ONCE), st.floats(0, 1000, allow_nan=False), st.integers(1, 4)), max_size=30
    ),
    st.integers(1, MOST_AT_ONCE),
)
@settings(deadline=None, max_examples=60)
def test_whatever_a_line_did_something_is_sent_and_waited_for_within_bounds(measured, pieces):
    pace = Pace()
    for one in measured:
        pace.taken(*one)
    assert 1 <= pace.at_once <= MOST_AT_ONCE
    waits = pace.patience(pieces)
    assert all(seconds <= PATIENCE_S[-1] for seconds in waits)
    assert all(seconds >= least for seconds, least in zip(waits, PATIENCE_S, strict=True))
