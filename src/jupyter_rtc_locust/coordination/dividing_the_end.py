"""How the time from the end of editing to the exit is divided among what has to be done in it: arithmetic, no clock.

Evidence may come until there is just time left for the least of looks, the judge, and leaving. Looks take what evidence
left over. A server that is silent at the end of them puts the end off, by what it takes to be sure of that: to ask it,
and all users once more. A judge's time is nobody else's, and where nothing was silent what is kept for that goes to who
judges what was told when the time was over all the same.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

from jupyter_rtc_locust.settings import HTTP_TRY_DEADLINE_S, LEAVE_DEADLINE_S, SILENT_SERVER_S

LEAST_LOOKS_S = 19.0
"""What newcomers and saved files get at least."""
LEAST_TO_JUDGE_S = 5.0
"""What a judge gets in any case."""


@dataclass(frozen=True, slots=True)
class Division:
    """Seconds of each step, in their order; the next one gets what a step leaves over."""

    evidence: float
    looks: float
    """With the questions before them, and that for the server's memory, which may be left."""
    silence: float
    """Where a server is silent: it is asked whether it answers, and then its users."""
    judge: float
    leave: float

    @property
    def until_looks_end(self) -> float:
        """Seconds from the end of editing."""
        return self.evidence + self.looks

    @property
    def whole(self) -> float:
        """From the end of editing until all documents are closed."""
        return float(sum(astuple(self)))


def divided(budget_s: float, judge_s: float, evidence_s: float = 0.0) -> Division:
    """A budget (`settings.end_budget`) with so much for the judge, where evidence was there after so many seconds."""
    looks = budget_s - LEAVE_DEADLINE_S - judge_s - evidence_s
    return Division(evidence_s, looks, SILENT_SERVER_S, judge_s, LEAVE_DEADLINE_S)


def evidence_awaited(budget_s: float, judge_s: float) -> float:
    """Seconds from the end of editing for which evidence is waited for."""
    return divided(budget_s, judge_s).looks - LEAST_LOOKS_S


def time_to_ask(now: float, until: float) -> bool:
    """Whether a question that may be left can still be answered before this moment, however long it takes."""
    return now + HTTP_TRY_DEADLINE_S <= until


def left_to_judge(judge_s: float, put_off_s: float) -> float:
    """Seconds for who judges what was told, when the time was over: what no silence took, as far as it is needed."""
    return max(LEAST_TO_JUDGE_S, min(judge_s, LEAST_TO_JUDGE_S + SILENT_SERVER_S - put_off_s))
