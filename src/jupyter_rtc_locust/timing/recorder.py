"""The timings and failures of one process, under the few names that Locust, the result file and the docs share.

A recorder keeps two things apart: what was measured since the last time somebody asked (so that Locust's statistics
can be fed in instalments), and the whole run (so that exact percentiles stand in the result file). The whole run is the
whole run: resetting Locust's statistics in the middle does not shorten it.

Its beginning is kept apart second by second, because the percentiles leave it out: everybody opens a document at once
then, and caches are cold. How much of it is known only when the run is over (`warm_up_of`).

Knows nothing of Locust, clocks or other processes. What leaves the process is plain data (`as_evidence`), which another
recorder takes in (`merge`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.timing.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REQUEST_TYPE: Final = "RTC"
"""The request type of every timing in Locust's statistics."""

OPEN_DOCUMENT: Final = "open document"
"""From asking for a document to holding its content: what a person waits for. `SESSION`, `CONNECT` and `INITIAL_SYNC`
are parts of it."""
SESSION: Final = "session"
"""The HTTP request that opens a session for the document."""
CONNECT: Final = "connect"
"""The WebSocket's handshake."""
INITIAL_SYNC: Final = "initial sync"
"""From the first step 1 to the server's step 2 being applied."""
UPDATE_ECHO: Final = "update echo"
"""From when an edit was due to its author seeing the server broadcast it."""
UPDATE_DELIVERY: Final = "update delivery"
"""From when an edit was due to its arrival at another user of the same process."""
AWARENESS_ECHO: Final = "awareness echo"
"""From sending presence to seeing the server broadcast it."""
SYNC_PROBE: Final = "sync probe"
"""A step 1 sent when a document has become quiet, to the server's answer."""
SAVE: Final = "save"
"""A save asked for by hand, to the server's answer."""
SAVE_AGE: Final = "save age"
"""How long an acknowledged edit waited until it was on disk."""
RECONNECT: Final = "reconnect"
"""From losing the line to being in step again."""

TAB_REQUEST: Final = "tab request"
"""A request that a tab makes beside its document, to its answer (`--rtc-rest faithful`)."""

RUN_CELL: Final = "run cell"
"""From asking a kernel to run a cell to its having said all of it (`--rtc-kernels real`)."""

HUB_SPAWN: Final = "hub spawn"
"""From asking a JupyterHub for somebody's server to the hub calling it ready (`--rtc-hub`)."""

NAMES: Final = (
    OPEN_DOCUMENT,
    SESSION,
    CONNECT,
    INITIAL_SYNC,
    UPDATE_ECHO,
    UPDATE_DELIVERY,
    AWARENESS_ECHO,
    SYNC_PROBE,
    SAVE,
    SAVE_AGE,
    RECONNECT,
    TAB_REQUEST,
    RUN_CELL,
    HUB_SPAWN,
)
"""Every name there is, in the order of reports. OpenTelemetry's exporter in Locust accepts 20."""

WARMED: Final = (UPDATE_ECHO, UPDATE_DELIVERY, AWARENESS_ECHO)
"""What is measured over and over while people work, and so without the warm-up. Everything else happens once or now and
then, and the openings make the beginning what it is."""

LONGEST_WARM_UP_S: Final = 10
WARM_UP_PART: Final = 0.1
"""The first tenth of a run, at most ten seconds, in whole seconds: one of 30 s keeps 27, one of 8 s all."""

OTHER_FAILURES: Final = "another failure (only the first kinds of failure are told apart)"
"""Stands for the sentences beyond the number that is kept, so that a message with a changing part fills no memory."""

SENTENCES_KEPT: Final = 20
"""How many different sentences are kept for one name."""


@dataclass(frozen=True, slots=True)
class Failures:
    """What did not come back under one name: how often in all, and how often with which sentence."""

    count: int = 0
    sentences: dict[str, int] = field(default_factory=dict)


def warm_up_of(run_s: float) -> float:
    """How many seconds at the beginning of a run of this length are left out, where nobody said how many."""
    return float(min(int(run_s * WARM_UP_PART), LONGEST_WARM_UP_S))


class Recorder:
    """The timings and failures of one process."""

    def __init__(self) -> None:
        # A bound record of these histograms is what the hot path holds, so they are emptied and never replaced.
        self._unreported = {name: Histogram() for name in NAMES}
        self._reported = {name: Histogram() for name in NAMES}
        self._unanswered = {name: Histogram() for name in NAMES}
        self._closed: dict[float, dict[str, Histogram]] = {}
        """What was measured of `WARMED` until these seconds of the run, since the ones before."""
        self._due_to_locust = {name: Histogram() for name in WARMED}
        self._sentences: dict[str, dict[str, int]] = {name: {} for name in NAMES}
        self._timers: dict[str, Callable[[float], None]] = {}
        self._on_sample: Callable[[str, float], None] | None = None
        self._on_failure: Callable[[str, str, float | None], None] | None = None
        self._on_taken: Callable[[Mapping[str, Histogram]], None] | None = None

    def observe(
        self,
        *,
        sample: Callable[[str, float], None] | None = None,
        failure: Callable[[str, str, float | None], None] | None = None,
    ) -> None:
        """Have every sample (name, milliseconds) and every failure (name, sentence, age) told at once as well.

        A failure's age is what somebody had waited so far, in milliseconds, where it is `unanswered`; None otherwise.

        Samples can be observed only before the first timer is handed out, RuntimeError otherwise: a timer is bound to
        what it does, so that nothing has to be asked on the hot path.
        """
        if sample is not None and self._timers:
            raise RuntimeError(
                "samples were to be observed after timers had been handed out, and those would tell nobody; "
                "observe the recorder before the first user starts"
            )
        self._on_sample = sample if sample is not None else self._on_sample
        self._on_failure = failure if failure is not None else self._on_failure

    def observe_taken(self, taken: Callable[[Mapping[str, Histogram]], None]) -> None:
        """Have whatever `take_unreported` gives away told here, too, in place of whom it was told before."""
        self._on_taken = taken

    def timer(self, name: str) -> Callable[[float], None]:
        """What to call with each time of this name, in milliseconds. Fetch it once and keep it.

        ValueError for a name that is not one of `NAMES`.
        """
        timer = self._timers.get(name)
        if timer is None:
            record = self._unreported[_known(name)].record
            tell = self._on_sample
            timer = record if tell is None else _telling(name, record, tell)
            self._timers[name] = timer
        return timer

    def record(self, name: str, milliseconds: float) -> None:
        """Count one time in milliseconds, for whoever does it too seldom to keep a timer."""
        self.timer(name)(milliseconds)

    def failed(self, name: str, sentence: str) -> None:
        """Count one round trip that did not come back, or came back as an error, with the reason for a person.

        A failure has no time: what was refused at once was quick, and says nothing of how quick answers are. What goes
        on waiting is another matter: `unanswered`.
        """
        self._fail(name, sentence, None)

    def unanswered(self, name: str, milliseconds: float, sentence: str) -> None:
        """Count one round trip of which nothing has come back when the run ends, with how long it has waited.

        A failure, and in the percentiles a wait of at least this long: without it a server that answers the quick half
        of what it is asked, and the other half never, would look quick.
        """
        self._unanswered[_known(name)].record(milliseconds)
        self._fail(name, sentence, milliseconds)

    def take_unreported(self) -> dict[str, Histogram]:
        """The samples since the last call, by name, without names that have none. The whole run keeps them."""
        increments = {}
        for name, unreported in self._unreported.items():
            increment = unreported.copy()
            if unreported.count:
                self._reported[name].merge(unreported)
                unreported.clear()
            if name in self._due_to_locust:
                increment.merge(self._due_to_locust[name])
                self._due_to_locust[name].clear()
            if increment.count:
                increments[name] = increment
        if increments and self._on_taken is not None:
            self._on_taken(increments)
        return increments

    def close(self, second: float) -> None:
        """Keep apart what was measured of `WARMED` until now, which is this second of the run."""
        closed = {}
        for name in WARMED:
            closed[name] = self._reported[name].copy()
            closed[name].merge(self._unreported[name])
            self._due_to_locust[name].merge(self._unreported[name])
            self._reported[name].clear()
            self._unreported[name].clear()
        self._take_closed({second: closed})

    def histograms(self, after_s: float = 0.0) -> dict[str, Histogram]:
        """The samples of the whole run for each of `NAMES`, as independent copies.

        Of `WARMED` without those that had been taken by this second of the run, where seconds were closed.
        """
        histograms = {}
        for name in NAMES:
            histograms[name] = self._reported[name].copy()
            histograms[name].merge(self._unreported[name])
        for second, closed in self._closed.items():
            if second > after_s:
                for name, histogram in closed.items():
                    histograms[name].merge(histogram)
        return histograms

    def unanswered_ages(self) -> dict[str, Histogram]:
        """For each of `NAMES`, how long what never came back had waited at the end, as independent copies."""
        return {name: ages.copy() for name, ages in self._unanswered.items()}

    def percentile(self, name: str, fraction: float, after_s: float = 0.0) -> float | None:
        """Of what `histograms` has and of what never came back, in milliseconds; None where there is neither."""
        waits = waited(self.histograms(after_s)[_known(name)], self._unanswered[name])
        return waits.percentile(fraction) if waits.count else None

    def failures(self) -> dict[str, Failures]:
        """The failures of the whole run for each of `NAMES`."""
        return {
            name: Failures(count=sum(sentences.values()), sentences=dict(sentences))
            for name, sentences in self._sentences.items()
        }

    def as_evidence(self) -> dict[str, Any]:
        """The whole run in a plain form that JSON and msgpack carry, without names under which nothing happened."""
        return {
            "timings": _plain(self.histograms(float("inf"))),
            "closed": {str(second): _plain(closed) for second, closed in self._closed.items()},
            "unanswered": _plain(self._unanswered),
            "failures": {name: dict(sentences) for name, sentences in self._sentences.items() if sentences},
        }

    def merge(self, evidence: Mapping[str, Any]) -> None:
        """Take in what `as_evidence` of another process said. It counts for the whole run and not as unreported,
        because each process feeds Locust with its own. ValueError, and nothing taken in, when it cannot be read."""
        try:
            timings = _histograms(evidence["timings"])
            unanswered = _histograms(evidence["unanswered"])
            closed = {float(second): _histograms(plain) for second, plain in evidence["closed"].items()}
            failures = [
                (_known(name), str(sentence), int(count))
                for name, sentences in evidence["failures"].items()
                for sentence, count in sentences.items()
            ]
        except (AttributeError, KeyError, TypeError) as problem:
            raise ValueError(
                f"the timings of another process could not be read: {problem!r} in {str(evidence)[:200]}; all "
                "processes of a run need the same version of jupyter-rtc-locust"
            ) from problem
        for name, histogram in timings.items():
            self._reported[name].merge(histogram)
        self._take_closed(closed)
        for name, histogram in unanswered.items():
            self._unanswered[name].merge(histogram)
        for name, sentence, count in failures:
            self._counted(name, sentence, count)

    def clear(self) -> None:
        """Begin a new run. Timers that were handed out stay good."""
        self._closed.clear()
        for name in NAMES:
            self._unreported[name].clear()
            self._reported[name].clear()
            self._unanswered[name].clear()
            self._sentences[name].clear()
        for histogram in self._due_to_locust.values():
            histogram.clear()

    def _take_closed(self, closed: Mapping[float, Mapping[str, Histogram]]) -> None:
        for second, histograms in closed.items():
            here = self._closed.setdefault(second, {})
            for name, histogram in histograms.items():
                here.setdefault(name, Histogram()).merge(histogram)

    def _fail(self, name: str, sentence: str, age: float | None) -> None:
        sentence = self._counted(_known(name), sentence, 1)
        if self._on_failure is not None:
            self._on_failure(name, sentence, age)

    def _counted(self, name: str, sentence: str, count: int) -> str:
        sentences = self._sentences[name]
        if sentence not in sentences and len(sentences) >= SENTENCES_KEPT:
            sentence = OTHER_FAILURES
        sentences[sentence] = sentences.get(sentence, 0) + count
        return sentence


def waited(answered: Histogram, unanswered: Histogram) -> Histogram:
    """How long everybody waited: for what came back until it did, for what did not until the end."""
    waits = answered.copy()
    waits.merge(unanswered)
    return waits


def _known(name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"no timing is called {name!r}; the names are: {', '.join(NAMES)}")
    return name


def _plain(histograms: Mapping[str, Histogram]) -> dict[str, Any]:
    return {name: each.as_dict() for name, each in histograms.items() if each.count}


def _histograms(plain: Mapping[str, Any]) -> dict[str, Histogram]:
    return {_known(name): Histogram.from_dict(each) for name, each in plain.items()}


def _telling(name: str, record: Callable[[float], None], tell: Callable[[str, float], None]) -> Callable[[float], None]:
    def record_and_tell(milliseconds: float) -> None:
        record(milliseconds)
        tell(name, milliseconds)

    return record_and_tell
