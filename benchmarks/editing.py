"""CPU for each edit - chosen, made, sent, echoed and timed - against a ping of the same size without a document.

Both leave from the same kind of timer, at the same rate, through the same kind of connection, in one process and in
turns. Every user is alone in a notebook of twenty cells, so that an edit is sent back to its author only.
"""

from __future__ import annotations

from benchmarks.measurement import Measurement, ratio
from benchmarks.processes import Child
from benchmarks.sizes import Sizes

GOAL = 1.8
"""Of the ping."""


def measure(sizes: Sizes, port: int) -> list[Measurement]:
    """The ratio, and its two figures in microseconds."""
    edits, pings, bytes_an_edit = [], [], []
    rate = sizes.edits_a_second / sizes.editors
    with Child("locust_users", port, "edit", 1, sizes.editors) as users:
        users.answer()
        users.ask("spawn", users=sizes.editors)
        for number in range(sizes.rounds + 1):
            edited = users.ask("edit", rate=rate, seconds=sizes.edit_slice_s)
            # An edit's message is its update, with the kind of the message and its own length before it.
            size = round(edited["size"]) + 3
            pinged = users.ask("ping", connections=sizes.editors, rate=rate, seconds=sizes.edit_slice_s, size=size)
            if number:
                edits.append(edited["cpu"] / edited["count"] * 1e6)
                pings.append(pinged["cpu"] / pinged["count"] * 1e6)
                bytes_an_edit.append(edited["size"])
    a_second = f"{sizes.edits_a_second:.0f} a second in the process"
    return [
        ratio(
            "an edit, sent and echoed", edits, pings, goal=GOAL, note=f"CPU / of a ping of the same size, {a_second}"
        ),
        Measurement("  edit", "us", tuple(edits), note="every kind of edit, as dealt by default"),
        Measurement("  ping", "us", tuple(pings), note="same connection and timers, no document"),
        Measurement("  bytes an edit", "B", tuple(bytes_an_edit)),
    ]
