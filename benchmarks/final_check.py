"""What the end of a run with many documents takes: in the process that plays the users, and in the one that judges.

The first gathers the evidence, replica by replica, while heartbeats have to go on: the longest stop of its loop is
measured as its processor time between two turns. The judge is a process of its own, which nobody waits for but the
verdict.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.measurement import Measurement
from benchmarks.processes import Child, ChildFailedError
from benchmarks.sizes import Sizes

USERS = 5
EDITS = 20
GOAL_S = 1.0
GOAL_STOP_MS = 20.0
_DEADLINE_S = 600.0


def measure(sizes: Sizes) -> list[Measurement]:
    """Seconds of CPU for all documents; a verdict that is no pass ends the benchmark."""
    documents = sizes.documents_checked
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "evidence"))
        with Child("final_checker") as checker:
            checker.tell("gather", documents=documents, users=USERS, edits=EDITS, path=path)
            gathered = checker.answer(_DEADLINE_S)
        with Child("final_checker") as judge:
            judge.tell("decide", path=path)
            decided = judge.answer(_DEADLINE_S)
    if decided["verdict"] != "pass":
        raise ChildFailedError(f"A healthy run got {decided['verdict']}: {decided['reason']} {decided['findings']}")
    size = f"{documents:,} documents, {USERS} users each, {EDITS} edits of each user"
    return [
        Measurement(
            f"evidence of {documents:,}", "s", (gathered["cpu"],), GOAL_S, f"CPU of the users' process; {size}"
        ),
        Measurement("  longest stop", "ms", (gathered["longest_stop"] * 1000,), GOAL_STOP_MS, "of its event loop"),
        Measurement(
            "  written", "s", (gathered["encoding"],), note=f"{gathered['bytes'] / 1e6:.1f} MB for the coordinator"
        ),
        Measurement(
            f"verdict on {documents:,}", "s", (decided["cpu"],), note="CPU of the judge, all checks of all edits"
        ),
    ]
