"""Whether the documents of B fared worse than those of A. It goes before all times: nobody waits gladly for lost work.

One run that lost an edit is enough to say *worse*, where no run of A did. To say *better* it takes more: that a fault
which strikes now and then stayed away may be luck.

Pure: runs in, an outcome and a sentence out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_rtc_locust.comparison.runs import Run

BETTER: Final = "better"
WORSE: Final = "worse"
NO_DIFFERENCE: Final = "no difference shown"
TOO_FEW: Final = "too few runs"
UNKNOWN: Final = "not known"
"""Of documents alone: a run of them was inconclusive."""

RARE: Final = 0.025
"""What chance alone does more often than once in forty comparisons shows nothing. Not once in twenty: who compares a
version with itself twenty times should seldom be alarmed twice."""


@dataclass(frozen=True, slots=True)
class OfDocuments:
    """One of `better`, `worse`, `no difference shown` and `not known`, with a sentence."""

    outcome: str
    sentence: str


def compare_documents(before: Sequence[Run], after: Sequence[Run]) -> OfDocuments:
    """The verdicts of the runs of A beside those of B."""
    failed_before, failed_after = (_with(runs, "fail") for runs in (before, after))
    kinds_before, kinds_after = (_kinds(runs) for runs in (failed_before, failed_after))
    new = sorted(kinds_after - kinds_before)
    if failed_after and (new or not failed_before):
        run = next(run for run in failed_after if run.kinds & set(new) or not new)
        beside = f", A in {_share(failed_before, before)}" if failed_before else ", A in none"
        of_which = f" New in B: {', '.join(new)}." if new else ""
        sentence = f"B failed in {_share(failed_after, after)}{beside}.{of_which} {run.folder}: {run.reason}"
        return OfDocuments(WORSE, sentence)
    unknown = _with((*before, *after), "inconclusive")
    if unknown:
        run = unknown[0]
        return OfDocuments(UNKNOWN, f"{_share(unknown, (*before, *after))} inconclusive. {run.folder}: {run.reason}")
    if failed_after:
        return OfDocuments(
            NO_DIFFERENCE,
            f"Both failed, A in {_share(failed_before, before)} and B in {_share(failed_after, after)}, with the same "
            f"kinds of findings: {', '.join(sorted(kinds_after))}.",
        )
    if failed_before:
        luck = by_luck(len(before), len(after), len(failed_before))
        sentence = f"A failed in {_share(failed_before, before)} ({', '.join(sorted(kinds_before))}), B in none"
        if luck <= RARE:
            return OfDocuments(BETTER, f"{sentence}.")
        return OfDocuments(
            NO_DIFFERENCE,
            f"{sentence}; of the same version that happens by chance in {100 * luck:.0f} % of such comparisons.",
        )
    return OfDocuments(NO_DIFFERENCE, f"All runs passed, {len(before)} of A and {len(after)} of B.")


def by_luck(before: int, after: int, failed: int) -> float:
    """How likely all failures lie among the runs of A, where it is chance which runs fail (Fisher's exact test)."""
    return math.comb(before, failed) / math.comb(before + after, failed)


def _with(runs: Sequence[Run], verdict: str) -> list[Run]:
    return [run for run in runs if run.verdict == verdict]


def _kinds(runs: Sequence[Run]) -> set[str]:
    return set().union(*(run.kinds for run in runs))


def _share(some: Sequence[Run], runs: Sequence[Run]) -> str:
    return f"{len(some)} of {len(runs)} runs"
