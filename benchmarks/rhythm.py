"""Simulated people against recordings of people: do the gaps between edits have the same figures?

    python -m benchmarks.rhythm [--picture FILE] [--recordings FILE ...]

Fifty people for ten minutes at their natural rate, without a clock: their plans alone. Prints the fitted figures beside
the ranges that recordings gave, and exits 1 where one is outside. Recordings that are named (sequential traces with a
time for each transaction, as of github.com/josephg/editing-traces) are fitted by the same procedure.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import sys
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist, median
from typing import Any

from jupyter_rtc_locust.editing import person_gaps
from jupyter_rtc_locust.editing.gap_fit import RANGES_OF_RECORDINGS, GapFit, fit
from jupyter_rtc_locust.editing.rhythm import Person

PEOPLE = 50
SECONDS = 600.0
SEED = 1

FIGURES = {
    "mu": ("mu, ln ms", 2),
    "sigma": ("sigma", 2),
    "pause_share": ("pauses among gaps", 2),
    "pause_median_s": ("pauses, median, s", 0),
    "pause_p90_s": ("pauses, p90, s", 0),
    "edits_a_burst": ("edits in a burst", 0),
    "edits_a_second_active": ("edits/s while active", 1),
}
"""Each figure in words, and to how many digits the ranges of the recordings are known."""


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rhythm", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rate", type=float, default=person_gaps.NATURAL_RATE, help="edits a second; 1: as recorded")
    parser.add_argument("--picture", type=Path, help="write the densities as PNG (needs matplotlib)")
    parser.add_argument(
        "--recordings", type=Path, nargs="+", default=[], help="recordings to fit by the same procedure"
    )
    options = parser.parse_args()

    everybody = [gaps_of(Person(options.rate, options.seed, user), options.seconds) for user in range(options.people)]
    simulated = fit(everybody)
    recorded = {path.name.partition(".")[0]: recording(path) for path in options.recordings}
    fits = {name: fit([gaps]) for name, gaps in recorded.items() if not in_whole_seconds(gaps)}
    print(table(simulated, fits))
    made = sum(len(gaps) + 1 for gaps in everybody)
    print(
        f"\n{options.people} people, {options.seconds:g} s, seed {options.seed}: {made} edits, "
        f"{made / options.people / options.seconds:.2f} a second each, pauses included."
    )
    for name, gaps in recorded.items():
        if in_whole_seconds(gaps):
            pauses = sorted(gap for gap in gaps if gap >= person_gaps.PAUSE_FROM_S)
            print(
                f"{name} knows whole seconds only, and so nothing of bursts. Its pauses: "
                f"median {median(pauses):.0f} s, p90 {pauses[int(0.9 * len(pauses))]:.0f} s."
            )
    if options.picture:
        draw(options.picture, everybody, {name: gaps for name, gaps in recorded.items() if not in_whole_seconds(gaps)})
        print(f"Drawn as {options.picture}")
    outside = simulated.outside(RANGES_OF_RECORDINGS)
    if outside:
        print(f"OUTSIDE the ranges: {', '.join(FIGURES[name][0] for name in outside)}")
    return 1 if outside else 0


def gaps_of(rhythm: Person, seconds: float) -> list[float]:
    """The gaps between one person's edits of this time; the pause before the first is none."""
    moments = [rhythm.first(0.0)]
    while moments[-1].due <= seconds:
        moments.append(rhythm.after(moments[-1]))
    return [later.due - earlier.due for earlier, later in pairwise(moments[:-1])]


def recording(path: Path) -> list[float]:
    """The gaps of a recording, in seconds. A transaction that stands at the epoch has no time, and is left out."""
    transactions = json.loads(gzip.decompress(path.read_bytes()))["txns"]
    times = [_seconds(one.get("time", one.get("timestamp"))) for one in transactions]
    return [later - earlier for earlier, later in pairwise(moment for moment in times if moment > 0)]


def _seconds(time: Any) -> float:
    if isinstance(time, str):
        return datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()
    return float(time) / 1000


def in_whole_seconds(gaps: Sequence[float]) -> bool:
    """Whether a recording knows no shorter times."""
    return all(gap == round(gap) for gap in gaps)


def table(simulated: GapFit, recorded: dict[str, GapFit]) -> str:
    """The figures as text. Those of recordings are judged to the digits in which the ranges are known."""
    rows = [("figure", "range", "simulated", *recorded)]
    for name, (words, digits) in FIGURES.items():
        least, most = RANGES_OF_RECORDINGS[name]
        value = getattr(simulated, name)
        row = [words, f"{least:.{digits}f} - {most:.{digits}f}"]
        row.append(f"{value:.{digits + 1}f}{'' if least <= value <= most else ' OUTSIDE'}")
        for one in recorded.values():
            value = getattr(one, name)
            row.append(f"{value:.{digits + 1}f}{'' if least <= round(value, digits) <= most else ' outside'}")
        rows.append(tuple(row))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def draw(path: Path, everybody: Sequence[Sequence[float]], recorded: dict[str, list[float]]) -> None:
    """Densities over the logarithm of the gap, of the simulated people, of the recordings, and of the lognormal."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    edges = [10 ** (-2 + step / 15) for step in range(15 * 4 + 8)]
    figure, axes = pyplot.subplots(figsize=(9, 4.2), layout="constrained")
    gaps = [gap for one in everybody for gap in one]
    of_all = f"{len(everybody)} simulated people, {len(gaps):,} gaps"
    axes.stairs(_density(gaps, edges), edges, fill=True, color="#9ecae1", label=of_all)
    for (name, one), color in zip(recorded.items(), ("#d95f02", "#7570b3", "#1b9e77"), strict=False):
        axes.stairs(
            _density(one, edges), edges, color=color, linewidth=1.5, label=f"recording {name}, {len(one):,} gaps"
        )
    normal = NormalDist(person_gaps.TYPING_MU, person_gaps.TYPING_SIGMA)
    share = 1 - person_gaps.PAUSE_SHARE
    within = normal.cdf(math.log(person_gaps.PAUSE_FROM_S)) - normal.cdf(math.log(person_gaps.SHORTEST_GAP_S))
    points = [edge for edge in edges if edge < person_gaps.PAUSE_FROM_S]
    curve = [share / within * normal.pdf(math.log(point)) for point in points]
    axes.plot(points, curve, "k--", linewidth=1, label="lognormal of typing, cut off at 10 ms and 2 s")
    axes.axvline(person_gaps.PAUSE_FROM_S, color="grey", linewidth=0.8)
    axes.text(person_gaps.PAUSE_FROM_S * 1.08, axes.get_ylim()[1] * 0.6, "pauses", color="grey")
    axes.set_xscale("log")
    ticks = (0.01, 0.1, 1, 10, 100)
    axes.set_xticks(ticks, ["10 ms", "100 ms", "1 s", "10 s", "100 s"])
    axes.set_xlabel("gap between one edit and the next")
    axes.set_ylabel("density over ln(gap)")
    axes.legend(loc="upper right", fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the moment and the version of the program, the same plans give the same bytes.
    figure.savefig(path, dpi=100, metadata={"Software": None})


def _density(gaps: Sequence[float], edges: Sequence[float]) -> list[float]:
    counts = [0] * (len(edges) - 1)
    width = math.log(edges[1] / edges[0])
    for gap in gaps:
        place = int(math.log(gap / edges[0]) / width) if gap >= edges[0] else -1
        if 0 <= place < len(counts):
            counts[place] += 1
    return [count / len(gaps) / width for count in counts]


if __name__ == "__main__":
    sys.exit(main())
