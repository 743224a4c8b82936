import copy
import json

import pytest
from jsonschema import Draft202012Validator

from jupyter_rtc_locust.reporting.result_file import SCHEMA as VERSION
from jupyter_rtc_locust.reporting.result_file import build_result
from jupyter_rtc_locust.timing.course import MOST_SLOTS
from jupyter_rtc_locust.timing.generator_health import GeneratorHealth, summarise
from jupyter_rtc_locust.timing.recorder import Recorder
from reporting.results_folders import REAL, result_of, with_thresholds
from reporting.schema import LENIENT, SCHEMA, problems_of


def test_the_schema_is_one_and_names_the_version_of_the_form():
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["schema"] == {"const": VERSION}


@pytest.mark.parametrize("name", REAL)
def test_results_of_real_runs_are_as_the_schema_says_and_have_nothing_beyond_it(name):
    assert problems_of(result_of(name)) == []


def test_every_field_of_a_result_stands_in_the_schema():
    health = GeneratorHealth("worker 1")
    health.loop_lag(1.0)
    generator = summarise([health.as_evidence()])
    result = build_result(
        verdict="pass", reason="", findings=(), warnings=(), timings=Recorder(), counts={}, generator=generator, run={}
    )
    assert set(result) == set(SCHEMA["properties"])
    assert set(generator) == set(SCHEMA["$defs"]["generator"]["properties"])


def test_what_became_of_thresholds_is_as_the_schema_says(tmp_path):
    with_thresholds(tmp_path / "pass", "update echo p95 < 1ms", "failures < 1", "run cell p95 < 1s")
    result = json.loads((tmp_path / "pass" / "result.json").read_text("utf-8"))
    assert problems_of(result) == [] and {one["outcome"] for one in result["thresholds"]} == {
        "met",
        "missed",
        "inconclusive",
    }
    result["thresholds"][0]["outcome"] = "fine"
    assert not LENIENT.is_valid(result)


def changed(name, change):
    result = copy.deepcopy(result_of(name))
    change(result)
    return result


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("pass", lambda result: result.update(verdict="green")),
        ("pass", lambda result: result.update(verdict="fail")),
        ("fail", lambda result: result.update(verdict="pass")),
        ("pass", lambda result: result["unknown"].append("something")),
        ("pass", lambda result: result.update(schema=2)),
        ("pass", lambda result: result.pop("run")),
        ("pass", lambda result: result["counts"].pop("edits")),
        ("pass", lambda result: result["timings"]["update echo"].update(p95_ms="fast")),
        ("pass", lambda result: result["timings"]["update echo"]["histogram"]["buckets"].update(x=1)),
        ("pass", lambda result: result["course"]["slots"][3].pop("users")),
        ("fail", lambda result: result["findings"][0].pop("evidence")),
        ("fail", lambda result: result["findings"][0].update(users=["ada"])),
        ("fail", lambda result: result["run"]["faults"][0].update(began="soon")),
    ],
)
def test_what_is_no_result_is_refused(name, change):
    assert not LENIENT.is_valid(changed(name, change))


def test_fields_that_a_later_version_adds_are_no_problem_for_who_reads_by_the_schema():
    result = changed("fail", lambda result: (result.update(new=1), result["run"].update(new=2)))
    assert LENIENT.is_valid(result)
    assert len(problems_of(result)) == 2


def test_a_course_has_as_many_slots_as_the_schema_says():
    assert SCHEMA["$defs"]["course"]["properties"]["slots"]["maxItems"] == MOST_SLOTS
