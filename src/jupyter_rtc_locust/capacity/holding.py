"""When a step has been held long enough, and what it came to: the rule of stability, in one place.

A step is looked at in windows of a few seconds. Two windows in a row that *break* the promise are enough. Two that
*keep* it are enough where they agree: each promised figure of the one is at most half as large again as in the other,
or both are below half of their limit, where agreement does not matter. A step that does not settle within
`MOST_WINDOWS` is judged by all of them but the first, and said to be unsettled. So a step takes two to four windows,
whatever happens.

A step in which the load generator was not sound says nothing of the server. Neither does a broken promise whose
figure may be the generator's own lateness; a promise that was kept in spite of lateness was kept, because lateness
makes echoes longer and never shorter.

Pure: windows in, an outcome out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from jupyter_rtc_locust.capacity.window import Process, Window, as_result, together
from jupyter_rtc_locust.timing.figures import PERCENTILES
from jupyter_rtc_locust.timing.recorder import UPDATE_ECHO
from jupyter_rtc_locust.timing.soundness import (
    LOOP_LAG_P99_LIMIT_MS,
    TIMINGS_LAG_LIMIT_MS,
    TIMINGS_LAG_PART,
    reasons_against_findings,
)
from jupyter_rtc_locust.timing.thresholds import MET, MISSED, Judged, Threshold, judged

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_WINDOWS: Final = 4
SILENT_WINDOWS: Final = 4
"""So many windows in which nothing was measured that is promised, as people pause, are passed over."""
RECOVERY_WINDOWS: Final = 6
"""A server that was overloaded has a backlog first: so many windows it gets to come back."""
AGREEMENT: Final = 1.5
"""How many times as large a figure may be in one of two windows that agree."""
LAG_OF_A_MAXIMUM: Final = 0.99
LAG_OF_A_COUNT: Final = 0.95
"""Which percentile of the loop's lag counts where the promise is about a maximum, or about what is counted."""
FAR_BELOW: Final = 0.5
"""Below this part of its limit a figure may differ as it likes."""


class Outcome(StrEnum):
    """What a step came to."""

    HELD = "held"
    BROKEN = "broken"
    GENERATOR = "generator"
    """The load generator was not sound: nothing is said of the server."""
    UNKNOWN = "unknown"
    """Nothing that was promised was measured, or a checkpoint could not establish anything."""
    WRONG = "wrong"
    """A checkpoint found that the documents cannot be trusted."""


@dataclass(frozen=True, slots=True)
class Held:
    """A step that was held, and what came of it."""

    outcome: Outcome
    window: Window
    """What it was judged by."""
    judged: tuple[Judged, ...]
    settled: bool
    windows: int
    """How many were looked at."""
    reasons: tuple[str, ...] = ()
    """Why the generator is not believed: sentences."""

    @property
    def worst(self) -> Judged | None:
        """The promise that was broken by most; None where none was."""
        missed = [one for one in self.judged if one.outcome == MISSED]
        return max(missed, key=lambda one: (one.value or 0.0) / max(one.threshold.limit, 1e-9), default=None)


def judge(windows: Sequence[Window], promise: Sequence[Threshold], *, recovering: bool = False) -> Held | None:
    """What the step came to; None: look on.

    `recovering`: after an overload, where windows that break the promise are waited out.
    """
    most = RECOVERY_WINDOWS if recovering else MOST_WINDOWS
    outcomes = [_outcome(judge_window(one, promise)) for one in windows]
    telling = [one for one, outcome in zip(windows, outcomes, strict=True) if outcome]
    both = [outcome for outcome in outcomes if outcome][-2:]
    last = telling[-2:]
    if both == [MISSED, MISSED] and not recovering:
        return _held(last, promise, True, len(windows))
    if both == [MET, MET] and _agree(last[0], last[1], promise):
        return _held(last, promise, True, len(windows))
    if len(telling) < most and len(windows) - len(telling) < SILENT_WINDOWS:
        return None
    judged_by = telling[-2:] if recovering else telling[1:] if len(telling) > 1 else telling
    return _held(judged_by or windows, promise, False, len(windows))


def judge_again(held: Held, after: Window, promise: Sequence[Threshold]) -> Held:
    """A step that was held, with what came back of it only later, while everything was compared."""
    return _held([held.window, after], promise, held.settled, held.windows)


def judge_window(window: Window, promise: Sequence[Threshold]) -> tuple[Judged, ...]:
    """What became of each part of the promise in this window."""
    return tuple(judged(promise, as_result(window, _least_echo(promise))))


def _held(windows: Sequence[Window], promise: Sequence[Threshold], settled: bool, looked_at: int) -> Held:
    window = together(windows)
    parts = judge_window(window, promise)
    reasons = tuple(reasons_against(window, parts))
    measured = {MET: Outcome.HELD, MISSED: Outcome.BROKEN}.get(_outcome(parts), Outcome.UNKNOWN)
    return Held(Outcome.GENERATOR if reasons else measured, window, parts, settled, looked_at, reasons)


def reasons_against(window: Window, parts: Sequence[Judged]) -> list[str]:
    """Why this window says nothing of the server: a sentence for each process and rule; none where it does."""
    missed = [one.threshold.limit for one in parts if one.outcome == MISSED and one.threshold.figure.timing]
    # A lag of a tenth of the limit may be what broke it. What was kept was kept in spite of a lag.
    allowed = max(TIMINGS_LAG_LIMIT_MS, TIMINGS_LAG_PART * min(missed)) if missed else LOOP_LAG_P99_LIMIT_MS
    allowed = min(allowed, LOOP_LAG_P99_LIMIT_MS)
    fraction = _looked_at([one.threshold for one in parts])
    reasons = []
    for process in window.processes:
        lag = process.loop_lag_ms(fraction)
        if lag is None:
            reasons.append(
                f"Nobody measured how late the loop of {process.name} was, so nothing vouches for its times."
            )
        elif lag > allowed:
            reasons.append(
                f"The load generator itself was late: in {process.name} the loop's lag had a {100 * fraction:.0f}th "
                f"percentile of {lag:.0f} ms (more than {allowed:.0f} ms), its own work taking {_share(process)}."
            )
        reasons += reasons_against_findings(
            {"process": process.name, "loop_lag_p99_ms": 0.0, "cpu_percent": process.cpu_percent}
        )
    if not window.processes:
        reasons.append("No process said how late its own loop was, so nothing vouches for what was measured.")
    return reasons


def _looked_at(promise: Sequence[Threshold]) -> float:
    """Which percentile of the loop's lag counts: that of the promised figure, because a lag that is rarer does not move
    it. A hundredth of the few looks at a loop in some seconds is one look."""
    parts = [one.figure.part for one in promise if one.figure.timing]
    return max((PERCENTILES.get(part, LAG_OF_A_MAXIMUM) for part in parts), default=LAG_OF_A_COUNT)


def _share(process: Process) -> str:
    return "an unknown part of a core" if process.cpu_percent is None else f"{process.cpu_percent:.0f} % of a core"


def _outcome(parts: Sequence[Judged]) -> str:
    """What several came to: missed where one is, met where one is; what was not measured says nothing."""
    found = {one.outcome for one in parts}
    return next((outcome for outcome in (MISSED, MET) if outcome in found), "")


def _agree(before: Window, after: Window, promise: Sequence[Threshold]) -> bool:
    pairs = zip(judge_window(before, promise), judge_window(after, promise), strict=True)
    return all(
        _alike(one.value, other.value, one.threshold.limit)
        for one, other in pairs
        if one.value is not None and other.value is not None
    )


def _alike(one: float, other: float, limit: float) -> bool:
    return max(one, other) <= max(AGREEMENT * min(one, other), FAR_BELOW * limit)


def _least_echo(promise: Sequence[Threshold]) -> float:
    """The shortest wait for an echo that is a broken promise; without one, none is."""
    return min((one.limit for one in promise if one.figure.timing == UPDATE_ECHO), default=float("inf"))
