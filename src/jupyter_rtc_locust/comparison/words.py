"""A comparison as a person reads it: some lines in the terminal, or the same as Markdown for a pull request.

Texts that came from servers and folders are shown as text: nothing in them acts on a terminal or on a page.

Pure: a comparison in, texts out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from jupyter_rtc_locust.comparison.comparing import CONFIDENCE, LEAST_RUNS, Comparison, OfFigure
from jupyter_rtc_locust.comparison.documents import BETTER, RARE, TOO_FEW, UNKNOWN, WORSE
from jupyter_rtc_locust.verdict.neutralising import neutralised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_rtc_locust.comparison.runs import Run

HEADS: Final = ("figure", "A", "B", "change", "between", "by chance", "")
_PACKAGES_SHOWN: Final = 20


def headline(comparison: Comparison) -> str:
    """What came of it, in a sentence."""
    runs = f"{len(comparison.before)} runs of A, {len(comparison.after)} of B"
    if comparison.documents.outcome == WORSE:
        return f"B is WORSE ({runs}): its documents failed where those of A did not."
    changed = {
        outcome: [f"{one.figure} {percent(one.ratio)}" for one in comparison.figures if one.outcome == outcome]
        for outcome in (WORSE, BETTER)
    }
    if comparison.outcome == WORSE:
        beside = f" ({', '.join(changed[BETTER])} better)" if changed[BETTER] else ""
        return f"B is WORSE ({runs}): {', '.join(changed[WORSE])}{beside}."
    if comparison.outcome == UNKNOWN:
        return f"NOT KNOWN ({runs}): no time is worse, and what became of all documents is not established."
    if comparison.outcome == TOO_FEW:
        return f"TOO FEW RUNS ({runs}): {_too_few(comparison)}"
    if comparison.outcome == BETTER:
        better = changed[BETTER] or ["its documents pass where those of A failed"]
        return f"B is BETTER ({runs}): {', '.join(better)}."
    return f"NO DIFFERENCE SHOWN ({runs})."


def _too_few(comparison: Comparison) -> str:
    counts = [sum(not run.unsound for run in runs) for runs in (comparison.before, comparison.after)]
    if min(counts) >= LEAST_RUNS:
        return "nothing was measured often enough in each of them."
    return f"{counts[0]} of A and {counts[1]} of B have times that count, and {LEAST_RUNS} of each are needed."


def remarks(comparison: Comparison) -> list[str]:
    """What else a reader has to know: documents, runs that do not count, figures that were not judged, versions."""
    lines = [f"Documents: {comparison.documents.outcome}. {comparison.documents.sentence}", *comparison.notes]
    lines += [f"Refused: the times of {run.folder}. {run.unsound}" for run in comparison.refused]
    lines += [f"Not judged: {sentence}" for sentence in comparison.not_judged]
    lines += _versions(comparison.before, comparison.after)
    return [neutralised(line) for line in lines]


def rule(comparison: Comparison) -> str:
    """How to read the table."""
    return (
        f"A and B: milliseconds in the typical run. Between: where the change lies, with a confidence of "
        f"{100 * CONFIDENCE:.0f} %. By chance: how often two equal versions have something as clear in any of these "
        f"figures. A change is shown where the bounds have the same sign, chance makes it in at most {100 * RARE:g} % "
        f"of comparisons, and it is more than {100 * comparison.tolerance:g} %."
    )


def rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """The table, without its heads."""
    return [_row(one) for one in comparison.figures]


def _row(one: OfFigure) -> tuple[str, ...]:
    bounds = f"{percent(one.bounds[0])} and {percent(one.bounds[1])}" if one.bounds else "-"
    typical = (milliseconds(value) for value in one.typical) if one.before and one.after else ("-", "-")
    return (
        str(one.figure),
        *typical,
        percent(one.ratio) if one.before and one.after else "-",
        bounds,
        _chance(one.by_chance),
        one.outcome,
    )


def _chance(part: float | None) -> str:
    if part is None:
        return "-"
    return f"{100 * part:.1f} %" if part < 0.0995 else f"{100 * part:.0f} %"


def in_terminal(comparison: Comparison) -> list[str]:
    """The lines for a terminal."""
    table = rows(comparison)
    lines = [headline(comparison), *(f"  {line}" for line in remarks(comparison))]
    if table:
        widths = [max(len(row[column]) for row in (HEADS, *table)) for column in range(len(HEADS))]
        for row in (HEADS, *table):
            cells = [
                cell.ljust(width) if column in (0, len(HEADS) - 1) else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            lines.append("  ".join(cells).rstrip())
        lines.append(rule(comparison))
    return [neutralised(line) for line in lines]


def in_markdown(comparison: Comparison) -> str:
    """The same as Markdown."""
    lines = [f"**{_in_a_cell(headline(comparison))}**", ""]
    lines += [f"- {_in_a_cell(line)}" for line in remarks(comparison)]
    if comparison.figures:
        lines += ["", f"| {' | '.join(HEADS)} |", "|---|---:|---:|---:|---:|---:|---|"]
        lines += [f"| {' | '.join(map(_in_a_cell, row))} |" for row in rows(comparison)]
        lines += ["", _in_a_cell(rule(comparison))]
    return "\n".join(lines) + "\n"


def _in_a_cell(text: str) -> str:
    """Nothing in it is Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]<>|&#~])", lambda found: f"&#{ord(found[1])};", neutralised(text))


def percent(ratio: float) -> str:
    """`+12 %`; a doubling and more as `×2.1`."""
    if ratio != ratio:
        return "-"
    if ratio >= 2.0:
        return f"×{ratio:.1f}" if ratio < 100 else f"×{ratio:,.0f}"
    part = 100 * (ratio - 1)
    text = f"{part:+.1f}" if abs(part) < 9.95 else f"{part:+.0f}"
    return f"{'0.0' if text in ('+0.0', '-0.0') else text} %".replace("-", "−")


def milliseconds(value: float) -> str:
    """Three significant digits."""
    return (
        f"{value:,.0f}"
        if value >= 100
        else f"{value:.1f}"
        if value >= 10
        else f"{value:.2f}"
        if value >= 1
        else f"{value:.3g}"
    )


def _versions(before: Sequence[Run], after: Sequence[Run]) -> list[str]:
    """What the two sides were runs of, where they say so, and it is not the same."""
    servers = [sorted({run.server for run in runs if run.server}) for runs in (before, after)]
    lines = []
    if servers[0] != servers[1] and any(servers):
        lines.append(f"Servers: A {', '.join(servers[0]) or 'not known'}; B {', '.join(servers[1]) or 'not known'}.")
    packages = sorted({name for run in (*before, *after) for name in run.versions})
    differing = []
    for name in packages:
        of_a, of_b = (sorted({run.versions.get(name, "none") for run in runs}) for runs in (before, after))
        if of_a != of_b:
            differing.append(f"{name} {', '.join(of_a)} and {', '.join(of_b)}")
    if differing:
        lines.append(f"Installed beside the load generator in A and B: {'; '.join(differing[:_PACKAGES_SHOWN])}.")
    return lines
