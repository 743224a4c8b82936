"""The last minutes of a run, second by second: times, counts, and how the load generator fared.

Whoever asks for the figures of a stretch of the run gets them of whole seconds, from `begin_s` (included) to `end_s`
(not included), since the start of the run. A look is put into the second in which it was taken: counts up to a second
after what they tell of, times up to two.

Pure: no clock.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jupyter_rtc_locust.live.looks import Look, Strain
from jupyter_rtc_locust.timing.generator_health import summarise
from jupyter_rtc_locust.timing.histogram import Histogram

KEPT_S: Final = 900
"""A quarter of an hour; of a process and a second about 2 KB are kept."""


@dataclass(slots=True)
class _Second:
    times: dict[str, Histogram] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    strains: dict[str, Strain] = field(default_factory=dict)
    """By process."""


class Seconds:
    """What all processes told, by the seconds of the run."""

    def __init__(self) -> None:
        self._seconds: dict[int, _Second] = {}
        self._counted: dict[str, Mapping[str, int]] = {}
        """What the counts of each process had come to at its latest look."""

    def take(self, node: str, look: Look) -> Counter[str]:
        """Add a look of the process that goes by this name among Locust's; what its counts rose by since the last."""
        second = self._second(look.at)
        for name, histogram in look.times.items():
            second.times.setdefault(name, Histogram()).merge(histogram)
        before = self._counted.get(node, {})
        risen = Counter({name: count - before.get(name, 0) for name, count in look.counts.items()})
        self._counted[node] = look.counts
        second.counts.update(risen)
        second.strains[look.process] = _both(second.strains.get(look.process), look.strain)
        return risen

    def totals(self) -> Counter[str]:
        """What the counts of all processes have come to."""
        totals: Counter[str] = Counter()
        for counts in self._counted.values():
            totals.update(counts)
        return totals

    def window(self, name: str, begin_s: float, end_s: float) -> Histogram:
        """What was measured under this name."""
        found = Histogram()
        for second in self._between(begin_s, end_s):
            if name in second.times:
                found.merge(second.times[name])
        return found

    def counts(self, begin_s: float, end_s: float) -> Counter[str]:
        """What happened how often."""
        found: Counter[str] = Counter()
        for second in self._between(begin_s, end_s):
            found.update(second.counts)
        return found

    def health(self, begin_s: float, end_s: float) -> dict[str, Any]:
        """How the load generator fared, as `timing.generator_health.summarise` says it: `sound`, `timings_sound`, the
        reasons against either, `per_process`. What is sampled for the end of a run alone is None, or 0, here.
        """
        strains = self.strains(begin_s, end_s)
        echoes = self.window("update echo", begin_s, end_s)
        return summarise(
            (_as_evidence(process, strain) for process, strain in strains.items()),
            echoes.percentile(0.99) if echoes.count else None,
        )

    def strains(self, begin_s: float, end_s: float) -> dict[str, Strain]:
        """How each process fared; by what a person would look for."""
        strains: dict[str, Strain] = {}
        for second in self._between(begin_s, end_s):
            for process, strain in second.strains.items():
                strains[process] = _both(strains.get(process), strain)
        return strains

    def _second(self, at: float) -> _Second:
        number = max(0, math.floor(at))
        if number not in self._seconds:
            for old in [one for one in self._seconds if one <= number - KEPT_S]:
                del self._seconds[old]
        return self._seconds.setdefault(number, _Second())

    def _between(self, begin_s: float, end_s: float) -> Iterator[_Second]:
        first, last = math.ceil(begin_s), math.ceil(end_s)
        if last - first <= len(self._seconds):
            numbers: Any = range(first, last)
        else:
            numbers = sorted(one for one in self._seconds if first <= one < last)
        return (self._seconds[number] for number in numbers if number in self._seconds)


def _both(before: Strain | None, more: Strain) -> Strain:
    """Neither is changed: `before` may be somebody else's."""
    if before is None:
        return more
    loop_lag, schedule_lag = before.loop_lag.copy(), before.schedule_lag.copy()
    loop_lag.merge(more.loop_lag)
    schedule_lag.merge(more.schedule_lag)
    return Strain(loop_lag, schedule_lag, before.cpu_sum + more.cpu_sum, before.cpu_count + more.cpu_count)


def _as_evidence(process: str, strain: Strain) -> dict[str, Any]:
    """As `GeneratorHealth.as_evidence` has it."""
    nothing = Histogram().as_dict()
    return {
        "process": process,
        "loop_lag": strain.loop_lag.as_dict(),
        "schedule_lag": strain.schedule_lag.as_dict(),
        "arrival_error": nothing,
        "receive_backlog": nothing,
        "cpu_sum": strain.cpu_sum,
        "cpu_count": strain.cpu_count,
        "garbage": {
            "collections": 0,
            "collections_full": 0,
            "collections_total_ms": 0.0,
            "collections_longest_ms": 0.0,
        },
    }
