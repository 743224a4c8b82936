"""Puts our timings into Locust's statistics, so that its console, CSV files, web page and master all show them.

Firing Locust's `request` event costs about 5 microseconds a sample, and its own buckets end at whole milliseconds: an
echo of 0.4 ms becomes 0. Instead the samples of a second are put into a `StatsEntry` of Locust and added with
`StatsEntry.extend`, which is what a master does with the report of a worker. The keys of its `response_times` are then
fractions of milliseconds, which all of Locust's own sums and percentiles accept.

Somebody who listens to `request` (a logger that writes a line for each request, OpenTelemetry) sees nothing of that.
For them there is `fire_events`. Failures are always fired as events, since they are few and Locust keeps its error
table from them.

Checked against Locust 2.47; the order in which Locust calls its listeners is no documented interface of it.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

import gevent
import locust.stats
from locust.runners import locust_exception_handler
from locust.stats import RequestStats, StatsEntry

from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.timing.histogram import Histogram, bucket_of, bucket_value
from jupyter_rtc_locust.timing.recorder import REQUEST_TYPE, Recorder
from jupyter_rtc_locust.verdict.neutralising import neutralised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from locust.env import Environment

FLUSH_INTERVAL_SECONDS = 1.0
"""How often samples go into Locust's statistics. Its charts show averages over ten seconds, its CSV writer and its
requests per second go by the second."""


def edits_so_far(environment: Environment) -> int:
    """About how many edits the users of all processes have made: those whose echoes Locust's statistics know of."""
    entry = environment.stats.entries.get(("update echo", REQUEST_TYPE))
    return int(entry.num_requests) if entry is not None else 0


class RoundTripFailed(Exception):
    """What Locust's error table shows for a failure: the sentence alone, in the process itself as on a master."""

    def __repr__(self) -> str:
        """The sentence, without the name of the class around it."""
        return str(self)


def response_time_key(milliseconds: float) -> float:
    """The key of Locust's `response_times` for a time: three significant digits of the bucket it falls into.

    About 120 keys for each power of ten, however long a run is, because a worker sends them all with every report.
    """
    return float(f"{bucket_value(bucket_of(int(milliseconds * 1_000_000 + 0.5))):.3g}")


class LocustStatistics:
    """Carries the samples and failures of a recorder into the statistics of a Locust environment.

    Make one per process, when Locust fires `init`. It listens to Locust's events by itself: samples go over before
    each report to a master, and when a test stops or Locust quits; a new test begins with an empty recorder; samples
    from before a reset of the statistics (`--reset-stats`, the button of the web page) do not appear after it.
    `start` adds what is missing for a single process: a flush every second.
    """

    def __init__(
        self, environment: Environment, recorder: Recorder, *, fire_events: bool = False, secrets: Iterable[str] = ()
    ) -> None:
        """`fire_events`: fire Locust's `request` event for each sample, at the next flush, instead of adding sums.

        That is for those who listen to the event; it costs about ten times as much, and replaces Locust's rounding of
        times for the whole process, so that times below a millisecond survive on this way too. Make this object before
        the first user starts. `secrets` never appear in the error table.
        """
        self._environment = environment
        self._recorder = recorder
        self._fire_events = fire_events
        self._secrets = secrets  # not a copy: a later run may bring further tokens
        self._samples: deque[tuple[str, float, float]] = deque()
        self._failures: deque[tuple[str, str, float | None, float]] = deque()
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self._failure_greenlet: gevent.Greenlet[..., None] | None = None
        if fire_events:
            recorder.observe(sample=self._sample, failure=self._failure)
            locust.stats.bucket_response_time = response_time_key  # type: ignore[assignment]
        else:
            recorder.observe(failure=self._failure)
        events = environment.events
        for event, listener in (
            (events.report_to_master, self._report_to_master),
            (events.test_start, self._test_start),
            (events.spawning_complete, self._spawning_complete),
            (events.reset_stats, self._reset_stats),
            (events.test_stop, self._flush_now),
            (events.quitting, self._flush_now),
        ):
            event.add_listener(listener)  # type: ignore[no-untyped-call]

    def start(self) -> None:
        """Flush every second from a greenlet, until `stop`. A second call changes nothing."""
        if self._greenlet is None:
            self._greenlet = self._spawned(self._flush_for_ever)

    def stop(self) -> None:
        """Flush once more and end the greenlet of `start`."""
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
            self._greenlet = None
        self.flush()

    def flush(self) -> None:
        """Put everything recorded since the last flush into Locust's statistics."""
        self._fire_failures()
        self._fire_samples()
        increments = self._recorder.take_unreported()
        if self._fire_events or not increments:
            return
        # Asked for each time: Locust replaces the object when a worker's runner is made.
        statistics = self._environment.stats
        now = time.time()
        # One total for all names: `extend` keeps a copy of the response times of each second, taken at the first
        # call within it, and that copy should hold every name.
        total = StatsEntry(statistics, "Aggregated", "")
        for name, increment in increments.items():
            entry = _entry(statistics, name, increment, now)
            statistics.entries[(name, REQUEST_TYPE)].extend(entry)
            total.extend(entry)
        statistics.total.extend(total)

    def _sample(self, name: str, milliseconds: float) -> None:
        self._samples.append((name, milliseconds, time.time()))

    def _failure(self, name: str, sentence: str, age: float | None) -> None:
        # Failures are noticed in callbacks of the loop, where nothing may block, but listeners of Locust may: the
        # event is fired from a greenlet, in the next round of the loop.
        self._failures.append((name, sentence, age, time.time()))
        if self._failure_greenlet is None or self._failure_greenlet.ready():
            self._failure_greenlet = self._spawned(self._fire_failures)

    def _fire_failures(self) -> None:
        while self._failures:
            name, sentence, age, noticed = self._failures.popleft()
            failure = RoundTripFailed(neutralised(redact(sentence, self._secrets)))
            self._fire(name, age, noticed - (age or 0) / 1000, failure)

    def _fire_samples(self) -> None:
        while self._samples:
            name, milliseconds, ended = self._samples.popleft()
            self._fire(name, milliseconds, ended - milliseconds / 1000, None)

    def _fire(self, name: str, milliseconds: float | None, started: float, exception: Exception | None) -> None:
        self._environment.events.request.fire(  # type: ignore[no-untyped-call]
            request_type=REQUEST_TYPE,
            name=name,
            response_time=milliseconds,
            response_length=0,
            response=None,
            context={},
            exception=exception,
            start_time=started,
        )

    def _report_to_master(self, data: dict[str, Any], **_: Any) -> None:
        self.flush()
        if "stats" not in data:
            return
        # Locust's own listener, registered with the runner, came first and has emptied the entries into this report.
        # A master adds up whatever entries a report has, so what was flushed just now goes in as entries of its own.
        statistics = self._environment.stats
        total = StatsEntry.unserialize(data["stats_total"], statistics)
        total.extend(statistics.total)
        statistics.total.reset()  # type: ignore[no-untyped-call]
        data["stats"].extend(statistics.serialize_stats())
        data["stats_total"] = total.serialize()
        for key, error in statistics.serialize_errors().items():
            reported = data["errors"].get(key)
            if reported is not None:
                error["occurrences"] += reported["occurrences"]
                error["first_seen"] = reported["first_seen"]
            data["errors"][key] = error
        statistics.errors = {}

    def _test_start(self, **_: Any) -> None:
        # Locust has just forgotten the statistics of the test before.
        self._forget_waiting()
        self._recorder.clear()

    def _spawning_complete(self, **_: Any) -> None:
        if self._environment.reset_stats:
            self._forget_waiting()

    def _reset_stats(self, **_: Any) -> None:
        self._forget_waiting()

    def _forget_waiting(self) -> None:
        self._samples.clear()
        self._failures.clear()
        self._recorder.take_unreported()

    def _flush_now(self, **_: Any) -> None:
        self.flush()

    def _flush_for_ever(self) -> None:
        while True:
            gevent.sleep(FLUSH_INTERVAL_SECONDS)
            self.flush()

    def _spawned(self, work: Callable[[], None]) -> gevent.Greenlet[..., None]:
        greenlet = gevent.spawn(work)
        # A greenlet that dies only prints. This way it is logged by Locust, and the process ends with an exit code of
        # 2; a listener's StopTest stops the test.
        greenlet.link_exception(locust_exception_handler(self._environment))
        return greenlet


def _entry(statistics: RequestStats, name: str, increment: Histogram, now: float) -> StatsEntry:
    count = increment.count
    entry = StatsEntry(statistics, name, REQUEST_TYPE)
    entry.num_requests = count
    # Locust declares whole milliseconds here, and adds and compares fractions just as well.
    entry.total_response_time = increment.sum_ms  # type: ignore[assignment]
    entry.min_response_time = increment.min_ms  # type: ignore[assignment]
    entry.max_response_time = increment.max_ms  # type: ignore[assignment]
    for milliseconds, samples in increment.buckets():
        entry.response_times[response_time_key(milliseconds)] += samples  # type: ignore[index]
    entry.num_reqs_per_sec[int(now)] = count
    entry.last_request_timestamp = now
    return entry
