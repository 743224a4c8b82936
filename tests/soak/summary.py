"""What a soak has to say at its end: a table in Markdown for people, and the same as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from soak.outcome import ALARM, CONFIRMED, MISSED, PASS, UNKNOWN, Outcome, succeeded

COLUMNS = (PASS, CONFIRMED, ALARM, MISSED, UNKNOWN)


def summarised(outcomes: Sequence[Outcome], *, soak_seed: int, left_out: int, wall_seconds: float) -> dict[str, Any]:
    """The summary as data."""
    servers = sorted({one.server for one in outcomes})
    return {
        "seed": soak_seed,
        "runs": len(outcomes),
        "left_out": left_out,
        "wall_seconds": round(wall_seconds, 1),
        "edits": sum(one.edits for one in outcomes),
        "succeeded": succeeded(outcomes) and not left_out,
        "servers": {
            server: dict(Counter(one.standing for one in outcomes if one.server == server)) for server in servers
        },
        "made_again": [one.number for one in outcomes if one.again],
        "warnings": dict(Counter(kind for one in outcomes for kind in one.warnings)),
        "not_passed": [asdict(one) for one in outcomes if one.standing != PASS],
    }


def repeated_by(soak_seed: int, number: int) -> str:
    """The one command that makes a run again."""
    return f"make soak ARGS='--seed {soak_seed} --run {number}'"


def as_markdown(summary: dict[str, Any]) -> str:
    """The summary for people."""
    lines = [f"| server | runs | {' | '.join(COLUMNS)} |", f"|---|{'---|' * (len(COLUMNS) + 1)}"]
    for server, counts in summary["servers"].items():
        cells = [str(counts.get(column, 0)) for column in COLUMNS]
        lines.append(f"| {server} | {sum(counts.values())} | {' | '.join(cells)} |")
    totals = [sum(counts.get(column, 0) for counts in summary["servers"].values()) for column in COLUMNS]
    lines.append(f"| all | {summary['runs']} | {' | '.join(map(str, totals))} |")
    lines += ["", f"Seed {summary['seed']}, {summary['edits']:,} edits, {summary['wall_seconds']:.0f} s."]
    if summary["left_out"]:
        lines.append(f"{summary['left_out']} runs were left out, because the time was over; the same command goes on.")
    if summary["made_again"]:
        numbers = ", ".join(map(str, summary["made_again"]))
        lines.append(f"Made once more, because the machine was overloaded the first time: run {numbers}.")
    if summary["warnings"]:
        told = ", ".join(f"{kind} {count}" for kind, count in sorted(summary["warnings"].items()))
        lines.append(f"Runs with warnings: {told}.")
    for one in summary["not_passed"]:
        found = ", ".join(one["kinds"]) or one["verdict"]
        lines += [
            "",
            f"**Run {one['number']}: {one['standing']}** ({found}). {one['planned']}",
            "",
            f"- {one['reason']}",
            *([f"- Second opinion: {one['second_opinion']}"] if one["second_opinion"] else []),
            *([f"- Known: {one['issue']}"] if one["issue"] else []),
            f"- Kept in `{one['folder']}`; again: `{repeated_by(summary['seed'], one['number'])}`",
        ]
    return "\n".join(lines) + "\n"


def write_summary(folder: Path, summary: dict[str, Any]) -> None:
    """`summary.json` and `summary.md`."""
    (folder / "summary.json").write_text(json.dumps(summary, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / "summary.md").write_text(as_markdown(summary), encoding="utf-8")
