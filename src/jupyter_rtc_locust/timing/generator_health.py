"""Whether the machine that makes the load could keep up, because otherwise its own delays stand in every figure.

Three things are sampled in each process: how late gevent's loop came to a timer (loop lag), how much of one core the
process used, and how late edits left compared with when they were due (schedule lag). A process of Python uses one core
at most, so an overloaded generator shows at one process long before the machine as a whole looks busy. The worst
process decides, since its users' timings are mixed with all the others.

Sample while users are at work, not while the process waits for a run to start: idle time would hide the strain.

Pure: whoever has a clock feeds it. Plain data leaves the process (`as_evidence`), `summarise` puts processes together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.timing.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LOOP_LAG_P99_LIMIT_MS: Final = 50.0
"""A loop that comes later than this to every hundredth timer adds as much to the slowest echoes it times. Measured: a
process with 2,000 quiet users has an echo p99 of 3 ms, so 50 ms is far from a healthy state and not a matter of luck.
"""

CPU_LIMIT_PERCENT: Final = 90.0
"""Mean use of one core, above which work waits in line: the first stall is then never made up for."""


class GeneratorHealth:
    """The samples of one process."""

    __slots__ = ("_cpu_count", "_cpu_sum", "_loop_lag", "_process", "_schedule_lag")

    def __init__(self, process: str = "this process") -> None:
        """`process` is the name under which a person would look for it, such as a worker's id."""
        self._process = process
        self._loop_lag = Histogram()
        self._schedule_lag = Histogram()
        self._cpu_sum = 0.0
        self._cpu_count = 0

    def loop_lag(self, milliseconds: float) -> None:
        """A timer of the loop came this much later than it was set for."""
        self._loop_lag.record(milliseconds)

    def schedule_lag(self, milliseconds: float) -> None:
        """An edit left this much later than it was due."""
        self._schedule_lag.record(milliseconds)

    def cpu(self, percent: float) -> None:
        """The process used this much of one core since the last sample. Samples should cover equal times."""
        self._cpu_sum += percent
        self._cpu_count += 1

    def clear(self) -> None:
        """Begin a new run."""
        self._loop_lag.clear()
        self._schedule_lag.clear()
        self._cpu_sum, self._cpu_count = 0.0, 0

    def as_evidence(self) -> dict[str, Any]:
        """All samples in a plain form that JSON and msgpack carry."""
        return {
            "process": self._process,
            "loop_lag": self._loop_lag.as_dict(),
            "schedule_lag": self._schedule_lag.as_dict(),
            "cpu_sum": self._cpu_sum,
            "cpu_count": self._cpu_count,
        }

    def summary(self) -> dict[str, Any]:
        """What `summarise` says of this process alone."""
        return summarise([self.as_evidence()])


def summarise(evidence: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """How healthy the generator was, from the `as_evidence` of each of its processes. The order does not matter.

    `sound` is False when in any process the 99th percentile of the loop's lag is above `LOOP_LAG_P99_LIMIT_MS`, or the
    mean use of its core above `CPU_LIMIT_PERCENT`, or when nobody measured the lag: unknown is not sound. `reasons` has
    a sentence for each of these, naming the process and saying what to do. The figures are those of the worst process
    each (`loop_lag_p99_ms`, `loop_lag_max_ms`, `cpu_percent`, `schedule_lag_p99_ms`), None where nothing was measured;
    `worst_process` names the one whose loop was latest.
    ValueError when the evidence of a process cannot be read.
    """
    processes = sorted((_figures(each) for each in evidence), key=lambda figures: str(figures["process"]))
    reasons = [reason for figures in processes for reason in _reasons(figures)]
    if not processes:
        reasons.append("No process said how late its own loop was, so nothing vouches for the timings of this run.")
    return {
        "sound": not reasons,
        **{name: _worst(figures[name] for figures in processes) for name in _FIGURES},
        "processes": len(processes),
        "worst_process": max(processes, key=_strain)["process"] if processes else None,
        "reasons": reasons,
    }


_FIGURES: Final = ("loop_lag_p99_ms", "loop_lag_max_ms", "cpu_percent", "schedule_lag_p99_ms")


def _figures(evidence: Mapping[str, Any]) -> dict[str, Any]:
    try:
        loop_lag, schedule_lag = (Histogram.from_dict(evidence[name]) for name in ("loop_lag", "schedule_lag"))
        cpu_sum, cpu_count = float(evidence["cpu_sum"]), int(evidence["cpu_count"])
        return {
            "process": str(evidence["process"]),
            "loop_lag_p99_ms": _percentile_99(loop_lag),
            "loop_lag_max_ms": loop_lag.max_ms,
            "cpu_percent": round(cpu_sum / cpu_count, 1) if cpu_count else None,
            "schedule_lag_p99_ms": _percentile_99(schedule_lag),
        }
    except (KeyError, TypeError) as problem:
        raise ValueError(
            f"the health of a load generator's process could not be read: {problem!r} in {str(evidence)[:200]}; all "
            "processes of a run need the same version of jupyter-rtc-locust"
        ) from problem


def _percentile_99(histogram: Histogram) -> float | None:
    return round(histogram.percentile(0.99), 6) if histogram.count else None


def _strain(figures: Mapping[str, Any]) -> tuple[float, float]:
    return figures["loop_lag_p99_ms"] or 0.0, figures["cpu_percent"] or 0.0


def _worst(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _reasons(figures: Mapping[str, Any]) -> list[str]:
    process, lag, cpu = figures["process"], figures["loop_lag_p99_ms"], figures["cpu_percent"]
    reasons = []
    if lag is None:
        reasons.append(f"Nobody measured how late the loop of {process} was, so nothing vouches for its timings.")
    elif lag > LOOP_LAG_P99_LIMIT_MS:
        reasons.append(
            f"The load generator itself was late: in {process} the loop's lag had a 99th percentile of {lag:.0f} ms "
            f"(more than {LOOP_LAG_P99_LIMIT_MS:.0f} ms); use fewer users, or more processes or machines."
        )
    if cpu is not None and cpu > CPU_LIMIT_PERCENT:
        reasons.append(
            f"The load generator itself was short of CPU: {process} used {cpu:.0f} % of its core on average "
            f"(more than {CPU_LIMIT_PERCENT:.0f} %); use fewer users, or more processes or machines."
        )
    return reasons
