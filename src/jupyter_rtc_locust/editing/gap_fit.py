"""What the gaps between edits say of a rhythm: the figures that recordings and simulated people are compared by.

One procedure for both, or the comparison would mean nothing:
- gaps below 10 ms are left out: an editor reported one key as several edits;
- gaps below 2 s lie within a burst; the logarithms of their milliseconds have a mean (mu) and a deviation (sigma);
- gaps of 2 s and more are pauses;
- a burst is what stands between two pauses, so each recording has one more burst than pauses.

Checked against the recording that `docs/profiles.md` names. Pure: gaps are in seconds.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from statistics import fmean, median, pstdev

from jupyter_rtc_locust.editing.person_gaps import PAUSE_FROM_S, SHORTEST_GAP_S


@dataclass(frozen=True, slots=True)
class GapFit:
    """The figures of a rhythm."""

    mu: float
    """Mean of ln(ms) of the gaps within bursts."""
    sigma: float
    """Standard deviation of the same."""
    pause_share: float
    """Pauses among all gaps."""
    pause_median_s: float
    pause_p90_s: float
    edits_a_burst: float
    edits_a_second_active: float
    """Within bursts."""

    def outside(self, ranges: "dict[str, tuple[float, float]]") -> list[str]:
        """Return the names of the figures that are in none of the ranges given for them."""
        return [name for name, (least, most) in ranges.items() if not least <= getattr(self, name) <= most]


RANGES_OF_RECORDINGS: dict[str, tuple[float, float]] = {
    "mu": (5.07, 5.16),
    "sigma": (0.82, 0.98),
    "pause_share": (0.05, 0.09),
    "pause_median_s": (4.0, 5.0),
    "pause_p90_s": (19.0, 28.0),
    "edits_a_burst": (11.0, 20.0),
    "edits_a_second_active": (3.4, 4.3),
}
"""What two recordings with milliseconds gave, rounded (docs/profiles.md)."""

assert RANGES_OF_RECORDINGS.keys() == {field.name for field in fields(GapFit)}


def fit(recordings: Iterable[Sequence[float]]) -> GapFit:
    """
    Fit the gaps, in seconds, of one recording or of several people.

    Raises ValueError where they hold fewer than two gaps within bursts, or no pause.
    """
    sequences = [[gap for gap in gaps if gap >= SHORTEST_GAP_S] for gaps in recordings]
    gaps = [gap for sequence in sequences for gap in sequence]
    typing = [gap for gap in gaps if gap < PAUSE_FROM_S]
    pauses = sorted(gap for gap in gaps if gap >= PAUSE_FROM_S)
    if len(typing) < 2 or not pauses:
        raise ValueError(
            f"{len(typing)} gaps within bursts and {len(pauses)} pauses are too few to fit a rhythm to: "
            f"two gaps and a pause at least"
        )
    logarithms = [math.log(gap * 1000) for gap in typing]
    return GapFit(
        mu=fmean(logarithms),
        sigma=pstdev(logarithms),
        pause_share=len(pauses) / len(gaps),
        pause_median_s=median(pauses),
        pause_p90_s=pauses[int(0.9 * len(pauses))],
        edits_a_burst=(len(gaps) + len(sequences)) / (len(pauses) + len(sequences)),
        edits_a_second_active=len(typing) / sum(typing),
    )
