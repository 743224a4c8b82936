import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.timing.generator_health import GeneratorHealth, summarise
from jupyter_rtc_locust.timing.soundness import CPU_LIMIT_PERCENT, LOOP_LAG_P99_LIMIT_MS, TIMINGS_LAG_LIMIT_MS


def health(process="worker 1", loop_lag=(1.0,), cpu=(20.0,), schedule_lag=()):
    generator = GeneratorHealth(process)
    for milliseconds in loop_lag:
        generator.loop_lag(milliseconds)
    for percent in cpu:
        generator.cpu(percent)
    for milliseconds in schedule_lag:
        generator.schedule_lag(milliseconds)
    return generator


def test_a_generator_that_kept_up_is_sound_and_gives_its_figures():
    summary = health(loop_lag=[1.0] * 99 + [30.0], cpu=[20, 40], schedule_lag=[0.5, 2.0]).summary()
    assert summary["sound"] is True
    assert summary["reasons"] == []
    assert summary["loop_lag_p99_ms"] == pytest.approx(1.0, rel=0.01)
    assert summary["loop_lag_max_ms"] == 30.0
    assert summary["cpu_percent"] == 30.0
    assert summary["schedule_lag_p99_ms"] == 2.0
    assert (summary["processes"], summary["worst_process"]) == (1, "worker 1")


def test_a_late_loop_is_unsound_with_the_process_and_the_way_out():
    summary = health(loop_lag=[1.0] * 90 + [80.0] * 10, cpu=[80.0]).summary()
    assert summary["sound"] is False
    (reason,) = summary["reasons"]
    assert "worker 1" in reason
    assert "99th percentile of 79 ms" in reason or "99th percentile of 80 ms" in reason
    assert "fewer users" in reason
    assert "more processes" in reason


def test_a_single_stall_does_not_condemn_a_run():
    assert health(loop_lag=[1.0] * 1000 + [5000.0]).summary()["sound"] is True


def test_a_busy_core_is_unsound_and_a_busy_moment_is_not():
    assert health(cpu=[100.0, 40.0]).summary()["sound"] is True
    summary = health(cpu=[99.0, 95.0]).summary()
    assert summary["sound"] is False
    assert "worker 1 used 97 % of its core" in summary["reasons"][0]


@pytest.mark.parametrize(
    ("loop_lag", "cpu", "sound"),
    [
        (LOOP_LAG_P99_LIMIT_MS, CPU_LIMIT_PERCENT, True),
        (LOOP_LAG_P99_LIMIT_MS + 1, CPU_LIMIT_PERCENT, False),
        (LOOP_LAG_P99_LIMIT_MS, CPU_LIMIT_PERCENT + 1, False),
    ],
)
def test_the_limits_themselves_are_still_sound(loop_lag, cpu, sound):
    assert health(loop_lag=[loop_lag], cpu=[cpu]).summary()["sound"] is sound


def test_a_late_schedule_speaks_against_the_timings_and_not_against_the_verdict():
    summary = health(schedule_lag=[400.0]).summary()
    assert (summary["schedule_lag_p99_ms"], summary["sound"], summary["timings_sound"]) == (400.0, True, False)
    (reason,) = summary["timings_reasons"]
    assert "edits left late with a 99th percentile of 400.0 ms" in reason


@pytest.mark.parametrize(("cpu", "way_out"), [(80.0, "fewer users, or more processes"), (4.0, "other programs")])
def test_a_late_process_that_hardly_worked_is_told_that_others_kept_it_from_the_core(cpu, way_out):
    summary = health(loop_lag=[70.0], cpu=[cpu]).summary()
    assert way_out in summary["reasons"][0]
    (of_timings,) = health(loop_lag=[12.0], schedule_lag=[11.0], cpu=[cpu]).summary()["timings_reasons"]
    assert way_out in of_timings
    assert "loop's lag had a 99th percentile of 12.0 ms and edits left late with one of 11.0 ms" in of_timings


@pytest.mark.parametrize(
    ("lag", "echo_p99", "sound"),
    [
        (TIMINGS_LAG_LIMIT_MS, 4.0, True),
        (TIMINGS_LAG_LIMIT_MS + 0.1, 4.0, False),
        (TIMINGS_LAG_LIMIT_MS + 0.1, None, False),
        (19.0, 200.0, True),
        (21.0, 200.0, False),
        (40.0, 4.0, False),
    ],
)
def test_lag_may_be_five_milliseconds_or_a_tenth_of_the_echos_own_99th_percentile(lag, echo_p99, sound):
    summary = summarise([health(loop_lag=[lag]).as_evidence()], echo_p99)
    assert (summary["timings_sound"], summary["sound"]) == (sound, True)
    assert sound or f"99th percentile of {lag:.1f} ms" in summary["timings_reasons"][0]


def test_what_speaks_against_findings_speaks_against_timings_however_slow_the_echoes():
    summary = summarise([health(loop_lag=[60.0], cpu=[99.0]).as_evidence()], 10_000.0)
    assert (summary["sound"], summary["timings_sound"]) == (False, False)
    assert summary["timings_reasons"] == summary["reasons"]


def test_a_loop_that_stood_still_was_late_to_every_timer_it_kept_from_being_set():
    generator = GeneratorHealth()
    for _ in range(80):
        generator.loop_lag(0.0, 100.0)
    generator.loop_lag(2_000.0, 100.0)  # ten seconds, of which it stood still for two
    summary = generator.summary()
    assert summary["loop_lag_max_ms"] == 2_000.0
    assert summary["loop_lag_p99_ms"] == pytest.approx(1_900.0, rel=0.01)
    assert summary["loop_lag_p50_ms"] == pytest.approx(0.0, abs=0.001)
    assert summary["sound"] is False


def test_backlog_is_told_in_bytes():
    generator = health()
    for waiting in [0] * 97 + [40_000, 65_536, 1_000_000]:
        generator.receive_backlog(waiting)
    summary = generator.summary()
    assert summary["receive_backlog_max_bytes"] == 1_000_000
    assert summary["receive_backlog_p99_bytes"] == pytest.approx(65_536, rel=0.01)


def test_collections_of_garbage_are_counted_with_their_pauses():
    generator = health()
    for generation, milliseconds in ((0, 0.5), (0, 0.25), (2, 30.0), (1, 1.0)):
        generator.garbage_collected(generation, milliseconds)
    summary = generator.summary()
    assert (summary["collections"], summary["collections_full"]) == (4, 1)
    assert (summary["collections_total_ms"], summary["collections_longest_ms"]) == (31.75, 30.0)


def test_each_process_has_its_own_figures():
    summary = summarise([health("b", [2.0], [80.0]).as_evidence(), health("a", [40.0], [10.0]).as_evidence()])
    assert [(one["process"], one["loop_lag_max_ms"], one["cpu_percent"]) for one in summary["per_process"]] == [
        ("a", 40.0, 10.0),
        ("b", 2.0, 80.0),
    ]


def test_unknown_is_not_sound():
    assert health(loop_lag=[]).summary()["sound"] is False
    assert "Nobody measured" in health(loop_lag=[]).summary()["reasons"][0]
    assert summarise([])["sound"] is False
    assert len(summarise([])["reasons"]) == 1


def test_what_was_not_measured_is_none():
    summary = health(loop_lag=[], cpu=[]).summary()
    for figure in ("loop_lag_p99_ms", "cpu_percent", "schedule_lag_max_ms", "arrival_error_p50_ms"):
        assert summary[figure] is None
    assert summary["receive_backlog_max_bytes"] is None


def test_the_worst_of_several_processes_decides_and_is_named():
    quiet, strained = health("worker 1"), health("worker 2", loop_lag=[200.0], cpu=[99.0])
    summary = summarise([quiet.as_evidence(), strained.as_evidence()])
    assert summary["sound"] is False
    assert (summary["loop_lag_max_ms"], summary["cpu_percent"]) == (200.0, 99.0)
    assert (summary["processes"], summary["worst_process"]) == (2, "worker 2")
    assert len(summary["reasons"]) == 2
    assert all("worker 2" in reason and "worker 1" not in reason for reason in summary["reasons"])


def test_each_figure_comes_from_the_process_where_it_is_worst():
    summary = summarise([health("a", [40.0], [10.0]).as_evidence(), health("b", [2.0], [80.0]).as_evidence()])
    assert (summary["loop_lag_max_ms"], summary["cpu_percent"], summary["worst_process"]) == (40.0, 80.0, "a")


percentages, lags = st.lists(st.floats(0, 150), max_size=5), st.lists(st.floats(0, 1000), max_size=5)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(lags, percentages, lags), max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_processes_changes_nothing(processes, random):
    evidence = [health(f"worker {number}", *each).as_evidence() for number, each in enumerate(processes)]
    evidence = json.loads(json.dumps(evidence))
    before = summarise(evidence)
    random.shuffle(evidence)
    assert summarise(evidence) == before
    assert before["sound"] is (before["reasons"] == [])


def test_a_new_run_begins_without_samples():
    generator = health(schedule_lag=[3.0])
    generator.garbage_collected(0, 1.0)
    generator.arrival_error(1.0)
    generator.receive_backlog(1)
    generator.clear()
    assert generator.as_evidence() == GeneratorHealth("worker 1").as_evidence()


@pytest.mark.parametrize("evidence", [{}, {"process": "x", "loop_lag": {}, "schedule_lag": {}}, None])
def test_evidence_that_cannot_be_read_is_refused_with_a_sentence(evidence):
    with pytest.raises(ValueError, match="could not be read"):
        summarise([evidence])
