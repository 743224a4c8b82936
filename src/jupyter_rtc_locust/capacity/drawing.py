"""A capacity as a picture: what was promised by the number of people, the CPU beside it, and the course of it.

Several runs are drawn on top of each other, each in a colour, so that it shows how far they agree. The colours can be
told apart by who does not see red from green.

Imports matplotlib, which takes most of a second and has no place in the process of a run.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from jupyter_rtc_locust.reporting.report.words import short_milliseconds

_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
_INK: Final = "#333333"
_RULE: Final = "#cccccc"
_MOST_FIGURES: Final = 2
_DOTS_AN_INCH: Final = 100
_MARKERS: Final = {"held": "o", "broken": "X", "wrong": "P"}
_OTHER_MARKER: Final = "d"
_STYLE: Final[Any] = {
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 9.0,
    "text.color": _INK,
    "axes.edgecolor": _RULE,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "grid.color": _RULE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "capacity",
}


def as_svg(capacities: Sequence[Mapping[str, Any]]) -> bytes:
    """The picture of one run or more, from the content of `capacity.json` of each."""
    drawn = io.BytesIO()
    with mpl.rc_context(_STYLE):
        _figure(capacities).savefig(drawn, format="svg", metadata={"Date": None, "Creator": "jupyter-rtc-locust"})
    return drawn.getvalue()


def save_png(path: Path, capacities: Sequence[Mapping[str, Any]]) -> None:
    """The same for a document, with few colours and so few bytes."""
    from PIL import Image  # comes with matplotlib

    drawn = io.BytesIO()
    with mpl.rc_context(_STYLE):
        _figure(capacities).savefig(drawn, format="png", dpi=_DOTS_AN_INCH)
    Image.open(drawn).convert("RGB").quantize(64).save(path, optimize=True)


def _figure(capacities: Sequence[Mapping[str, Any]]) -> Figure:
    names = _promised(capacities)
    figure = Figure(figsize=(3.2 * (len(names) + 2), 3.0), layout="constrained")
    fields = list(figure.subplots(1, len(names) + 2, squeeze=False)[0])
    for name, axes in zip(names, fields, strict=False):
        _draw_promise(axes, capacities, name)
    _draw_cpu(fields[-2], capacities)
    _draw_course(fields[-1], capacities)
    return figure


def _promised(capacities: Sequence[Mapping[str, Any]]) -> list[str]:
    """The figures that were promised and measured, timings only: what is counted is nought or broken."""
    measured = (
        one["figure"]
        for capacity in capacities
        for step in capacity["steps"]
        for one in step["figures"]
        if one["unit"] and one["value"] is not None
    )
    return list(dict.fromkeys(measured))[:_MOST_FIGURES]


def _draw_promise(axes: Axes, capacities: Sequence[Mapping[str, Any]], name: str) -> None:
    for capacity, colour in zip(capacities, _COLOURS, strict=False):
        points = [
            (step["people"], max(one["value"], 0.01), step["outcome"])
            for step in _visits(capacity)
            for one in step["figures"]
            if one["figure"] == name and one["value"] is not None
        ]
        _line(axes, [(people, value) for people, value, _ in points], colour)
        for people, value, outcome in points:
            axes.plot(people, value, _MARKERS.get(outcome, _OTHER_MARKER), color=colour, markersize=5)
        limits = {one["limit"] for step in capacity["steps"] for one in step["figures"] if one["figure"] == name}
        for limit in sorted(limits):
            axes.axhline(limit, color=_INK, linewidth=1, linestyle="--")
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0), numticks=8))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: short_milliseconds(value)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_title(f"{name} (dashed: the promise)")
    _people_below(axes)


def _draw_cpu(axes: Axes, capacities: Sequence[Mapping[str, Any]]) -> None:
    for capacity, colour in zip(capacities, _COLOURS, strict=False):
        visits = _visits(capacity)
        server = [(step["people"], step["server_cpu_percent"]) for step in visits]
        generator = [(step["people"], step["generator"]["cpu_percent"]) for step in visits]
        _line(axes, [(people, value) for people, value in server if value is not None], colour, "o-")
        _line(axes, [(people, value) for people, value in generator if value is not None], colour, "x--")
    axes.plot([], [], "o-", color=_INK, markersize=3, label="server")
    axes.plot([], [], "x--", color=_INK, markersize=4, label="generator's busiest process")
    axes.legend()
    axes.set_ylim(bottom=0)
    axes.set_title("CPU, % of a core")
    _people_below(axes)


def _draw_course(axes: Axes, capacities: Sequence[Mapping[str, Any]]) -> None:
    for capacity, colour in zip(capacities, _COLOURS, strict=False):
        ends = [(step["until_s"], step["people"], step["outcome"]) for step in capacity["steps"]]
        moments = [0.0, *(moment for moment, _, _ in ends)]
        people = [number for _, number, _ in ends]
        if people:
            axes.step(moments, [people[0], *people], where="pre", color=colour, linewidth=1.2)
        for moment, number, outcome in ends:
            axes.plot(moment, number, _MARKERS.get(outcome, _OTHER_MARKER), color=colour, markersize=5)
    for outcome, marker in _MARKERS.items():
        axes.plot([], [], marker, color=_INK, markersize=5, label=outcome)
    axes.legend()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("seconds")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_title("people, in the course of it")


def _visits(capacity: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The steps by the number of people; after an overload a backlog is measured, not a number of people."""
    return sorted((step for step in capacity["steps"] if step["purpose"] != "recovery"), key=lambda one: one["people"])


def _line(axes: Axes, points: Sequence[tuple[float, float]], colour: str, form: str = "-") -> None:
    axes.plot([at for at, _ in points], [value for _, value in points], form, color=colour, markersize=4, linewidth=1)


def _people_below(axes: Axes) -> None:
    axes.set_xlim(left=0)
    axes.set_xlabel("people")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
