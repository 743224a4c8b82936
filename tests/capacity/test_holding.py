"""When a step has been held long enough, and whether it says anything of the server."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.simulated_server import PROMISE, times, window
from jupyter_rtc_locust.capacity.holding import (
    AGREEMENT,
    MOST_WINDOWS,
    RECOVERY_WINDOWS,
    SILENT_WINDOWS,
    Outcome,
    judge,
    judge_again,
    judge_window,
)
from jupyter_rtc_locust.capacity.window import Process, Window, together
from jupyter_rtc_locust.timing.thresholds import INCONCLUSIVE, MET, MISSED, read_thresholds

quick = settings(deadline=None, max_examples=40)
p95s = st.one_of(st.none(), st.floats(1.0, 10_000.0))


def of(*p95s_ms, recovering=False, promise=PROMISE, **fields):
    return judge([window(one, **fields) for one in p95s_ms], promise, recovering=recovering)


@quick
@given(st.lists(p95s, min_size=10, max_size=10), st.booleans())
def test_a_step_is_over_after_so_many_windows_whatever_they_say(values, recovering):
    windows = [window(one) for one in values]
    assert judge(windows[:1], PROMISE, recovering=recovering) is None
    most = RECOVERY_WINDOWS if recovering else MOST_WINDOWS
    assert judge(windows[: most + SILENT_WINDOWS - 1], PROMISE, recovering=recovering) is not None


def test_two_windows_that_keep_the_promise_and_agree_are_enough():
    held = of(200.0, 200.0 * AGREEMENT * 0.95)
    assert (held.outcome, held.settled, held.windows) == (Outcome.HELD, True, 2)
    assert 200 <= held.judged[0].value <= 300


def test_far_below_the_limit_windows_need_not_agree():
    assert of(2.0, 40.0).settled


def test_two_windows_that_keep_it_and_differ_are_looked_at_further():
    assert of(160.0, 290.0) is None
    assert of(160.0, 290.0, 280.0).outcome is Outcome.HELD


def test_two_windows_that_break_it_are_enough_however_much_they_differ():
    held = of(310.0, 9000.0)
    assert (held.outcome, held.settled) == (Outcome.BROKEN, True)
    assert held.worst.threshold is PROMISE[0]


def test_one_window_that_breaks_it_is_not():
    assert of(20.0, 400.0) is None
    assert of(400.0, 20.0) is None
    assert of(400.0, 20.0, 20.0).outcome is Outcome.HELD


def test_what_does_not_settle_is_judged_by_all_but_the_first_and_said_to_be_unsettled():
    held = of(5000.0, 20.0, 400.0, 20.0)
    assert (held.outcome, held.settled, held.windows) == (Outcome.BROKEN, False, 4)
    assert held.window.begin_s == 0.0
    assert held.judged[0].value == pytest.approx(400, rel=0.02)


def test_after_an_overload_windows_that_break_it_are_waited_out():
    assert of(*[9000.0] * (RECOVERY_WINDOWS - 1), recovering=True) is None
    assert of(9000.0, 9000.0, 20.0, 20.0, recovering=True).outcome is Outcome.HELD
    assert of(*[9000.0] * RECOVERY_WINDOWS, recovering=True).outcome is Outcome.BROKEN


def test_a_step_in_which_nothing_promised_was_measured_says_nothing():
    assert of(*[None] * SILENT_WINDOWS).outcome is Outcome.UNKNOWN


def test_windows_in_which_people_pause_are_passed_over():
    assert of(20.0, None) is None
    held = of(20.0, None, None, 20.0)
    assert (held.outcome, held.settled, held.windows) == (Outcome.HELD, True, 4)
    assert of(None, 20.0, *[None] * (SILENT_WINDOWS - 1)).outcome is Outcome.HELD


def test_a_part_of_the_promise_that_was_not_measured_is_left_to_the_other_steps():
    promise = read_thresholds("update echo p95 < 300ms, save p99 < 10s")
    held = of(20.0, 20.0, promise=promise)
    assert held.outcome is Outcome.HELD
    assert [one.outcome for one in held.judged] == [MET, INCONCLUSIVE]


# -- the generator ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strain", [{"cpu": 95.0}, {"lag_ms": 60.0}])
@pytest.mark.parametrize("p95_ms", [20.0, 900.0])
def test_a_generator_that_is_not_sound_says_nothing_of_the_server(strain, p95_ms):
    held = of(p95_ms, p95_ms, **strain)
    assert held.outcome is Outcome.GENERATOR
    assert "process 1" in held.reasons[0]


def test_a_lag_of_a_tenth_of_the_limit_may_be_what_broke_it_and_cannot_be_what_kept_it():
    assert of(400.0, 400.0, lag_ms=40.0).outcome is Outcome.GENERATOR
    assert of(400.0, 400.0, lag_ms=20.0).outcome is Outcome.BROKEN
    assert of(40.0, 40.0, lag_ms=40.0).outcome is Outcome.HELD


def test_where_no_process_says_how_it_fared_nothing_is_believed():
    assert of(20.0, 20.0, processes=()).outcome is Outcome.GENERATOR


def late_at_times(promise, p95_ms=20.0):
    """Two windows of which every thirtieth look at the loop came 200 ms late."""
    lag = Process("process 1", times(*[1.0] * 58, 200.0, 200.0), 20.0)
    return judge([window(p95_ms, processes=(lag,))] * 2, read_thresholds(promise)).outcome


def test_a_lag_that_is_rarer_than_what_is_promised_does_not_move_it():
    assert late_at_times("update echo p95 < 300ms") is Outcome.HELD
    assert late_at_times("update echo p99 < 300ms") is Outcome.GENERATOR
    assert late_at_times("update echo max < 300ms") is Outcome.GENERATOR
    assert late_at_times("failures < 1") is Outcome.HELD
    assert late_at_times("update echo p50 < 300ms, failures < 1") is Outcome.HELD


def test_a_process_of_which_nobody_knows_how_late_it_was_vouches_for_nothing():
    assert of(20.0, 20.0, processes=(Process("process 1", times(), 20.0),)).outcome is Outcome.GENERATOR


# -- what waits -------------------------------------------------------------------------------------------------------


def test_a_server_that_answers_nobody_any_more_has_not_kept_its_promise():
    silent = window(None, overdue_ms=(4000.0, 3000.0))
    assert judge([silent, silent], PROMISE).outcome is Outcome.BROKEN


def test_what_is_merely_on_its_way_is_no_echo():
    (judged,) = judge_window(window(100.0, overdue_ms=(1.0, 2.0) * 50), PROMISE)
    assert judged.value == pytest.approx(100.0, rel=0.02)


def test_what_came_back_only_while_everything_was_compared_counts():
    held = of(20.0, 20.0)
    late = Window(10.0, 15.0, 10, {"update echo": times(*[2000.0] * 10)})
    again = judge_again(held, late, PROMISE)
    assert (held.outcome, again.outcome) == (Outcome.HELD, Outcome.BROKEN)
    assert again.window.processes


def test_failures_are_counted_over_the_windows():
    promise = read_thresholds("failures < 2")
    windows = [window(20.0, counts={"failures": 1}), window(20.0, counts={"failures": 1})]
    assert [judge_window(one, promise)[0].outcome for one in (*windows, together(windows))] == [MET, MET, MISSED]


def test_nothing_together_is_refused():
    with pytest.raises(ValueError, match="no window"):
        together([])
