"""A plan that was not played to its end, or not as it was, is a warning, and changes no verdict."""

import gzip

import pytest

from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import PlayedPlan, RunEvidence
from jupyter_rtc_locust.verdict.evidence_form import parts_of_run, run_of_parts
from jupyter_rtc_locust.verdict.findings import Opinion, Value, Verdict
from jupyter_rtc_locust.verdict.folder.contents import Witness, items_of
from jupyter_rtc_locust.verdict.folder.names import PLAN, RUN
from jupyter_rtc_locust.verdict.played_plans import plan_warnings


def kinds(played: PlayedPlan | None) -> list[str]:
    return [one.kind for one in plan_warnings(RunEvidence(played=played))]


@pytest.mark.parametrize(
    ("played", "told"),
    [
        (None, []),
        (PlayedPlan(10, 10, 0, same=True), []),
        (PlayedPlan(10, 10, 3, same=True), []),
        (PlayedPlan(10, 9, 0, same=False), ["plan-not-finished"]),
        (PlayedPlan(10, 10, 0, same=False), ["plan-differs"]),
        (PlayedPlan(10, 11, 0, same=False), ["plan-differs"]),
    ],
)
def test_a_plan_is_told_of_where_it_was_not_done_as_it_stands(played, told):
    assert kinds(played) == told


def test_the_warning_stands_beside_the_verdict_and_says_how_much_was_done():
    verdict = decide(RunEvidence(played=PlayedPlan(1200, 1100, 0, same=False)))
    assert [one.kind for one in verdict.opinion.cautions] == ["plan-not-finished"]
    assert "1,100 of the 1200 edits" in verdict.opinion.cautions[0].detail.replace("1,200", "1200")
    assert verdict.reason == decide(RunEvidence()).reason


def test_the_plan_goes_to_the_judge_and_into_the_evidence_of_what_did_not_pass():
    run = RunEvidence(plan=gzip.compress(b"a plan"), played=PlayedPlan(2, 1, 0, same=False))
    assert run_of_parts(parts_of_run(run)) == run
    for value, kept in ((Value.PASS, False), (Value.FAIL, True), (Value.INCONCLUSIVE, True)):
        items = {item.name: item for item in items_of(run, Verdict(value, "", Opinion()), Witness(), everything=False)}
        assert (PLAN in items) is kept
        if kept:
            assert items[PLAN].make() == run.plan
            assert not items[PLAN].always
            assert b"a plan" not in gzip.decompress(items[RUN].make())
    nothing = {
        item.name: item
        for item in items_of(RunEvidence(), Verdict(Value.FAIL, "", Opinion()), Witness(), everything=True)
    }
    assert nothing[PLAN].make() is None
