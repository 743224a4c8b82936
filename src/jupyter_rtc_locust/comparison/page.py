"""A comparison as one page: self-contained, from disk, without a script; each run is a dot.

Jinja2 escapes whatever is put into it.

Pure: a comparison in, a text out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from jupyter_rtc_locust.comparison.words import HEADS, headline, milliseconds, remarks, rows, rule
from jupyter_rtc_locust.verdict.neutralising import neutralised

if TYPE_CHECKING:
    from jinja2 import Template

    from jupyter_rtc_locust.comparison.comparing import Comparison, OfFigure

WIDTH: Final = 420
"""Of a picture, in pixels."""
_LEFT: Final = 28
_RIGHT: Final = 12
_NARROWEST: Final = math.log(1.2)
"""A picture spans 20 % at least, so that luck does not look large."""


@dataclass(frozen=True, slots=True)
class Dots:
    """A picture of one figure: where each run's dot is, from the left in pixels, and what its ends are."""

    before: tuple[float, ...]
    after: tuple[float, ...]
    typical: tuple[float, float]
    left: str
    right: str
    told: str
    """The same in words, for who cannot see it."""


def as_page(comparison: Comparison) -> str:
    """The page, as HTML."""
    return _template().render(
        headline=neutralised(headline(comparison)),
        outcome=comparison.outcome,
        remarks=remarks(comparison),
        heads=HEADS,
        rows=rows(comparison),
        pictures=[(str(one.figure), dots(one)) for one in comparison.figures if one.before and one.after],
        rule=rule(comparison),
        runs=[
            (side, neutralised(run.folder), neutralised(run.verdict), neutralised(run.unsound or "counts"))
            for side, runs in (("A", comparison.before), ("B", comparison.after))
            for run in runs
        ],
        width=WIDTH,
    )


def dots(one: OfFigure) -> Dots:
    """The picture of a figure, on a logarithmic scale."""
    logarithms = [math.log(value) for value in (*one.before, *one.after)]
    low, high = min(logarithms), max(logarithms)
    room = max(0.0, _NARROWEST - (high - low)) / 2
    low, high = low - room, high + room

    def place(value: float) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (math.log(value) - low) / (high - low), 1)

    return Dots(
        before=tuple(map(place, one.before)),
        after=tuple(map(place, one.after)),
        typical=(place(one.typical[0]), place(one.typical[1])),
        left=f"{milliseconds(math.exp(low))} ms",
        right=f"{milliseconds(math.exp(high))} ms",
        told=f"{one.figure}. Runs of A: {_listed(one.before)} ms. Runs of B: {_listed(one.after)} ms.",
    )


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(map(milliseconds, values))


@cache
def _template() -> Template:
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")
