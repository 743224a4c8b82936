"""What a verdict on a large run takes: time and memory of the process that decides, evidence read from disk included.

The runs have 40 users, every kind of edit, a save each second, and are as concurrent as people who type at once. A
verdict that is wrong ends the benchmark: a healthy run has to pass, and of one edit that is lost, the author is named.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.measurement import Measurement
from benchmarks.processes import Child, ChildFailedError
from benchmarks.sizes import Sizes

USERS = 40
GOAL_S = 60.0
GOAL_MB = 1000.0
_DEADLINE_S = 3600.0


def measure(sizes: Sizes) -> list[Measurement]:
    """Seconds and megabytes for one edit lost among some, and for many edits in one document."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = sizes.edits_with_one_lost, sizes.edits_decided
        lost, made = _decided(Path(folder, "lost"), few, lose=True, apart=sizes.judged)
        findings = lost["findings"]
        if len(findings) != 1 or findings[0][0] != "lost-edit" or made["lost"] not in findings[0][1]:
            raise ChildFailedError(f"{made['lost']} was lost, and the findings are {findings}")
        own, others = made["own_bytes"], made["others_bytes"]
        healthy, made = _decided(Path(folder, "healthy"), many, lose=False, apart=sizes.judged)
        if healthy["verdict"] != "pass":
            raise ChildFailedError(f"A healthy run got {healthy['verdict']}: {healthy['findings'][:3]}")
    received = f"{made['received']:,} updates received that differ from what the same process sent"
    return [
        Measurement("kept for an edit", "bytes", (own,), note="of one's own users, acknowledged, its update included"),
        Measurement("  for one of others", "bytes", (others,), note="once in a process, however many users receive it"),
        Measurement(f"one edit lost among {few:,}", "s", (lost["seconds"],), note=f"{USERS} users; found and named"),
        Measurement("  memory", "MB", (lost["megabytes"],), note="the whole process, at its peak"),
        Measurement(f"verdict on {many:,} edits", "s", (healthy["seconds"],), GOAL_S, note=received),
        Measurement("  CPU", "s", (healthy["cpu"],)),
        Measurement("  memory", "MB", (healthy["megabytes"],), GOAL_MB, note="the whole process, at its peak"),
    ]


def _decided(path: Path, edits: int, *, lose: bool, apart: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The decision and what was decided on; made in another process, where the figures matter."""
    with ExitStack() as children:
        maker = children.enter_context(Child("decider"))
        maker.tell("make", path=str(path), edits=edits, users=USERS, lose=lose)
        made = maker.answer(_DEADLINE_S)
        decider = children.enter_context(Child("decider")) if apart else maker
        decider.tell("decide", path=str(path))
        return decider.answer(_DEADLINE_S), made
