"""`make soak`: many short runs on released servers; ends with 0 when none raised an alarm and none was inconclusive."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from runs.locust_run import REPOSITORY
from servers import processes
from soak.outcome import PASS, Outcome, finished
from soak.plan import JUPYTER_4, NODE, PlannedRun, plan, planned_run
from soak.runner import Runner
from soak.summary import as_markdown, summarised, write_summary


def main(arguments: Sequence[str]) -> int:
    """Make the runs that are not made yet, and say what became of all of them."""
    options = parsed(arguments)
    seed = options.seed or secrets.randbelow(1_000_000) + 1
    if options.run is not None:
        runs = [planned_run(seed, number) for number in options.run]
    else:
        runs = list(plan(seed, options.runs, options.only))
    if options.list:
        print("\n".join(f"{one.number:4} {one}" for one in runs))
        return 0
    missing = missing_servers(runs)
    if missing:
        print("\n".join(missing), file=sys.stderr)
        return 2
    return soaked(seed, runs, options)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the whole plan; 0: drawn at random and printed")
    parser.add_argument("--runs", type=int, default=200, help="how many")
    parser.add_argument("--only", default="", metavar="WORDS", help="only runs whose description contains this")
    parser.add_argument("--run", type=int, action="append", help="this run alone, and again if it was made already")
    parser.add_argument("--at-once", type=int, default=2, help="how many at the same time")
    parser.add_argument("--at-most", type=float, default=3600, metavar="SECONDS", help="no run begins later than this")
    parser.add_argument("--folder", type=Path, default=None, help="results/soak/SEED in the repository, if not given")
    parser.add_argument("--keep", action="store_true", help="keep what runs that passed left behind, too")
    parser.add_argument("--list", action="store_true", help="say what would be done, and do nothing")
    options = parser.parse_args(arguments)
    for name in ("runs", "at_once", "at_most"):
        if getattr(options, name) <= 0:
            parser.error(f"--{name.replace('_', '-')} must be more than 0")
    return options


def missing_servers(runs: Sequence[PlannedRun]) -> list[str]:
    """A sentence for each kind of server that the plan needs and that cannot be started here."""
    wanted = {one.server for one in runs}
    found = []
    if JUPYTER_4 in wanted and not processes.PYTHON_OF_JUPYTER_COLLABORATION_4.exists():
        found.append(f"{JUPYTER_4} is not installed: `make soak` installs it.")
    # The second opinion is asked with Node's Yjs, whatever server a run was on.
    if (reason := processes.reason_without_node()) is not None:
        found.append(f"{NODE} and the second opinion cannot be had: {reason}.")
    return found


def soaked(seed: int, runs: Sequence[PlannedRun], options: argparse.Namespace) -> int:
    """Make the runs; 0 when all is well."""
    folder = options.folder or REPOSITORY / "results" / "soak" / str(seed)
    started = time.monotonic()
    with Runner(folder.resolve(), at_once=options.at_once, keep=options.keep) as runner:
        outcomes = {} if options.run is not None else finished(runner.state)
        planned = {one.number: one for one in runs}
        outcomes = {number: one for number, one in outcomes.items() if number in planned}
        if outcomes:
            print(f"{len(outcomes)} runs were made before and are not made again.", flush=True)
        waiting = [one for one in runs if one.number not in outcomes]
        print(f"Seed {seed}: {len(waiting)} runs, {options.at_once} at once; state and results in {folder}", flush=True)

        def tell(outcome: Outcome) -> None:
            outcomes[outcome.number] = outcome
            more = "" if outcome.standing == PASS else f"\n     {outcome.reason[:500]}"
            kinds = f" {', '.join(outcome.kinds)}" if outcome.kinds else ""
            print(
                f"{len(outcomes):3}/{len(runs)} run {outcome.number}: {outcome.standing}{kinds}, {outcome.seconds} s, "
                f"{outcome.edits} edits; {outcome.planned}{more}",
                flush=True,
            )

        left_out = runner.make(waiting, until=started + options.at_most, tell=tell)
    told = [outcomes[number] for number in sorted(outcomes)]
    summary = summarised(told, soak_seed=seed, left_out=left_out, wall_seconds=time.monotonic() - started)
    write_summary(folder, summary)
    print(f"\n{as_markdown(summary)}")
    return 0 if summary["succeeded"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
