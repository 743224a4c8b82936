"""A run that lost a worker: no sentence of terminal, report, summary or JUnit file says more than the others told."""

import html
import re
from xml.etree import ElementTree

import pytest

from jupyter_rtc_locust.reporting.console import end_report, full_report
from jupyter_rtc_locust.reporting.report.junit import junit
from jupyter_rtc_locust.reporting.report.losses import losses
from jupyter_rtc_locust.reporting.report.moments import moments_of
from jupyter_rtc_locust.reporting.report.page import page
from jupyter_rtc_locust.reporting.report.summary import summary
from jupyter_rtc_locust.reporting.report.told_run import read_run
from reporting.results_folders import copied, result_of
from reporting.schema import problems_of

REASON = "Worker w1 was lost: last heard of 9 s after the start of the run, it did not answer at the end."
UNTRUE = (
    "6 simulated users made",
    "6 users made",
    "124 edits in 2 documents",
    "were compared with all",
    "The load generator kept up",
    "The very same edits",
    "For the same edits",
    "Not tested, so nothing",
    "updates came to all users together",
    "most at one time.",
    "To do it again:",
)
"""What the reports of the same run say where every worker told."""


def lost(*processes, workers=2):
    """A change of a result: these workers told nothing at the end."""

    def change(result):
        result |= {"verdict": "inconclusive", "reason": REASON, "unknown": [REASON], "findings": []}
        result["run"] |= {"workers": workers, "processes_lost": list(processes)}
        plan = {"edits": 124, "operations": 130, "edits_skipped": 0, "operations_skipped": 0, "digest": "d"}
        result["run"]["plan"] = {**plan, "complete": False, "file": None, "problem": "", "played": None}
        result["run"]["plan"]["evidence"] = "evidence/plan.jsonl.gz"

    return change


ONE = {"process": "w1", "users": [0, 2, 4], "last_heard_s": 9.25}
OTHER = {"process": "w2", "users": [1, 3, 5], "last_heard_s": None}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return read_run(copied("pass", tmp_path_factory.mktemp("lost") / "results", lost(ONE)))


def plain(markup):
    """The words of a page, without what it looks like; the names of drawings with them."""
    named = " ".join(re.findall(r'aria-label="([^"]*)"', markup))
    without = re.sub(r"<(style|svg).*?</\1>", " ", markup, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(f"{re.sub('<[^>]*>', ' ', without)} {named}"))


@pytest.fixture(scope="module")
def texts(told):
    return {
        "terminal": "\n".join(end_report(told.result, "results/result.json")),
        "show": "\n".join(full_report(told.result, "results")),
        "report": plain(page(told, "results")),
        "summary": plain(summary(told)),
    }


@pytest.mark.parametrize("place", ["terminal", "show", "report", "summary"])
def test_nothing_is_said_of_all_users_that_is_known_of_some(texts, place):
    assert not [one for one in UNTRUE if one in texts[place]]


def test_the_same_is_said_where_every_worker_told():
    result = result_of("pass")
    said = "\n".join(end_report(result))
    assert all(
        one in said for one in ("6 users made 124 edits in 2 documents", "The load generator kept up", UNTRUE[7])
    )


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("terminal", "Without users 0, 2 and 4 of the worker that was lost: 124 edits, "),
        ("terminal", "The load generator, as far as known without the worker that was lost, kept up"),
        ("terminal", "Not tested as far as was told, so nothing is said about: "),
        ("show", "To do what is in it again: --rtc-plan"),
        ("report", "6 simulated users took part in 2 documents"),
        ("report", "What users 0, 2 and 4 of the worker that was lost did is not known; the others made 124 edits."),
        ("report", "in this run not all that a verdict rests on could be established"),
        ("report", "The edits that were told, in the same order, without those of users 0, 2 and 4"),
        ("report", "edits that are known of"),
        ("report", "last heard of worker w1, which played users 0, 2 and 4"),
        ("report", "connected, the most at one time, without those of the worker that was lost"),
        ("report", "How many updates one edit caused is not known"),
        ("report", "Without what users 0, 2 and 4 of the worker that was lost did and waited for"),
        ("report", "For the edits that were told, and to decide again"),
        ("summary", "the others made 124 edits"),
        ("summary", "Without what users 0, 2 and 4 of the worker that was lost did and waited for"),
    ],
)
def test_whose_figures_are_missing_is_said(texts, place, words):
    assert words in texts[place]


def test_when_a_worker_was_last_heard_of_is_one_of_the_things_that_happened(told):
    (moment,) = [one for one in moments_of(told) if "last heard" in one.what]
    assert (moment.at_s, moment.bad) == (9.25, True)


def test_workers_that_were_last_heard_of_at_about_the_same_time_are_one_of_the_things_that_happened(tmp_path):
    many = [{"process": f"w{one}", "users": [one], "last_heard_s": 9.0 + one / 60} for one in range(60)]
    told = read_run(copied("pass", tmp_path / "results", lost(*many, {**ONE, "last_heard_s": 12.5}, workers=70)))
    assert [(one.at_s, one.what) for one in moments_of(told) if "last heard" in one.what] == [
        (9.0, "last heard of 60 workers, which played users 0, 1, 2, 3, 4, 5, 6, 7 and 52 more"),
        (12.5, "last heard of worker w1, which played users 0, 2 and 4"),
    ]


@pytest.mark.parametrize("verdict", ["inconclusive", "fail"])
def test_a_checkpoint_of_which_not_all_is_known_is_not_said_to_have_compared_everything(tmp_path, verdict):
    def change(result):
        lost(ONE)(result)
        one = result["checkpoints"][0]
        result["checkpoints"] = [one, {**one, "number": 2, "verdict": verdict, "reason": REASON}]

    told = read_run(copied("pass", tmp_path / "results", change))
    assert sorted(one.what for one in moments_of(told) if "checkpoint" in one.what) == [
        "checkpoint 1: editing paused, everything compared: pass",
        f"checkpoint 2: editing paused, what was known compared: {verdict}",
    ]


def test_of_one_that_did_not_tell_in_time_there_is_no_such_moment(tmp_path):
    told = read_run(copied("pass", tmp_path / "results", lost(OTHER)))
    assert not [one for one in moments_of(told) if "last heard" in one.what]


def test_where_every_worker_was_lost_nothing_is_said_of_what_was_done(tmp_path):
    def change(result):
        lost(ONE, OTHER)(result)
        result["generator"] = {"sound": False, "reasons": [], "processes": 0}
        for name in ("edits", "updates_received"):
            result["counts"][name] = 0
        result["run"]["plan"] |= {"edits": 0, "operations": 0}
        for one in result["timings"].values():
            one |= {"count": 0, "failures": 0}

    told = read_run(copied("pass", tmp_path / "results", change))
    terminal = "\n".join(end_report(told.result))
    assert "What they did is not known: no worker told of it." in terminal
    assert "nothing failed" not in terminal and "no connection lost" not in terminal
    assert "Whether the load generator kept up is not known: no worker told of it." in terminal
    report = plain(page(told, "results"))
    assert "Every worker was lost, so what they did is not known." in report
    assert "Nobody played a user" not in report
    assert "To decide again: the folder" in report and "that were told" not in report
    for text in (terminal, report, plain(summary(told))):
        assert "nothing was timed" not in text and "measured nothing" not in text
        assert "orker told " in text


def test_no_document_of_which_all_is_known_is_a_case_that_passes(told):
    for case in ElementTree.fromstring(junit(told)).iter("testcase"):
        assert len(case), f"{case.get('classname')}: {case.get('name')}"


def test_where_it_is_not_known_of_every_lost_worker_whom_it_played_others_are_told_of():
    assert losses({"processes_lost": [ONE, {**OTHER, "users": []}], "workers": 3}).people == (
        "users 0, 2 and 4 and others of the 2 workers that were lost"
    )
    assert losses({"processes_lost": [{**ONE, "users": []}]}).people == "the users of the worker that was lost"


def test_the_form_of_the_result_holds_it():
    result = result_of("pass")
    lost(ONE, OTHER)(result)
    assert problems_of(result) == []
