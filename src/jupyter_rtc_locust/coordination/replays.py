"""The trace that a run replays, rehearsed before anything is opened, and the document it begins with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_rtc_locust.documents.templates import Template, notebook_template
from jupyter_rtc_locust.editing.trace_plan import Casting, Plan, Start, cast, plan
from jupyter_rtc_locust.editing.traces import Trace, TraceError, read_trace
from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.protocol.merging import merge_updates
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.users.replay_terms import ReplayTerms
from jupyter_rtc_locust.users.trace_user import TraceUser
from jupyter_rtc_locust.verdict.evidence import ReplayEvidence

if TYPE_CHECKING:
    from locust.env import Environment

    from jupyter_rtc_locust.coordination.preparation import PreparedDocument

CELL = "trace"
"""The id of the cell that a trace is replayed into."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A trace and how it is replayed."""

    trace: Trace
    digest: str
    casting: Casting
    into_cell: bool

    @property
    def template(self) -> Template:
        """The document at the start."""
        start = self.trace.start
        if not self.into_cell:
            return Template("trace.txt", "text", start, start)
        cell: dict[str, Any] = {
            "cell_type": "code",
            "execution_count": None,
            "id": CELL,
            "metadata": {},
            "outputs": [],
            "source": start,
        }
        return notebook_template("trace.ipynb", {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})

    @property
    def evidence(self) -> ReplayEvidence:
        """What the verdict compares with."""
        return ReplayEvidence(self.trace.name, self.trace.end, self.casting.steps, CELL if self.into_cell else None)

    def terms(self, clients: tuple[int, ...], document: PreparedDocument) -> ReplayTerms:
        """What the processes have to know, when the document is there."""
        updates = [document.initial.update, *(one.update for one in document.seed_edits)]
        start = Start(merge_updates(updates), 0 if self.into_cell else None)
        return ReplayTerms(self.casting, clients, start, self.digest)


def agents_of(path: Path) -> int:
    """How many people typed: the number of users where none is given.

    Raises:
        TraceError: the trace cannot be read.
    """
    return _read(path)[0].agents


def replay_of(environment: Environment, settings: Settings) -> Replay | None:
    """The replay that a run with these settings is; None: it is none.

    Raises:
        OptionsError: a trace without users who replay it, or the other way round; or it cannot be replayed.
    """
    replayers = [user for user in environment.user_classes if issubclass(user, TraceUser)]
    if settings.trace is None:
        if replayers:
            raise OptionsError("this locustfile replays an editing trace: name one with --rtc-trace FILE.")
        return None
    if len(replayers) != len(environment.user_classes):
        raise OptionsError(
            "--rtc-trace is for users who replay it and do nothing else: run it with locustfiles/replay_trace.py."
        )
    trace, digest = _read(settings.trace)
    if "\r\n" in trace.start and settings.trace_into == "text":
        raise TraceError(
            f"--rtc-trace {settings.trace} begins with a text whose lines end in CR LF, and Jupyter servers open a "
            f"text file with LF in their place. Replay it with --rtc-trace-into cell, which keeps them."
        )
    return Replay(trace, digest, _cast(settings.trace, digest, settings.users), settings.trace_into == "cell")


def plan_of(path: Path, terms: ReplayTerms, turn: Callable[[], None]) -> Plan:
    """Everything that all users of the replay write, as this process sees it.

    Raises:
        TraceError: the file here is another than the coordinator's, or it cannot be read.
    """
    trace, digest = _read(path)
    if digest != terms.digest:
        raise TraceError(f"--rtc-trace {path} is another file here than where the run was started: copy that one.")
    made = plan(trace, terms.casting, terms.clients, terms.start, turn)
    if made.content != trace.end:
        raise TraceError(
            f"--rtc-trace {path}: in the document as the server gave it, the trace would not end in its `endContent`."
        )
    return made


def _read(path: Path) -> tuple[Trace, str]:
    try:
        status = path.stat()
    except OSError as error:
        raise TraceError(f"--rtc-trace {path} cannot be read: {error.strerror or error}.") from None
    return _read_once(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1)
def _read_once(path: Path, modified: int, size: int) -> tuple[Trace, str]:
    del modified, size  # they tell the versions of the file apart
    return read_trace(path), sha256(path.read_bytes()).hexdigest()


@lru_cache(maxsize=4)
def _cast(path: Path, digest: str, users: int) -> Casting:
    del digest
    return cast(_read(path)[0], users)
