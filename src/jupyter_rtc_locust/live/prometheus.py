"""The figures of a run in the text format of Prometheus, version 0.0.4.

Few series: documents are counted by where they stand, and no user has a series of its own. Times are histograms in
seconds, put together from buckets that are 2 % wide, so that what stands at a border may be 1 % on either side of it.
Every run begins anew at zero, which Prometheus takes for a counter that was reset.

https://prometheus.io/docs/instrumenting/exposition_formats/

Pure: figures in, text out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from jupyter_rtc_locust.live.looks import SAID
from jupyter_rtc_locust.live.picture import STATES, Picture, RunFacts
from jupyter_rtc_locust.live.standing import STANDINGS
from jupyter_rtc_locust.timing.histogram import Histogram

PREFIX: Final = "jupyter_rtc_locust"
BORDERS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
VERDICTS: Final = ("pass", "fail", "inconclusive")
_MILLISECONDS: Final = 1000.0

Labels = Mapping[str, str]


def metrics_text(picture: Picture, now: float, facts: RunFacts) -> str:
    """All metrics of docs/metrics.md, with a line feed at the end."""
    text = _Text()
    text.family("run_info", "gauge", "The run, in its labels.")
    if facts.run_id is not None:
        labels = {"run_id": facts.run_id, "seed": str(facts.seed), "server": facts.server or ""}
        text.sample("run_info", 1, labels)
    text.one_of("run_state", "What the run is doing.", "state", STATES, facts.state)
    verdict = picture.verdict()
    text.one_of("verdict", "What the run's verdict is.", "verdict", VERDICTS, verdict["value"] if verdict else None)
    text.gauge("run_seconds", "Time since the start of the run.", now)
    text.gauge("users", "Users who are connected.", picture.users)
    _documents(text, picture, now)
    _counts(text, picture)
    _times(text, picture.times())
    _generator(text, picture, now, facts)
    return str(text)


def _documents(text: _Text, picture: Picture, now: float) -> None:
    agreements = picture.agreements(now)
    standings = Counter(one.standing for one in agreements)
    text.family("documents", "gauge", "Documents, by where they stand.")
    for standing in STANDINGS:
        text.sample("documents", standings[standing], {"state": standing})
    waits = max((one.waits_s for one in agreements if one.waits_s is not None), default=0.0)
    text.gauge("oldest_unacknowledged_seconds", "How long the oldest edit has waited for its echo.", waits)
    unsaved = "How long some acknowledged edit has surely not been on disk."
    text.gauge("unsaved_seconds", unsaved, picture.unsaved_s or 0.0)


def _counts(text: _Text, picture: Picture) -> None:
    totals = picture.totals()
    text.counter("edits_total", "Edits made.", totals["edits"])
    text.family("messages_total", "counter", "Messages on the lines to documents.")
    for name in SAID:
        kind, _, direction = name.partition("_")
        text.sample("messages_total", totals[name], {"kind": kind, "direction": direction})
    text.counter("failures_total", "Round trips that failed.", totals["failures"])
    text.counter("disconnects_total", "Lines that were lost.", totals["disconnects"])
    text.counter("reconnects_total", "Users who came back into step.", totals["reconnects"])


def _times(text: _Text, times: Mapping[str, Histogram]) -> None:
    text.family("timing_seconds", "histogram", "Timings, by their names in the result.")
    for name, histogram in sorted(times.items()):
        if not histogram.count:
            continue
        below = _below(histogram)
        for border, count in zip(BORDERS_S, below, strict=True):
            text.sample("timing_seconds_bucket", count, {"timing": name, "le": _number(border)})
        text.sample("timing_seconds_bucket", histogram.count, {"timing": name, "le": "+Inf"})
        text.sample("timing_seconds_sum", histogram.sum_ms / _MILLISECONDS, {"timing": name})
        text.sample("timing_seconds_count", histogram.count, {"timing": name})


def _below(histogram: Histogram) -> list[int]:
    """For each border, how many samples lie below it."""
    counts = [0] * len(BORDERS_S)
    for milliseconds, count in histogram.buckets():
        for place, border in enumerate(BORDERS_S):
            if milliseconds <= border * _MILLISECONDS:
                counts[place] += count
    return counts


def _generator(text: _Text, picture: Picture, now: float, facts: RunFacts) -> None:
    generator = picture.generator(now)
    text.gauge("generator_processes", "Processes that play users.", facts.processes)
    sound = generator["sound"]
    text.family("generator_sound", "gauge", "Whether the load generator kept up lately.")
    if sound is not None:
        text.sample("generator_sound", int(sound))
    text.family(
        "generator_loop_lag_p99_seconds", "gauge", "How late the worst event loop was lately (99th percentile)."
    )
    if generator["loop_lag_p99_ms"] is not None:
        text.sample("generator_loop_lag_p99_seconds", generator["loop_lag_p99_ms"] / _MILLISECONDS)
    text.family("generator_cpu_cores", "gauge", "Cores that the busiest process used lately.")
    if generator["cpu_percent"] is not None:
        text.sample("generator_cpu_cores", generator["cpu_percent"] / 100)
    under_way = sum(ended is None for _, _, ended in facts.faults)
    text.gauge("faults_under_way", "What goes wrong on purpose just now.", under_way)


class _Text:
    """Lines of the format. Names are given without the prefix."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"

    def family(self, name: str, kind: str, told: str) -> None:
        self._lines += [f"# HELP {PREFIX}_{name} {_escaped(told)}", f"# TYPE {PREFIX}_{name} {kind}"]

    def sample(self, name: str, value: float, labels: Labels | None = None) -> None:
        pairs = ",".join(f'{label}="{_escaped(text, quotes=True)}"' for label, text in (labels or {}).items())
        self._lines.append(f"{PREFIX}_{name}{'{' + pairs + '}' if pairs else ''} {_number(value)}")

    def gauge(self, name: str, told: str, value: float) -> None:
        self.family(name, "gauge", told)
        self.sample(name, value)

    def counter(self, name: str, told: str, value: float) -> None:
        self.family(name, "counter", told)
        self.sample(name, value)

    def one_of(self, name: str, told: str, label: str, values: Iterable[str], value: str | None) -> None:
        """One series for each value that there can be, 1 for the one that is."""
        self.family(name, "gauge", told)
        for each in values:
            self.sample(name, int(each == value), {label: each})


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else format(value, ".10g")


def _escaped(text: str, *, quotes: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quotes else text
