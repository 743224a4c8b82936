"""Runs of two versions in turn, A B B A A B B A: whatever changes on the machine meanwhile happens to both.

Each pair of runs has one seed, so that the people of both choose the same. Each run has a folder of its own, with what
it said in `output.log`, and a deadline.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

OUTPUT: Final = "output.log"
AROUND_A_RUN_S: Final = 300.0
"""Beyond its run time: to start a server, to end in order (172 s, and some for many edits), and to leave."""
_LEAVE_S: Final = 20.0
_STEERING: Final = ("LOCUST_HOST", "LOCUST_RTC_RESULTS", "LOCUST_RTC_SERVER_PYTHON", "LOCUST_RTC_SEED")
"""Environment variables that would reach into every run."""


@dataclass(frozen=True, slots=True)
class Side:
    """A version: its name, `a` or `b`, the Python of its server, and what is in the environment of its runs besides."""

    name: str
    python: Path | None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that has ended: where its results are, its exit code, and whether it had to be ended."""

    side: Side
    number: int
    folder: Path
    exit_code: int
    overdue: bool


def turn(pair: int) -> tuple[int, int]:
    """Which side runs first in this pair, counted from zero, and which second (0: A, 1: B): A B, B A, A B, B A."""
    return (0, 1) if pair % 2 == 0 else (1, 0)


def take_turns(
    sides: tuple[Side, Side],
    pairs: int,
    into: Path,
    command: Sequence[str],
    *,
    deadline_s: float,
    seeded: bool,
    ended: Callable[[Ended], None],
    most: int = 0,
    enough: Callable[[], bool] = lambda: True,
) -> None:
    """Run each side so often, with `command` and the options of each run, and tell of each when it has ended.

    `seeded`: each pair of runs is given a seed of its own. `ended` may raise to stop. Then, until it is `enough`, more
    pairs, up to `most` in all.
    """
    pair = 0
    while pair < pairs or (pair < most and not enough()):
        for side in turn(pair):
            options = ["--rtc-seed", str(pair + 1)] if seeded else []
            ended(run_once(sides[side], pair + 1, into, [*command, *options], deadline_s))
        pair += 1


def run_once(side: Side, number: int, into: Path, command: Sequence[str], deadline_s: float) -> Ended:
    """One run of a version, to its end or its deadline, in the folder `into/a/1`."""
    folder = into / side.name / str(number)
    folder.mkdir(parents=True)
    options = ["--rtc-results", str(folder)]
    if side.python is not None:
        options += ["--rtc-server-python", str(side.python)]
    environment = {name: value for name, value in os.environ.items() if name not in _STEERING}
    with (folder / OUTPUT).open("wb") as output:
        process = subprocess.Popen(
            [*command, *options],
            env=environment | dict(side.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A group of its own: Ctrl-C in a terminal reaches us, and we end the run.
            start_new_session=True,
        )
        overdue = False
        try:
            process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            overdue = True
        finally:
            _end(process)
    return Ended(side, number, folder, process.returncode, overdue)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the run in order, if it is still there, and then all that is left of it."""
    if process.poll() is None:
        process.terminate()
        until = time.monotonic() + _LEAVE_S
        while process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()
