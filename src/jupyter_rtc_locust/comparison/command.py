"""`jupyter rtc-locust compare A B`: its arguments, what it prints and writes, and its exit code."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jupyter_rtc_locust.comparison.comparing import JUDGED, TOLERANCE, Comparison, compare
from jupyter_rtc_locust.comparison.runs import check_alike, read_runs
from jupyter_rtc_locust.comparison.words import in_markdown, in_terminal
from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.timing.figures import BETWEEN_WORKERS, PERCENTILES, Figure, FigureError, figure_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SUMMARY: Final = "compare repeated runs of two versions: better, worse, or no difference shown"

DESCRIPTION: Final = """\
Compare repeated runs of two versions. A and B are folders with a results
folder for each run, five or more; what became of the documents goes first.
Runs of A and B should have taken turns on the same machine.
"""

EXIT_CODES: Final = """\
exit codes:
  0  no difference shown, or better
  1  worse: something takes longer
  2  an option or a folder was refused
  3  worse: documents of B failed where those of A did not
  4  it cannot be told: too few runs whose times count, or a run was inconclusive
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `compare` takes besides the two folders, and `ab` as well."""
    parser.add_argument(
        "--judge",
        metavar="FIGURE",
        action="append",
        default=[],
        help=f"a figure to judge by, several times for several; else: {', '.join(map(str, JUDGED))}",
    )
    parser.add_argument(
        "--tolerance",
        metavar="PERCENT",
        default=f"{100 * TOLERANCE:g}",
        help="changes up to this are none (%(default)s)",
    )
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the comparison as Markdown, too")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write it as a page, too")


def figures_of(options: argparse.Namespace) -> tuple[Figure, ...] | None:
    """The figures to judge by; None: those that are judged otherwise.

    Raises:
        OptionsError: one is none, or no percentile of a timing.
    """
    figures = []
    for name in options.judge:
        try:
            figure = figure_named(name)
        except FigureError as error:
            raise OptionsError(f"--judge {name[:100]!r}: {error}.") from None
        if figure.timing in (None, BETWEEN_WORKERS) or figure.part not in PERCENTILES:
            raise OptionsError(
                f"--judge {name[:100]!r}: what is compared are percentiles of timings, {', '.join(PERCENTILES)}, each "
                f"timed with one clock."
            )
        figures.append(figure)
    return tuple(dict.fromkeys(figures)) or None


def tolerance_of(options: argparse.Namespace) -> float:
    """The tolerance as a part, 0.02 for 2 %.

    Raises:
        OptionsError: it is no number of per cent.
    """
    try:
        percent = float(options.tolerance)
    except ValueError:
        percent = -1.0
    if not 0.0 <= percent < 100.0:
        raise OptionsError(f"--tolerance {options.tolerance[:40]!r} is no number of per cent from 0 to 100.")
    return percent / 100


def compare_folders(
    before: Path, after: Path, options: argparse.Namespace, notes: Iterable[str] = ()
) -> tuple[list[str], int]:
    """Compare two folders of runs, write what was asked for, and return the lines to print with the exit code.

    `notes` are told beside what came of it.

    Raises:
        OptionsError: an option or a folder is refused, or a file cannot be written.
    """
    figures, tolerance = figures_of(options), tolerance_of(options)
    sides = read_runs(before), read_runs(after)
    check_alike([*sides[0], *sides[1]])
    comparison = compare(*sides, figures=figures, tolerance=tolerance, notes=notes)
    return [*in_terminal(comparison), *_written(comparison, options)], comparison.exit_code


def _written(comparison: Comparison, options: argparse.Namespace) -> Sequence[str]:
    # Jinja2 takes a moment, which every other command would pay.
    from jupyter_rtc_locust.comparison.page import as_page

    lines = []
    for option, path, text in (
        ("--markdown", options.markdown, in_markdown),
        ("--html", options.html, as_page),
    ):
        if path is None:
            continue
        try:
            path.write_text(text(comparison), encoding="utf-8")
        except OSError as error:
            raise OptionsError(f"{option} {path} could not be written: {error.strerror}. Name another file.") from None
        lines.append(f"Written: {path}")
    return lines
