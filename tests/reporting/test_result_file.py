import json
import math
import os
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.reporting.result_file import (
    REDACTED,
    ResultFileError,
    build_result,
    check_folder_writable,
    installed_versions,
    redact,
    remove_result,
    write_result,
)
from jupyter_rtc_locust.timing.generator_health import GeneratorHealth
from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.timing.recorder import NAMES, SAVE, UPDATE_ECHO, Recorder
from jupyter_rtc_locust.timing.thresholds import read_thresholds

SECRET = "s3cr3t/token value+%"


def names(folder):
    return [path.name for path in folder.iterdir()]


def inputs(**changed):
    recorder = Recorder()
    for milliseconds in (0.4, 0.4, 0.4, 20.0):
        recorder.record(UPDATE_ECHO, milliseconds)
    recorder.failed(SAVE, "the server answered 500")
    health = GeneratorHealth("worker 1")
    health.loop_lag(1.0)
    return {
        "verdict": "fail",
        "reason": "an edit was lost",
        "findings": [
            {"kind": "lost-edit", "document": "a.ipynb", "detail": "x is gone", "users": (3, 4), "evidence": None}
        ],
        "warnings": [{"kind": "save-starved", "document": "a.ipynb", "detail": "35 s without a save"}],
        "timings": recorder,
        "counts": {"users": 2, "documents": 1, "edits": 4},
        "generator": health.summary(),
        "run": {"seed": 7, "locustfile": "x.py", "host": "http://127.0.0.1:8888/", "workers": 1, "duration_s": 30.5},
    } | changed


def test_a_result_has_the_fields_that_were_promised():
    result = build_result(**inputs(exercised={"paste": 3}, guests=["Ada"], checkpoints=[{"at_s": 10}]))
    assert result["schema"] == 1
    assert (result["verdict"], result["reason"]) == ("fail", "an edit was lost")
    assert result["findings"][0]["users"] == [3, 4]
    assert result["warnings"][0]["kind"] == "save-starved"
    assert (result["exercised"], result["guests"], result["checkpoints"]) == ({"paste": 3}, ["Ada"], [{"at_s": 10}])
    assert result["counts"] == {"users": 2, "documents": 1, "edits": 4}
    assert result["generator"]["sound"] is True
    assert result["run"]["seed"] == 7
    assert set(result["run"]["versions"]) >= {"python", "locust", "pycrdt", "jupyter-ydoc", "jupyter-rtc-locust"}
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_thresholds_are_judged_by_the_figures_beside_them():
    generator = {"sound": True, "timings_sound": True}
    require = read_thresholds("update echo p95 < 10ms; save p95 < 1s; failures <= 1")
    counts = {"users_seated": 2}
    told = build_result(**inputs(verdict="pass", require=require, generator=generator, counts=counts))["thresholds"]
    assert [one["outcome"] for one in told] == ["missed", "inconclusive", "met"]
    assert told[0] == {
        "threshold": "update echo p95 < 10ms",
        "figure": "update echo p95",
        "outcome": "missed",
        "value": 20.0,
        "limit": 10.0,
        "unit": "ms",
        "detail": "It was 20 ms (4 samples).",
    }
    assert build_result(**inputs())["thresholds"] == []


def test_timings_below_a_millisecond_survive_and_the_maximum_is_exact():
    echo = build_result(**inputs())["timings"][UPDATE_ECHO]
    assert (echo["count"], echo["failures"], echo["max_ms"], echo["min_ms"]) == (4, 0, 20.0, 0.4)
    assert echo["p50_ms"] == pytest.approx(0.4, rel=0.01)
    assert (echo["p95_ms"], echo["p99_ms"], echo["mean_ms"]) == (20.0, 20.0, 5.3)


def test_every_name_is_there_and_failures_are_told_where_nothing_was_timed():
    timings = build_result(**inputs())["timings"]
    assert tuple(timings) == NAMES
    assert timings[SAVE]["failures"] == 1
    assert timings[SAVE]["failure_sentences"] == {"the server answered 500": 1}
    assert (timings[SAVE]["count"], timings[SAVE]["p50_ms"], timings[SAVE]["max_ms"]) == (0, None, None)


def test_what_never_came_back_stands_in_the_percentiles_with_its_age_and_not_in_the_count():
    recorder = Recorder()
    for _ in range(90):
        recorder.record(UPDATE_ECHO, 2.0)
    for _ in range(10):
        recorder.unanswered(UPDATE_ECHO, 17_000.0, "never came back")
    echo = build_result(**inputs(timings=recorder))["timings"][UPDATE_ECHO]
    assert (echo["count"], echo["unanswered"], echo["failures"]) == (90, 10, 10)
    assert echo["p50_ms"] == pytest.approx(2.0, rel=0.01)
    assert echo["p95_ms"] == echo["p99_ms"] == pytest.approx(17_000.0, rel=0.01)
    assert (echo["max_ms"], echo["mean_ms"]) == (17_000.0, 1701.8)


def test_the_histogram_in_a_result_gives_the_percentiles_beside_it_whether_one_process_saw_all_or_two():
    one, two, alone = Recorder(), Recorder(), Recorder()
    for number in range(300):
        milliseconds = 0.05 * 1.03**number
        (one if number % 3 else two).record(UPDATE_ECHO, milliseconds)
        alone.record(UPDATE_ECHO, milliseconds)
    two.unanswered(UPDATE_ECHO, 31_000.0, "never came back")
    alone.unanswered(UPDATE_ECHO, 31_000.0, "never came back")
    together = Recorder()
    for each in (one, two):
        together.merge(json.loads(json.dumps(each.as_evidence())))
    echo = json.loads(json.dumps(build_result(**inputs(timings=together))["timings"][UPDATE_ECHO]))
    assert echo == build_result(**inputs(timings=alone))["timings"][UPDATE_ECHO]
    read = Histogram.from_dict(echo["histogram"])
    assert read.count == echo["count"] + echo["unanswered"] == 301
    assert (read.min_ms, read.max_ms) == (echo["min_ms"], echo["max_ms"])
    assert [round(read.percentile(part), 6) for part in (0.5, 0.95, 0.99)] == [
        echo[name] for name in ("p50_ms", "p95_ms", "p99_ms")
    ]


def test_the_warm_up_stands_in_no_figure_but_in_how_many_were_left_out():
    recorder = Recorder()
    recorder.record(UPDATE_ECHO, 900.0)
    recorder.record(SAVE, 900.0)
    recorder.close(1.0)
    recorder.record(UPDATE_ECHO, 2.0)
    timings = build_result(**inputs(timings=recorder, warmup_s=1.0))["timings"]
    assert (timings[UPDATE_ECHO]["count"], timings[UPDATE_ECHO]["max_ms"]) == (1, 2.0)
    assert (timings[UPDATE_ECHO]["left_out"], timings[SAVE]["left_out"]) == (1, 0)
    assert timings[SAVE]["max_ms"] == 900.0
    assert build_result(**inputs(timings=recorder))["timings"][UPDATE_ECHO]["left_out"] == 0


def test_versions_of_the_caller_win():
    run = {"versions": {"locust": "2.47.0"}}
    assert build_result(**inputs(run=run))["run"]["versions"] == {"locust": "2.47.0"}


def test_a_verdict_may_be_a_member_of_an_enumeration_and_nothing_unknown():
    class Verdict(StrEnum):
        PASS = "pass"

    assert json.dumps(build_result(**inputs(verdict=Verdict.PASS))["verdict"]) == '"pass"'
    with pytest.raises(ValueError, match="it is one of pass, fail, inconclusive"):
        build_result(**inputs(verdict="green"))


def test_no_secret_reaches_any_part_of_a_result():
    recorder = Recorder()
    recorder.failed(SAVE, f"GET /?a=1&token={SECRET} was refused")
    everywhere = {SECRET: [f"before {SECRET} after", {"deep": (quote(SECRET, safe=""), {SECRET})}]}
    result = build_result(
        **inputs(
            reason=SECRET,
            findings=[{"kind": "k", "document": SECRET, "detail": quote_plus(SECRET), "users": [], "evidence": SECRET}],
            warnings=[{"kind": "k", "document": "d", "detail": SECRET}],
            timings=recorder,
            exercised=everywhere,
            guests=[SECRET],
            checkpoints=[everywhere],
            counts={"users": everywhere},
            generator={"reasons": [SECRET]},
            run={"host": f"http://host/?token={quote(SECRET)}", "more": everywhere},
            secrets=[SECRET, ""],
        )
    )
    written = json.dumps(result)
    for form in (SECRET, quote(SECRET), quote(SECRET, safe=""), quote_plus(SECRET), "s3cr3t", "value"):
        assert form not in written
    assert REDACTED in written


def test_names_of_our_own_fields_stay_when_a_token_is_an_everyday_word():
    result = build_result(**inputs(secrets=["seed", "users", "pass", "kind"]))
    assert result["run"]["seed"] == 7
    assert result["counts"]["users"] == 2
    assert result["findings"][0]["kind"] == "lost-edit"


@pytest.mark.parametrize(
    "text",
    [
        "http://host:8888/lab?token=abc123",
        "http://host/api?x=1&token=abc123&y=2",
        "/api/collaboration/room/1?sessionId=5&Token=abc123 HTTP/1.1",
        "redirect?next=%2Flab%3Ftoken%3Dabc123",
        "{'Authorization': 'token abc123'}",
        "Authorization: Bearer abc123",
        "http://user:abc123@host/",
        "ws://abc123@host/",
    ],
)
def test_credentials_nobody_named_are_recognised_by_their_place(text):
    shown = redact(text, ())
    assert "abc123" not in shown
    assert REDACTED in shown


@pytest.mark.parametrize("text", ["a token was missing", "tokens=5", "http://host:8888/a@b", "mail@example.org"])
def test_ordinary_text_is_left_alone(text):
    assert redact(text, ()) == text


def test_a_secret_that_begins_another_leaves_nothing_of_it():
    assert redact("abcdef abc", ["abc", "abcdef"]) == f"{REDACTED} {REDACTED}"


def test_what_json_cannot_carry_becomes_something_it_can():
    value = redact({1: Path("a/b"), "n": [math.nan, math.inf, 1.5, True, None], "s": {2, 1}, "b": b"x"}, ())
    assert value == {"1": "a/b", "n": [None, None, 1.5, True, None], "s": [1, 2], "b": "b'x'"}


nested = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=10,
)


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (key, *texts(item))
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


@settings(deadline=None, max_examples=100)
@given(nested, st.text("0123456789%+/é-", min_size=8, max_size=20))
def test_whatever_surrounds_it_a_secret_is_gone_and_the_rest_is_json(value, secret):
    # Written twice, "25...%" reads like an encoded percent sign in the middle, and nobody can tell where it begins.
    assume("%25" not in secret * 2)
    hidden = {
        secret: [value, f"x{secret}y", {"z": quote(secret), "l": quote_plus(secret).lower()}, f"{secret}{secret}"]
    }
    cleaned = redact({"a": value, "b": hidden}, [secret])
    assert not any(secret in text for text in texts(cleaned))
    assert cleaned["b"][REDACTED][1:] == [f"x{REDACTED}y", {"z": REDACTED, "l": REDACTED}, f"{REDACTED}{REDACTED}"]
    json.dumps(cleaned, allow_nan=False)


def test_a_result_is_written_whole_into_a_folder_that_is_made(tmp_path):
    result = build_result(**inputs())
    path = write_result(tmp_path / "new" / "results", result)
    assert path == tmp_path / "new" / "results" / "result.json"
    assert json.loads(path.read_text(encoding="utf-8")) == result
    assert names(path.parent) == ["result.json"]


def test_an_older_result_is_replaced(tmp_path):
    write_result(tmp_path, {"run": 1})
    write_result(tmp_path, {"run": 2})
    assert json.loads((tmp_path / "result.json").read_text()) == {"run": 2}
    assert names(tmp_path) == ["result.json"]


def test_any_text_can_be_written_lone_surrogates_too(tmp_path):
    result = {"detail": "ü € 👩‍🔬 \ud800 \x00 \u2028 \\ud800"}
    path = write_result(tmp_path, result)
    assert json.loads(path.read_text(encoding="utf-8")) == result
    assert "ü € 👩‍🔬" in path.read_text(encoding="utf-8")


def test_a_result_that_json_cannot_carry_leaves_the_older_one_in_place(tmp_path):
    write_result(tmp_path, {"run": 1})
    with pytest.raises(ResultFileError, match="could not be written"):
        write_result(tmp_path, {"run": math.nan})
    assert json.loads((tmp_path / "result.json").read_text()) == {"run": 1}
    assert names(tmp_path) == ["result.json"]


def test_a_failed_replacement_leaves_no_partial_file(tmp_path):
    (tmp_path / "result.json").mkdir()
    (tmp_path / "result.json" / "occupied").touch()
    with pytest.raises(ResultFileError):
        write_result(tmp_path, {"run": 1})
    assert names(tmp_path) == ["result.json"]


def test_a_writable_folder_is_made_and_left_empty(tmp_path):
    check_folder_writable(tmp_path / "a" / "b")
    assert names(tmp_path / "a" / "b") == []


@pytest.mark.parametrize("action", [check_folder_writable, lambda folder: write_result(folder, {})])
def test_a_folder_that_cannot_be_used_is_refused_with_a_sentence_that_names_it(tmp_path, action):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "nul\x00"):
        with pytest.raises(ResultFileError, match=r"could not be written to the folder.*--rtc-results"):
            action(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ResultFileError, match="Permission denied"):
        check_folder_writable(tmp_path)


def test_installed_versions_are_texts():
    versions = installed_versions()
    assert versions["python"].startswith("3.")
    assert versions["locust"][0].isdigit()
    assert all(isinstance(version, str) for version in versions.values())


def test_an_earlier_result_is_removed_where_there_is_one(tmp_path):
    remove_result(tmp_path)
    (tmp_path / "result.json").write_text("{}")
    remove_result(tmp_path)
    assert not list(tmp_path.iterdir())
