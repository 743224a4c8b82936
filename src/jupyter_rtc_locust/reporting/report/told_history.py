"""What the histories of a run tell that the result file does not: single echoes, and whose line was lost when.

`history.jsonl.gz` is the coordinator's, `history-….jsonl.gz` those of workers, as far as they lie in the folder. A
history may end in the middle of a line, because its process was killed; what comes before counts. However long it is,
so much is kept as can be seen: a random choice of the echoes, the same each time. A history that an earlier run left
in the folder is told by its seed and its documents.
"""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from jupyter_rtc_locust.reporting.history import COORDINATOR_FILE
from jupyter_rtc_locust.reporting.result_file import redact

MOST_ECHOES: Final = 10_000
"""Kept, and drawn one by one."""
MOST_EVENTS: Final = 500
MOST_LINES: Final = 2_000_000
"""Read of all histories together: a few seconds."""
_LONGEST_LINE: Final = 1_000_000

_KEPT: Final = frozenset({"connection lost", "reconnect", "save"})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one user. `at_s` in seconds since the start of the run."""

    at_s: float
    what: str
    document: str
    user: int | None
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class HistoryTold:
    """What the histories tell."""

    files: tuple[str, ...]
    echoes: tuple[tuple[float, float], ...]
    """When an echo came (s since the start of the run) and how long it took from when its edit was due (ms)."""
    echoes_seen: int
    """How many there were, of which `echoes` are some or all."""
    events: tuple[Event, ...]
    """Lines lost and found, and saves by hand; the first so many."""
    events_seen: int
    problem: str
    """Why not everything was read: a sentence; empty: it was."""


class _Line(msgspec.Struct):
    t: float
    event: str
    document: str = ""
    user: int | None = None
    client: int | None = None
    number: int | None = None
    outcome: str = ""
    reason: str = ""
    seed: int | None = None


def read_histories(
    results: Path, documents: Collection[str], seed: int | None, secrets: Sequence[str] = ()
) -> HistoryTold | None:
    """What the histories of a run with these documents and this seed tell; None: there are none in the folder."""
    paths = sorted(results.glob("history*.jsonl.gz"), key=lambda path: (path.name != COORDINATOR_FILE, path.name))
    if not paths:
        return None
    choice = _Choice()
    events: list[Event] = []
    events_seen = 0
    left = MOST_LINES
    problems = []
    for path in paths:
        due: dict[tuple[str, int | None, int | None], float] = {}
        try:
            for line in _lines(path):
                left -= 1
                if left < 0:
                    problems.append(f"Only the first {MOST_LINES:,} lines of the histories were read.")
                    break
                if line.event == "start" and line.seed != seed:
                    return None
                if line.document not in documents:
                    continue
                if line.event == "edit":
                    due[line.document, line.client, line.number] = line.t
                elif line.event == "echo" and line.outcome == "ok":
                    began = due.pop((line.document, line.client, line.number), None)
                    if began is not None:
                        choice.offer((line.t, max(0.0, (line.t - began) * 1000)))
                elif line.event in _KEPT:
                    events_seen += 1
                    if len(events) < MOST_EVENTS:
                        reason = str(redact(line.reason, secrets))
                        events.append(Event(line.t, line.event, line.document, line.user, line.outcome, reason))
        except (OSError, EOFError, zlib.error, msgspec.MsgspecError) as error:
            problems.append(f"{path.name} was read up to a place where it ends too early or is no history: {error}.")
        if left < 0:
            break
    if not choice.seen and not events and not problems:
        return None
    return HistoryTold(
        files=tuple(path.name for path in paths),
        echoes=tuple(sorted(choice.kept)),
        echoes_seen=choice.seen,
        events=tuple(sorted(events, key=lambda event: event.at_s)),
        events_seen=events_seen,
        problem=" ".join(problems),
    )


def _lines(path: Path) -> Iterator[_Line]:
    decode = msgspec.json.Decoder(_Line).decode
    with gzip.open(path, "rb") as file:
        while line := file.readline(_LONGEST_LINE):
            yield decode(line)


class _Choice:
    """So many of what is offered, each with the same chance (reservoir sampling, Vitter's algorithm R)."""

    def __init__(self) -> None:
        self.kept: list[tuple[float, float]] = []
        self.seen = 0
        self._random = random.Random(0)

    def offer(self, one: tuple[float, float]) -> None:
        self.seen += 1
        if len(self.kept) < MOST_ECHOES:
            self.kept.append(one)
        elif (place := self._random.randrange(self.seen)) < MOST_ECHOES:
            self.kept[place] = one
