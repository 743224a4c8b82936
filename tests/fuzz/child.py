"""A process that gives hostile inputs to one target, so that what ends a process ends only this one.

Before each input its number is written into a file, and so stands there when the process is gone or does not come back.
At the end it prints, as JSON, what became of its inputs.
"""

from __future__ import annotations

import json
import mmap
import random
import resource
import struct
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fuzz import corpus
from fuzz.targets import Frames, Messages, Replicas, Target, Updates

PLACE = struct.Struct("<q")
MEMORY_LIMIT = 3 << 30
"""Bytes of address space of a child: what asks for more ends it."""

MOST_MEMORY = 64 << 20
"""Bytes by which one input may raise the process's peak."""


def target_named(name: str) -> type[Target]:
    """The class of a target. That of users brings gevent along, so it is imported where it is wanted."""
    if name == "user on a line":
        from fuzz.user_target import Users

        return Users
    return next(one for one in (Frames, Messages, Updates, Replicas) if one.name == name)


def generator_of(seed: int, name: str, number: int) -> random.Random:
    """Where input `number` comes from."""
    return random.Random(f"{seed} {name} {number}")


def peak() -> int:
    """The most memory this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(arguments: Sequence[str]) -> int:
    """TARGET SEED FIRST COUNT FILE"""
    name, seed, first, count, place = arguments[0], *map(int, arguments[1:4]), arguments[4]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    target = target_named(name)(corpus.made())
    outcomes: Counter[str] = Counter()
    escaped: list[tuple[int, str]] = []
    longest, longest_at = 0.0, first
    with Path(place).open("r+b") as file, mmap.mmap(file.fileno(), PLACE.size) as shared:
        begun = False
        before_all = peak()
        for number in range(first, first + count):
            PLACE.pack_into(shared, 0, number)
            hostile = target.made(generator_of(seed, name, number))
            before, started = peak(), time.perf_counter()
            try:
                if not begun or number % target.together == 0:
                    if begun:
                        target.end()
                    target.begin()
                    begun = True
                outcome = target.take(hostile)
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt | SystemExit):
                    raise
                outcome, begun = "escaped", False
                escaped.append((number, f"{type(error).__name__}: {str(error)[:300]}"))
            took = time.perf_counter() - started
            if took > longest:
                longest, longest_at = took, number
            outcomes[outcome] += 1
            if (grown := peak() - before) > MOST_MEMORY:
                escaped.append((number, f"took {grown >> 20} MB of memory"))
        if begun:
            target.end()
    told = {
        "outcomes": outcomes,
        "escaped": escaped,
        "longest_ms": longest * 1000,
        "longest_at": longest_at,
        "grown_bytes": peak() - before_all,
    }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
