"""A percentile of one run, as the logarithm of a time, and how much of it is luck of the run's own samples.

A run that is done again has other samples. The bootstrap asks what their percentile might have been, by drawing as many
samples from those that there are. For a percentile the answer need not be drawn: the k-th of n samples lies at or below
a time of which a part F of the samples is, with the likelihood that the beta distribution (k, n - k + 1) gives to F
(Hutson and Ernst, "The exact bootstrap mean and variance of an L-estimator", 2000). So the same results give the same
answer to the last digit.

Samples of a run resemble each other (an edit is delivered to many at once), so this is the least that chance does, and
not the most.

Pure: a histogram in, two numbers out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_rtc_locust.comparison.distributions import beta_part

if TYPE_CHECKING:
    from jupyter_rtc_locust.timing.histogram import Histogram

SHORTEST_MS: Final = 0.01
"""Below ten microseconds a histogram does not promise its percentiles; whatever is shorter counts as this."""

_BUCKET: Final = math.log(1.02)
"""The width of a histogram's bucket. Where in it a sample was is not known; its rank among the others in it tells."""
_BLUR: Final = _BUCKET**2 / 12
"""The variance of what is anywhere in a bucket."""
_NEGLIGIBLE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Measured:
    """The natural logarithm of a percentile in milliseconds, and its variance from sample to sample."""

    logarithm: float
    variance: float


def measured(histogram: Histogram, fraction: float) -> Measured:
    """This percentile of a run, by nearest rank. The histogram has samples."""
    buckets = [(math.log(max(value, SHORTEST_MS)), count) for value, count in histogram.buckets()]
    logarithms, counts = [logarithm for logarithm, _ in buckets], [count for _, count in buckets]
    total = sum(counts)
    rank = max(1, math.ceil(fraction * total * (1 - 1e-12)))
    below = place = 0
    while below + counts[place] < rank:
        below += counts[place]
        place += 1
    within = (rank - 0.5 - below) / counts[place] - 0.5
    return Measured(logarithms[place] + within * _BUCKET, _variance(logarithms, counts, rank) + _BLUR)


def _variance(logarithms: list[float], counts: list[int], rank: int) -> float:
    total = sum(counts)
    below = before = first = second = 0.0
    for logarithm, count in zip(logarithms, counts, strict=True):
        below += count
        reached = beta_part(below / total, rank, total - rank + 1)
        if reached > _NEGLIGIBLE:
            # From the first of them, so that nothing is lost between two large numbers.
            distance = logarithm - logarithms[0]
            first += (reached - before) * distance
            second += (reached - before) * distance * distance
            before = reached
        if reached > 1 - _NEGLIGIBLE:
            break
    return max(0.0, second - first * first)
