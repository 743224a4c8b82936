"""What changed between repeated runs of two versions, and between which bounds it lies.

The change is that of the typical run: the ratio of the geometric means of the runs' percentiles. Its uncertainty is
looked at in two ways, and the larger counts: by the bootstrap over runs, which for a mean is known in closed form, put
right for few runs (n - 1 in place of n); and by the bootstrap over the samples within each run (`percentiles.py`), for
five runs may agree by luck better than their samples allow. Both added would count the samples twice, because runs
differ by them, too.

The bounds are those of Student's t distribution with Welch's degrees of freedom. The percentiles of bootstrapped
changes would be too narrow for a handful of runs (Hesterberg, "What teachers should know about the bootstrap", 2015).

Pure: numbers in, numbers out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_rtc_locust.comparison.distributions import reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_rtc_locust.comparison.percentiles import Measured


@dataclass(frozen=True, slots=True)
class Change:
    """From A to B: the logarithm of the ratio, its standard error, and the degrees of freedom of that."""

    logarithm: float
    error: float
    freedom: float

    def bounds(self, likelihood: float) -> tuple[float, float]:
        """The ratios between which the true one lies, but for this likelihood."""
        room = reach(likelihood, self.freedom) * self.error
        return math.exp(self.logarithm - room), math.exp(self.logarithm + room)


def change(before: Sequence[Measured], after: Sequence[Measured]) -> Change:
    """The change from the runs of A to those of B, two of each at least."""
    sides = [_mean_and_variance(runs) for runs in (before, after)]
    variance = sum(of_mean for _, of_mean, _ in sides)
    freedom = variance**2 / sum(of_mean**2 / (runs - 1) for _, of_mean, runs in sides)
    return Change(sides[1][0] - sides[0][0], math.sqrt(variance), freedom)


def _mean_and_variance(runs: Sequence[Measured]) -> tuple[float, float, int]:
    """The mean, the variance of the mean, and the number of runs."""
    number = len(runs)
    mean = math.fsum(run.logarithm for run in runs) / number
    over_runs = math.fsum((run.logarithm - mean) ** 2 for run in runs) / (number - 1)
    within = math.fsum(run.variance for run in runs) / number
    return mean, max(over_runs, within) / number, number
