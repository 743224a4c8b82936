"""How clear a change is beside what chance makes: runs of one version, dealt out anew among A and B.

If A and B are the same version, it is chance which runs are called A. So all ways to deal the runs out are looked at,
and of each way the clearest figure of all. A change is believed as far as few ways have anything as clear. That needs
no assumption about how times are spread, and it counts false alarms of all figures together, however many there are
and however much they resemble each other (Westfall and Young, "Resampling-based multiple testing", 1993:
step-down maxT). Holm's rule would ask for the same from each figure by itself, as if none resembled another, and find
less.

It does assume that runs of A and B took turns: what changes on the machine meanwhile would else be a change of version.

Pure: numbers in, numbers out. Where there are too many ways, some are drawn, always the same.
"""

from __future__ import annotations

import math
import random
from itertools import combinations
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence
    from typing import TypeVar

    from jupyter_rtc_locust.comparison.percentiles import Measured

    Name = TypeVar("Name", bound=Hashable)

ALL_WAYS: Final = 20_000
"""As many ways are looked at one by one: those of 8 and 8 runs are 12,870."""
_DRAWN: Final = 10_000
_AS_CLEAR: Final = 1e-9


def by_chance(
    figures: Mapping[Name, tuple[Sequence[Measured], Sequence[Measured]]],
) -> dict[Name, float]:
    """For each figure, in which part of all ways something is as clear as its change from A to B.

    Each figure has the runs of A and those of B, in the same order as the other figures: as many of each, and two at
    least.
    """
    if not figures:
        return {}
    before, after = (len(side) for side in next(iter(figures.values())))
    ways = list(_ways(before, before + after))
    clear = {name: _clearness((*sides[0], *sides[1]), ways) for name, sides in figures.items()}
    # The clearest first; what was shown already is no rival of the next.
    order = sorted(clear, key=lambda name: -clear[name][0])
    likely: dict[Name, float] = {}
    least = 0.0
    for place, name in enumerate(order):
        rivals = [clear[rival] for rival in order[place:]]
        seen = clear[name][0] - _AS_CLEAR
        found = sum(any(rival[way] >= seen for rival in rivals) for way in range(len(ways)))
        least = max(least, found / len(ways))
        likely[name] = least
    return likely


def _ways(before: int, runs: int) -> Iterator[tuple[int, ...]]:
    """Which runs are called A; the way it was comes first."""
    if math.comb(runs, before) <= ALL_WAYS:
        yield from combinations(range(runs), before)
        return
    yield tuple(range(before))
    chance = random.Random(0)
    for _ in range(_DRAWN):
        yield tuple(chance.sample(range(runs), before))


def _clearness(runs: Sequence[Measured], ways: Sequence[tuple[int, ...]]) -> list[float]:
    """For each way, the difference of the means in standard errors, whichever way it points.

    Runs that agree better than their own samples allow do so by luck, so the error is at least that of the samples.
    """
    middle = math.fsum(run.logarithm for run in runs) / len(runs)
    values = [run.logarithm - middle for run in runs]
    squares = [value * value for value in values]
    within = math.fsum(run.variance for run in runs) / len(runs)
    number, total, of_squares = len(runs), math.fsum(values), math.fsum(squares)
    clear = []
    for way in ways:
        before, after = len(way), number - len(way)
        of_before = sum(values[run] for run in way)
        mean_before, mean_after = of_before / before, (total - of_before) / after
        spread = of_squares - before * mean_before**2 - after * mean_after**2
        variance = max(within, spread / (number - 2))
        clear.append(abs(mean_after - mean_before) / math.sqrt(variance * (1 / before + 1 / after)))
    return clear
