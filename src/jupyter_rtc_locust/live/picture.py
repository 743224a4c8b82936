"""The picture of one run while it goes on: put together from the looks of all processes, and told as plain data.

Documents with where they stand, figures of the last ten seconds, the course so far, the health of the load generator.
Nothing of it is evidence, and no verdict rests on it: it is there to be looked at, and to steer by.

Pure: whoever has clocks, messages and a server hands them in. Moments are seconds since the start of the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

from jupyter_rtc_locust.live.course import LiveCourse, percentiles
from jupyter_rtc_locust.live.files import SavedFile
from jupyter_rtc_locust.live.looks import SAID, DocumentLook, Look, Strain
from jupyter_rtc_locust.live.seconds import Seconds
from jupyter_rtc_locust.live.standing import (
    DIFFERENCES,
    SILENT_S,
    STANDINGS,
    Agreement,
    Seen,
    agreement_of,
    standing_at_the_end,
)
from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.timing.soundness import reasons_against_findings, reasons_against_timings
from jupyter_rtc_locust.verdict.findings import Finding

SCHEMA: Final = 1
"""Of `as_json`: fields are only ever added."""
LATELY_S: Final = 10
"""Rates and percentiles are those of so many seconds."""
FINDINGS_TOLD: Final = 10
"""Of one document; the result has them all."""

State: TypeAlias = Literal["none", "preparing", "editing", "paused", "comparing", "ending", "over"]
STATES: Final[tuple[State, ...]] = ("none", "preparing", "editing", "paused", "comparing", "ending", "over")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the coordinator knows of its run, beside what processes tell."""

    state: State = "none"
    run_id: str | None = None
    seed: int | None = None
    server: str | None = None
    """Its kind."""
    host: str | None = None
    processes: int = 0
    duration_s: float | None = None
    """How long people are to be at work; None: until somebody says so."""
    faults: tuple[tuple[str, float, float | None], ...] = ()
    """What has gone wrong on purpose so far: what, when it began, and when it ended."""
    problems: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class _Document:
    path: str
    kind: str
    seen: dict[str, DocumentLook] = field(default_factory=dict)
    """By process, what it told last."""
    file: SavedFile = field(default_factory=SavedFile)
    checkpoint: dict[str, Any] | None = None
    alike: dict[bytes, bytes] = field(default_factory=dict)
    """What copies held that is the same content as something else that copies held, and as what."""
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    """By kind and detail, in the order in which they were found."""


@dataclass(slots=True)
class _Process:
    name: str
    at: float
    heard: float
    last: bool = False


class Picture:
    """One run's. `documents` are their paths and kinds, in the order of the run."""

    def __init__(self, documents: Sequence[tuple[str, str]] = ()) -> None:
        self._documents = [_Document(path, kind) for path, kind in documents]
        self._processes: dict[str, _Process] = {}
        self._seconds = Seconds()
        self._course = LiveCourse()
        self._times: dict[str, Histogram] = {}
        self._verdict: dict[str, str] | None = None
        self._health_of_run: Mapping[str, Any] | None = None
        self._findings: dict[tuple[str, str], Finding] = {}
        """Those of no document."""

    # -- told ---------------------------------------------------------------------------------------------------

    def take(self, node: str, look: Look, heard: float) -> None:
        """A look of the process that goes by this name among Locust's, and when it came, by the clock of who asks."""
        self._processes[node] = _Process(look.process, look.at, heard, look.last)
        risen = self._seconds.take(node, look)
        for name, histogram in look.times.items():
            self._times.setdefault(name, Histogram()).merge(histogram)
        for each in look.documents:
            if 0 <= each.index < len(self._documents):
                self._documents[each.index].seen[node] = each
        for document in self._documents:
            if (known := document.seen.get(node)) is not None:
                document.file.told(node, look.at, known.edits, known.edits - known.unacknowledged)
        self._course.add(look.at, echoes=look.times.get("update echo"), counts=risen, users=self.users)

    def files_looked(self, looks: Mapping[str, tuple[float, float]], now: float) -> None:
        """By path, when the present version of a saved file was first seen, and when it was looked at last."""
        for document in self._documents:
            if document.path in looks:
                document.file.looked(*looks[document.path])
        self._course.unsaved(now, self.unsaved_s)

    def found_alike(self, index: int, held: Iterable[bytes]) -> None:
        """Copies of a document that hold this are of the same content, though not of the same edits."""
        first, *others = sorted(held)
        self._documents[index].alike.update(dict.fromkeys(others, first))

    def checkpoint_held(self, number: int, at: float, verdict: str, findings: Iterable[Finding]) -> None:
        """A checkpoint was judged."""
        found = self._found(findings)
        for document in self._documents:
            # Of whom nothing is said while another document fails, nobody knows whether all of it could be looked at.
            own = "fail" if document.path in found else None if verdict == "fail" else verdict
            document.checkpoint = {"number": number, "at_s": round(at, 3), "verdict": own}

    def decided(self, value: str, reason: str, findings: Iterable[Finding]) -> None:
        """The run was judged; among the findings are those of its checkpoints, with what came of them."""
        self._findings.clear()
        for document in self._documents:
            document.findings.clear()
        self._found(findings)
        self._verdict = {"value": value, "reason": reason}

    def over(self, health: Mapping[str, Any]) -> None:
        """The run is over: how the load generator fared in all of it, as `timing.generator_health.summarise` says."""
        self._health_of_run = health

    def _found(self, findings: Iterable[Finding]) -> set[str]:
        """Note findings; the paths that they name."""
        by_path = {document.path: document.findings for document in self._documents}
        paths = set()
        for finding in findings:
            by_path.get(finding.document, self._findings).setdefault((finding.kind, finding.detail), finding)
            paths.add(finding.document)
        return paths

    # -- asked --------------------------------------------------------------------------------------------------

    def window(self, name: str, begin_s: float, end_s: float) -> Histogram:
        """What was measured under this name of `timing/recorder.py` from `begin_s` to `end_s`, in whole seconds since
        the start of the run; of the last quarter of an hour. A time stands up to two seconds after it ended, and what
        never came back is not in it.
        """
        return self._seconds.window(name, begin_s, end_s)

    def counts(self, begin_s: float, end_s: float) -> Counter[str]:
        """What happened how often from `begin_s` to `end_s`: `messages`, and the counts of `looks.COUNTED`."""
        counts = self._seconds.counts(begin_s, end_s)
        return counts + Counter(messages=sum(counts[name] for name in SAID))

    def health(self, begin_s: float, end_s: float) -> dict[str, Any]:
        """How the load generator fared from `begin_s` to `end_s`: `sound`, `timings_sound`, `reasons`,
        `timings_reasons`, `per_process` (each with `process`, `loop_lag_p99_ms`, `schedule_lag_p99_ms`,
        `cpu_percent`), and the figures of the worst process. Unknown is not sound.
        """
        return self._seconds.health(begin_s, end_s)

    def strains(self, begin_s: float, end_s: float) -> dict[str, Strain]:
        """How late each process was from `begin_s` to `end_s`, and the CPU it used; what `health` is made from."""
        return self._seconds.strains(begin_s, end_s)

    def times(self) -> dict[str, Histogram]:
        """All that was measured so far, by name; not to be changed."""
        return self._times

    def totals(self) -> Counter[str]:
        """What has happened how often so far: the counts of `looks.COUNTED`."""
        return self._seconds.totals()

    @property
    def users(self) -> int:
        """Who is connected."""
        return sum(look.users for document in self._documents for look in document.seen.values())

    @property
    def people(self) -> int:
        """Who is connected, or on the way to a document."""
        return sum(look.users + look.on_the_way for document in self._documents for look in document.seen.values())

    def silent_users(self, now: float) -> int:
        """How many of them are users of processes that have not told for so long that they may be gone."""
        silent = {node for node, one in self._processes.items() if not one.last and now - one.heard > SILENT_S}
        return sum(look.users for document in self._documents for node, look in document.seen.items() if node in silent)

    @property
    def unsaved_s(self) -> float | None:
        """The longest of what `files.SavedFile` says of each document."""
        ages = (document.file.unsaved_s() for document in self._documents)
        return max((age for age in ages if age is not None), default=None)

    def verdict(self) -> dict[str, str] | None:
        """`value` and `reason`; None: not yet."""
        return self._verdict

    def agreements(self, now: float) -> list[Agreement]:
        """Where each document stands."""
        return [self._agreement(document, now) for document in self._documents]

    def apart(self, now: float) -> dict[int, frozenset[bytes]]:
        """By document, what its copies hold, where they are not alike and nothing has moved for a while."""
        return {index: one.apart for index, one in enumerate(self.agreements(now)) if one.apart}

    def as_json(self, now: float, facts: RunFacts) -> dict[str, Any]:
        """Everything, as `docs/ui.md` describes it."""
        agreements = self.agreements(now)
        standings = Counter(one.standing for one in agreements)
        return {
            "schema": SCHEMA,
            "run": {
                "id": facts.run_id,
                "state": facts.state,
                "since_start_s": round(now, 3),
                "duration_s": facts.duration_s,
                "seed": facts.seed,
                "server": facts.server,
                "host": facts.host,
                "processes": facts.processes,
            },
            "verdict": self._verdict,
            "agreement": {"documents": len(self._documents)} | {name: standings[name] for name in STANDINGS},
            "documents": [
                self._document_as_json(index, document, agreement)
                for index, (document, agreement) in enumerate(zip(self._documents, agreements, strict=True))
            ],
            "findings": _findings_as_json(self._findings),
            "figures": self._figures(now),
            "course": self._course.as_json(now),
            "generator": self.generator(now) if self._health_of_run is None else self._generator_of_run(now),
            "faults": [{"name": what, "began_s": began, "ended_s": ended} for what, began, ended in facts.faults],
            "problems": list(facts.problems),
        }

    def _agreement(self, document: _Document, now: float) -> Agreement:
        seen = [
            Seen(look, process.at, float("inf") if process.last else process.heard)
            for node, look in document.seen.items()
            if (process := self._processes.get(node)) is not None
        ]
        found = any(kind in DIFFERENCES for kind, _ in document.findings)
        agreement = agreement_of(seen, now, difference_found=found, alike=document.alike)
        if self._verdict is None:
            return agreement
        standing = standing_at_the_end(self._verdict["value"], found, agreement.standing)
        return replace(agreement, standing=standing)

    def _document_as_json(self, index: int, document: _Document, agreement: Agreement) -> dict[str, Any]:
        unsaved = document.file.unsaved_s()
        return {
            "index": index,
            "path": document.path,
            "kind": document.kind,
            "state": agreement.standing,
            "users": agreement.copies,
            "edits": sum(look.edits for look in document.seen.values()),
            "replicas": agreement.copies,
            "agreeing": agreement.agreeing,
            "oldest_unacknowledged_s": None if agreement.waits_s is None else round(agreement.waits_s, 3),
            "unsaved_s": None if unsaved is None else round(unsaved, 3),
            "checkpoint": document.checkpoint,
            "findings": _findings_as_json(document.findings),
        }

    def _figures(self, now: float) -> dict[str, Any]:
        end = max(1, int(now) - 1)  # of the last two seconds not everything is told yet
        begin = max(0, end - LATELY_S)
        length = end - begin
        lately, totals = self.counts(begin, end), self.totals()
        return {
            "users": self.users,
            "edits": totals["edits"],
            "edits_per_s": round(lately["edits"] / length, 2),
            "messages_per_s": round(lately["messages"] / length, 2),
            "echo": percentiles(self.window("update echo", begin, end)),
            "delivery": percentiles(self.window("update delivery", begin, end)),
            "failures": totals["failures"],
            "reconnects": totals["reconnects"],
        }

    def generator(self, now: float) -> dict[str, Any]:
        """How the load generator fares lately, as `as_json` has it."""
        begin, end = max(0.0, int(now) - LATELY_S), int(now) + 1
        echoes = self.window("update echo", begin, end)
        return self._generator(
            now, "lately", self.health(begin, end), echoes.percentile(0.99) if echoes.count else None
        )

    def _generator_of_run(self, now: float) -> dict[str, Any]:
        """The same of the whole run, which is what its verdict and its report say."""
        assert self._health_of_run is not None
        echoes = self._times.get("update echo", Histogram())
        p99 = echoes.percentile(0.99) if echoes.count else None
        return self._generator(now, "run", self._health_of_run, p99)

    def _generator(self, now: float, of: str, health: Mapping[str, Any], echo_p99_ms: float | None) -> dict[str, Any]:
        figures = {one["process"]: one for one in health.get("per_process") or ()}
        processes = []
        for process in sorted(self._processes.values(), key=lambda one: one.name):
            own = figures.get(process.name, {})
            lag = own.get("loop_lag_p99_ms")
            sound = None if lag is None else not reasons_against_findings(own)
            processes.append(
                {
                    "name": process.name,
                    "loop_lag_p99_ms": lag,
                    "cpu_percent": own.get("cpu_percent"),
                    "sound": sound,
                    "timings_sound": sound and not reasons_against_timings(own, echo_p99_ms),
                    "seen_s_ago": round(max(0.0, now - process.heard), 3),
                }
            )
        measured = health.get("loop_lag_p99_ms") is not None
        return {
            "of": of,
            "sound": health["sound"] if measured else None,
            "reasons": health["reasons"] if measured else [],
            "timings_sound": health["timings_sound"] if measured else None,
            "timings_reasons": health["timings_reasons"] if measured else [],
            "loop_lag_p99_ms": health.get("loop_lag_p99_ms"),
            "cpu_percent": health.get("cpu_percent"),
            "processes": processes,
        }


def _findings_as_json(findings: dict[tuple[str, str], Finding]) -> list[dict[str, str]]:
    return [{"kind": one.kind, "detail": one.detail} for one in list(findings.values())[:FINDINGS_TOLD]]
