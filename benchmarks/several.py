"""What a second process brings: messages of two processes against those of one.

With generator and server on the same two cores, messages a second would say more of the server than of us. So what is
compared is CPU: what each message costs in one process, and what it costs in two that play twice as many users at the
same time, their rooms shared between them. Twice the first over the second is how many times the messages two cores
carry, where the server has another core; the server's own CPU is left out on both sides. Below stands what came through
when both were driven to the end of their strength beside the server; and what a second process brings to the bare loop,
which shares nothing with anybody: more than this no program gains on the machine.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.crowds import Crowds, Window, at_relay
from benchmarks.measurement import Measurement
from benchmarks.processes import Child
from benchmarks.receiving import wait_for
from benchmarks.recording import Recording
from benchmarks.sizes import Sizes

SHARING = 5
GOAL = 1.8
_LOAD = 8.0
"""Edits a second of each user: a third to a half of a core."""
_OVERLOAD = 40.0
_SETTLE_S = 1.0
_BARE_UPDATES_A_SECOND = 1000.0
"""For each watcher of the bare loop: it is about as busy then as the users are."""


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
        Measurement(
            "  the bare loop twice", "x", _of_bare_loops(sizes, recording), note="the same of what shares nothing"
        ),
        Measurement("  beside the server", "x", (through,), note=f"overloaded: {_told(full[1])}; {_told(full[2])}"),
    ]


def _window(crowds: Crowds, rate: float, sizes: Sizes) -> Window:
    crowds.begin("steady", rate)
    time.sleep(_SETTLE_S if sizes.judged else 0.0)
    window = crowds.window(sizes.processes_s)
    crowds.end()
    return window


def _of_bare_loops(sizes: Sizes, recording: Path) -> tuple[float, ...]:
    """The same factor of bare loops, each with a server of its own."""
    slice_length = len(Recording.load(recording).updates) // (2 * sizes.processes_rounds)
    with ExitStack() as stack:
        servers = [stack.enter_context(Child("stream_server", recording)) for _ in range(2)]
        loops = [
            stack.enter_context(Child("bare_watchers", server.answer()["port"], "bare", sizes.watchers))
            for server in servers
        ]
        for loop in loops:
            wait_for(lambda loop=loop: loop.ask("synced")["synced"] == sizes.watchers, "bare watchers have documents")
        sides = list(zip(servers, loops, strict=True))
        factors, first = [], 0
        for _ in range(sizes.processes_rounds):
            alone = sum(_bare_cost([side], first, first + slice_length, sizes) for side in sides) / len(sides)
            both = _bare_cost(sides, first + slice_length, first + 2 * slice_length, sizes)
            factors.append(2 * alone / both)
            first += 2 * slice_length
    return tuple(factors)


def _bare_cost(sides: list[tuple[Child, Child]], first: int, last: int, sizes: Sizes) -> float:
    """CPU seconds of an update received, while all of them are sent this slice at the same time."""
    before = [loop.ask("mark") for _, loop in sides]
    for server, _ in sides:
        server.tell("stream", group="bare", first=first, last=last, rate=_BARE_UPDATES_A_SECOND, together=1)
    for server, _ in sides:
        server.answer()  # all was sent
    expected = sizes.watchers * (last - first)
    after = before

    def complete() -> bool:
        nonlocal after
        after = [loop.ask("mark") for _, loop in sides]
        return all(now["received"] - then["received"] >= expected for then, now in zip(before, after, strict=True))

    wait_for(complete, f"bare loops received {expected} updates each")
    return sum(now["cpu"] - then["cpu"] for then, now in zip(before, after, strict=True)) / (expected * len(sides))


def _told(window: Window) -> str:
    cores = " + ".join(f"{one:.0%}" for one in window.cpu)
    return f"{window.messages:,.0f}/s with {cores} CPU, server {window.server_cpu:.0%}"
