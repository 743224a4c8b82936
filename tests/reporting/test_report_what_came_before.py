"""What the verdict writes in front of a finding is told apart from it; whatever else a finding says stays whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.reporting.report.what_came_before import told_apart
from jupyter_rtc_locust.verdict.evidence import FaultEvidence
from jupyter_rtc_locust.verdict.faults_beside import with_faults
from jupyter_rtc_locust.verdict.findings import Finding, Opinion

FAULTS = (
    FaultEvidence(what="user 1 was offline", planned=4.0, began=4.2, ended=9.7, outcome="done", users=(1,)),
    FaultEvidence(what="the file was changed: twice", planned=5.0, began=5.0, ended=None, outcome="done", users=()),
    FaultEvidence(what="never", planned=50.0, began=None, ended=None, outcome="too late", users=()),
)
AS_IN_A_RESULT = [{"what": one.what, "began": one.began, "ended": one.ended} for one in FAULTS]


def with_what_came_before(detail, faults):
    finding = Finding(kind="lost-edit", document="a", detail=detail, users=())
    (told,) = with_faults(Opinion(findings=(finding,)), faults, ()).findings
    return told.detail


@pytest.mark.parametrize(
    ("faults", "before"),
    [
        ((), ""),
        (FAULTS[:1], "user 1 was offline (from 4 to 10 s)"),
        (FAULTS[1:2], "the file was changed: twice (at 5 s)"),
        (FAULTS, "user 1 was offline (from 4 to 10 s), and the file was changed: twice (at 5 s)"),
    ],
)
def test_what_the_verdict_wrote_before_a_finding_is_told_apart(faults, before):
    assert told_apart(with_what_came_before("A word is gone: 'x'.", faults), AS_IN_A_RESULT) == (
        before,
        "A word is gone: 'x'.",
    )


@pytest.mark.parametrize(
    "detail", ["A word is gone.", "After lunch (at 5 s): gone.", "After user 1 was offline (from 4 to 10 s)", "After "]
)
def test_a_finding_that_names_no_fault_of_the_run_stays_whole(detail):
    assert told_apart(detail, AS_IN_A_RESULT) == ("", detail)


@settings(max_examples=100)
@given(st.text(max_size=40), st.sampled_from([FAULTS[:1], FAULTS]))
def test_nothing_of_a_finding_is_lost_whatever_it_says(text, faults):
    before, found = told_apart(with_what_came_before(f"X{text}", faults), AS_IN_A_RESULT)
    assert before and found == f"X{text}"
