"""How a process fares, as it finds out itself: starved on purpose, with messages left unread, with garbage."""

import gc
import time

import gevent
import pytest

from jupyter_rtc_locust.timing.generator_health import GeneratorHealth
from jupyter_rtc_locust.users import arrival_clock, health_monitor
from jupyter_rtc_locust.users.arrival_clock import ArrivalClock
from jupyter_rtc_locust.users.backlog import LINES_A_LOOK, Backlog
from jupyter_rtc_locust.users.garbage_watch import GarbageWatch
from runs.patches import replace_in
from users.fake_room import wait_until


@pytest.fixture
def health():
    return GeneratorHealth("worker 7")


@pytest.fixture
def watched(health, monkeypatch):
    """The monitor at work, without the pause at its beginning."""
    monkeypatch.setattr(health_monitor, "START_UP_S", 0.0)
    clock = ArrivalClock(health.arrival_error)
    greenlet = gevent.spawn(health_monitor.watch_health, health, Backlog(list, health.receive_backlog), clock)
    yield greenlet
    greenlet.kill()


@pytest.fixture
def starving():
    """A greenlet that holds the processor for 60 ms at a time, as a locustfile may do that computes something."""

    def burn():
        while True:
            until = time.monotonic() + 0.06
            while time.monotonic() < until:
                pass
            gevent.sleep(0)

    greenlet = gevent.spawn(burn)
    yield
    greenlet.kill()


@pytest.mark.usefixtures("watched", "starving")
def test_a_starved_generator_says_so_with_the_reason_and_the_way_out(health):
    wait_until(lambda: (health.summary()["loop_lag_p99_ms"] or 0) > 50, deadline=20.0)
    summary = health.summary()
    assert (summary["sound"], summary["timings_sound"]) == (False, False)
    assert "worker 7" in summary["reasons"][0]
    assert "fewer users" in summary["reasons"][0]


def test_the_monitor_leaves_no_watch_of_garbage_behind(health, watched):
    wait_until(lambda: health.summary()["loop_lag_max_ms"] is not None)
    gc.collect()
    wait_until(lambda: health.summary()["collections_full"] > 0)
    wait_until(lambda: gc.get_freeze_count() > 0, what="what is no garbage is set aside")
    watched.kill()
    assert gc.get_freeze_count() == 0
    assert not [one for one in gc.callbacks if isinstance(getattr(one, "__self__", None), GarbageWatch)]


def test_a_collection_that_had_begun_before_anybody_watched_is_not_counted():
    told = []
    watch = GarbageWatch(lambda generation, milliseconds: told.append((generation, milliseconds)))
    watch.note("stop", {"generation": 2})
    watch.note("start", {"generation": 1})
    watch.note("stop", {"generation": 1})
    ((generation, milliseconds),) = told
    assert generation == 1
    assert milliseconds >= 0


# -- unread bytes -----------------------------------------------------------------------------------------------------


def test_what_came_and_was_not_read_is_the_backlog_of_a_line(connect):
    line = connect(tcp=True)
    assert line.connection.backlog() == 0
    line.end.send(b"x" * 1000)
    wait_until(lambda: line.messages)
    assert line.connection.backlog() == 0, "it was read"
    line.end.socket.sendall(b"\x82\x03abc")  # no turn of the loop in between
    until = time.monotonic() + 5
    while not line.connection.backlog() and time.monotonic() < until:
        pass
    assert line.connection.backlog() == 5
    line.connection.close()
    assert line.connection.backlog() == 0


class Line:
    def __init__(self, unread):
        self.unread = unread
        self.asked = 0

    def backlog(self):
        self.asked += 1
        return self.unread


def test_each_look_asks_some_lines_and_all_have_their_turn():
    lines, told = [Line(number) for number in range(LINES_A_LOOK * 2)], []
    backlog = Backlog(lambda: lines, told.append)
    for _ in range(4):
        backlog.look()
    assert [line.asked for line in lines] == [1] * len(lines)
    assert told == [line.unread for line in lines]


def test_who_has_no_line_has_no_backlog_and_nobody_at_all_is_no_error():
    told = []
    for lines in ([], [Line(None)]):
        backlog = Backlog(lambda lines=lines: lines, told.append)
        for _ in range(3):
            backlog.look()
    assert told == []


# -- when messages arrived --------------------------------------------------------------------------------------------


class Loop:
    """A loop that looked at its sockets at a moment of a clock of its own."""

    def __init__(self):
        self.polled = 1_000.0

    def now(self):
        return self.polled

    def update_now(self):
        pass


@pytest.fixture
def clock(monkeypatch):
    """An arrival clock, what it told, and the two clocks behind it, under control; a callback runs 3 ms late."""

    told, loop, moments = [], Loop(), [50.0]
    replace_in(monkeypatch, arrival_clock, "gevent", get_hub=lambda: type("Hub", (), {"loop": loop}))
    replace_in(monkeypatch, arrival_clock, "time", monotonic=lambda: moments[0])
    made = ArrivalClock(told.append)
    moments[0] += 0.003
    return made, told, loop, moments


def test_a_message_arrived_when_the_loop_found_the_socket_readable(clock):
    assert clock[0].moment(left=49.0) == pytest.approx(50.0)


def test_no_answer_arrives_before_the_question(clock):
    assert clock[0].moment(left=50.001) == 50.003


def test_the_kernels_time_of_a_packet_is_nearer_than_the_loops_look(clock, monkeypatch):
    made, _, _, moments = clock
    replace_in(monkeypatch, arrival_clock, "time", time=lambda: moments[0] + 5_000.0)
    made.compare()
    moments[0] += 0.004
    assert made.moment(left=50.004, packet=5_050.005) == pytest.approx(50.005)
    for impossible in (5_050.1, 5_000.0):  # the wall clock was set meanwhile
        assert made.moment(left=50.004, packet=impossible) == 50.007


def test_where_the_two_clocks_cannot_be_compared_it_is_now_that_counts(clock):
    made, _, loop, moments = clock
    loop.polled += 3600.0  # somebody set the wall clock forward
    assert made.moment(left=0.0) == 50.003
    loop.polled -= 7200.0
    assert made.moment(left=0.0) == 50.003
    made.compare()
    moments[0] += 0.002
    assert made.moment(left=0.0) == pytest.approx(50.003)


def test_how_late_reads_come_is_told_of_one_in_sixteen(clock):
    made, told, _, _ = clock
    for _ in range(32):
        made.moment(left=0.0)
    assert told == pytest.approx([3.0, 3.0])
