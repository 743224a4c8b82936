"""`make fuzz`: a million random and mutated inputs; ends with 0 when none of them escaped."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Sequence

from fuzz import corpus
from fuzz.child import generator_of, target_named
from fuzz.runner import TARGETS, Told, fuzzed, given

_PANICS = "panic"


def main(arguments: Sequence[str]) -> int:
    """Give hostile bytes to everything that reads, and say what became of them."""
    options = parsed(arguments)
    if options.input is not None:
        return one_input(options.seed, *options.input)
    seed = options.seed or secrets.randbelow(1_000_000) + 1
    print(f"Seed {seed}: {options.frames} inputs, {options.at_once} processes at once.", flush=True)
    started = time.monotonic()
    told = fuzzed(seed, options.frames, tuple(options.target or TARGETS), at_once=options.at_once)
    print(f"\n{as_markdown(told)}\n\n{time.monotonic() - started:.0f} s.")
    escaped = [(one.target, number, what) for one in told for number, what in one.escaped]
    for target, number, what in escaped[:20]:
        print(f"Escaped: {what}\n  make fuzz ARGS='--seed {seed} --input \"{target}\" {number}'")
    return 1 if escaped else 0


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of all inputs; 0: drawn at random and printed")
    parser.add_argument("--frames", type=int, default=1_000_000, help="how many inputs in all")
    parser.add_argument("--target", action="append", choices=TARGETS, help="only this one; can be given more than once")
    parser.add_argument("--at-once", type=int, default=2, help="how many processes at the same time")
    parser.add_argument("--input", nargs=2, metavar=("TARGET", "NUMBER"), help="show this input, and give it again")
    options = parser.parse_args(arguments)
    if options.frames <= 0 or options.at_once <= 0:
        parser.error("--frames and --at-once must be more than 0")
    if options.input is not None and (options.input[0] not in TARGETS or not options.input[1].isdigit()):
        parser.error(f"--input takes one of {', '.join(TARGETS)}, and a number")
    return options


def one_input(seed: int, name: str, number: str) -> int:
    """What it is, and what becomes of it and of those that met the same state before it."""
    target = target_named(name)
    made = target(corpus.made()).made(generator_of(seed, name, int(number)))
    print(f"{name} {number} of seed {seed}: {str(made)[:4000]}")
    first = int(number) // target.together * target.together
    told = given(seed, name, first, int(number) - first + 1)
    print(f"{dict(told.outcomes)}; longest {told.longest_ms:.1f} ms; {told.escaped}")
    return 1 if told.escaped else 0


def as_markdown(told: Sequence[Told]) -> str:
    """The figures, as a table."""
    lines = [
        "| target | inputs | what became of them | panics caught | escaped | longest, ms | memory, MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in told:
        outcomes = ", ".join(f"{what} {count:,}" for what, count in sorted(one.outcomes.items()))
        panics = sum(count for what, count in one.outcomes.items() if _PANICS in what)
        lines.append(
            f"| {one.target} | {one.inputs:,} | {outcomes} | {panics:,} | {len(one.escaped)} "
            f"| {one.longest_ms:.1f} (input {one.longest_at}) | {one.grown_bytes / 2**20:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
