"""What a pass did not exercise, because it would mislead whoever reads it: said as warnings, never as findings."""

from __future__ import annotations

from jupyter_rtc_locust.verdict.evidence import RunEvidence
from jupyter_rtc_locust.verdict.findings import Caution
from jupyter_rtc_locust.verdict.wording import capitalised, counted


def weak_points(run: RunEvidence) -> tuple[Caution, ...]:
    """Users asked for that never came, or that were gone before the end; and documents in which nobody worked together
    with anybody."""
    documents = run.documents
    cautions = []
    failed = ""
    if run.users_failed and run.mistakes:
        failed = f"{counted(run.users_failed, 'user')} failed: {run.mistakes[0]}"
    if documents and run.users_at_once < run.users_asked:
        why = (
            f", and {failed}"
            if failed
            else ", because the run ended before the others came. Ask for a faster ramp (-r) or a longer run (-t)."
        )
        took_part = f"{run.users_at_once} of the {run.users_asked} users asked for took part"
        cautions.append(Caution("few-users", "", f"{took_part}{why}"))
    if documents and run.users_gone:
        cautions.append(
            Caution(
                "users-gone",
                "",
                f"{run.users_gone} of {run.users_before} users were not there any more at the end, the first of them "
                f"from second {run.gone_since:.0f} on, though nobody had asked for fewer. So the rest of the run was "
                f"tested with fewer people. "
                + (
                    capitalised(failed)
                    or "Look in the log for what happened then (a worker that left, users that failed), and run it "
                    "again."
                ),
            )
        )
    alone = [] if run.untold else [one.path for one in documents if len({user.client_id for user in one.users}) < 2]
    if alone and not any(document.guests_expected for document in documents):
        one = len(alone) == 1
        cautions.append(
            Caution(
                "no-company",
                alone[0] if one else "",
                f"{'In this document' if one else f'In {len(alone)} documents'} one user was alone, so nothing is said "
                f"about working together. "
                + (capitalised(failed) or "Ask for more users (-u), or fewer documents (--rtc-documents)."),
            )
        )
    return tuple(cautions)
