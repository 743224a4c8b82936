"""What came of it all, as `capacity.json` holds it: the outcome, the sentence, every step with its figures.

Pure: steps in, plain data out. Fields are only ever added, as in `result.json`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.capacity.holding import Held, Outcome
from jupyter_rtc_locust.capacity.limits import ABSENT, UNKNOWN, Limit, limit_of
from jupyter_rtc_locust.capacity.search import Bounds, End, Purpose, Visited, bounds
from jupyter_rtc_locust.exit_codes import FAILED, INCONCLUSIVE, PASSED
from jupyter_rtc_locust.timing.recorder import UPDATE_DELIVERY, UPDATE_ECHO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jupyter_rtc_locust.timing.thresholds import Judged, Threshold

FILE: Final = "capacity.json"
SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class Compared:
    """What a checkpoint came to: `pass`, `fail` or `inconclusive`, and why."""

    number: int
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """A visit, and what was seen."""

    people: int
    purpose: Purpose
    outcome: Outcome
    began_s: float
    """When people were told to come or go, in seconds since the start of the run."""
    ended_s: float
    there: int
    """How many had a document open."""
    held: Held | None = None
    """What was measured; None: not everybody came, so nothing was."""
    compared: Compared | None = None
    recovered_s: float | None = None
    """After an overload, how many seconds from going down until the promise was kept; None: not, or there was none."""

    @property
    def visited(self) -> Visited:
        """As the search sees it."""
        busy = None if self.held is None else self.held.window.server_cpu_percent
        return Visited(self.people, self.purpose, self.outcome, busy)


@dataclass(frozen=True, slots=True)
class Capacity:
    """The whole of it."""

    end: End
    steps: tuple[Step, ...]
    promise: tuple[Threshold, ...]
    step: int
    most: int
    window_s: float
    verdict: str = "pass"
    """Of the run, at its end."""
    reason: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)
    """Of the run: what `run` of `capacity.json` holds."""
    errors: tuple[int, str] = (0, "")
    """How many stack traces the server wrote into its log, and the last of them."""

    @property
    def bounds(self) -> Bounds:
        """Between which numbers of people it lies."""
        return bounds([one.visited for one in self.steps])

    @property
    def outcome(self) -> End:
        """Why it ended; a wrong verdict at the end of the run goes before anything else."""
        return End.WRONG if self.verdict == "fail" else self.end

    @property
    def capacity(self) -> int | None:
        """How many people are held; None where nothing may be said of the server, or documents are wrong."""
        told = self.outcome in (End.FOUND, End.TOP, End.NOTHING, End.UNRECOVERED)
        return self.bounds.held if told and not self.unmeasured and self.verdict == "pass" else None

    @property
    def unmeasured(self) -> tuple[Threshold, ...]:
        """What was promised and never measured in any step that was held."""
        if not self.bounds.held:
            return ()
        seen = {
            one.threshold
            for step in self.steps
            if step.outcome is Outcome.HELD and step.held is not None
            for one in step.held.judged
            if one.value is not None
        }
        return tuple(one for one in self.promise if one not in seen)

    @property
    def exit_code(self) -> int:
        """0: found, or the top held; 3: a wrong verdict; 4: not established."""
        if self.outcome is End.WRONG:
            return FAILED
        return INCONCLUSIVE if self.capacity is None else PASSED

    def last(self, people: int, outcome: Outcome) -> Step | None:
        """The latest step with so many people that came to this; a recovery only where there is no other."""
        found = [one for one in self.steps if one.people == people and one.outcome is outcome]
        return max(found, key=lambda one: (one.purpose is not Purpose.RECOVERY, one.began_s), default=None)

    @property
    def recovery(self) -> Step | None:
        """The latest time that the server was seen to come back, or not."""
        found = [one for one in self.steps if one.purpose is Purpose.RECOVERY]
        return found[-1] if found else None

    @property
    def limit(self) -> Limit | None:
        """What was at its end where the promise broke; None where it did not."""
        broken = self.bounds.broken
        step = None if broken is None else self.last(broken, Outcome.BROKEN)
        if step is None:
            return None
        if step.held is None:
            return Limit(ABSENT, "")
        worst = step.held.worst
        if worst is not None and worst.threshold.figure.timing is None:
            return Limit(UNKNOWN, "")  # no CPU explains what is counted
        return limit_of(step.held.window)

    def as_dict(self, sentence: str) -> dict[str, Any]:
        """The content of `capacity.json`."""
        here, limit = self.bounds, self.limit
        recovery = self.recovery
        return {
            "schema": SCHEMA,
            "outcome": self.outcome.value,
            "sentence": sentence,
            "capacity": self.capacity,
            "held": here.held,
            "broken_at": here.broken,
            "limited_by": None if limit is None else limit.kind,
            "recovered": None if recovery is None else recovery.outcome is Outcome.HELD,
            "recovered_s": None if recovery is None else recovery.recovered_s,
            "promise": [one.written for one in self.promise],
            "unmeasured": [one.written for one in self.unmeasured],
            "step": self.step,
            "most": self.most,
            "window_s": self.window_s,
            "verdict": self.verdict,
            "reason": self.reason,
            "steps": [_step(number, one) for number, one in enumerate(self.steps, 1)],
            "run": dict(self.about),
        }


def _step(number: int, step: Step) -> dict[str, Any]:
    held = step.held
    window = None if held is None else held.window
    edits = 0 if window is None else window.counts.get("edits", 0)
    return {
        "number": number,
        "people": step.people,
        "there": step.there,
        "purpose": step.purpose.value,
        "outcome": step.outcome.value,
        "at_s": round(step.began_s, 3),
        "until_s": round(step.ended_s, 3),
        "windows": 0 if held is None else held.windows,
        "settled": None if held is None else held.settled,
        "figures": [] if held is None else [_figure(one) for one in held.judged],
        "timings": {} if window is None else {name: _percentiles(window.times.get(name)) for name in SHOWN},
        "edits_per_s": None if window is None or not window.seconds else round(edits / window.seconds, 1),
        "server_cpu_percent": None if window is None else window.server_cpu_percent,
        "server_waited_percent": None if window is None else window.server_waited_percent,
        "machine_cpu_percent": None if window is None else window.machine_cpu_percent,
        "generator": {
            "cpu_percent": _most(window, "cpu_percent"),
            "loop_lag_p99_ms": _most(window, "loop_lag_p99_ms"),
            "reasons": [] if held is None else list(held.reasons),
        },
        "checkpoint": None
        if step.compared is None
        else {
            "number": step.compared.number,
            "verdict": step.compared.verdict,
            "reason": step.compared.reason,
        },
        "recovered_s": step.recovered_s,
    }


SHOWN: Final = (UPDATE_ECHO, UPDATE_DELIVERY)
"""Timings that each step is told with, whatever was promised."""


def _percentiles(times: Any) -> dict[str, Any] | None:
    if times is None or not times.count:
        return None
    return {
        "count": times.count,
        **{f"p{round(100 * part)}_ms": round(times.percentile(part), 3) for part in (0.5, 0.95, 0.99)},
    }


def _figure(one: Judged) -> dict[str, Any]:
    # Every threshold's sentence says how many samples there were; here it is the value that is wanted.
    told = one.as_dict()
    return {name: told[name] for name in ("threshold", "figure", "outcome", "value", "limit", "unit")}


def _most(window: Any, name: str) -> float | None:
    if window is None:
        return None
    values: Sequence[float] = [value for one in window.processes if (value := getattr(one, name)) is not None]
    return max(values, default=None)
