"""`make thousand`: a thousand people in rooms of five, played by three workers for a minute; what does a server hold?

Against the Node server, which holds them, it ends with 0 when the verdict is a pass and nothing failed. With several
numbers of people (`--users 50 100 200`) they come one after the other, each with a server of its own; the table says
which of them the server held: a pass, in which 95 % of edits were back within the promise.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from endurance.__main__ import PEOPLE_A_ROOM, SERVERS
from runs.locust_run import LOCUSTFILES, REPOSITORY, LocustProcess

SPAWN_A_SECOND = 50
END_S = 300.0
"""At most, from the last edit to the exit."""
WORKERS_COLUMNS = (
    ("process", "process"),
    ("loop lag p99", "loop_lag_p99_ms"),
    ("edits late p99", "schedule_lag_p99_ms"),
    ("CPU", "cpu_percent"),
)


def main(arguments: Sequence[str]) -> int:
    """Play each number of people, and say what became of it."""
    options = parsed(arguments)
    folder = options.folder or REPOSITORY / "results" / "thousand" / f"{datetime.now(UTC):%Y-%m-%d-%H%M%S}"
    told = []
    for users in options.users:
        told.append(played(options, users, folder / str(users)))
        print("\n".join([*sentences(told[-1]), ""]), flush=True)
    print("\n".join(table(told, options.promise)))
    (folder / "thousand.json").write_text(json.dumps({"server": options.server, "runs": told}))
    print(f"Saved as {folder / 'thousand.json'}")
    return 0 if all(one["exit_code"] == 0 for one in told) or len(told) > 1 else 1


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m thousand", description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[1000], help=f"in rooms of {PEOPLE_A_ROOM}")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=1.0, help="once everybody is there")
    parser.add_argument("--rate", type=float, default=1.0, help="edits a second of each")
    parser.add_argument("--server", choices=SERVERS, default="node")
    parser.add_argument("--promise", type=float, default=300.0, help="milliseconds: update echo p95")
    parser.add_argument("--locustfile", default="notebook_editing.py", help=f"one of {LOCUSTFILES.name}/")
    parser.add_argument("--folder", type=Path, default=None, help="results/thousand/… in the repository, if not given")
    return parser.parse_args(arguments)


def played(options: argparse.Namespace, users: int, folder: Path) -> dict[str, Any]:
    """A run with so many people; what is worth telling of it."""
    coming = users / SPAWN_A_SECOND
    seconds = options.minutes * 60 + coming
    with (
        SERVERS[options.server]() as server,
        LocustProcess(
            options.locustfile,
            *("--headless", "--processes", str(options.workers), "-u", str(users), "-r", str(SPAWN_A_SECOND)),
            *("-t", f"{seconds:.0f}s", "--rtc-edit-rate", str(options.rate), "--rtc-warmup", f"{coming:.0f}"),
            *("--rtc-documents", str(max(1, users // PEOPLE_A_ROOM))),
            folder=folder,
            server=server,
            environment={"LOCUST_RTC_RHYTHM": "person"},
        ) as generator,
    ):
        run = generator.ended(seconds + END_S)
    told = run.told
    return {
        "users": users,
        "exit_code": run.exit_code,
        "verdict": told["verdict"],
        "reason": told["reason"],
        "findings": sorted({one["kind"] for one in told["findings"]}),
        "edits": told["counts"]["edits"],
        "timings": {name: told["timings"][name] for name in ("update echo", "update delivery", "save")},
        "between_workers": told.get("between_workers"),
        "generator": {
            name: told["generator"][name]
            for name in ("sound", "reasons", "timings_sound", "timings_reasons", "worst_process", "per_process")
        },
    }


def held(told: dict[str, Any], promise_ms: float) -> bool:
    """Whether the server held so many people."""
    echo = told["timings"]["update echo"]["p95_ms"]
    return told["verdict"] == "pass" and echo is not None and echo <= promise_ms


def sentences(told: dict[str, Any]) -> Iterable[str]:
    """One run for people: the verdict, then each worker's health."""
    yield f"{told['users']:,} people: {told['verdict'].upper()}: {told['reason']}"
    health = told["generator"]
    yield from (*health["reasons"], *health["timings_reasons"])
    yield "| " + " | ".join(name for name, _ in WORKERS_COLUMNS) + " |"
    yield "|---" * len(WORKERS_COLUMNS) + "|"
    for one in health["per_process"]:
        # A worker none of whose people made an edit was late with none.
        times = (one[key] for key in ("loop_lag_p99_ms", "schedule_lag_p99_ms"))
        lag, late = ("not known" if time is None else f"{time:.1f} ms" for time in times)
        yield f"| {one['process']} | {lag} | {late} | {one['cpu_percent']:.0f} % |"


def table(several: Iterable[dict[str, Any]], promise_ms: float) -> Iterable[str]:
    """All of them side by side."""
    yield f"| people | verdict | edits | update echo p50 | p95 | p99 | held (a pass, p95 within {promise_ms:g} ms) |"
    yield "|---:|---|---:|---:|---:|---:|---|"
    for told in several:
        echo = told["timings"]["update echo"]
        times = " | ".join(
            "–" if echo[key] is None else f"{echo[key]:.1f} ms" for key in ("p50_ms", "p95_ms", "p99_ms")
        )
        found = f" ({', '.join(told['findings'])})" if told["findings"] else ""
        whether = "yes" if held(told, promise_ms) else "no"
        yield f"| {told['users']:,} | {told['verdict']}{found} | {told['edits']:,} | {times} | {whether} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
