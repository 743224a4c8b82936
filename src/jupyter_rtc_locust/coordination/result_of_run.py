"""What `result.json` says of a run."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from typing import Any

from locust.env import Environment

from jupyter_rtc_locust.coordination.lost_processes import documents_of_lost, lost_processes
from jupyter_rtc_locust.coordination.plans import plan_figures
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.story import began, command_of, course_of
from jupyter_rtc_locust.reporting.result_file import build_result
from jupyter_rtc_locust.timing.recorder import Recorder, warm_up_of
from jupyter_rtc_locust.timing.traffic import summed
from jupyter_rtc_locust.verdict.evidence import (
    Checkpoint,
)
from jupyter_rtc_locust.verdict.findings import Verdict
from jupyter_rtc_locust.verdict.folder.names import FOLDER
from jupyter_rtc_locust.verdict.folder.writing import Kept


def warm_up_seconds(state: RunState) -> float:
    """How many seconds at the beginning the percentiles leave out: as asked, or by how long people were at work."""
    if state.settings.warmup is not None:
        return state.settings.warmup
    return warm_up_of(state.since_start(state.end.began)) if state.end.began else 0.0


def result_of_run(
    environment: Environment,
    state: RunState,
    verdict: Verdict,
    timings: Recorder,
    health: dict[str, Any],
    secrets: list[str],
) -> dict[str, Any]:
    """All of it, as `result.schema.json` has it; `health` is that of the generator, `secrets` are taken out."""
    counts: Counter[str] = Counter()
    for answer in state.end.answers.values():
        counts.update(answer.get("counts", {}))
    documents = len(state.prepared.documents) if state.prepared is not None else 0
    return build_result(
        verdict=verdict.value.value,
        reason=verdict.reason,
        findings=[finding.as_dict() for finding in verdict.opinion.findings],
        warnings=[caution.as_dict() for caution in verdict.opinion.cautions],
        timings=timings,
        unknown=verdict.opinion.unknown,
        stumbles=state.stumbled.as_result(),
        guests=[guest.as_dict() for guest in verdict.guests],
        exercised=dict(verdict.exercised),
        checkpoints=[checkpoint_as_dict(one) for one in state.checkpoints],
        server=_server_figures(state),
        evidence=_evidence_kept(state),
        counts={
            "users": state.most_users,
            "users_asked": state.settings.users,
            "users_seated": state.users_seated,
            "users_stumbled": state.stumbled.users,
            "documents": documents,
            "documents_apart": _documents_apart(state),
            **dict.fromkeys(("edits", "updates_sent", "updates_received", "disconnects", "reconnects"), 0),
            **counts,
        },
        traffic=summed(
            (answer["bytes"] for answer in state.end.answers.values() if "bytes" in answer),
            # What came of the edits of those who told nothing came to the others, too.
            0 if state.end.untold else counts["edits"],
        ),
        generator=health,
        course=course_of(state),
        run={
            "run_id": state.run_id,
            "began": began(state),
            "seed": state.seed,
            "locustfile": environment.locustfile,
            "host": state.base,
            "server": state.prepared.server.version() if state.prepared is not None and not state.problems else "",
            "workers": max(1, len(state.processes)),
            "processes_lost": [
                {"process": one.name, "users": list(one.users), "last_heard_s": one.last_heard}
                for one in lost_processes(state, state.end)
            ],
            "duration_s": round(state.since_start(time.monotonic()), 3),
            "evidence_s": round(state.end.last_piece - state.end.began, 3) if state.end.answers else None,
            "documents": [one.document.path for one in state.prepared.documents] if state.prepared else [],
            "options": _options(state),
            "command": command_of(environment, state),
            "warmup_s": warm_up_seconds(state),
            "plan": plan_figures(state),
            "faults": [] if state.faults is None else [asdict(one) for one in state.faults.noted],
            "pauses": [{"began_s": one.began, "ended_s": one.ended} for one in state.pauses],
        },
        secrets=secrets,
        warmup_s=warm_up_seconds(state),
        between_workers=state.between_workers,
        require=state.settings.require,
    )


def checkpoint_as_dict(checkpoint: Checkpoint) -> dict[str, Any]:
    """For the result file."""
    return {
        "number": checkpoint.number,
        "at_s": round(checkpoint.at, 3),
        "paused_s": round(checkpoint.paused, 3),
        "verdict": checkpoint.verdict,
        "reason": checkpoint.reason,
        "findings": [finding.as_dict() for finding in checkpoint.findings],
    }


def _documents_apart(state: RunState) -> int:
    """How many documents were open in more than one process."""
    open_in = Counter(
        path
        for answer in state.end.answers.values()
        for path in {room.path for room in answer.get("documents", ()) if room.users}
    )
    open_in.update(path for paths in documents_of_lost(state, state.end).values() for path in paths)
    return sum(processes > 1 for processes in open_in.values())


def _evidence_kept(state: RunState) -> dict[str, Any]:
    kept = state.kept or Kept()
    return {
        "folder": FOLDER if kept.files else None,
        "files": len(kept.files),
        "bytes": kept.size,
        "left_out": kept.left_out,
        "names_left_out": list(kept.names_left_out),
        "problem": kept.problem,
    }


def _server_figures(state: RunState) -> dict[str, Any]:
    memory = state.memory
    return {
        "memory_start_bytes": memory.start if memory else None,
        "memory_peak_bytes": memory.peak if memory else None,
        "memory_end_bytes": memory.end if memory else None,
        "log": [asdict(event) for event in state.log_events],
    }


def _options(state: RunState) -> dict[str, Any]:
    settings = state.settings
    return {
        "documents": settings.documents,
        "spread": settings.spread,
        "edit_rate": settings.edit_rate,
        "rhythm": settings.rhythm,
        "awareness": settings.awareness,
        "kernels": settings.kernels,
        "template": str(settings.template) if settings.template else None,
        "trace": str(settings.trace) if settings.trace else None,
        "trace_speed": settings.trace_speed,
        "trace_into": settings.trace_into,
        "notebook": settings.notebook,
        "drain_timeout": settings.drain_timeout,
        "save_timeout": settings.save_timeout,
        "max_save_age": settings.max_save_age,
        "checkpoint_every": settings.checkpoint_every,
        "evict_after": settings.evict_after,
        "keep": settings.keep,
        "evidence": settings.evidence,
        "evidence_limit": settings.evidence_limit,
        "require": [threshold.written for threshold in settings.require],
        "promise": [threshold.written for threshold in settings.promise],
        "save_every": settings.save_every,
    }
