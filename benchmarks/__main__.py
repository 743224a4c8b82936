"""Run the benchmarks, print the table, write it as JSON; exit 1 where a goal is missed by more than the margin."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import (
    awareness,
    deciding,
    editing,
    final_check,
    growth,
    machine,
    memory,
    opening,
    oracle,
    others,
    receiving,
    recording_times,
    several,
    users,
)
from benchmarks.measurement import Measurement, of_runs, table
from benchmarks.processes import Child, ChildFailedError
from benchmarks.recording import record
from benchmarks.sizes import FULL, QUICK, Sizes

USUAL = (
    "receiving",
    "peers",
    "awareness",
    "recording-times",
    "editing",
    "memory",
    "opening",
    "users",
    "processes",
    "growth",
    "oracle",
    "final_check",
)
NAMES = (*USUAL, "deciding")
"""Making the edits for the last takes minutes, and nothing in the table rests on it: only where it is asked for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code; the arguments are those of the command where none are given."""
    options = _options(arguments)
    sizes = QUICK if options.quick else FULL
    started = time.monotonic()
    about: dict[str, Any] = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": machine.command(),
        "machine": machine.machine(),
        "versions": machine.versions(),
    }
    names = tuple(options.only or USUAL)
    failed: list[str] = []
    runs = [run(sizes, names, failed) for _ in range(options.repeat)]
    measurements = of_runs(runs)
    about |= {"seconds": round(time.monotonic() - started, 1), "runs": options.repeat, "failed": failed}
    print(table(measurements, judged=sizes.judged, spread_over="runs" if options.repeat > 1 else "rounds"))
    print(_explanation(about))
    written = _save(options.results, about, sizes, measurements)
    print(f"Saved as {written}")
    missed = [one for one in measurements if one.missed and sizes.judged]
    for one in failed:
        print(f"Not measured: {one}", file=sys.stderr)
    return 1 if missed or failed else 0


def run(sizes: Sizes, names: tuple[str, ...], failed: list[str]) -> list[Measurement]:
    """Measure what is named, one after the other; what could not be measured is told in `failed`."""
    measurements: list[Measurement] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "recording.json")
        slices = max(part.slices_needed(sizes) for part in (receiving, others, growth))
        record(slices * sizes.updates_a_slice).save(path)
        with Child("stream_server", path) as server:
            port = server.answer()["port"]
            steps = {
                "receiving": lambda: receiving.measure(sizes, server, port, path),
                "awareness": lambda: awareness.measure(sizes),
                "recording-times": lambda: recording_times.measure(sizes),
                "peers": lambda: others.measure(sizes, server, port, path),
                "editing": lambda: editing.measure(sizes, port),
                "memory": lambda: memory.measure(sizes, port, path),
                "opening": lambda: opening.measure(sizes, port),
                "users": lambda: users.measure(sizes, path),
                "processes": lambda: several.measure(sizes, path),
                "growth": lambda: growth.measure(sizes, server, port, path),
                "oracle": lambda: oracle.measure(sizes),
                "final_check": lambda: final_check.measure(sizes),
                "deciding": lambda: deciding.measure(sizes),
            }
            for name in names:
                print(f"Measuring: {name}", file=sys.stderr, flush=True)
                try:
                    measurements += steps[name]()
                except ChildFailedError as error:
                    failed.append(f"{name}: {error}")
    return measurements


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see that everything works; the figures mean nothing")
    parser.add_argument("--only", nargs="+", choices=NAMES, help="measure these alone")
    parser.add_argument(
        "--repeat", type=int, default=1, metavar="N", help="run all of it so often; spreads are of runs"
    )
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results", help="folder of the JSON")
    return parser.parse_args(arguments)


def _explanation(about: dict[str, Any]) -> str:
    where = about["machine"]
    which = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return (
        f"\nValues are medians over rounds in which the sides took turns{', and over runs' * (about['runs'] > 1)}. "
        f"A goal is missed where the value is more than a tenth on the wrong side of it.\n"
        f"{where['processor']}, {where['cores']} cores, {where['system']}; {which}; {about['seconds']} s"
    )


def _save(folder: Path, about: dict[str, Any], sizes: Sizes, measurements: list[Measurement]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{about['measured'].replace(':', '')}.json"
    content = {**about, "judged": sizes.judged, "measurements": [one.as_dict() for one in measurements]}
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path


if __name__ == "__main__":
    sys.exit(main())
