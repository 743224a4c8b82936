"""How many users one process plays: rooms of five, an edit a second each, and how late it makes its own figures.

The server is a relay on the other core that costs less than a tenth of what the users do. The process has everything
that a run has beside users: Locust's statistics, the monitor of its health, bookkeeping for the verdict, presence as
JupyterLab tells it. The number is the largest of the steps at which the loop's lag and the time of an echo are what
they would be on an idle machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.crowds import Crowds, Window, at_relay
from benchmarks.measurement import Measurement
from benchmarks.sizes import Sizes

SHARING = 5
RATE = 1.0
LAG_P99_MS = 5.0
ECHO_P99_MS = 10.0
GOAL = 4000
HEARTBEAT_S = 15.0
_SETTLE_S = 2.0
_TRIES = 2
"""A neighbour on the machine stops the loop now and then; what a process cannot do it cannot do twice."""
_FAILURES = 2
"""So many steps in a row that are too much end the climb."""


def measure(sizes: Sizes, recording: Path) -> list[Measurement]:
    """The number of users in the steadiest rhythm and in that of people, and each step's figures."""
    lines = []
    for rhythm, goal in (("steady", GOAL), ("person", None)) if sizes.judged else (("steady", GOAL),):
        steps = list(_climb(sizes, recording, rhythm))
        most = max((users for users, window in steps if _sound(window)), default=0)
        note = (
            f"rooms of {SHARING}, {RATE:.0f} edit/s each; lag p99 <= {LAG_P99_MS:.0f}, echo p99 <= {ECHO_P99_MS:.0f} ms"
        )
        lines += [
            Measurement(f"users a core, {rhythm}", "users", (most,), goal, note, "at least"),
            *(_line(users, window) for users, window in steps),
        ]
    return lines


def _climb(sizes: Sizes, recording: Path, rhythm: str) -> Iterator[tuple[int, Window]]:
    failures = 0
    with at_relay(recording, sharing=SHARING) as crowds:
        for users in sizes.users_a_core:
            # Who come together tell of themselves together, every 15 s from then on, and would do so in waves.
            crowds.spawn(users, over_s=HEARTBEAT_S if sizes.judged else 0.0)
            crowds.begin(rhythm, RATE)
            time.sleep(_SETTLE_S if sizes.judged else 0.0)
            window = _best(crowds, sizes)
            crowds.end()
            yield users, window
            failures = 0 if _sound(window) else failures + 1
            if failures == _FAILURES:
                return


def _best(crowds: Crowds, sizes: Sizes) -> Window:
    windows: list[Window] = []
    for _ in range(_TRIES):
        windows.append(crowds.window(sizes.users_a_core_s))
        if _sound(windows[-1]):
            break
    return min(windows, key=lambda one: one.echo_p99)


def _sound(window: Window) -> bool:
    return window.lag_p99 <= LAG_P99_MS and window.echo_p99 <= ECHO_P99_MS


def _line(users: int, window: Window) -> Measurement:
    note = (
        f"CPU {window.cpu[0]:.0%}, lag p99 {window.lag_p99:.1f} ms, echo p50 {window.echo_p50:.1f} ms; "
        f"{window.received:,.0f} updates/s received; server's CPU {window.server_cpu:.0%}; "
        f"waited {window.waited:.0%} for a core"
    )
    return Measurement(f"  {users:,} users, echo p99", "ms", (window.echo_p99,), note=note)
