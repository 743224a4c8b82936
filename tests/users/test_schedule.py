"""Edits by the clock: which slot is whose, what happens after a stall, and that stopping stops."""

import time
from itertools import pairwise
from types import SimpleNamespace

import gevent
import pytest

from jupyter_rtc_locust.editing.rhythm import Moment, Person, Poisson, Steady
from jupyter_rtc_locust.users import schedule
from jupyter_rtc_locust.users.schedule import EditSchedule, Heartbeat
from users.fake_room import settle, wait_until

PORTION = 20
"""As many edits as may leave before the loop gets its turn."""


class Edits:
    """What a schedule called for: (number, due, moment)."""

    def __init__(self, rhythm, origin):
        self.made = []
        self.on_edit = None
        self.schedule = EditSchedule(rhythm, origin=origin, edit=self._edit)

    def _edit(self, number, due):
        self.made.append((number, due, schedule.time.monotonic()))
        if self.on_edit is not None:
            self.on_edit(number)

    @property
    def numbers(self):
        return [number for number, _, _ in self.made]


@pytest.fixture
def edits():
    made = []

    def make(*, rate=100.0, seat=0, seats=1, document=0, run_started=None):
        started = time.monotonic() if run_started is None else run_started
        made.append(Edits(Steady(rate, seat, seats, document), started))
        return made[-1]

    yield make
    for one in made:
        one.schedule.stop()


@pytest.mark.parametrize(("seat", "seats"), [(0, 1), (0, 4), (1, 4), (3, 4)])
def test_the_edit_of_a_number_is_due_at_the_slot_of_its_seat(edits, seat, seats):
    started = time.monotonic() - 7.0
    one = edits(rate=100.0, seat=seat, seats=seats, run_started=started)
    one.schedule.start()
    wait_until(lambda: len(one.made) >= 8)
    for number, due, _ in one.made:
        # In every fifth round the second of two neighbours edits together with the first.
        place = seat - 1 if number % 5 == 4 and seat % 2 else seat
        assert due == pytest.approx(started + (number + place / seats) / 100.0, abs=1e-9)


def test_after_a_pause_every_slot_is_later_by_as_long_as_the_pause_was_and_none_is_left_out(edits):
    one = edits(rate=50.0)
    one.schedule.start()
    wait_until(lambda: len(one.made) >= 3)
    one.schedule.pause()
    before = list(one.made)
    settle(0.2)
    assert one.made == before
    missed = one.schedule.resume()
    assert missed in range(9, 13)
    wait_until(lambda: len(one.made) >= len(before) + 3)
    assert one.numbers == list(range(one.numbers[0], one.numbers[0] + len(one.made)))
    gap = one.made[len(before)][1] - one.made[len(before) - 1][1]
    assert gap == pytest.approx(1 / 50.0 + 0.2, abs=0.05)
    assert all(moment - due < 0.1 for _, due, moment in one.made)


def test_a_schedule_that_does_not_pause_is_not_changed_by_going_on(edits):
    one = edits(rate=50.0)
    one.schedule.start()
    assert one.schedule.resume() == 0
    wait_until(lambda: len(one.made) >= 3)
    assert one.made[1][1] - one.made[0][1] == pytest.approx(1 / 50.0, abs=1e-9)


def test_numbers_go_on_one_by_one_from_the_first_slot_that_is_not_past(edits):
    before = time.monotonic()
    one = edits(rate=50.0, run_started=before - 12.345)
    behind = time.monotonic()
    one.schedule.start()
    wait_until(lambda: len(one.made) >= 5)
    assert one.numbers == list(range(one.numbers[0], one.numbers[0] + len(one.made)))
    assert before <= one.made[0][1] <= behind + 1 / 50.0


def test_at_the_start_of_a_run_the_first_edit_has_number_nought(edits):
    one = edits(rate=100.0, run_started=time.monotonic() + 0.05)
    one.schedule.start()
    wait_until(lambda: one.made)
    assert one.numbers[0] == 0


def test_no_edit_leaves_before_it_is_due_but_for_the_grain_of_the_timer(edits):
    one = edits(rate=200.0)
    one.schedule.start()
    wait_until(lambda: len(one.made) >= 30)
    assert min(moment - due for _, due, moment in one.made) >= -0.0021


class Timer:
    """A timer of the loop that tells what it was set for."""

    def __init__(self, delay):
        self.delay = delay

    def start(self, callback, *, update):
        assert update
        self.fire = callback

    def stop(self):
        pass

    close = stop


def test_a_timer_is_set_a_millisecond_early_because_the_loop_waits_in_whole_ones(monkeypatch):
    timers, moment = [], [100.0]
    loop = SimpleNamespace(timer=lambda delay: timers.append(Timer(delay)) or timers[-1])
    # In that module alone: whole runs of other tests are under way in threads of this process.
    monkeypatch.setattr(schedule, "gevent", SimpleNamespace(get_hub=lambda: SimpleNamespace(loop=loop)))
    monkeypatch.setattr(schedule, "time", SimpleNamespace(monotonic=lambda: moment[0]))
    one = Edits(Uneven(0.5, 2.0), 100.0)
    one.schedule.start()
    assert timers[-1].delay == pytest.approx(0.499)
    moment[0] = 100.4985
    timers[-1].fire()
    assert one.made == [], "more than a millisecond is too early"
    moment[0] = 100.4995
    timers[-1].fire()
    assert one.made == [(0, 100.5, 100.4995)]
    assert timers[-1].delay == pytest.approx(1.4995)


def test_over_time_no_slot_is_left_out_and_lateness_does_not_grow(edits):
    one = edits(rate=100.0)
    one.schedule.start()
    wait_until(lambda: len(one.made) >= 60)
    assert min(moment - due for _, due, moment in one.made[-20:]) < 1 / 100.0
    assert one.numbers == list(range(one.numbers[0], one.numbers[0] + len(one.made)))


def test_users_of_one_document_take_turns_and_do_not_leave_in_one_batch(edits):
    started = time.monotonic()
    everybody = [edits(rate=20.0, seat=seat, seats=5, run_started=started) for seat in range(5)]
    for one in everybody:
        one.schedule.start()
    wait_until(lambda: all(len(one.made) >= 4 for one in everybody))
    dues = sorted(due for one in everybody for _, due, _ in one.made)
    apart = [later - earlier for earlier, later in pairwise(dues[:16])]
    assert apart == pytest.approx([0.01] * 15, abs=1e-6)


class Uneven:
    """Due at moments that are written down."""

    def __init__(self, *dues):
        self._dues = dues

    def first(self, elapsed):
        return Moment(0, self._dues[0] if elapsed <= self._dues[0] else 1e9)

    def after(self, moment):
        number = moment.number + 1
        return Moment(number, self._dues[number] if number < len(self._dues) else 1e9)


@pytest.fixture
def by_a_rhythm():
    made = []

    def make(rhythm, origin):
        made.append(Edits(rhythm, origin))
        made[-1].schedule.start()
        return made[-1]

    yield make
    for one in made:
        one.schedule.stop()


@pytest.mark.parametrize("kind", [Person, Poisson])
def test_edits_leave_at_the_moments_of_their_rhythm(by_a_rhythm, kind):
    rhythm = kind(200.0, 3, 1)
    origin = time.monotonic()
    one = by_a_rhythm(rhythm, origin)
    wait_until(lambda: len(one.made) >= 40)
    moment = rhythm.first(0.0)
    for number, due, _ in one.made[:40]:
        assert (number, due) == (moment.number, pytest.approx(origin + moment.due, abs=1e-9))
        moment = rhythm.after(moment)


def test_after_a_pause_uneven_gaps_are_as_they_were_and_what_would_have_been_in_it_is_counted(by_a_rhythm):
    origin = time.monotonic() + 0.05
    one = by_a_rhythm(Uneven(0.0, 0.31, 0.32, 0.33, 50.0), origin)
    wait_until(lambda: one.made)
    one.schedule.pause()
    before = time.monotonic()
    settle(0.5)
    assert one.schedule.resume() == 3
    paused = time.monotonic() - before
    wait_until(lambda: len(one.made) == 4)
    dues = [due - origin for _, due, _ in one.made]
    assert dues[1:] == pytest.approx([0.31 + paused, 0.32 + paused, 0.33 + paused], abs=0.05)
    assert dues[3] - dues[1] == pytest.approx(0.02, abs=1e-6)


def first_due(edits, **options):
    """When the first edit of a schedule that begins with the run is due, in intervals since its start."""
    started = time.monotonic() + 0.03
    one = edits(rate=100.0, run_started=started, **options)
    one.schedule.start()
    wait_until(lambda: one.made)
    one.schedule.stop()
    assert one.numbers[0] == 0
    return (one.made[0][1] - started) * 100.0


@pytest.mark.parametrize("document", [0, 1, 2, 7])
def test_in_any_document_the_seats_keep_their_order_and_their_distances(edits, document):
    dues = [first_due(edits, seat=seat, seats=3, document=document) for seat in range(3)]
    assert 0 <= dues[0] < 1 / 3
    assert [due - dues[0] for due in dues] == pytest.approx([0, 1 / 3, 2 / 3], abs=1e-6)


def test_users_who_are_alone_in_their_documents_do_not_leave_in_one_batch(edits):
    dues = sorted(first_due(edits, document=document) for document in range(8))
    apart = [later - earlier for earlier, later in zip(dues, [*dues[1:], dues[0] + 1], strict=True)]
    assert min(apart) > 1 / 8 / 3
    assert max(apart) < 3 / 8


@pytest.mark.parametrize(("seat", "seats"), [(5, 2), (0, 0), (3, 0)])
def test_a_seat_beyond_those_asked_for_takes_its_turn_with_the_others(edits, seat, seats):
    one = edits(rate=100.0, seat=seat, seats=seats)
    one.schedule.start()
    wait_until(lambda: len(one.made) >= 3)


def test_after_a_stall_everything_overdue_leaves_in_portions_with_the_loop_in_between(edits):
    one = edits(rate=500.0)
    turns = [0]
    watcher = gevent.get_hub().loop.check()
    watcher.start(lambda: turns.__setitem__(0, turns[0] + 1))
    turn_of = {}
    one.on_edit = lambda number: turn_of.setdefault(turns[0], []).append(number)
    one.schedule.start()
    wait_until(lambda: len(one.made) >= 3)
    before = len(one.made)
    time.sleep(0.5)  # the stall: nothing of the loop runs meanwhile
    wait_until(lambda: len(one.made) >= before + 250)
    watcher.stop()
    watcher.close()
    assert max(len(numbers) for numbers in turn_of.values()) == PORTION
    assert one.numbers == list(range(one.numbers[0], one.numbers[0] + len(one.made)))
    late = [moment - due for _, due, moment in one.made[before : before + 250]]
    assert max(late) > 0.4, "an overdue edit must be timed from when it was due"


def test_after_a_stall_the_schedule_is_in_step_again(edits):
    one = edits(rate=200.0)
    one.schedule.start()
    wait_until(lambda: one.made)
    time.sleep(0.5)
    wait_until(lambda: one.made[-1][2] - one.made[-1][1] < 0.02, what="being in step")


def test_nothing_leaves_after_stopping(edits):
    one = edits(rate=200.0)
    one.schedule.start()
    wait_until(lambda: one.made)
    one.schedule.stop()
    before = len(one.made)
    settle(0.05)
    assert len(one.made) == before


def test_an_edit_that_stops_the_schedule_is_the_last_even_when_others_are_overdue(edits):
    one = edits(rate=500.0)
    one.schedule.start()
    wait_until(lambda: one.made)
    one.on_edit = lambda _: one.schedule.stop()
    before = len(one.made)
    time.sleep(0.1)
    wait_until(lambda: len(one.made) > before)
    settle(0.05)
    assert len(one.made) == before + 1


def test_stopping_twice_or_before_the_start_is_harmless(edits):
    one = edits()
    one.schedule.stop()
    one.schedule.start()
    one.schedule.stop()
    one.schedule.stop()
    settle()
    assert one.made == []


@pytest.mark.parametrize("rate", [1e-9, 0.01])
def test_a_rate_of_less_than_an_edit_in_a_run_is_possible(edits, rate):
    one = edits(rate=rate, seat=1, seats=2, run_started=time.monotonic() - 1)
    one.schedule.start()
    settle()
    assert one.made == []


def test_a_heart_beats_until_it_is_stopped():
    beats = []
    heartbeat = Heartbeat(0.01, lambda: beats.append(1))
    assert beats == []
    wait_until(lambda: len(beats) >= 3)
    heartbeat.stop()
    heartbeat.stop()
    before = len(beats)
    settle(0.05)
    assert len(beats) == before


def test_a_heart_may_be_stopped_by_its_own_beat():
    beats = []
    heartbeat = Heartbeat(0.005, lambda: (beats.append(1), heartbeat.stop()))
    wait_until(lambda: beats)
    settle(0.05)
    assert beats == [1]
