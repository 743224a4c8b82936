"""What a second process brings: messages of two processes against those of one.

With generator and server on the same two cores, messages a second would say more of the server than of us. So what is
compared is CPU: what each message costs in one process, and what it costs in two that play twice as many users at the
same time, their rooms shared between them. Twice the first over the second is how many times the messages two cores
carry, where the server has another core; the server's own CPU is left out on both sides. Below stands what came through
when both were driven to the end of their strength beside the server.
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.crowds import Crowds, Window, at_relay
from benchmarks.measurement import Measurement
from benchmarks.sizes import Sizes

SHARING = 5
GOAL = 1.8
_LOAD = 8.0
"""Edits a second of each user: a third to a half of a core."""
_OVERLOAD = 40.0
_SETTLE_S = 1.0


def measure(sizes: Sizes, recording: Path) -> list[Measurement]:
    """The factor, the cost of a message on both sides, and the messages of both at the end of their strength."""
    users = sizes.processes_users
    costs: dict[int, list[float]] = {1: [], 2: []}
    # Without presence, because the side that waits for its turn would go on telling of itself.
    with (
        at_relay(recording, sharing=SHARING, processes=1, awareness="none") as one,
        at_relay(recording, sharing=SHARING, processes=2, awareness="none") as two,
    ):
        sides = {1: one, 2: two}
        for processes, crowds in sides.items():
            crowds.spawn(users * processes)
        for number in range(sizes.processes_rounds):
            for processes in (1, 2) if number % 2 else (2, 1):
                costs[processes].append(_window(sides[processes], _LOAD, sizes).cpu_a_message * 1e6)
        # Once: what piles up in the meantime takes several times as long to come back.
        full = {processes: _window(crowds, _OVERLOAD, sizes) for processes, crowds in sides.items()}
    factors = tuple(2 * single / double for single, double in zip(costs[1], costs[2], strict=True))
    through = full[2].messages / max(full[1].messages, 1e-9)
    note = f"messages on two cores / on one, by CPU a message; rooms of {SHARING} shared by both processes"
    return [
        Measurement("two processes", "x", factors, GOAL, note, "at least"),
        Measurement(
            "  a message, one process", "us", tuple(costs[1]), note=f"{users:,} users, {_LOAD:.0f} edits/s each"
        ),
        Measurement("  a message, two", "us", tuple(costs[2]), note=f"{2 * users:,} users, {_LOAD:.0f} edits/s each"),
        Measurement("  beside the server", "x", (through,), note=f"overloaded: {_told(full[1])}; {_told(full[2])}"),
    ]


def _window(crowds: Crowds, rate: float, sizes: Sizes) -> Window:
    crowds.begin("steady", rate)
    time.sleep(_SETTLE_S if sizes.judged else 0.0)
    window = crowds.window(sizes.processes_s)
    crowds.end()
    return window


def _told(window: Window) -> str:
    cores = " + ".join(f"{one:.0%}" for one in window.cpu)
    return f"{window.messages:,.0f}/s with {cores} CPU, server {window.server_cpu:.0%}"
