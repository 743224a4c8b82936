"""The one right content of a document, made from every update that was authored: time and memory, in any order.

It is a part of each verdict; what the whole verdict takes is measured by `deciding`. The content has to be the same
whatever the order, or the benchmark ends.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.measurement import Measurement
from benchmarks.processes import Child, ChildFailedError
from benchmarks.sizes import Sizes

USERS = 40
GOAL_S = 2.0
GOAL_MB = 200.0
ORDERS = ("authored", "shuffled", "reversed")
_DEADLINE_S = 600.0


def measure(sizes: Sizes) -> list[Measurement]:
    """Seconds of CPU, and megabytes at the peak beyond what the updates take, each order in a process of its own."""
    edits = sizes.edits_decided
    answers = {}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "updates"))
        with Child("oracle_maker") as maker:
            maker.tell("make", path=path, edits=edits, users=USERS)
            maker.answer(_DEADLINE_S)
        for order in ORDERS:
            with Child("oracle_maker") as builder:
                builder.tell("build", path=path, order=order)
                answers[order] = builder.answer(_DEADLINE_S)
    if len({answer["digest"] for answer in answers.values()}) != 1:
        raise ChildFailedError(f"the content depends on the order of the updates: {answers}")
    return [
        line
        for order in ORDERS
        for line in (
            Measurement(f"oracle of {edits:,}, {order}", "s", (answers[order]["cpu"],), GOAL_S, f"{USERS} users"),
            Measurement("  memory", "MB", (answers[order]["megabytes"],), GOAL_MB, "added at the peak"),
        )
    ]
