"""What the result file tells of a run beside verdict and sums: when it began, how it went, how to do it again."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from locust.env import Environment
from locust.runners import MasterRunner

from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.reporting.repeating import command_to_repeat
from jupyter_rtc_locust.timing.course import Course


def began(state: RunState) -> str:
    """When the run began, in UTC, as ISO 8601 has it."""
    moment = time.time() - state.since_start(time.monotonic())
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


def command_of(environment: Environment, state: RunState) -> list[str]:
    """What does the run again."""
    ended = state.end.began or time.monotonic()
    return command_to_repeat(
        environment.parsed_options,
        host=state.settings.host,
        seed=state.seed,
        users=state.settings.users,
        run_s=None if state.settings.trace is not None or state.capacity is not None else state.since_start(ended),
        workers=max(1, len(state.processes)) if isinstance(environment.runner, MasterRunner) else None,
        here=str(Path.cwd()),
    )


def about_run(environment: Environment, state: RunState) -> dict[str, Any]:
    """Which run a capacity is of: what `run` of `capacity.json` holds."""
    profile = Path(str(environment.locustfile or "").split(",")[0]).stem
    return {
        "run_id": state.run_id,
        "began": began(state),
        "seed": state.seed,
        "profile": profile,
        "host": state.base,
        "server": state.prepared.server.version() if state.prepared is not None and not state.problems else "",
        "processes": max(1, len(state.processes)),
        "documents": state.settings.documents,
        "together": state.settings.together,
        "save_every_s": state.settings.save_every,
        "duration_s": round(state.since_start(time.monotonic()), 3),
    }


def course_of(state: RunState) -> dict[str, Any]:
    """How the run went over time, as all processes together saw it."""
    course = Course()
    for answer in state.end.answers.values():
        if "course" in answer:
            course.merge(answer["course"])
    return course.as_result()
