"""How often a comparison is wrong, and how often it finds what is there: `make comparison`.

Two parts. *Simulated*: runs drawn from a seed, hundreds of comparisons in a minute. *Real* (`--real`): runs on the
embedded server, of a version beside itself and beside one that was made slower on purpose; twenty comparisons of five
runs of each, and five with a slower one, take an hour and a half.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from comparison.real_runs import Stage, real
from comparison.simulated_runs import WORLDS, World, simulated_comparison
from jupyter_rtc_locust.comparison.comparing import LEAST_RUNS, Comparison
from jupyter_rtc_locust.comparison.documents import BETTER, NO_DIFFERENCE, TOO_FEW, UNKNOWN, WORSE

SLOWER = 1.2
RESULTS = Path(__file__).resolve().parents[2] / "results" / "comparison"
MOST_FALSE_ALARMS = 0.05
HEADS = (
    "| runs differ | comparisons of a version with itself | false alarms | judged one by one | a fifth slower: found |"
)


@dataclass(frozen=True)
class Row:
    """What came of the comparisons of one world."""

    world: str
    comparisons: int
    false_alarms: int
    one_by_one: int
    """In how many the bounds of some figure leave out that there is no change, whatever chance makes of all."""
    found: int

    def __str__(self) -> str:
        parts = (
            f"{count} ({100 * count / self.comparisons:.1f} %)"
            for count in (self.false_alarms, self.one_by_one, self.found)
        )
        return f"| {self.world} | {self.comparisons} | {' | '.join(parts)} |"


def alarm(comparison: Comparison) -> bool:
    return comparison.outcome != NO_DIFFERENCE


def alarm_one_by_one(comparison: Comparison) -> bool:
    bounds = [one.bounds for one in comparison.figures if one.bounds is not None]
    return any(low > 1.0 or high < 1.0 for low, high in bounds)


def simulated_row(name: str, world: World, comparisons: int, runs: int) -> Row:
    """Compare so often: a version with itself, and with one that is slower."""
    same = [simulated_comparison(seed, runs, world) for seed in range(comparisons)]
    slower = [simulated_comparison(seed, runs, world, SLOWER) for seed in range(comparisons)]
    return Row(
        world=name,
        comparisons=comparisons,
        false_alarms=sum(map(alarm, same)),
        one_by_one=sum(map(alarm_one_by_one, same)),
        found=sum(comparison.outcome == WORSE for comparison in slower),
    )


def simulate(comparisons: int, runs: int) -> int:
    """Print a table, and return an exit code: 1 for more false alarms than promised."""
    print(f"Simulated, {runs} runs of each version:\n\n{HEADS}\n|---|---:|---:|---:|---:|")
    rows = []
    for name, world in WORLDS.items():
        rows.append(simulated_row(name, world, comparisons, runs))
        print(rows[-1], flush=True)
    return int(any(row.false_alarms > MOST_FALSE_ALARMS * row.comparisons for row in rows))


def make_real_ones(options: argparse.Namespace) -> int:
    """Tell of real comparisons, and return an exit code: 1 where something was not as it has to be."""
    stage = Stage(options.into.absolute(), options.runs, options.seconds)
    if stage.into.exists():
        print(f"{stage.into} is there already: name another folder with --into, or remove it.", file=sys.stderr)
        return 2
    same, slower = real(stage, options.same, options.slower, SLOWER - 1)
    alarms = sum(comparison.outcome in (BETTER, WORSE) for comparison in same)
    unknown = sum(comparison.outcome in (TOO_FEW, UNKNOWN) for comparison in (*same, *slower))
    found = sum(comparison.outcome == WORSE for comparison in slower)
    print(
        f"\nOf {len(same)} comparisons of a server with itself {alarms} were false alarms; of {len(slower)} with one "
        f"that takes a fifth longer {found} found it; {unknown} of all could not tell."
    )
    return int(alarms > max(1, MOST_FALSE_ALARMS * len(same)) or found + unknown < len(slower) or unknown > 0)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make comparison", description=__doc__)
    parser.add_argument(
        "--comparisons", type=int, default=400, help="how many simulated ones of each kind (%(default)s)"
    )
    parser.add_argument("--runs", type=int, default=LEAST_RUNS, help="how many of each version (%(default)s)")
    parser.add_argument("--real", action="store_true", help="real runs instead of simulated ones")
    parser.add_argument("--same", type=int, default=20, help="real comparisons of the server with itself (%(default)s)")
    parser.add_argument("--slower", type=int, default=5, help="real ones with a slower server (%(default)s)")
    parser.add_argument("--seconds", type=int, default=10, help="length of a real run (%(default)s)")
    parser.add_argument("--into", type=Path, default=RESULTS, help="receives real runs (%(default)s)")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    code = make_real_ones(options) if options.real else simulate(options.comparisons, options.runs)
    print(f"\nThis took {time.monotonic() - began:.0f} s.")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
