import re

import pytest

from jupyter_rtc_locust.reporting.console import (
    FINDINGS_SHOWN,
    WARNING_SHOWN,
    checkpoint_sentence,
    end_report,
    full_report,
    start_sentence,
)
from jupyter_rtc_locust.reporting.figures_told import WAITED_FOR
from jupyter_rtc_locust.reporting.result_file import build_result
from jupyter_rtc_locust.reporting.shown import TEXT_SHOWN
from jupyter_rtc_locust.timing.generator_health import GeneratorHealth
from jupyter_rtc_locust.timing.recorder import (
    HUB_SPAWN,
    NAMES,
    RECONNECT,
    RUN_CELL,
    SAVE,
    TAB_REQUEST,
    UPDATE_ECHO,
    Recorder,
)
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


@pytest.mark.parametrize(("verdict", "label"), [("pass", "PASS: "), ("inconclusive", "INCONCLUSIVE: ")])
def test_the_verdict_comes_first_with_its_reason(verdict, label):
    assert end_report(result(verdict))[0] == f"{label}all documents are equal and complete"


def test_a_fail_comes_first_with_what_was_found_of_which_kind_in_how_many_documents():
    others = [FINDING | {"kind": kind, "document": document} for kind, document in (("diverged", "b"), ("new", ""))]
    told = end_report(result("fail", [FINDING, *others, FINDING]))
    assert told[0] == "FAIL: 4 findings in 2 documents: lost work (2), copies differ (1) and new (1)."


def ordinary():
    """As the demo ends: people wait for a document, for edits and for the disk, and no line was lost."""
    recorder = Recorder()
    for name in NAMES:
        if name not in (HUB_SPAWN, SAVE, RECONNECT, RUN_CELL, TAB_REQUEST):
            recorder.record(name, 12.5)
    health = GeneratorHealth("")
    health.loop_lag(1.5)
    counts = {"users": 10, "users_seated": 10, "documents": 2, "edits": 281, "updates_received": 1485}
    return result(recorder=recorder, health=health, counts=counts, exercised={"reconnects": 0})


def test_an_ordinary_pass_takes_ten_lines_with_a_table_of_usual_width():
    lines = end_report(ordinary(), "results/result.json", ["Report: results/report.html"])
    assert len(lines) == 10
    assert max(len(line) for line in lines if line.startswith("  ")) <= 100
    assert lines[-1] == "Report: results/report.html   Result file: results/result.json"


def test_long_places_and_problems_with_reports_stand_in_lines_of_their_own():
    problem = "The reports were not made within 30 s.\x1b[31m They can be made later: jupyter rtc-locust report results"
    lines = end_report(ordinary(), "results/result.json", [problem])
    assert lines[-2:] == [problem.replace("\x1b", "\\x1b"), "Result file: results/result.json"]


def test_a_finding_is_one_line_with_kind_document_users_and_evidence():
    line = end_report(result("fail", [FINDING]))[1].strip()
    assert line == (
        "finding: lost-edit (lost work) in analysis.ipynb (user 3): the text 'x = 1' of user 3 is missing "
        "[see evidence/analysis]"
    )


def test_findings_of_one_kind_in_one_document_are_one_line_and_those_one_cares_about_come_first():
    diverged = FINDING | {"kind": "diverged", "users": []}
    others = [FINDING | {"detail": f"{number}", "users": [number, 1]} for number in range(5, 9)]
    elsewhere = FINDING | {"document": "b.ipynb"}
    lines = end_report(result("fail", [diverged, FINDING, *others, elsewhere]))
    assert "lost-edit (lost work) in analysis.ipynb (users 1, 3, 5, 6, 7 and 8), the first of 5: the text" in lines[1]
    assert lines[2].strip().startswith("finding: lost-edit (lost work) in b.ipynb (user 3): ")
    assert lines[3].strip().startswith("finding: diverged (copies differ) in analysis.ipynb: ")
    assert lines[4].startswith("Load: ")


def test_a_finding_of_the_whole_run_names_no_document():
    finding = FINDING | {"document": "", "users": [], "evidence": None, "kind": "server-lost", "detail": "no answer"}
    assert end_report(result("fail", [finding]))[1].strip() == ("finding: server-lost (the server was gone): no answer")


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


def test_findings_in_many_documents_send_the_reader_to_the_file():
    findings = [FINDING | {"document": f"{number}.ipynb"} for number in range(FINDINGS_SHOWN + 5)]
    lines = end_report(result("fail", findings))
    assert sum("lost-edit" in line for line in lines) == FINDINGS_SHOWN
    assert any("5 more, all in the result file" in line for line in lines)


def test_the_load_is_told_in_a_sentence():
    (line,) = [line for line in end_report(result()) if line.startswith("Load")]
    assert line == (
        "Load: 10 users made 1,234 edits in 1 document within 30 s, from 2 processes; 9,876 updates received, no "
        "connection lost, 1 failure, seed 7."
    )
    (line,) = [line for line in end_report(result(counts={"users": 1, "disconnects": 2})) if line.startswith("Load")]
    assert line.startswith("Load: 1 user made 0 edits in 0 documents") and "2 connections lost" in line


def test_a_run_that_never_began_claims_no_seed_and_no_duration():
    unbegun = {"run": {"seed": 0, "duration_s": 0.0, "workers": 1}, "recorder": Recorder()}
    counts = {"users": 0, "users_seated": 0, "documents": 0, "edits": 0, "updates_received": 0, "disconnects": 0}
    (line,) = [line for line in end_report(result(counts=counts, **unbegun)) if line.startswith("Load")]
    assert line == "Load: none, because no user took a seat in a document."


def test_what_was_not_exercised_is_told_in_one_line():
    figures = {"reconnects": 0, "concurrent_edits": 3, "texts_beyond_bmp": 0}
    (line,) = [
        line
        for line in end_report(result(exercised=figures, counts={"users_seated": 2}))
        if line.startswith("Not tested")
    ]
    assert "a connection that was lost and came back; text beyond" in line
    assert "crossed" not in line


def test_a_checkpoint_is_one_line_with_its_verdict():
    told = {"number": 2, "at_s": 60.2, "paused_s": 4.31, "verdict": "fail", "reason": "lost\x1b[31m", "findings": []}
    line = "Checkpoint 2 at 60 s (editing paused for 4.3 s): FAIL: lost\\x1b[31m"
    assert checkpoint_sentence(told) == line


def test_a_pause_by_a_person_is_told_where_the_figures_are():
    told = result()
    told["run"]["pauses"] = [{"began_s": 4.0, "ended_s": 9.25}, {"began_s": 20.0, "ended_s": None}]
    lines = [line.strip() for line in end_report(told) if "paused" in line]
    assert lines == [
        "paused by a person from 4.0 s to 9.2 s: nobody edited",
        "paused by a person from 20.0 s to the end: nobody edited",
    ]


def test_what_people_waited_for_is_a_table_in_words():
    lines = end_report(result())
    start = next(number for number, line in enumerate(lines) if line.startswith("Timings:"))
    header, echo, failed = lines[start : start + 3]
    assert header.split() == ["Timings:", "p50", "p95", "p99", "longest", "count"]
    assert re.split(r"\s{2,}", echo.strip()) == [
        *("update echo", "an edit, back at its author", "0.401 ms", "1.23 s", "1.23 s", "1.23 s", "3")
    ]
    assert failed == "  failed: save, 1 time, for example: refused"
    assert len(header) == len(echo)


def test_a_table_has_what_somebody_waits_for_and_not_what_that_consists_of():
    recorder = Recorder()
    for name in NAMES:
        recorder.record(name, 15.04)
    lines = [line for line in end_report(result(recorder=recorder)) if "15.0 ms" in line]
    assert [re.split(r"\s{2,}", line.strip())[0] for line in lines] == list(WAITED_FOR)
    assert lines[0].split("  ")[1:3] == ["hub spawn", ""] and "a hub's server, until ready" in lines[0]
    assert len({len(line) for line in lines}) == 1


def test_what_was_left_out_as_warm_up_is_said():
    lines = end_report(result(warmup_s=0.0))
    assert any(line.startswith("Timings: ") for line in lines)
    told = result(run={"warmup_s": 3.0})
    told["timings"][UPDATE_ECHO]["left_out"] = 7
    assert any(line.startswith("Timings, without the first 3 s: ") for line in end_report(told))


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
    assert line.startswith("The load generator kept up well enough for the verdict, and not for the timings (")
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
    assert "with up to 9 users in" in start_sentence("http://h", 9, 2, at_most=True)


def test_text_of_a_server_cannot_act_on_the_terminal():
    nasty = "a\x1b[31mred\x07\r\nPASS: all is well\u202egnp.exe\x9b2J\ud800"
    finding = FINDING | {"detail": nasty, "document": nasty, "evidence": nasty}
    lines = end_report(result("fail", [finding], reason=nasty), nasty)
    assert not any(character in "".join(lines) for character in "\x1b\x07\r\n\u202e\x9b\ud800")
    assert "\\x1b[31mred" in lines[1]
    assert lines[0].startswith("FAIL: ")
    assert "\\x1b[31mred" in end_report(result("inconclusive", reason=nasty))[0]
    assert not any(line.startswith("PASS") for line in lines)


def test_endless_text_is_cut_and_the_cut_is_told():
    line = end_report(result("fail", [FINDING | {"detail": "x" * (TEXT_SHOWN + 100)}]))[1]
    assert "x" * TEXT_SHOWN + "… (100 characters more)" in line
    warning = {"kind": "save-starved", "document": "", "detail": "y" * (WARNING_SHOWN + 100)}
    assert end_report(result(warnings=[warning]))[1].endswith("y" * WARNING_SHOWN + "… (100 characters more)")


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


MISTAKE = "look of A raised ValueError: \x1b[2J (a.py:8)."


def test_a_pass_with_exit_code_1_says_why_and_that_not_nothing_failed():
    ended = result(
        counts={"users": 4, "users_stumbled": 4}, recorder=Recorder(), stumbles=[{"what": MISTAKE, "times": 20}]
    )
    ended["exit"] = {"code": 1, "reason": f"4 users stumbled: {MISTAKE[:-1]}"}
    lines = end_report(ended)
    assert lines[1] == "Exit code 1, because 4 users stumbled: look of A raised ValueError: \\x1b[2J (a.py:8)."
    assert ", 4 users stumbled, " in lines[2] and "nothing failed" not in lines[2]
    assert not any(line.startswith("  stumbled:") for line in lines), "it stands in the line of the exit code"


def test_an_error_that_users_met_is_told_where_neither_verdict_nor_exit_code_tell_it():
    lines = end_report(result("inconclusive", stumbles=[{"what": MISTAKE, "times": 1}]))
    assert lines[1] == "  stumbled: look of A raised ValueError: \\x1b[2J (a.py:8). (1 time)"
    assert not any(line.startswith("Exit code") for line in lines)
