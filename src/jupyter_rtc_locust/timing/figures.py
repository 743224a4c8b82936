"""What a figure of a run is called: `update echo p95`, `save max`, `reconnects`; and where a result has it.

Thresholds and comparisons name figures in the same words, which are those of the console's table and of `result.json`.

Pure: texts and plain data in, values out.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.timing.recorder import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

PERCENTILES: Final = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
PARTS: Final = (*PERCENTILES, "max")
"""What a timing has of figures, each under its name and `_ms` in the result."""

BETWEEN_WORKERS: Final = "delivery between workers"
"""Percentiles that are known to within a bound, and only when all processes have told (`between_workers`)."""

FAILURES: Final = "failures"
COUNTS: Final = (FAILURES, "disconnects", "reconnects")
"""What is counted, and not timed: the failures of all timings together, lines lost, users back in step."""

KNOWN: Final = (
    f"{', '.join(NAMES)}, each with {', '.join(PARTS[:-1])} or {PARTS[-1]}; {BETWEEN_WORKERS} with "
    f"{', '.join(PERCENTILES)}; and {', '.join(COUNTS)}"
)
"""Every name there is, for a sentence that refuses another."""


class FigureError(ValueError):
    """A text that names no figure. The sentence says where it stops making sense, and what is known."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: of a timing (`timing` and `part`), or a count (`part` alone)."""

    part: str
    timing: str | None = None

    def __str__(self) -> str:
        return self.part if self.timing is None else f"{self.timing} {self.part}"

    def value(self, result: Mapping[str, Any]) -> float | None:
        """What a result has of it, milliseconds or a number; None where it was not measured."""
        if self.timing is not None:
            timing = self._timing(result)
            value: float | None = timing.get(f"{self.part}_ms")
            return value
        if not result["counts"].get("users_seated"):
            return None
        if self.part == FAILURES:
            return sum(int(timing["failures"]) for timing in result["timings"].values())
        return int(result["counts"].get(self.part, 0))

    def samples(self, result: Mapping[str, Any]) -> int | None:
        """How many samples it is of, those that never came back included; None for a count."""
        if self.timing is None:
            return None
        timing = self._timing(result)
        return int(timing.get("count", 0)) + int(timing.get("unanswered", 0))

    def bound(self, result: Mapping[str, Any]) -> float:
        """How far it may be off because two clocks take part, in milliseconds; 0 for what one clock has timed."""
        if self.timing != BETWEEN_WORKERS:
            return 0.0
        return float(self._timing(result).get(f"{self.part}_bound_ms") or 0.0)

    def why_unknown(self, result: Mapping[str, Any]) -> str:
        """A sentence about a figure without a value."""
        if self.timing != BETWEEN_WORKERS:
            return "It was not measured."
        if not result.get("between_workers"):
            return "It was not measured, because one process played all users."
        if not self.samples(result):
            return "It was not measured: no edit was timed on its way to another process."
        return "It is not known, because it may be off by more than itself: so far are the processes' clocks apart."

    def _timing(self, result: Mapping[str, Any]) -> Mapping[str, Any]:
        told: Any = (
            result.get("between_workers") if self.timing == BETWEEN_WORKERS else result["timings"].get(self.timing)
        )
        return told or {}


def figure_named(text: str) -> Figure:
    """The figure that a text names, blanks and capitals aside.

    Raises:
        FigureError: there is none of that name.
    """
    words = text.lower().split()
    name = " ".join(words)
    if name in COUNTS:
        return Figure(name)
    timing, part = " ".join(words[:-1]), words[-1] if words else ""
    if (timing in NAMES and part in PARTS) or (timing == BETWEEN_WORKERS and part in PERCENTILES):
        return Figure(part, timing)
    if BETWEEN_WORKERS in (name, timing):
        raise FigureError(f"{name!r} is no figure: of {BETWEEN_WORKERS!r} there are {', '.join(PERCENTILES)}")
    if name in NAMES:
        raise FigureError(f"{name!r} is a timing: say which figure of it, {', '.join(PARTS[:-1])} or {PARTS[-1]}")
    if timing in NAMES:
        raise FigureError(
            f"after {timing!r} stands {part!r}, which is no figure of a timing: known are {', '.join(PARTS[:-1])} and "
            f"{PARTS[-1]}"
        )
    if part in PARTS and timing:
        known = (*NAMES, BETWEEN_WORKERS)
        raise FigureError(f"{timing!r} is no timing{_meant(timing, known)}: known are {', '.join(known)}")
    raise FigureError(f"{name!r} is no figure{_meant(name, (*NAMES, BETWEEN_WORKERS, *COUNTS))}: known are {KNOWN}")


def _meant(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" (is {near[0]!r} meant?)" if near else ""
