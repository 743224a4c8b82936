"""Many children, some at once; what one of them did not survive, or did not come back from, is noted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.child import PLACE, target_named

TESTS = Path(__file__).parents[1]
TARGETS = ("frame reader", "message decoder", "update reader", "replica (pycrdt)", "user on a line")
HANGING_S = 60.0
"""One input that takes longer hangs. The longest that is none is told in the table."""


@dataclass
class Told:
    """What became of the inputs of one target."""

    target: str
    outcomes: Counter[str] = field(default_factory=Counter)
    escaped: list[tuple[int, str]] = field(default_factory=list)
    longest_ms: float = 0.0
    longest_at: int = 0
    grown_bytes: int = 0

    @property
    def inputs(self) -> int:
        """How many there were."""
        return self.outcomes.total()

    def add(self, other: Told) -> None:
        """Those of another child."""
        self.outcomes += other.outcomes
        self.escaped += other.escaped
        if other.longest_ms > self.longest_ms:
            self.longest_ms, self.longest_at = other.longest_ms, other.longest_at
        self.grown_bytes = max(self.grown_bytes, other.grown_bytes)


def fuzzed(seed: int, inputs: int, targets: tuple[str, ...] = TARGETS, *, at_once: int = 2) -> list[Told]:
    """Give so many inputs in all to these targets, shared as `Target.share` says."""
    classes = {name: target_named(name) for name in targets}
    shares = sum(one.share for one in classes.values())
    told = {name: Told(name) for name in targets}
    pieces = [
        (name, first, count)
        for name, one in classes.items()
        for first, count in _pieces(round(inputs * one.share / shares), one.together)
    ]
    with ThreadPoolExecutor(at_once) as pool:
        for one in pool.map(lambda piece: given(seed, *piece), pieces):
            told[one.target].add(one)
    return list(told.values())


def given(seed: int, name: str, first: int, count: int) -> Told:
    """These inputs, in as many processes as they need: one goes on behind what ended the one before."""
    told, end = Told(name), first + count
    while first < end:
        one, first = _child(seed, name, first, end - first)
        told.add(one)
    return told


def _pieces(count: int, together: int) -> Iterator[tuple[int, int]]:
    at_once = max(together, 20_000 // together * together)
    for first in range(0, count, at_once):
        yield first, min(at_once, count - first)


def _child(seed: int, name: str, first: int, count: int) -> tuple[Told, int]:
    with tempfile.NamedTemporaryFile(prefix="rtc-fuzz-") as place:
        place.write(PLACE.pack(first))
        place.flush()
        process = subprocess.Popen(
            [sys.executable, "-m", "fuzz.child", name, str(seed), str(first), str(count), place.name],
            cwd=TESTS,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "RUST_BACKTRACE": "0"},
        )
        at, since = first, time.monotonic()
        hung = False
        while True:
            try:
                output, errors = process.communicate(timeout=1.0)
                break
            except subprocess.TimeoutExpired:
                (now_at,) = PLACE.unpack(Path(place.name).read_bytes())
                if now_at != at:
                    at, since = now_at, time.monotonic()
                elif time.monotonic() - since > HANGING_S:
                    hung = True
                    process.kill()
        (at,) = PLACE.unpack(Path(place.name).read_bytes())
    if process.returncode == 0:
        told = json.loads(output.splitlines()[-1])
        told["outcomes"] = Counter(told["outcomes"])
        told["escaped"] = [(number, what) for number, what in told["escaped"]]
        return Told(name, **told), first + count
    # What became of the inputs before it is not known any more; they are given once more, without it.
    what = f"hung for {HANGING_S:.0f} s" if hung else f"ended the process with {process.returncode}: {errors[-300:]}"
    if at == first:
        return Told(name, Counter({"escaped": 1}), [(at, what)]), at + 1
    before, _ = _child(seed, name, first, at - first)
    before.add(Told(name, Counter({"escaped": 1}), [(at, what)]))
    return before, at + 1
