"""What was measured in a piece of a step, a few seconds long: times, counts, who was there, how busy everybody was.

Pure: whoever has a clock and a server fills it in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.timing.figures import PERCENTILES
from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.timing.recorder import UPDATE_ECHO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SOUND: Final = {"sound": True, "timings_sound": True}
"""Whether the generator kept up is asked apart from what was measured (`holding.py`)."""


@dataclass(frozen=True, slots=True)
class Process:
    """How one process of the load generator fared: how late its loop was (ms), and its share of a core in per cent."""

    name: str
    loop_lag: Histogram
    cpu_percent: float | None

    def loop_lag_ms(self, fraction: float) -> float | None:
        """This percentile, 0.95 for p95; None where nobody measured it."""
        return round(self.loop_lag.percentile(fraction), 3) if self.loop_lag.count else None

    @property
    def loop_lag_p99_ms(self) -> float | None:
        """None where nobody measured it."""
        return self.loop_lag_ms(0.99)


@dataclass(frozen=True, slots=True)
class Window:
    """From `begin_s` to `end_s`, in seconds since the start of the run."""

    begin_s: float
    end_s: float
    people: int
    """How many had their document open at the end."""
    times: Mapping[str, Histogram] = field(default_factory=dict)
    """By the name of the timing, as far as anything was measured."""
    overdue_ms: tuple[float, ...] = ()
    """How long edits have waited at the end that had not come back: the oldest of each document."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What happened meanwhile: `edits`, `failures`, `disconnects`, `reconnects`."""
    server_cpu_percent: float | None = None
    """Of one core; None: nobody could look."""
    server_waited_percent: float | None = None
    """For how much of the time its main thread had something to do and no core to do it on; None: not known."""
    machine_cpu_percent: float | None = None
    """Of all cores of the machine on which this was measured."""
    processes: tuple[Process, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end_s - self.begin_s


def together(windows: Sequence[Window]) -> Window:
    """Several windows, one after the other, as one. ValueError without any."""
    if not windows:
        raise ValueError("no window was given, and nothing together is no window")
    times: dict[str, Histogram] = {}
    counts: Counter[str] = Counter()
    for one in windows:
        for name, histogram in one.times.items():
            times.setdefault(name, Histogram()).merge(histogram)
        counts.update(one.counts)
    return Window(
        begin_s=windows[0].begin_s,
        end_s=windows[-1].end_s,
        people=windows[-1].people,
        times=times,
        # What waited earlier has come back since, or waits longer now.
        overdue_ms=windows[-1].overdue_ms,
        counts=dict(counts),
        server_cpu_percent=_mean([(one.server_cpu_percent, one.seconds) for one in windows]),
        server_waited_percent=_mean([(one.server_waited_percent, one.seconds) for one in windows]),
        machine_cpu_percent=_mean([(one.machine_cpu_percent, one.seconds) for one in windows]),
        processes=_processes(windows),
    )


def as_result(window: Window, overdue_beyond_ms: float) -> dict[str, Any]:
    """The window in the form of a result, in which figures are found by their names (`timing/figures.py`).

    An edit that has waited longer than `overdue_beyond_ms` counts as an echo of so long, though it may come yet: a
    server that answers nobody any more would else look as quick as before.
    """
    overdue = [age for age in window.overdue_ms if age > overdue_beyond_ms]
    times = dict(window.times)
    if overdue:
        times[UPDATE_ECHO] = times[UPDATE_ECHO].copy() if UPDATE_ECHO in times else Histogram()
        for age in overdue:
            times[UPDATE_ECHO].record(age)
    failures = window.counts.get("failures", 0)
    return {
        "verdict": "pass",
        "generator": _SOUND,
        "counts": {"users_seated": window.people, **window.counts},
        "timings": {
            **{name: _figures(histogram) for name, histogram in times.items() if histogram.count},
            # Thresholds add the failures of all timings up.
            "": {"failures": failures},
        },
    }


def _figures(histogram: Histogram) -> dict[str, Any]:
    return {
        "count": histogram.count,
        "failures": 0,
        **{f"{name}_ms": round(histogram.percentile(fraction), 3) for name, fraction in PERCENTILES.items()},
        "max_ms": histogram.max_ms,
    }


def _mean(values: Sequence[tuple[float | None, float]]) -> float | None:
    known = [(value, weight) for value, weight in values if value is not None]
    whole = sum(weight for _, weight in known)
    return round(sum(value * weight for value, weight in known) / whole, 1) if whole > 0 else None


def _processes(windows: Sequence[Window]) -> tuple[Process, ...]:
    """Of each process all its lags, and its mean share of a core."""
    lags: dict[str, Histogram] = {}
    shares: dict[str, list[tuple[float | None, float]]] = {}
    for window in windows:
        for process in window.processes:
            lags.setdefault(process.name, Histogram()).merge(process.loop_lag)
            shares.setdefault(process.name, []).append((process.cpu_percent, window.seconds))
    return tuple(Process(name, lags[name], _mean(shares[name])) for name in sorted(lags))
