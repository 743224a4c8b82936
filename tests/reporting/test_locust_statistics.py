"""Locust's own statistics are the judge; see `locust_statistics_scenarios.py` for what is played."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = 1000
MEAN = 0.2 + 0.001 * (SAMPLES - 1) / 2
WITHIN = 0.016
"""One percent of the bucket and half a unit of the third digit."""


@pytest.fixture(scope="module")
def scenes():
    script = Path(__file__).with_name("locust_statistics_scenarios.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def scene(scenes):
    def get(name):
        assert "problem" not in scenes[name], scenes[name]["problem"]
        return scenes[name]

    return get


def assert_figures(figures, failures=0):
    assert figures["count"] == SAMPLES + failures
    assert (figures["failures"], figures["untimed"]) == (failures, failures)
    assert figures["min"] == pytest.approx(0.2)
    assert figures["max"] == pytest.approx(1.199)
    assert figures["mean"] == pytest.approx(MEAN, rel=1e-6)
    assert figures["median"] == pytest.approx(0.2 + 0.001 * 500, rel=WITHIN)
    assert figures["p95"] == pytest.approx(0.2 + 0.001 * 950, rel=WITHIN)
    assert figures["p99"] == pytest.approx(0.2 + 0.001 * 990, rel=WITHIN)
    assert figures["keys"] < 120
    assert figures["by_second"] == SAMPLES + failures
    assert figures["last_request_is_now"]


def test_the_statistics_of_one_process_hold_every_sample_below_a_millisecond(scene):
    seen = scene("one process")
    assert_figures(seen["entry"])
    assert_figures(seen["total"])


def test_page_console_csv_and_json_accept_fractions_of_milliseconds(scene):
    seen = scene("one process")
    assert seen["page"]["median_response_time"] == pytest.approx(0.7, rel=WITHIN)
    assert seen["page"]["response_time_percentile_0.95"] == pytest.approx(1.15, rel=WITHIN)
    assert any("update echo" in line and "1000" in line for line in seen["console"])
    echo, total = seen["csv"]
    assert (echo["Type"], echo["Name"], echo["Request Count"]) == ("RTC", "update echo", "1000")
    assert float(echo["Median Response Time"]) == pytest.approx(0.7, rel=WITHIN)
    assert float(total["Max Response Time"]) == pytest.approx(1.199)
    assert seen["json"] > 100


def test_charts_show_the_last_ten_seconds_of_all_names(scene):
    seen = scene("current figures")
    assert seen["current_rps"] == 40
    assert seen["total_rps"] == pytest.approx(40, rel=0.1)
    assert seen["current_median"] == pytest.approx(0.4, rel=WITHIN)
    assert seen["current_p95"] == pytest.approx(0.4, rel=WITHIN)
    assert seen["whole_p95"] == pytest.approx(5.0, rel=WITHIN)


@pytest.mark.parametrize("order", ["to master, ours first", "to master, Locust first"])
def test_every_report_of_a_worker_carries_all_there_is_whoever_listens_first(scene, order):
    seen = scene(order)
    assert seen["per_report"] == [251, 502, 753, 1004]
    assert seen["left_on_worker"] == 0
    assert_figures(seen["entry"], failures=4)
    assert_figures(seen["total"], failures=4)
    (error,) = seen["errors"]
    assert (error["occurrences"], error["error"]) == (4, "no echo within 15 s")


def test_failures_count_without_a_time_and_show_their_sentence_alone(scene):
    seen = scene("failures")
    assert (seen["entry"]["count"], seen["entry"]["failures"], seen["entry"]["untimed"]) == (4, 3, 3)
    assert seen["entry"]["mean"] == 0.4
    assert seen["entry"]["median"] == pytest.approx(0.4, rel=WITHIN)
    assert seen["total"]["failures"] == 5
    echo = next(error for error in seen["errors"] if error["name"] == "update echo")
    assert (echo["method"], echo["occurrences"]) == ("RTC", 3)
    assert echo["shown"] == "RTC update echo: no echo within 15 s"


def test_what_never_came_back_is_a_failure_with_its_age_in_locust_too(scene):
    silent = scene("failures")["silent"]
    assert (silent["count"], silent["failures"], silent["untimed"]) == (1, 1, 0)
    assert silent["max"] == silent["p99"] == 9000.0


def test_no_secret_and_no_control_character_reaches_the_error_table(scene):
    save = next(error for error in scene("failures")["errors"] if error["name"] == "save")
    assert save["error"] == "GET /?token=[redacted] with [redacted] said \\x1b[31mno"


def test_a_failure_noticed_by_the_loop_reaches_listeners_that_block(scene):
    seen = scene("failure in a callback")
    assert seen["problems"] == []
    assert seen["heard"] == [["save", "noticed by a timer"], ["save", "and again"]]
    assert sum(error["occurrences"] for error in seen["errors"]) == 2
    assert seen["crashed"] is False


def test_with_the_switch_each_sample_is_an_event_and_counts_once(scene):
    seen = scene("events")
    assert_figures(seen["entry"], failures=1)
    assert_figures(seen["total"], failures=1)
    assert (seen["at_once"], seen["heard"], seen["samples"]) == (0, SAMPLES + 1, True)
    assert seen["whole_run"] == SAMPLES
    assert seen["started_plausibly"]
    assert {"request_type", "name", "response_time", "response_length", "exception"} <= set(seen["arguments"])


def test_samples_from_before_a_reset_stay_out_of_locust_and_in_the_whole_run(scene):
    seen = scene("resets")
    assert seen["--reset-stats"] == [0, 1]
    assert seen["without the option"] == 1
    assert seen["button"] == [0, 3]


def test_a_new_test_begins_with_nothing(scene):
    assert scene("resets")["new test"] == [0, 0]
    assert scene("resets")["after it"] == 5.0


def test_the_last_samples_are_there_when_a_test_stops_or_locust_quits(scene):
    assert scene("endings") == {"test_stop": 1, "quitting": 1}


def test_a_single_process_is_flushed_by_itself_until_it_is_stopped(scene):
    assert scene("every second") == {"by_greenlet": 1, "after_stop": 2}
