"""Play the profiles one after the other, each as it comes, and print a table: `python -m profiles`, from `tests`.

Ends with 1 where a verdict is not one of those expected. The table stands in docs/profiles.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from profiles.all_profiles import PROFILES, Profile
from runs.locust_run import LOCUSTFILES, Run, run_locust

DEADLINE_S = 240.0
COLUMNS = (
    "profile",
    "people",
    "documents",
    "verdict",
    "findings",
    "edits",
    "updates received/s",
    "presences received/s",
    "open p95 ms",
    "echo p50 / p95 / p99 ms",
    "save age p95 s",
    "generator",
)


def row(profile: Profile, run: Run) -> tuple[str, ...]:
    """A line of the table."""
    result = run.told
    counts, timings, seconds = result["counts"], result["timings"], result["run"]["duration_s"]
    echo = timings["update echo"]
    kinds: dict[str, int] = {}
    for finding in result["findings"]:
        kinds[finding["kind"]] = kinds.get(finding["kind"], 0) + 1
    return (
        f"`{profile.shown}`",
        str(counts.get("users", 0)),
        str(counts.get("documents", 0)),
        result["verdict"],
        ", ".join(f"`{kind}` {count}" for kind, count in sorted(kinds.items())) or "–",
        f"{counts.get('edits', 0):,}",
        f"{counts.get('updates_received', 0) / seconds:,.0f}",
        f"{counts.get('awareness_received', 0) / seconds:,.0f}",
        _milliseconds(timings["open document"], "p95_ms"),
        " / ".join(_milliseconds(echo, name) for name in ("p50_ms", "p95_ms", "p99_ms")),
        f"{timings['save age']['p95_ms'] / 1000:.1f}" if timings["save age"]["count"] else "–",
        "sound" if result["generator"]["sound"] else "overloaded",
    )


def _milliseconds(timing: dict[str, Any], name: str) -> str:
    return f"{timing[name]:,.0f}" if timing["count"] else "–"


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="profiles", description=__doc__)
    parser.add_argument("--only", metavar="NAME", action="append", default=[], help="profiles whose name holds this")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for what was told of every run")
    options = parser.parse_args()
    chosen = [one for one in PROFILES if not options.only or any(name in one.shown for name in options.only)]
    if not chosen:
        parser.error("no profile is named so")
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    wrong = []
    with tempfile.TemporaryDirectory(prefix="profiles-") as folder:
        for number, profile in enumerate(chosen):
            run = run_locust(
                LOCUSTFILES / profile.locustfile,
                *profile.classes,
                "--rtc-seed",
                str(options.seed),
                folder=Path(folder, str(number)),
                environment={"LOCUST_RTC_RHYTHM": "person"},
                deadline=DEADLINE_S,
            )
            if options.keep is not None:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{profile.shown.replace(' ', '-')}.txt").write_text(str(run))
            print(f"| {' | '.join(row(profile, run))} |", flush=True)
            if run.verdict not in profile.verdicts:
                wrong.append(f"{profile.shown}: {run.verdict}, not {' or '.join(profile.verdicts)}")
    for sentence in wrong:
        print(sentence)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
