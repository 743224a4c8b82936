"""Whether the machine that makes the load could keep up, because otherwise its own delays stand in every figure.

Sampled in each process: how late gevent's loop came to a timer (loop lag), how late edits left compared with when they
were due (schedule lag), how long messages had been readable when they were read (arrival error), how much of what the
server sent lay unread in the kernel (receive backlog), how much of one core the process used, and how long collecting
garbage stopped it. A process of Python uses one core at most, so an overloaded generator shows at one process long
before the machine as a whole looks busy. The worst process decides, since its users' timings are mixed with all the
others.

Sample while users are at work, not while the process waits for a run to start: idle time would hide the strain.

Pure: whoever has a clock feeds it. Plain data leaves the process (`as_evidence`), `summarise` puts processes together;
which figures are too bad is the business of `soundness.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.timing.soundness import reasons_against_findings, reasons_against_timings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_BYTES: Final = 1_000_000
"""A histogram counts whole millionths of what it is told: of milliseconds nanoseconds, and so of megabytes bytes."""

_FULL: Final = 2
"""The oldest generation of Python's garbage: collecting it looks at every object there is."""

_HISTOGRAMS: Final = ("loop_lag", "schedule_lag", "arrival_error", "receive_backlog")

_TOLD_MEANWHILE: Final = ("loop_lag", "schedule_lag")
"""What is told while a run goes on."""


class GeneratorHealth:
    """The samples of one process."""

    __slots__ = ("_cpu_count", "_cpu_sum", "_garbage", "_histograms", "_process", "_recent", "_recent_cpu")

    def __init__(self, process: str = "this process") -> None:
        """`process` is the name under which a person would look for it, such as a worker's id."""
        self._process = process
        self._histograms = {name: Histogram() for name in _HISTOGRAMS}
        self._cpu_sum = 0.0
        self._cpu_count = 0
        self._garbage: dict[str, float] = _no_garbage()
        self._recent = {name: Histogram() for name in _TOLD_MEANWHILE}
        self._recent_cpu: list[float] = []

    def loop_lag(self, milliseconds: float, every_ms: float | None = None) -> None:
        """A timer of the loop came this much later than it was set for.

        `every_ms`: such a timer is set so often, but not before the one before has come. The timers that a late one
        kept from being set would have been late as well, each by so much less, and are counted too: else a loop that
        stands still for half of the time would look punctual, because hardly anybody asked.
        """
        late = [milliseconds]
        if every_ms is not None:
            left = milliseconds - every_ms
            while left > 0:
                late.append(left)
                left -= every_ms
        for each in late:
            self._histograms["loop_lag"].record(each)
            self._recent["loop_lag"].record(each)

    def schedule_lag(self, milliseconds: float) -> None:
        """An edit left this much later than it was due."""
        self._histograms["schedule_lag"].record(milliseconds)
        self._recent["schedule_lag"].record(milliseconds)

    def arrival_error(self, milliseconds: float) -> None:
        """What was readable when the loop looked at its sockets was read this much later."""
        self._histograms["arrival_error"].record(milliseconds)

    def receive_backlog(self, waiting: int) -> None:
        """So many bytes had come to a connection and were not read yet."""
        self._histograms["receive_backlog"].record(waiting / _BYTES)

    def cpu(self, percent: float) -> None:
        """The process used this much of one core since the last sample. Samples should cover equal times."""
        self._cpu_sum += percent
        self._cpu_count += 1
        self._recent_cpu.append(percent)

    def garbage_collected(self, generation: int, milliseconds: float) -> None:
        """Collecting garbage of this generation (0 to 2) stopped everything for so long."""
        garbage = self._garbage
        garbage["collections"] += 1
        garbage["collections_full"] += generation == _FULL
        garbage["collections_total_ms"] += milliseconds
        garbage["collections_longest_ms"] = max(garbage["collections_longest_ms"], milliseconds)

    def clear(self) -> None:
        """Begin a new run."""
        for histogram in self._histograms.values():
            histogram.clear()
        self._cpu_sum, self._cpu_count = 0.0, 0
        self._garbage = _no_garbage()
        self.take_recent()

    def take_recent(self) -> tuple[Histogram, Histogram, list[float]]:
        """Loop lag, schedule lag and CPU since the last call, for who looks at a run while it goes on.

        The whole run keeps them.
        """
        recent, cpu = self._recent, self._recent_cpu
        self._recent, self._recent_cpu = {name: Histogram() for name in _TOLD_MEANWHILE}, []
        return recent["loop_lag"], recent["schedule_lag"], cpu

    def as_evidence(self) -> dict[str, Any]:
        """All samples in a plain form that JSON and msgpack carry."""
        return {
            "process": self._process,
            **{name: histogram.as_dict() for name, histogram in self._histograms.items()},
            "cpu_sum": self._cpu_sum,
            "cpu_count": self._cpu_count,
            "garbage": dict(self._garbage),
        }

    def summary(self) -> dict[str, Any]:
        """What `summarise` says of this process alone."""
        return summarise([self.as_evidence()])


def summarise(evidence: Iterable[Mapping[str, Any]], echo_p99_ms: float | None = None) -> dict[str, Any]:
    """How healthy the generator was, from the `as_evidence` of each of its processes. The order does not matter.

    `sound` is False when anything in `reasons` speaks against what findings rest on, `timings_sound` when anything in
    `timings_reasons` speaks against the timings, of which the 99th percentile of echoes is `echo_p99_ms`; both have a
    sentence for each process and rule (`soundness.py`), and unknown is not sound. The figures are those of the worst
    process each, None where nothing was measured; `per_process` has them all, and `worst_process` names the one whose
    loop was latest.
    ValueError when the evidence of a process cannot be read.
    """
    processes = sorted((_figures(each) for each in evidence), key=lambda figures: str(figures["process"]))
    reasons = [reason for figures in processes for reason in reasons_against_findings(figures)]
    if not processes:
        reasons.append("No process said how late its own loop was, so nothing vouches for the timings of this run.")
    of_timings = reasons + [each for figures in processes for each in reasons_against_timings(figures, echo_p99_ms)]
    return {
        "sound": not reasons,
        "timings_sound": not of_timings,
        **{name: _worst(figures[name] for figures in processes) for name in _FIGURES},
        "processes": len(processes),
        "worst_process": max(processes, key=_strain)["process"] if processes else None,
        "reasons": reasons,
        "timings_reasons": of_timings,
        "per_process": processes,
    }


_LAGS: Final = {
    f"{name}_{figure}_ms": (name, fraction)
    for name in ("loop_lag", "schedule_lag", "arrival_error")
    for figure, fraction in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
}
_BACKLOGS: Final = {"receive_backlog_p99_bytes": 0.99, "receive_backlog_max_bytes": 1.0}


def _no_garbage() -> dict[str, float]:
    return {"collections": 0, "collections_full": 0, "collections_total_ms": 0.0, "collections_longest_ms": 0.0}


_FIGURES: Final = (*_LAGS, "cpu_percent", *_BACKLOGS, *_no_garbage())


def _figures(evidence: Mapping[str, Any]) -> dict[str, Any]:
    try:
        histograms = {name: Histogram.from_dict(evidence[name]) for name in _HISTOGRAMS}
        cpu_sum, cpu_count = float(evidence["cpu_sum"]), int(evidence["cpu_count"])
        backlog = histograms["receive_backlog"]
        return {
            "process": str(evidence["process"]),
            **{figure: _percentile(histograms[name], fraction) for figure, (name, fraction) in _LAGS.items()},
            "cpu_percent": round(cpu_sum / cpu_count, 1) if cpu_count else None,
            **{
                figure: round(backlog.percentile(fraction) * _BYTES) if backlog.count else None
                for figure, fraction in _BACKLOGS.items()
            },
            **{figure: round(float(evidence["garbage"][figure]), 3) for figure in _no_garbage()},
        }
    except (KeyError, TypeError) as problem:
        raise ValueError(
            f"the health of a load generator's process could not be read: {problem!r} in {str(evidence)[:200]}; all "
            "processes of a run need the same version of jupyter-rtc-locust"
        ) from problem


def _percentile(histogram: Histogram, fraction: float) -> float | None:
    return round(histogram.percentile(fraction), 6) if histogram.count else None


def _strain(figures: Mapping[str, Any]) -> tuple[float, float]:
    return figures["loop_lag_p99_ms"] or 0.0, figures["cpu_percent"] or 0.0


def _worst(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
