"""A server whose echoes become slow beyond a known number of people, and a load generator that may give out before.

As far as a search sees them: windows of a step. What it draws at random follows from its seed.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from jupyter_rtc_locust.capacity.holding import Held, Outcome, judge
from jupyter_rtc_locust.capacity.search import End, Purpose, Visited, next_visit
from jupyter_rtc_locust.capacity.window import Process, Window
from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.timing.thresholds import read_thresholds

PROMISE = read_thresholds("update echo p95 < 300ms")
LIMIT_MS = PROMISE[0].limit
NEVER = 10**6


def times(*milliseconds: float) -> Histogram:
    histogram = Histogram()
    for one in milliseconds:
        histogram.record(one)
    return histogram


def window(
    p95_ms: float | None = 20.0, *, people: int = 10, lag_ms: float = 1.0, cpu: float | None = 20.0, **fields: object
) -> Window:
    """One of five seconds, of ten echoes, of which the slowest two take so long."""
    echoes = Histogram()
    if p95_ms is not None:
        for _ in range(8):
            echoes.record(p95_ms / 5)
        for _ in range(2):
            echoes.record(p95_ms)
    begin = float(fields.pop("begin_s", 0.0))  # type: ignore[arg-type]
    told = {
        "begin_s": begin,
        "end_s": begin + 5.0,
        "people": people,
        "times": {"update echo": echoes},
        "processes": (Process("process 1", times(*[lag_ms] * 5), cpu),),
    }
    return Window(**{**told, **fields})  # type: ignore[arg-type]


@dataclass
class SimulatedServer:
    """Keeps the promise up to `knee` people, with lognormal noise; one hiccup of the machine breaks it for a while."""

    knee: int
    noise: float = 0.0
    hiccup_at: int = NEVER
    """The visit, counted from 0, in whose first two windows the machine is busy with something else."""
    generator_up_to: int = NEVER
    """People that the load generator can play."""
    wrong_from: int = NEVER
    """People at whom documents are damaged."""
    recovers: bool = True
    seed: int = 0
    overloaded: bool = False
    visits: int = -1
    windows: int = 0
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def begin(self) -> None:
        self.visits += 1
        self.windows = 0

    def window(self, people: int) -> Window:
        p95 = LIMIT_MS * (people / (self.knee + 0.5)) ** 12 + 5.0
        p95 *= math.exp(self.random.gauss(0.0, self.noise))
        if people > self.knee:
            self.overloaded = True
        self.windows += 1
        busy = self.visits == self.hiccup_at and self.windows <= 2
        if busy or (self.overloaded and not self.recovers):
            p95 += 10 * LIMIT_MS
        cpu = 100.0 * people / self.generator_up_to if self.generator_up_to < NEVER else 20.0
        return window(p95, people=people, cpu=min(cpu, 100.0))


@dataclass
class Search:
    """What a search did, and how it ended."""

    visited: list[Visited]
    windows: int
    end: End


def search(server: SimulatedServer, step: int, most: int) -> Search:
    """As a run makes it, without the waiting."""
    visited: list[Visited] = []
    looked_at = 0
    while not isinstance(visit := next_visit(visited, step, most), End):
        server.begin()
        windows: list[Window] = []
        held: Held | None = None
        while held is None:
            windows.append(server.window(visit.people))
            held = judge(windows, PROMISE, recovering=visit.purpose is Purpose.RECOVERY)
        looked_at += len(windows)
        outcome = held.outcome
        if outcome is Outcome.HELD and visit.people >= server.wrong_from:
            outcome = Outcome.WRONG
        visited.append(Visited(visit.people, visit.purpose, outcome))
    return Search(visited, looked_at, visit)
