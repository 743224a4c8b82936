"""Runs that never took place: times drawn from a seed, as runs of one version differ from each other on one machine.

An echo of a quick server has a body of a few milliseconds, and a tail of some per cent that waited forty or more (TCP's
delay of small packets, a collection of garbage, a neighbour on the machine). A run is quicker or slower as a whole than
the next, and its tail is longer or shorter. An edit is delivered to several users at about the same moment, so
deliveries resemble each other. Opening a document and the age of saves have few samples each, and vary a lot.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path

from jupyter_rtc_locust.comparison.comparing import Comparison, compare
from jupyter_rtc_locust.comparison.runs import Run
from jupyter_rtc_locust.reporting.result_file import build_result, write_result
from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.timing.recorder import NAMES, Recorder


@dataclass(frozen=True)
class World:
    """How much runs of one version differ: standard deviations of logarithms, and how often a run is a bad one."""

    apart: float = 0.06
    """From run to run, of everything together."""
    tails_apart: float = 0.3
    """From run to run, how many echoes are in the tail."""
    bad: float = 0.03
    """The part of runs beside which something else was at work, so that they took half as long again."""
    edits: int = 280
    users: int = 10
    heard_by: int = 4


QUIET = World(apart=0.02, tails_apart=0.15, bad=0.0)
ORDINARY = World()
NOISY = World(apart=0.12, tails_apart=0.5, bad=0.1)
WORLDS = {"quiet": QUIET, "ordinary": ORDINARY, "noisy": NOISY}


def simulated_run(chance: random.Random, world: World, slower: float = 1.0, name: str = "1") -> Run:
    """A run of a version that takes so many times as long for everything."""
    whole = slower * math.exp(chance.gauss(0, world.apart)) * (1.5 if chance.random() < world.bad else 1.0)
    tail = 0.02 * math.exp(chance.gauss(0, world.tails_apart))
    timings = {name: Histogram() for name in NAMES}
    for _ in range(world.edits):
        echo = 2.6 * whole * math.exp(chance.gauss(0, 0.25))
        if chance.random() < tail:
            echo += chance.uniform(36, 44) * whole
        timings["update echo"].record(echo)
        for _ in range(world.heard_by):
            timings["update delivery"].record(echo * math.exp(chance.gauss(0, 0.05)))
    for _ in range(world.users):
        timings["open document"].record(19 * whole * math.exp(chance.gauss(0, 0.15)))
    longest = 12_000 * math.exp(chance.gauss(0, 0.4))
    for _ in range(54):
        timings["save age"].record(chance.uniform(0, longest))
    return simulated(timings, name=name)


def simulated(timings: dict[str, Histogram], *, name: str = "1", **changed: object) -> Run:
    """A run that passed, with these timings."""
    values = {
        "folder": name,
        "verdict": "pass",
        "reason": "All well.",
        "kinds": frozenset[str](),
        "unsound": "",
        "timings": {name: Histogram() for name in NAMES} | timings,
        "scenario": {"users": 10},
        "server": "server 1",
        "versions": {"python": "3.11"},
    }
    return Run(**(values | changed))  # type: ignore[arg-type]


def simulated_runs(seed: str, runs: int, world: World, slower: float = 1.0) -> list[Run]:
    """Repeated runs, drawn from a seed."""
    chance = random.Random(seed)
    return [simulated_run(chance, world, slower, str(number + 1)) for number in range(runs)]


def simulated_comparison(seed: int, runs: int, world: World, slower: float = 1.0) -> Comparison:
    """A version beside itself, or beside one that takes so many times as long."""
    return compare(simulated_runs(f"A {seed}", runs, world), simulated_runs(f"B {seed}", runs, world, slower))


def write_runs(folder: Path, runs: list[Run]) -> None:
    """The results folders that runs which took place would have left."""
    for run in runs:
        result = build_result(
            verdict=run.verdict,
            reason=run.reason,
            findings=(),
            warnings=(),
            timings=Recorder(),
            counts={"users_asked": 10},
            generator={"sound": True, "timings_sound": not run.unsound, "timings_reasons": [run.unsound]},
            run={"locustfile": "simulated.py", "workers": 1, "server": run.server, "options": {"documents": 2}},
        )
        for name, histogram in run.timings.items():
            result["timings"][name]["histogram"] = histogram.as_dict()
        write_result(folder / run.folder, result)
