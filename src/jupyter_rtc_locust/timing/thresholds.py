"""Limits that the figures of a run have to stay below: `update echo p95 < 200ms`. Read, and judged.

A threshold is about figures, a verdict about documents. So a threshold changes no verdict: a fail stays a fail, and a
pass whose echoes took too long stays a pass that missed its threshold. Unknown is not green here either: what was not
measured, or by a generator that did not keep up, or in a run that is inconclusive itself, was not met; nor was what may
lie on either side of its limit, because two clocks timed it.

Pure: texts and the content of a result file in, outcomes out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.timing.figures import Figure, FigureError, figure_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MET: Final = "met"
MISSED: Final = "missed"
INCONCLUSIVE: Final = "inconclusive"

EXAMPLE: Final = "update echo p95 < 200ms"

_MILLISECONDS: Final = {"us": 0.001, "µs": 0.001, "ms": 1.0, "s": 1000.0}
_BETWEEN: Final = re.compile(r"[;\n]|,(?!\d)")
"""Between two thresholds. A comma within a number is none."""
_SIGN: Final = re.compile(r"[<>=≤≥]+")
_NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([^\W\d_]*)")


class ThresholdError(ValueError):
    """A text that is no threshold. The sentence says what was written, where it stops making sense, what is known."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """An upper limit of one figure, in milliseconds for timings; `reached` is whether the limit itself is allowed."""

    written: str
    figure: Figure
    limit: float
    reached: bool = False

    @property
    def unit(self) -> str:
        """`ms`, or nothing for what is counted."""
        return "" if self.figure.timing is None else "ms"


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a threshold: `met`, `missed` or `inconclusive`, with the figure where there is one, and why."""

    threshold: Threshold
    outcome: str
    value: float | None
    detail: str

    def as_dict(self) -> dict[str, Any]:
        """For the result file."""
        return {
            "threshold": self.threshold.written,
            "figure": str(self.threshold.figure),
            "outcome": self.outcome,
            "value": self.value,
            "limit": self.threshold.limit,
            "unit": self.threshold.unit,
            "detail": self.detail,
        }


def read_thresholds(text: str) -> tuple[Threshold, ...]:
    """The thresholds of a text, which are separated by `;`, by `,` or by ends of lines; none in an empty one.

    Raises:
        ThresholdError: a part of it is none.
    """
    return tuple(_threshold(" ".join(part.split())) for part in _BETWEEN.split(text) if part.strip())


def _threshold(written: str) -> Threshold:
    sign = _SIGN.search(written)
    try:
        if sign is None:
            figure_named(written)
            raise FigureError(f"nothing stands behind it: write an upper limit, as in {EXAMPLE!r}")
        figure = figure_named(written[: sign.start()])
        if sign[0] not in ("<", "<=", "≤"):
            raise FigureError(
                f"after {written[: sign.start()].strip()!r} stands {sign[0]!r}: a threshold is an upper limit, write < "
                f"or <="
            )
        limit = _limit(written[sign.end() :].strip(), figure)
    except FigureError as error:
        raise ThresholdError(f"{written[:100]!r}: {error}.") from None
    return Threshold(written, figure, limit, sign[0] != "<")


def _limit(text: str, figure: Figure) -> float:
    found = _NUMBER.fullmatch(text)
    if figure.timing is None:
        if found is None or found[2]:
            raise FigureError(f"{text[:40]!r} is no limit of what is counted: write a number without a unit")
        return float(found[1])
    if found is None:
        raise FigureError(f"{text[:40]!r} is no time: write a number with us, ms or s, as in {EXAMPLE!r}")
    if found[2].lower() not in _MILLISECONDS:
        unit = f"has the unit {found[2]!r}" if found[2] else "has no unit"
        raise FigureError(f"{text[:40]!r} {unit}: write a number with us, ms or s, as in {EXAMPLE!r}")
    return float(found[1]) * _MILLISECONDS[found[2].lower()]


def judged(thresholds: Iterable[Threshold], result: Mapping[str, Any]) -> list[Judged]:
    """What became of each threshold, from the `verdict`, `timings`, `counts`, `generator` and `between_workers` of a
    result."""
    return [_judged(threshold, result) for threshold in thresholds]


def outcome_of(outcomes: Iterable[str]) -> str:
    """The outcome of several together: missed where one is, else inconclusive where one is."""
    found = set(outcomes)
    return next((outcome for outcome in (MISSED, INCONCLUSIVE) if outcome in found), MET)


def _judged(threshold: Threshold, result: Mapping[str, Any]) -> Judged:
    value, samples = threshold.figure.value(result), threshold.figure.samples(result)
    if value is None:
        return Judged(threshold, INCONCLUSIVE, None, threshold.figure.why_unknown(result))
    bound = threshold.figure.bound(result)
    was = f"It was {_told(value)}{f' ± {_told(bound)}' if bound else ''}{threshold.unit and ' ' + threshold.unit}"
    was += "" if samples is None else f" ({samples:,} sample{'' if samples == 1 else 's'})"
    if reason := _not_sound(threshold, result["generator"]):
        return Judged(threshold, INCONCLUSIVE, value, f"{was}, which is not established: {reason}")
    if _is_beyond(threshold, value - bound):
        return Judged(threshold, MISSED, value, f"{was}.")
    if _is_beyond(threshold, value + bound):
        return Judged(threshold, INCONCLUSIVE, value, f"{was}, which leaves open on which side of the limit it lies.")
    if result["verdict"] == INCONCLUSIVE:
        return Judged(threshold, INCONCLUSIVE, value, f"{was}, in a run that is inconclusive itself.")
    return Judged(threshold, MET, value, f"{was}.")


def _is_beyond(threshold: Threshold, value: float) -> bool:
    return value > threshold.limit or (value == threshold.limit and not threshold.reached)


def _not_sound(threshold: Threshold, generator: Mapping[str, Any]) -> str:
    """Why a figure of this generator cannot be held against a server: a sentence; empty where it can."""
    timed = threshold.figure.timing is not None
    if generator.get("sound") and (not timed or generator.get("timings_sound")):
        return ""
    reasons = [*(generator.get("reasons") or ()), *((generator.get("timings_reasons") or ()) if timed else ())]
    return str(reasons[0]) if reasons else "whether the load generator kept up is not known."


def _told(value: float) -> str:
    """Four significant digits, and whole numbers whole."""
    return f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:.4g}"
