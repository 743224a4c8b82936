"""What is to say of a plan that a run played: said as warnings, because the verdict on the documents stands."""

from __future__ import annotations

from jupyter_rtc_locust.verdict.evidence import RunEvidence
from jupyter_rtc_locust.verdict.findings import Caution
from jupyter_rtc_locust.verdict.wording import counted


def plan_warnings(run: RunEvidence) -> tuple[Caution, ...]:
    """That a plan was not done to its end, or that what was done is not what stands in it."""
    plan = run.played
    if plan is None:
        return ()
    if plan.taken < plan.planned:
        return (
            Caution(
                "plan-not-finished",
                "",
                f"{plan.taken:,} of the {counted(plan.planned, 'edit')} of the plan came to their turn before the run "
                f"ended, or before their users came. Give it more time (-t), and users as fast as then (-r).",
            ),
        )
    if not plan.same:
        return (
            Caution(
                "plan-differs",
                "",
                "What was done has another digest than the plan: users were moved from one process to another while "
                "they played it, or processes read different files under the name of the plan.",
            ),
        )
    return ()
