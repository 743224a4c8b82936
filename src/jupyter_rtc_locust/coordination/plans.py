"""The plan of a run: read and checked before it begins, put together from all processes and written when it ends.

What processes tell of their part is compressed already, and pieces of a compressed file one after another are such a
file; only where plain lines are asked for are they read again, with a turn of the loop between.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import uuid
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from jupyter_rtc_locust.coordination.preparation import PreparedDocument
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.editing.plans import (
    Plan,
    PlanError,
    PlanHeader,
    PlannedDocument,
    Segment,
    digest_of,
    header_line,
    read_plan,
)
from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.verdict.evidence import PlayedPlan
from jupyter_rtc_locust.verdict.folder.names import FOLDER, PLAN
from jupyter_rtc_locust.verdict.rebuilt import content_of

AFTER_THE_PLAN_S = 10
"""How much longer a run of a plan lasts where no run time is asked for: making the documents takes its part of it."""
MOST_SPAWNED_A_SECOND = 50
_GZIP_MAGIC = b"\x1f\x8b"
_READ_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What all processes told of what their users did."""

    header: PlanHeader
    edits: int = 0
    operations: int = 0
    edits_skipped: int = 0
    operations_skipped: int = 0
    digest: str = ""
    parts: tuple[bytes, ...] = field(default=(), repr=False)
    """Compressed lines of each process."""

    def compressed(self) -> bytes:
        """The whole as one gzip file."""
        return b"".join((gzip.compress(header_line(self.header).encode(), mtime=0), *self.parts))


# -- before a run -------------------------------------------------------------------------------------------------


def plan_to_play(settings: Settings) -> Plan | None:
    """The plan that a run plays (`--rtc-plan`); None: it plays none.

    Raises:
        OptionsError: it cannot be read, or is none.
    """
    if settings.plan is None:
        return None
    try:
        status = settings.plan.stat()
        return _read(settings.plan.resolve(), status.st_mtime_ns, status.st_size)
    except PlanError as error:
        raise OptionsError(f"--rtc-plan {settings.plan} is no plan that can be played: {error}") from None
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise OptionsError(f"--rtc-plan {settings.plan} cannot be read: {error}.") from None


@lru_cache(maxsize=1)
def _read(path: Path, _modified: int, _size: int) -> Plan:
    """Once, though a process that is alone asks at the door, at the start and as an agent."""
    with path.open("rb") as file:
        compressed = file.read(2) == _GZIP_MAGIC
    with gzip.open(path, "rt", encoding="utf-8") if compressed else path.open(encoding="utf-8") as lines:
        return read_plan(lines)


def checked_plan(settings: Settings, kinds: Iterable[str]) -> Plan | None:
    """The plan of a run with these settings, whose users open documents of these kinds.

    Raises:
        OptionsError: there is no user, or no document, for a part of it; or it could not be saved where it is to be.
    """
    if settings.trace is not None and (settings.plan is not None or settings.plan_out is not None):
        raise OptionsError(
            "--rtc-trace says everything that users do, and can be given again: leave out --rtc-plan and "
            "--rtc-plan-out."
        )
    _check_writable(settings.plan_out)
    plan = plan_to_play(settings)
    if plan is None:
        return None
    header = plan.header
    documents = [kind for kind in sorted(kinds) for _ in range(settings.documents)]
    planned = [one.kind for one in header.documents]
    if documents != planned:
        raise OptionsError(
            f"--rtc-plan {settings.plan} is one for {_listed(planned)}, but this run has "
            f"{_listed(documents)}: run a locustfile whose users open the same kinds, with --rtc-documents "
            f"{_of_each_kind(header)}."
        )
    if header.users > settings.users:
        raise OptionsError(
            f"--rtc-plan {settings.plan} is one of {header.users} users, but this run has {settings.users}: ask for "
            f"as many (-u), or leave -u out."
        )
    return plan


def adopt_plan(options: Any) -> None:
    """What the plan says of users, documents and run time, for a command line that does not; and users come at once.

    Raises:
        OptionsError: it cannot be read, or is none.
    """
    if not getattr(options, "rtc_plan", ""):
        return
    path = Path(options.rtc_plan)
    if not path.is_file():
        raise OptionsError(f"--rtc-plan {path}: there is no such file.")
    plan = plan_to_play(Settings(plan=path))
    assert plan is not None, "its path was given"
    if getattr(options, "num_users", None) is None:
        options.num_users = plan.header.users
    if getattr(options, "spawn_rate", None) is None:
        # Whoever comes later than then is late with everything.
        options.spawn_rate = float(min(options.num_users, MOST_SPAWNED_A_SECOND))
    if str(options.rtc_documents) == "1":
        options.rtc_documents = _of_each_kind(plan.header)
    if not getattr(options, "run_time", None):
        options.run_time = int(plan.duration) + 1 + AFTER_THE_PLAN_S


def cell_names(state: RunState, document: int) -> dict[str, str]:
    """What the cells of the plan that is played are called in a document of this run, where names differ."""
    plan = plan_to_play(state.settings)
    if plan is None or state.prepared is None:
        return {}
    return plan.header.documents[document].names_in(_beginning(state.prepared.documents[document]))


def _beginning(prepared: PreparedDocument) -> PlannedDocument:
    """A document as users find it: as the server made it, or as it was filled."""
    kind = prepared.document.kind
    update = prepared.seed_edits[0].update if prepared.seed_edits else prepared.initial.update
    return PlannedDocument.of(kind, content_of(update, kind))


def _of_each_kind(header: PlanHeader) -> int:
    kinds = [one.kind for one in header.documents]
    return max((kinds.count(kind) for kind in kinds), default=1)


def _check_writable(path: Path | None) -> None:
    if path is None:
        return
    folder = path.parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise OptionsError(f"--rtc-plan-out {path}: no file can be written there. Name a file in a folder of yours.")


def _listed(kinds: Iterable[str]) -> str:
    counted: dict[str, int] = {}
    for kind in kinds:
        counted[kind] = counted.get(kind, 0) + 1
    words = [f"{count} {kind} document{'' if count == 1 else 's'}" for kind, count in counted.items()]
    return " and ".join(words) or "no document"


# -- at the end ---------------------------------------------------------------------------------------------------


def collected_plan(state: RunState, locustfile: str) -> RunPlan:
    """The plan of a run, as far as its processes told of it."""
    told = [answer["plan"] for answer in state.end.answers.values() if answer.get("plan")]
    segments = [Segment(**one) for part in told for one in part["segments"]]
    plan = plan_to_play(state.settings)
    documents = tuple(map(_beginning, state.prepared.documents)) if state.prepared is not None else ()
    if plan is not None:
        documents = plan.header.documents  # what was done again stands here with the names of the plan
    # A process that took seats and told nothing, or was cut short, leaves a hole.
    complete = not state.end.untold and len(told) >= len(state.processes) and all(part["complete"] for part in told)
    return RunPlan(
        PlanHeader(
            seed=state.seed,
            users=max([state.settings.users, *(one.user + 1 for one in segments)]),
            documents=documents,
            locustfile=locustfile,
            complete=complete,
        ),
        edits=sum(part["edits"] for part in told),
        operations=sum(part["operations"] for part in told),
        edits_skipped=sum(part["edits_skipped"] for part in told),
        operations_skipped=sum(part["operations_skipped"] for part in told),
        digest=digest_of(segments),
        parts=tuple(part["lines"] for part in told),
    )


def played(plan: Plan | None, made: RunPlan) -> PlayedPlan | None:
    """How much of the plan of this run was done; None: it had none."""
    if plan is None:
        return None
    return PlayedPlan(plan.count, made.edits, made.edits_skipped, plan.digest == made.digest)


def write_plan(path: Path, plan: RunPlan) -> str:
    """Write a plan, compressed where the name ends in `.gz`; an older file is replaced in one step.

    Returns why it could not be written, as a sentence; "" when it was.
    """
    partial = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    turns = Turns()
    try:
        try:
            with partial.open("xb") as file:
                if path.suffix == ".gz":
                    file.write(plan.compressed())
                else:
                    file.write(header_line(plan.header).encode())
                    for piece in _lines(plan.parts):
                        file.write(piece)
                        turns()
            partial.replace(path)
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
    except (OSError, EOFError, zlib.error) as error:
        return f"The plan could not be written to {path}: {getattr(error, 'strerror', None) or error}."
    return ""


def _lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    for part in parts:
        with gzip.GzipFile(fileobj=io.BytesIO(part)) as lines:
            while piece := lines.read(_READ_AT_ONCE):
                yield piece


def plan_figures(state: RunState) -> dict[str, Any] | None:
    """For the result file; None: nothing was collected."""
    made = state.plan
    if made is None:
        return None
    plan = plan_to_play(state.settings)
    out = state.settings.plan_out
    kept = state.kept
    return {
        "edits": made.edits,
        "operations": made.operations,
        "edits_skipped": made.edits_skipped,
        "operations_skipped": made.operations_skipped,
        "digest": made.digest,
        "complete": made.header.complete,
        "file": str(out) if out is not None and not state.plan_problem else None,
        "problem": state.plan_problem,
        "evidence": f"{FOLDER}/{PLAN}" if kept is not None and PLAN in kept.files else None,
        "played": None
        if plan is None
        else {
            "file": str(state.settings.plan),
            "edits": plan.count,
            "digest": plan.digest,
            "same": plan.digest == made.digest,
        },
    }
