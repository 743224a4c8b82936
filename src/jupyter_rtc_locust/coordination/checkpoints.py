"""In the middle of a run: what is compared while editing pauses, and what comes of it.

The same evidence and the same checks as at the end, so that a checkpoint is as good as an end. What differs: users go
on, so nothing is applied to their replicas; and a file that is merely late is left to the end.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from jupyter_rtc_locust.coordination.evidence_of_run import run_evidence, without_secrets
from jupyter_rtc_locust.coordination.judging import JudgeError, judged
from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.timing.generator_health import summarise
from jupyter_rtc_locust.verdict.evidence import Checkpoint, RunEvidence
from jupyter_rtc_locust.verdict.evidence_form import parts_of_run
from jupyter_rtc_locust.verdict.findings import Opinion, Value, Verdict

logger = logging.getLogger(__name__)

_JUDGE_DEADLINE_S = 60.0


def evidence_at_checkpoint(state: RunState, collection: Collection, secrets: Sequence[str]) -> RunEvidence:
    """What is known while editing pauses; a newcomer is let in, and the file waited for."""
    # Where nobody plays nobody measures, and there is nothing to vouch for.
    health = summarise(answer["health"] for answer in collection.answers.values() if "health" in answer)
    # Earlier checkpoints are put together with the end, not with each other. Faults that are still to come are none.
    evidence = run_evidence(state, collection, health, secrets)
    documents = tuple(without_secrets(one, secrets) for one in evidence.documents)
    begun = tuple(one for one in evidence.faults if one.began is not None)
    return replace(evidence, documents=documents, checkpoints=(), faults=begun, at_checkpoint=True)


def judged_checkpoint(state: RunState, collection: Collection, evidence: RunEvidence, paused: float) -> Checkpoint:
    """What the checks say of it, people being at work again. `paused` in seconds."""
    try:
        verdict = judged(parts_of_run(evidence), _JUDGE_DEADLINE_S).verdict
    except JudgeError as error:
        logger.error("At a checkpoint: %s", error)
        verdict = Verdict(Value.INCONCLUSIVE, str(error), Opinion(unknown=(str(error),)))
    newcomers = sum(one.joiner is not None and not one.joiner.problem for one in evidence.documents)
    return Checkpoint(
        number=collection.number,
        at=state.since_start(collection.began),
        paused=paused,
        verdict=verdict.value.value,
        reason=verdict.reason,
        findings=verdict.opinion.findings,
        newcomers=newcomers,
    )
