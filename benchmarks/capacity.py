"""How many people of three profiles an embedded jupyter-collaboration holds: the series of docs/capacity.md.

Run as `make capacity`; half an hour. Each profile is measured twice. What came out is saved beside other results, and
then put into the page, between two marks, with a picture for each profile in which both runs lie on top of each other.
With files of results the page is renewed from these, and nothing is run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.page import RESULTS
from jupyter_rtc_locust.capacity.drawing import save_png
from jupyter_rtc_locust.capacity.markdown import table
from jupyter_rtc_locust.capacity.reading import read_capacity
from jupyter_rtc_locust.reporting.report.words import milliseconds, seconds

PAGE = Path(__file__).resolve().parent.parent / "docs" / "capacity.md"
IMAGES = PAGE.parent / "images"
BEGIN = "<!-- begin of what make capacity measured -->"
END = "<!-- end of what make capacity measured -->"
TIMES = 2
DEADLINE_S = 1500.0
"""Of one search, which ends by itself after a quarter of an hour."""


@dataclass(frozen=True)
class Series:
    """What is looked for: a profile, what is promised, and the options of the command."""

    profile: str
    promise: str
    options: tuple[str, ...]
    about: str


SERIES = (
    Series(
        "lab_class",
        "update echo p95 < 300ms",
        ("--most", "400", "--step", "16", "-r", "20"),
        "Students in groups of four, each group with a notebook",
    ),
    Series(
        "lecture",
        "update delivery p95 < 300ms",
        ("--most", "100", "--step", "5", "--rtc-edit-rate", "4"),
        "One who types and runs cells without long pauses, all others watch, in one notebook",
    ),
    Series(
        "paper_writing",
        "update echo p95 < 300ms",
        ("--most", "240", "--step", "8"),
        "Authors who write Markdown, eight in each notebook",
    ),
)


def measured(series: Series, more: Sequence[str] = ()) -> dict[str, Any]:
    """One search, to its end: the content of its `capacity.json`, with its exit code.

    RuntimeError, with its last words, where it left none.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-P", "-m", "jupyter_rtc_locust", "capacity"),
            *("--profile", series.profile, "--promise", series.promise, *series.options),
            *("--rtc-results", "results", *more),
        ]
        ended = subprocess.run(
            command,
            cwd=folder,
            env={name: value for name, value in os.environ.items() if name != "LOCUST_HOST"},
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        capacity = read_capacity(Path(folder, "results"))
    if capacity is None:
        raise RuntimeError(f"no capacity of {series.profile} came out:\n{(ended.stdout + ended.stderr)[-2000:]}")
    return capacity | {"exit_code": ended.returncode}


def renewed(page: str, content: dict[str, Any]) -> str:
    """The page with these results. ValueError where a mark is missing."""
    before, found, rest = page.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not found or not closed:
        raise ValueError(f"the page has no place for the results: it lacks {BEGIN} or {END}")
    return f"{before}{BEGIN}\n\n{as_markdown(content)}\n\n{END}{after}"


def as_markdown(content: dict[str, Any]) -> str:
    """What was measured on what, what came of each run, and the steps of the first run of each profile."""
    about = content["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in content["versions"].items())
    where = f"{about['processor']}, {about['cores']} cores, {about['system']}, load before {about['load_before']}"
    lines = [
        f"{content['measured'][:10]}: {where}; {versions}.",
        "",
        "| profile | promise | run | held | broke at | there | server's CPU | back after | steps | took | verdict |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    lines += [_row(entry, number, run) for entry in content["series"] for number, run in enumerate(entry["runs"], 1)]
    for entry in content["series"]:
        first = entry["runs"][0]
        name = entry["profile"]
        shown = f"{name}: what was promised by the number of people, CPU, and the course of both runs"
        lines += [
            "",
            f"### {name}",
            "",
            f"{entry['about']}. The first run said: *{_quoted(first['sentence'])}*",
            "",
            f"![{shown}](images/capacity-{name.replace('_', '-')}.png)",
            "",
            *table(first),
        ]
    return "\n".join(lines)


def _row(entry: dict[str, Any], number: int, run: dict[str, Any]) -> str:
    broken = [one for one in run["steps"] if one["people"] == run["broken_at"] and one["outcome"] == "broken"]
    missed = [figure for one in broken[-1:] for figure in one["figures"] if figure["outcome"] == "missed"]
    there = ", ".join(f"{one['figure']} {milliseconds(one['value'])}" for one in missed) or "–"
    cpu = broken[-1]["server_cpu_percent"] if broken else None
    cells = (
        f"`{entry['profile']}`" if number == 1 else "",
        f"`{entry['promise']}`" if number == 1 else "",
        str(number),
        f"**{run['capacity']}**" if run["capacity"] is not None else f"not known ({run['outcome']})",
        str(run["broken_at"] or "–"),
        there,
        "–" if cpu is None else f"{cpu:.0f} %",
        seconds(run["recovered_s"]),
        str(len(run["steps"])),
        seconds(run["run"]["duration_s"]),
        run["verdict"],
    )
    return f"| {' | '.join(cells)} |"


def _quoted(sentence: str) -> str:
    return sentence.replace("*", "\\*").replace("<", "&lt;")


def draw(content: dict[str, Any], folder: Path) -> list[Path]:
    """A picture for each profile."""
    paths = []
    for entry in content["series"]:
        path = folder / f"capacity-{entry['profile'].replace('_', '-')}.png"
        save_png(path, entry["runs"])
        paths.append(path)
    return paths


def all_measured(chosen: Iterable[Series], times: int, more: Sequence[str]) -> dict[str, Any]:
    """Every profile so often, profile by profile."""
    started = time.monotonic()
    content: dict[str, Any] = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": machine.command("benchmarks.capacity"),
        "machine": machine.machine(),
        "versions": machine.versions(),
        "series": [],
    }
    for series in chosen:
        runs = []
        for number in range(1, times + 1):
            runs.append(measured(series, more))
            print(f"{series.profile}, {number} of {times}: {runs[-1]['sentence']}", flush=True)
        entry = {"profile": series.profile, "promise": series.promise, "about": series.about, "runs": runs}
        content["series"].append(entry)
    return content | {"seconds": round(time.monotonic() - started, 1)}


def main() -> int:
    """Measure and save, or read; then renew the page and its pictures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity", description=__doc__)
    parser.add_argument("files", metavar="FILE", nargs="?", type=Path, help="results to renew the page from")
    parser.add_argument("--profiles", nargs="+", choices=[one.profile for one in SERIES])
    parser.add_argument("--times", type=int, default=TIMES, help="runs of each profile (%(default)s)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--images", type=Path, default=IMAGES)
    options, more = parser.parse_known_args()
    if options.files is not None:
        content = json.loads(options.files.read_text("utf-8"))
    else:
        chosen = [one for one in SERIES if options.profiles is None or one.profile in options.profiles]
        content = all_measured(chosen, options.times, more)
        options.results.mkdir(parents=True, exist_ok=True)
        path = options.results / f"capacity-{content['measured'].replace(':', '')}.json"
        path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
        print(f"Saved as {path}")
    draw(content, options.images)
    options.page.write_text(renewed(options.page.read_text("utf-8"), content), "utf-8")
    print(f"Renewed {options.page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
