"""How fast something grows: a straight line through samples, as people state it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import linear_regression
from typing import Any


@dataclass(frozen=True, slots=True)
class Sample:
    """What the processes of one side used, so many seconds after the start of the run."""

    at_s: float
    memory_mb: float
    """Resident, of all processes together."""
    cpu_s: float
    """Used so far."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Memory after the start, as a straight line."""

    first_mb: float
    last_mb: float
    mb_a_minute: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def growth(samples: Sequence[Sample], *, begin_s: float, end_s: float) -> Growth | None:
    """The line through the samples between two moments (seconds); None where there are fewer than two."""
    between = [one for one in samples if begin_s <= one.at_s <= end_s]
    if len(between) < 2:
        return None
    line = linear_regression([one.at_s / 60 for one in between], [one.memory_mb for one in between])
    return Growth(between[0].memory_mb, between[-1].memory_mb, line.slope)


def table(samples: Sequence[Sample], every_s: float) -> list[str]:
    """A line for each so many seconds: memory, how much it grew, and the part of a core that was used."""
    lines = ["minute     MB    more   CPU"]
    previous = None
    for one in samples:
        if previous is not None and one.at_s - previous.at_s < every_s:
            continue
        more = "" if previous is None else f"{one.memory_mb - previous.memory_mb:+.1f}"
        share = "" if previous is None else f"{(one.cpu_s - previous.cpu_s) / (one.at_s - previous.at_s):.0%}"
        lines.append(f"{one.at_s / 60:6.1f} {one.memory_mb:6.1f} {more:>7} {share:>5}")
        previous = one
    return lines
