"""Folders of results: read in order, or refused with a sentence that names the file and what is wrong with it."""

import json

import pytest

from jupyter_rtc_locust.comparison.runs import check_alike, read_run, read_runs
from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.reporting.result_file import build_result, write_result
from jupyter_rtc_locust.timing.recorder import UPDATE_ECHO, Recorder


def result(**changed):
    recorder = Recorder()
    for milliseconds in (1.0, 2.0, 3.0):
        recorder.record(UPDATE_ECHO, milliseconds)
    options = {"documents": 2, "edit_rate": 1.0, "rhythm": "person", "template": "/a/b.ipynb", "keep": False}
    values = {
        "verdict": "pass",
        "reason": "All well.",
        "findings": [],
        "warnings": [],
        "timings": recorder,
        "counts": {"users_asked": 10},
        "generator": {"sound": True, "timings_sound": True},
        "run": {"locustfile": "x/lecture.py", "workers": 1, "server": "server 1", "options": options},
    }
    return build_result(**(values | changed))


def run_of(folder, **changed):
    write_result(folder, result(**changed))
    return read_run(folder)


def refusal(call, *arguments):
    with pytest.raises(OptionsError) as refused:
        call(*arguments)
    assert str(refused.value).endswith(".")
    return str(refused.value)


def test_the_runs_of_a_folder_are_read_in_the_order_of_their_numbers(tmp_path):
    for name in ("run-10", "run-2", "run-1"):
        write_result(tmp_path / name, result())
    (tmp_path / "notes").mkdir()
    assert [run.folder.rsplit("/", 1)[-1] for run in read_runs(tmp_path)] == ["run-1", "run-2", "run-10"]


def test_the_results_of_a_single_run_are_one_run(tmp_path):
    write_result(tmp_path, result())
    (run,) = read_runs(tmp_path)
    assert run.timings[UPDATE_ECHO].count == 3
    assert (run.verdict, run.unsound, run.server) == ("pass", "", "server 1")


def test_a_run_is_unsound_with_the_reason_that_its_result_gives(tmp_path):
    generator = {"sound": True, "timings_sound": False, "timings_reasons": ["Edits left late."]}
    assert run_of(tmp_path / "1", generator=generator).unsound == "Edits left late."
    assert "not known" in run_of(tmp_path / "2", generator={}).unsound


def test_the_kinds_of_findings_are_told(tmp_path):
    finding = {"kind": "lost-edit", "document": "a", "detail": "x", "users": (), "evidence": None}
    assert run_of(tmp_path, verdict="fail", findings=[finding]).kinds == {"lost-edit"}


def test_folders_without_results_are_refused(tmp_path):
    assert "no folder" in refusal(read_runs, tmp_path / "missing")
    assert "--rtc-results" in refusal(read_runs, tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "3", "{", '{"run": {}}', '{"verdict": "pass"}'])
def test_what_is_no_result_is_refused_by_name(tmp_path, content):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "result.json").write_text(content)
    assert "1/result.json" in refusal(read_runs, tmp_path)


def test_a_result_whose_histogram_contradicts_itself_is_refused(tmp_path):
    told = result()
    told["timings"][UPDATE_ECHO]["histogram"]["max_ns"] = 1
    (tmp_path / "result.json").write_text(json.dumps(told))
    assert "do not belong together" in refusal(read_runs, tmp_path)


def test_a_result_of_an_older_version_is_refused_by_what_it_lacks(tmp_path):
    told = result()
    del told["timings"][UPDATE_ECHO]["histogram"]
    (tmp_path / "result.json").write_text(json.dumps(told))
    assert "'histogram'" in refusal(read_runs, tmp_path)


def test_runs_of_another_load_are_not_compared(tmp_path):
    one = run_of(tmp_path / "1")
    more = run_of(tmp_path / "2", counts={"users_asked": 20})
    sentence = refusal(check_alike, [one, more])
    assert "users was 10 there and 20 here" in sentence


def test_where_a_template_lies_and_what_is_kept_makes_no_other_load(tmp_path):
    options = {"documents": 2, "edit_rate": 1.0, "rhythm": "person", "template": "/elsewhere/b.ipynb", "keep": True}
    run = {"locustfile": "lecture.py", "workers": 1, "server": "server 2", "options": options}
    check_alike([run_of(tmp_path / "1"), run_of(tmp_path / "2", run=run)])
