"""Deliveries from one process to another: how long they took, and how far that may be off. Pure.

Every figure has a bound. The true times of all deliveries lie in their spans, so the true percentile lies between the
percentile of all lower ends and that of all upper ends, each as far outwards as a histogram may be off; the figure is
the middle of the two, its bound half of what is between them. A figure that may be off by more than itself is no
figure. Single deliveries are not left out for that: it would leave out the quick ones, and make the others look slow.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any, Final

from jupyter_rtc_locust.timing.clocks import Clock, Span
from jupyter_rtc_locust.timing.histogram import RELATIVE_ERROR, Histogram

PERCENTILES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
_ROUNDING_MS: Final = 0.5e-6
"""Histograms count whole nanoseconds."""


class Deliveries:
    """All deliveries of a run from one process to another."""

    def __init__(self) -> None:
        self.count = 0
        self.loose = 0
        """Those whose bound exceeds their value."""
        self._lower = Histogram()
        self._upper = Histogram()
        self._bounds = Histogram()

    def add(self, span: Span) -> None:
        """One delivery, in seconds. None takes less than no time, whatever its lower end says."""
        self.count += 1
        self.loose += span.bound > span.middle
        self._lower.record(max(span.least, 0.0) * 1000)
        self._upper.record(max(span.most, 0.0) * 1000)
        self._bounds.record(span.bound * 1000)

    def figure(self, fraction: float) -> tuple[float, float] | None:
        """A percentile and its bound, in milliseconds; None where it may be off by more than itself, or of nothing."""
        if not self.count:
            return None
        lower = max(self._lower.percentile(fraction) / (1 + RELATIVE_ERROR) - _ROUNDING_MS, 0.0)
        upper = self._upper.percentile(fraction) / (1 - RELATIVE_ERROR) + _ROUNDING_MS
        value, bound = (lower + upper) / 2, (upper - lower) / 2
        # A lower end that was cut off at nothing makes value and bound the same: nothing is known but the upper end.
        return None if bound >= value else (value, bound)

    def as_dict(self, clocks: Mapping[str, Clock], unknown: Mapping[str, str]) -> dict[str, Any]:
        """For the result file; `unknown` has why nothing is known of a process's clock."""
        told: dict[str, Any] = {"count": self.count, "loose": self.loose}
        for name, fraction in PERCENTILES.items():
            figure = self.figure(fraction)
            told[f"{name}_ms"] = None if figure is None else round(figure[0], 3)
            # Upwards, and by as much as the figure itself was rounded.
            told[f"{name}_bound_ms"] = None if figure is None else ceil(figure[1] * 1000 + 0.5) / 1000
        told["bound_p50_ms"] = round(self._bounds.percentile(0.5), 3) if self.count else None
        told["bound_max_ms"] = self._bounds.max_ms if self.count else None
        told["clocks"] = [
            {
                "process": process,
                "exchanges": clock.exchanges,
                "round_trip_ms": round(clock.round_trip * 1000, 3),
                "bound_ms": round(clock.bound * 1000, 3),
                "drift_ppm": round(clock.drift * 1e6, 1),
                "problem": None,
            }
            for process, clock in sorted(clocks.items())
        ] + [
            {
                "process": process,
                "exchanges": 0,
                "round_trip_ms": None,
                "bound_ms": None,
                "drift_ppm": None,
                "problem": why,
            }
            for process, why in sorted(unknown.items())
        ]
        return told
