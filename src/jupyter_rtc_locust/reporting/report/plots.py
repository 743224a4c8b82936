"""The plots of the report: how a run went over time, how times are distributed, how far an edit travels, how old the
file got.

Each function draws what there is, for one width, and returns None where there is nothing to be drawn. No text of a
server or a document gets into a plot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from jupyter_rtc_locust.reporting.report.drawing import (
    BAD,
    FIRST,
    INK,
    MUTED,
    POINTS,
    RULE,
    SECOND,
    THIRD,
    Size,
    figure_of,
    log_milliseconds,
    quiet_grid,
    styled,
    svg_of,
)
from jupyter_rtc_locust.reporting.report.moments import Moment, moments_of
from jupyter_rtc_locust.reporting.report.told_run import ToldRun
from jupyter_rtc_locust.reporting.report.words import listed
from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.timing.recorder import NAMES, SAVE_AGE, UPDATE_DELIVERY, UPDATE_ECHO

FEWEST_DRAWN: Final = 20
"""Of fewer measurements there is no distribution to draw: each percentile is one of the few."""
_LEAST_MS: Final = 0.01
"""A logarithmic axis has no place for 0: an edit that was back before it was due."""
_BINS_A_DECADE: Final = 12
_ROOM_FOR_LEGEND: Final = 0.4
"""Of the height of what is drawn, added above it: a legend on the lines would be taken for one."""
_LETTERS_APART: Final = 0.03
"""Of the width of a plot: closer ones would lie upon each other."""


def course(told: ToldRun, size: Size) -> str | None:
    """Echoes, deliveries and people over the seconds of the run, with what happened marked."""
    slots = told.result["course"].get("slots") or []
    echoes = told.history.echoes if told.history is not None else ()
    if not slots and not echoes:
        return None
    seconds = float(told.result["course"].get("slot_s") or 1)
    with styled():
        figure = figure_of(size, 5.6 if size.narrow else 5.2)
        fields = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 2))
        _times_over_time(fields[0], size, slots, seconds, UPDATE_ECHO, echoes)
        _times_over_time(fields[1], size, slots, seconds, UPDATE_DELIVERY, ())
        fields[0].set_title("An edit until it is back at its author (update echo)", pad=14)
        fields[1].set_title("An edit until it is with others (update delivery)")
        _people_over_time(fields[2], slots, seconds)
        moments = moments_of(told)
        for field in fields:
            _mark(field, moments)
            field.set_xlim(left=0)
        _letters(fields[0], moments)
        fields[2].set_xlabel("seconds since the start of the run")
        return svg_of(figure, f"course-{size.name}")


def distributions(told: ToldRun, size: Size) -> str | None:
    """For each timing how often which time was measured, with the middle and the slow end marked."""
    rows = [(name, each) for name in NAMES if (each := _histogram(told, name)).count >= FEWEST_DRAWN]
    if not rows:
        return None
    with styled():
        figure = figure_of(size, 0.6 + 0.42 * len(rows))
        field = figure.subplots()
        field.set_xscale("log")
        for place, (_, times) in enumerate(reversed(rows)):
            _ridge(field, place, times)
        field.set_yticks(range(len(rows)), [name for name, _ in reversed(rows)])
        field.tick_params(axis="y", length=0)
        field.spines["left"].set_visible(False)
        field.set_ylim(-0.15, len(rows) - 0.02)
        quiet_grid(field, "x")
        log_milliseconds(field.xaxis, size)
        return svg_of(figure, f"distributions-{size.name}")


def too_few(told: ToldRun) -> str:
    """Which timings have too few measurements for a distribution, and how many."""
    counts = [(name, _histogram(told, name).count) for name in NAMES]
    return listed(f"{name} ({count})" for name, count in counts if 0 < count < FEWEST_DRAWN)


def fan_out(told: ToldRun, size: Size) -> str | None:
    """Which part of the edits was back, and which part had reached others, within which time."""
    lines = [
        (name, colour, times)
        for name, colour in ((UPDATE_ECHO, FIRST), (UPDATE_DELIVERY, SECOND))
        if (times := _histogram(told, name)).count
    ]
    if not lines:
        return None
    with styled():
        figure = figure_of(size, 2.5)
        field = figure.subplots()
        field.set_xscale("log")
        for name, colour, times in lines:
            _share(field, times, colour, "back at its author" if name == UPDATE_ECHO else "with another user")
        field.set_ylim(0, 101)
        field.set_ylabel("% of edits")
        field.axhline(95, color=MUTED, linewidth=0.8, linestyle=":")
        log_milliseconds(field.xaxis, size)
        field.legend(loc="lower right")
        return svg_of(figure, f"fan-out-{size.name}")


def save_age(told: ToldRun, size: Size) -> str | None:
    """Of the looks at a file, in which part the oldest edit that was not on disk was older than so many seconds."""
    ages = _histogram(told, SAVE_AGE)
    if not ages.count:
        return None
    with styled():
        figure = figure_of(size, 2.2)
        field = figure.subplots()
        at, shares, seen = [0.0], [100.0], 0
        for milliseconds, count in ages.buckets():
            seen += count
            at.append(milliseconds / 1000)
            shares.append(100 * (1 - seen / ages.count))
        field.fill_between(at, shares, step="post", color=THIRD, alpha=0.25, linewidth=0)
        field.step(at, shares, where="post", color=THIRD, linewidth=1.6)
        field.set_ylim(0, 101)
        field.set_xlim(left=0)
        field.set_xlabel("seconds of waiting for the disk")
        field.set_ylabel("% of looks")
        return svg_of(figure, f"save-age-{size.name}")


def _histogram(told: ToldRun, name: str) -> Histogram:
    plain = told.result["timings"].get(name, {}).get("histogram")
    return Histogram.from_dict(plain) if plain else Histogram()


def _times_over_time(
    field: Axes,
    size: Size,
    slots: Sequence[Mapping[str, Any]],
    seconds: float,
    name: str,
    points: Sequence[tuple[float, float]],
) -> None:
    field.set_yscale("log")
    if points:
        came = [moment for moment, _ in points]
        waited = [max(each, _LEAST_MS) for _, each in points]
        field.scatter(came, waited, s=7, color=POINTS, alpha=0.45, lw=0, rasterized=True)
    timed = [(slot["at_s"], slot["timings"][name]) for slot in slots if name in slot["timings"]]
    for key, colour, style, label in (
        ("max_ms", MUTED, ":", "slowest"),
        ("p95_ms", SECOND, "-", "p95"),
        ("p50_ms", FIRST, "-", "p50"),
    ):
        at, took = _with_gaps([(moment + seconds / 2, max(one[key], _LEAST_MS)) for moment, one in timed], seconds)
        field.plot(at, took, linestyle=style, color=colour, linewidth=1.5, marker=".", markersize=3, label=label)
    if timed:
        least, most = field.get_ylim()
        field.set_ylim(least, most * (most / least) ** _ROOM_FOR_LEGEND)
    log_milliseconds(field.yaxis, size)
    quiet_grid(field, "y")
    if timed:
        field.legend(loc="upper right", ncols=3, handlelength=1.2, columnspacing=1.0, borderaxespad=0.1)
    elif not points:
        field.set_yticks([])
        field.text(0.5, 0.5, "none", transform=field.transAxes, ha="center", color=MUTED)


def _with_gaps(points: Sequence[tuple[float, float]], seconds: float) -> tuple[list[float], list[float]]:
    """Coordinates of a line that is broken where nothing was measured for a while."""
    at, took = [], []
    for before, after in pairwise([*points, (math.inf, math.nan)]):
        at.append(before[0])
        took.append(before[1])
        if after[0] - before[0] > 3.5 * seconds:
            at.append(before[0] + seconds)
            took.append(math.nan)
    return at, took


def _people_over_time(field: Axes, slots: Sequence[Mapping[str, Any]], seconds: float) -> None:
    at = [slot["at_s"] for slot in slots]
    rate = [slot["edits"] / seconds for slot in slots]
    if slots:
        field.bar(at, rate, width=seconds, align="edge", color=SECOND, alpha=0.45, label="edits a second")
        known = [slot for slot in slots if slot["users"] is not None]
        field.step(
            [slot["at_s"] + seconds / 2 for slot in known],
            [slot["users"] for slot in known],
            where="mid",
            color=FIRST,
            linewidth=1.6,
            label="users connected",
        )
        field.legend(loc="upper right", ncols=2, handlelength=1.2, columnspacing=1.0, borderaxespad=0.1)
        most = max((*rate, *(slot["users"] for slot in known)), default=1)
        field.set_ylim(0, max(most, 1) * (1 + _ROOM_FOR_LEGEND))
    field.set_title("Users connected, and edits")
    field.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    quiet_grid(field, "y")


def _mark(field: Axes, moments: Sequence[Moment]) -> None:
    for moment in moments:
        colour = BAD if moment.bad else INK
        if moment.until_s is not None and moment.until_s > moment.at_s:
            field.axvspan(moment.at_s, moment.until_s, color=colour, alpha=0.12, linewidth=0)
        else:
            field.axvline(moment.at_s, color=colour, alpha=0.6, linewidth=0.9, linestyle=(0, (3, 2)))


def _letters(field: Axes, moments: Sequence[Moment]) -> None:
    """The letters of what happened, above; those that would lie upon each other side by side."""
    apart = (field.get_xlim()[1] - field.get_xlim()[0]) * _LETTERS_APART
    groups: list[list[Moment]] = []
    for moment in moments:
        if groups and moment.at_s - groups[-1][0].at_s < apart:
            groups[-1].append(moment)
        else:
            groups.append([moment])
    for group in groups:
        field.annotate(
            "".join(moment.letter for moment in group),
            (group[0].at_s, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-2.5, 2),
            textcoords="offset points",
            color=BAD if any(moment.bad for moment in group) else INK,
            fontsize=8.5,
            fontweight="bold",
            annotation_clip=False,
        )


def _ridge(field: Axes, place: int, times: Histogram) -> None:
    """One row: how often, by equal steps of the logarithm; marks at the middle and the slow end."""
    steps: dict[int, int] = {}
    for milliseconds, count in times.buckets():
        step = math.floor(math.log10(max(milliseconds, _LEAST_MS)) * _BINS_A_DECADE)
        steps[step] = steps.get(step, 0) + count
    most = max(steps.values())
    edges: list[float] = []
    heights: list[float] = []
    for step in range(min(steps) - 1, max(steps) + 2):
        edges.append(10 ** (step / _BINS_A_DECADE))
        heights.append(place + 0.8 * steps.get(step, 0) / most)
    field.fill_between(edges, place, heights, step="post", color=FIRST, alpha=0.3, linewidth=0)
    field.step(edges, heights, where="post", color=FIRST, linewidth=1.0)
    for fraction, colour in ((0.5, INK), (0.95, SECOND), (0.99, BAD)):
        at = max(times.percentile(fraction), _LEAST_MS)
        field.plot([at, at], [place, place + 0.55], color=colour, linewidth=1.6, solid_capstyle="butt")
    field.axhline(place, color=RULE, linewidth=0.6)


def _share(field: Axes, times: Histogram, colour: str, label: str) -> None:
    at, shares, seen = [max(times.min_ms or 0.0, _LEAST_MS)], [0.0], 0
    for milliseconds, count in times.buckets():
        seen += count
        at.append(max(milliseconds, _LEAST_MS))
        shares.append(100 * seen / times.count)
    field.step(at, shares, where="post", color=colour, linewidth=1.8, label=label)
