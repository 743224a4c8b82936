import pytest

from jupyter_rtc_locust.reporting.console import (
    FINDINGS_SHOWN,
    TEXT_SHOWN,
    checkpoint_sentence,
    end_report,
    full_report,
    start_sentence,
)
from jupyter_rtc_locust.reporting.result_file import build_result
from jupyter_rtc_locust.timing.generator_health import GeneratorHealth
from jupyter_rtc_locust.timing.recorder import SAVE, UPDATE_ECHO, Recorder
from jupyter_rtc_locust.timing.thresholds import read_thresholds

FINDING = {
    "kind": "lost-edit",
    "document": "analysis.ipynb",
    "detail": "the text 'x = 1' of user 3 is missing",
    "users": [3],
    "evidence": "evidence/analysis",
}


def result(verdict="pass", findings=(), warnings=(), recorder=None, health=None, **changed):
    if recorder is None:
        recorder = Recorder()
        for milliseconds in (0.4, 0.4, 1234.0):
            recorder.record(UPDATE_ECHO, milliseconds)
        recorder.failed(SAVE, "refused")
    if health is None:
        health = GeneratorHealth("worker 1")
        health.loop_lag(1.5)
        health.cpu(31.0)
    return build_result(
        **{
            "verdict": verdict,
            "reason": "all documents are equal and complete",
            "findings": findings,
            "warnings": warnings,
            "timings": recorder,
            "counts": {"users": 10, "documents": 1, "edits": 1234, "updates_received": 9876, "disconnects": 0},
            "generator": health.summary(),
            "run": {"seed": 7, "duration_s": 30.2, "workers": 2},
        }
        | changed
    )


@pytest.mark.parametrize(
    ("verdict", "label"), [("pass", "PASS: "), ("fail", "FAIL: "), ("inconclusive", "INCONCLUSIVE: ")]
)
def test_the_verdict_comes_first_with_its_reason(verdict, label):
    assert end_report(result(verdict))[0] == f"{label}all documents are equal and complete"


def test_a_pass_takes_about_ten_lines():
    assert len(end_report(result(), "results/result.json")) <= 10


def test_a_finding_is_one_line_with_kind_document_users_and_evidence():
    line = end_report(result("fail", [FINDING]))[1].strip()
    assert line == (
        "finding: lost-edit in analysis.ipynb (user 3): the text 'x = 1' of user 3 is missing [see evidence/analysis]"
    )


def test_a_finding_of_the_whole_run_names_no_document():
    finding = FINDING | {"document": "", "users": [], "evidence": None, "kind": "server-lost", "detail": "no answer"}
    assert end_report(result("fail", [finding]))[1].strip() == "finding: server-lost: no answer"


def test_a_threshold_is_one_line_with_what_the_figure_was():
    told = result(
        "fail", [FINDING], require=read_thresholds("failures < 7; reconnects < 1"), counts={"users_seated": 2}
    )
    expected = "Threshold met: failures < 7. It was "
    for lines in (end_report(told), full_report(told, "results")):
        assert [line.strip() for line in lines if "reconnects < 1" in line] == [
            "Threshold met: reconnects < 1. It was 0."
        ]
        assert any(line.strip().startswith(expected) for line in lines)


def test_warnings_follow_the_findings():
    warning = {"kind": "save-starved", "document": "b.ipynb", "detail": "35 s without a save"}
    lines = end_report(result("fail", [FINDING], [warning]))
    assert lines[1].strip().startswith("finding:")
    assert lines[2].strip() == "warning: save-starved in b.ipynb: 35 s without a save"


def test_many_findings_send_the_reader_to_the_file():
    lines = end_report(result("fail", [FINDING] * (FINDINGS_SHOWN + 5)))
    assert sum("lost-edit" in line for line in lines) == FINDINGS_SHOWN
    assert any("5 more, all in the result file" in line for line in lines)


def test_what_was_exercised_is_told():
    (line,) = [line for line in end_report(result()) if line.startswith("Exercised")]
    assert line == (
        "Exercised: 10 users, 1 document, 1,234 edits, 9,876 updates received, 0 lost connections, 30 s, 2 workers, "
        "seed 7."
    )


def test_what_was_not_exercised_is_told_in_one_line():
    figures = {"reconnects": 0, "concurrent_edits": 3, "texts_beyond_bmp": 0}
    (line,) = [
        line
        for line in end_report(result(exercised=figures, counts={"users_seated": 2}))
        if line.startswith("Not exercised")
    ]
    assert "a lost line; text beyond" in line
    assert "crossed" not in line


def test_a_checkpoint_is_one_line_with_its_verdict():
    told = {"number": 2, "at_s": 60.2, "paused_s": 4.31, "verdict": "fail", "reason": "lost\x1b[31m", "findings": []}
    line = "Checkpoint 2 at 60 s (editing paused for 4.3 s): FAIL: lost\\x1b[31m"
    assert checkpoint_sentence(told) == line


def test_the_timings_are_a_table_of_what_happened():
    lines = end_report(result())
    start = next(number for number, line in enumerate(lines) if line.startswith("Timings in ms"))
    header, echo, save = lines[start : start + 3]
    assert header.split() == ["Timings", "in", "ms", "count", "p50", "p95", "p99", "max", "failures"]
    assert echo.strip().startswith("update echo ")
    count, p50, *figures = echo.split()[2:]
    assert (count, float(p50)) == ("3", pytest.approx(0.4, abs=0.005))
    assert figures == ["1,234", "1,234", "1,234", "0"]
    assert save.split() == ["save", "0", "-", "-", "-", "-", "1"]
    assert len(header) == len(echo) == len(save)


def test_the_longest_name_keeps_the_columns_in_place():
    recorder = Recorder()
    recorder.record("update delivery", 15.04)
    recorder.record("save", 2.5)
    lines = [line for line in end_report(result(recorder=recorder)) if "update delivery" in line or " save " in line]
    assert len({len(line) for line in lines}) == 1
    assert all("15.0" in line or "2.50" in line for line in lines)


def test_a_run_without_timings_says_so():
    assert "Timings: nothing was timed." in end_report(result(recorder=Recorder()))


def test_a_sound_generator_is_one_sentence_with_figures():
    (line,) = [line for line in end_report(result()) if "generator" in line]
    assert line == "The load generator kept up (loop lag p99 1.50 ms, CPU 31 % of a core)."


def test_an_unsound_generator_gives_its_reason():
    health = GeneratorHealth("worker 2")
    health.loop_lag(300.0)
    (line,) = [line for line in end_report(result(health=health)) if "did not keep up" in line]
    assert "worker 2" in line
    assert "fewer users" in line


def test_a_generator_too_late_for_its_timings_says_so_beside_them():
    health = GeneratorHealth("worker 2")
    health.loop_lag(12.0)
    (line,) = [line for line in end_report(result(health=health)) if "generator" in line]
    assert line.startswith("The load generator kept up as far as the verdict goes, and not with the timings (")
    assert "worker 2" in line
    assert "fewer users, or more processes" in line


def test_of_many_late_processes_some_are_told():
    told = result()
    told["generator"] |= {"sound": False, "reasons": [f"worker {number} was late." for number in range(9)]}
    (line,) = [line for line in end_report(told) if "did not keep up" in line]
    assert line.endswith("worker 0 was late. worker 1 was late. 7 more such sentences are in the result file.")


def test_the_place_of_the_result_file_comes_last():
    assert end_report(result(), "results/result.json")[-1] == "Result file: results/result.json"


def test_a_start_names_host_users_and_documents_and_hides_credentials():
    sentence = start_sentence("http://me:pw@hub/user/ada/?token=abc", 40, 1, server="jupyter-collaboration", seed=5)
    assert "pw" not in sentence
    assert "abc" not in sentence
    assert "@hub/user/ada/" in sentence
    assert sentence.endswith("(jupyter-collaboration) with 40 users in 1 document, from one process, seed 5.")
    assert start_sentence("http://h", 1, 2, processes=3) == (
        "Loading http://h with 1 user in 2 documents, from 3 processes."
    )


def test_text_of_a_server_cannot_act_on_the_terminal():
    nasty = "a\x1b[31mred\x07\r\nPASS: all is well\u202egnp.exe\x9b2J\ud800"
    finding = FINDING | {"detail": nasty, "document": nasty, "evidence": nasty}
    lines = end_report(result("fail", [finding], reason=nasty), nasty)
    assert not any(character in "".join(lines) for character in "\x1b\x07\r\n\u202e\x9b\ud800")
    assert "\\x1b[31mred" in lines[0]
    assert lines[0].startswith("FAIL: ")
    assert not any(line.startswith("PASS") for line in lines)


def test_endless_text_is_cut_and_the_cut_is_told():
    line = end_report(result("fail", [FINDING | {"detail": "x" * (TEXT_SHOWN + 100)}]))[1]
    assert "x" * TEXT_SHOWN + "… (100 characters more)" in line


PLAN = {
    "edits": 1180,
    "operations": 1234,
    "edits_skipped": 0,
    "operations_skipped": 0,
    "digest": "ab" * 16,
    "complete": True,
    "file": None,
    "problem": "",
    "evidence": None,
    "played": None,
}
PLAYED = {"file": "plan.jsonl", "edits": 1180, "digest": "ab" * 16, "same": True}
TOLD = f"Plan: 1,234 operations in 1,180 edits, digest {'ab' * 16}"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, []),
        ({"file": "out.jsonl"}, [f"{TOLD}; saved as out.jsonl."]),
        ({"problem": "It could not be written."}, [f"{TOLD}.", "It could not be written."]),
        (
            {"played": PLAYED, "operations_skipped": 3},
            [f"{TOLD.replace(', digest', ', 3 skipped, digest')}; the same as in plan.jsonl."],
        ),
        (
            {"played": {**PLAYED, "same": False}, "complete": False},
            [
                (
                    f"{TOLD.replace(', digest', ', 0 skipped, digest')}; not complete, because a process did not tell, "
                    "or there was too much of it; not that of plan.jsonl, which has 1,180 edits."
                )
            ],
        ),
    ],
)
def test_a_plan_that_was_saved_or_played_is_told_with_its_digest(changed, told):
    run = {"seed": 7, "duration_s": 30.2, "workers": 2}
    without = end_report(result(run=run | {"plan": None}))
    lines = end_report(result(run=run | {"plan": PLAN | changed}))
    assert [line for line in lines if line not in without] == told


def test_who_looks_at_a_run_later_is_told_how_to_do_it_again():
    run = {"seed": 7, "plan": PLAN | {"evidence": "evidence/plan.jsonl.gz"}}
    lines = full_report(result("fail", [FINDING], run=run), "results")
    assert f"{TOLD}." in lines
    assert "To do it again: --rtc-plan results/evidence/plan.jsonl.gz" in lines
    assert not any("--rtc-plan" in line for line in full_report(result(run={"seed": 7, "plan": PLAN}), "results"))
