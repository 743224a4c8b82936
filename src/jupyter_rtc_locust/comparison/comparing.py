"""Two versions, a few runs of each: what is better in B, what is worse, and what nobody can tell.

A change is shown where all of three hold: the bounds between which it lies leave out that there is none; it is larger
than what is tolerated; and chance makes nothing as clear of any figure more often than once in forty comparisons
(`by_chance.py`), so that judging many figures raises no more false alarms than judging one.

A run whose timings are not the server's alone is refused: its times count for nothing, what became of its documents
does.

Pure: runs in, a comparison out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_rtc_locust.comparison.by_chance import by_chance
from jupyter_rtc_locust.comparison.change import change
from jupyter_rtc_locust.comparison.documents import (
    BETTER,
    NO_DIFFERENCE,
    RARE,
    TOO_FEW,
    UNKNOWN,
    WORSE,
    OfDocuments,
    compare_documents,
)
from jupyter_rtc_locust.comparison.percentiles import Measured, measured
from jupyter_rtc_locust.exit_codes import FAILED, INCONCLUSIVE, PASSED, REQUESTS_FAILED
from jupyter_rtc_locust.timing.figures import PERCENTILES, Figure, figure_named
from jupyter_rtc_locust.verdict.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jupyter_rtc_locust.comparison.runs import Run

LEAST_RUNS: Final = 5
"""Of each version. Four runs of a version are all quicker, or all slower, than four others of the same one in every
thirty-fifth comparison (2 of 70 ways to deal them out), five in every 126th: only that is rarer than one in forty."""

CONFIDENCE: Final = 0.95
"""Of the bounds."""

TOLERANCE: Final = 0.02
"""A change of 2 % is a bucket of a histogram, and not known to be one."""

JUDGED: Final = tuple(
    figure_named(name)
    for name in (
        "open document p50",
        "update echo p50",
        "update echo p95",
        "update echo p99",
        "update delivery p95",
        "save p95",
        "save age p95",
        "reconnect p95",
        "tab request p95",
        "run cell p95",
    )
)
"""What people wait for, where it was measured. Each more makes the others a little harder to show."""

_BEYOND: Final = 2
"""How many samples lie beyond a percentile that is more than one sample's luck."""


@dataclass(frozen=True, slots=True)
class OfFigure:
    """One figure: what each run had, in milliseconds, how it changed, and whether that is shown."""

    figure: Figure
    before: tuple[float, ...]
    after: tuple[float, ...]
    outcome: str
    ratio: float
    """Of B's typical run to A's."""
    bounds: tuple[float, float] | None
    """The ratios between which the true one lies, with a confidence of 95 %; None: too few runs to tell."""
    by_chance: float | None
    """How often chance makes something as clear of any figure; None: too few runs to tell."""

    @property
    def typical(self) -> tuple[float, float]:
        """The geometric means of A and B, in milliseconds."""
        means = [math.exp(math.fsum(map(math.log, values)) / len(values)) for values in (self.before, self.after)]
        return means[0], means[1]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it. `outcome` is `better`, `worse`, `no difference shown` or `too few runs`, of all together, or
    `not known`, where times show nothing and a run was inconclusive."""

    outcome: str
    documents: OfDocuments
    figures: tuple[OfFigure, ...]
    before: tuple[Run, ...]
    after: tuple[Run, ...]
    refused: tuple[Run, ...]
    """Runs whose times do not count."""
    not_judged: tuple[str, ...]
    """Figures that were asked for or are judged otherwise, and were not: sentences."""
    tolerance: float
    notes: tuple[str, ...] = ()
    """What whoever made the runs knows of the two versions: sentences."""

    @property
    def exit_code(self) -> int:
        """3: documents of B failed that of A did not; 1: times are worse; 4: it cannot be told; else 0."""
        if self.documents.outcome == WORSE:
            return FAILED
        if self.outcome == WORSE:
            return REQUESTS_FAILED
        return INCONCLUSIVE if self.outcome in (TOO_FEW, UNKNOWN) else PASSED


def compare(
    before: Sequence[Run],
    after: Sequence[Run],
    *,
    figures: Iterable[Figure] | None = None,
    tolerance: float = TOLERANCE,
    notes: Iterable[str] = (),
) -> Comparison:
    """Compare the runs of A, `before`, with those of B, `after`, by these figures, else by those of `JUDGED`.

    Changes within the tolerance (0.02 for 2 %) are none. `notes` are told beside what came of it.
    """
    refused = tuple(run for run in (*before, *after) if run.unsound)
    sides = [[run for run in runs if not run.unsound] for runs in (before, after)]
    asked = JUDGED if figures is None else tuple(figures)
    judged, not_judged = _measured(asked, sides, of_choice=figures is not None)
    enough = min(map(len, sides)) >= LEAST_RUNS
    chances = by_chance(judged) if enough else {}
    told = tuple(_told(figure, both, chances.get(figure), tolerance) for figure, both in judged.items())
    documents = compare_documents(before, after)
    return Comparison(
        outcome=_together(documents.outcome, [one.outcome for one in told], enough),
        documents=documents,
        figures=told,
        before=tuple(before),
        after=tuple(after),
        refused=refused,
        not_judged=tuple(not_judged),
        tolerance=tolerance,
        notes=tuple(notes),
    )


def _measured(
    figures: Iterable[Figure], sides: Sequence[Sequence[Run]], *, of_choice: bool
) -> tuple[dict[Figure, tuple[list[Measured], list[Measured]]], list[str]]:
    """The figures that every run has enough samples for; of the others, why they are left out."""
    judged, left_out = {}, []
    for figure in figures:
        assert figure.timing is not None
        fraction = PERCENTILES[figure.part]
        least = math.ceil(_BEYOND / (1 - fraction))
        counts = [run.timings[figure.timing].count for runs in sides for run in runs]
        if not counts:
            continue
        fewest = min(counts)
        if fewest >= least:
            before, after = ([measured(run.timings[figure.timing], fraction) for run in runs] for runs in sides)
            judged[figure] = (before, after)
        elif of_choice or max(counts):
            left_out.append(f"{figure}: one run has {counted(fewest, 'sample')} of it, and {least} are needed.")
    return judged, left_out


def _told(
    figure: Figure, both: tuple[list[Measured], list[Measured]], chance: float | None, tolerance: float
) -> OfFigure:
    before, after = (tuple(math.exp(one.logarithm) for one in runs) for runs in both)
    if chance is None:
        means = [math.fsum(one.logarithm for one in runs) / len(runs) if runs else math.nan for runs in both]
        return OfFigure(figure, before, after, TOO_FEW, math.exp(means[1] - means[0]), None, None)
    seen = change(*both)
    low, high = bounds = seen.bounds(1 - CONFIDENCE)
    shown = chance <= RARE and abs(seen.logarithm) > math.log1p(tolerance) and (low > 1.0 or high < 1.0)
    outcome = NO_DIFFERENCE if not shown else WORSE if seen.logarithm > 0 else BETTER
    return OfFigure(figure, before, after, outcome, math.exp(seen.logarithm), bounds, chance)


def _together(documents: str, figures: Sequence[str], enough: bool) -> str:
    if WORSE in (documents, *figures):
        return WORSE
    if documents == UNKNOWN:
        return UNKNOWN
    if not enough or not figures:
        return TOO_FEW
    return BETTER if BETTER in (documents, *figures) else NO_DIFFERENCE
