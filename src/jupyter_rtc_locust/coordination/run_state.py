"""What the coordinator knows of one run, from its start to its verdict."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from gevent.event import Event

from jupyter_rtc_locust.coordination.pieces import Assembly
from jupyter_rtc_locust.coordination.preparation import Prepared
from jupyter_rtc_locust.settings import HTTP_TRY_DEADLINE_S, Settings
from jupyter_rtc_locust.verdict.findings import Verdict


@dataclass(slots=True, eq=False)
class RunState:
    """One run. Times are of `time.monotonic`."""

    run_id: str
    seed: int
    settings: Settings
    base: str
    embedded_token: str | None
    started: float = field(default_factory=time.monotonic)
    prepared: Prepared | None = None
    problems: list[str] = field(default_factory=list)
    """Why the run cannot be judged: sentences."""
    processes: set[str] = field(default_factory=set)
    """Node ids of the processes that took seats."""
    assemblies: dict[str, Assembly] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    quiet: set[str] = field(default_factory=set)
    """Processes whose documents are quiet, or which ran out of patience."""
    ended: float = 0.0
    """When users were told to stop editing: what follows has to be over `END_BUDGET_S` later."""
    last_piece: float = 0.0
    """When the latest piece of evidence came."""
    lost: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    changed: Event = field(default_factory=Event)
    most_users: int = 0
    users_seated: int = 0
    server_silences: list[tuple[float, float]] = field(default_factory=list)
    """(seconds since the start, seconds long)."""
    silent_since: float | None = None
    verdict: Verdict | None = None
    result: dict[str, Any] | None = None
    result_path: str | None = None
    concluded: Event = field(default_factory=Event)
    concluding: bool = False

    @property
    def pending(self) -> set[str]:
        """Processes that have neither answered nor been lost."""
        return self.processes - self.answers.keys() - self.lost

    def since_start(self, moment: float) -> float:
        """Seconds since the start of the run."""
        return moment - self.started

    def note_silence_over(self, now: float) -> None:
        """The server answers; a silence longer than the deadline is remembered."""
        if self.silent_since is not None:
            length = now - self.silent_since
            if length >= HTTP_TRY_DEADLINE_S:
                self.server_silences.append((self.since_start(self.silent_since), length))
            self.silent_since = None
