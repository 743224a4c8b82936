"""How plots of the report look, and how matplotlib's SVG becomes part of a page: in its colours, its font, its width.

Colours are placeholders while matplotlib draws, and names of the page's own colours afterwards, so that one drawing is
right on light and on dark ground. Clouds of points are pictures within the drawing, which cost the same for ten points
and for ten thousand; everything else stays lines and letters.

Imports matplotlib, which takes most of a second and has no place in the process of a run.
"""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from jupyter_rtc_locust.reporting.report.words import short_milliseconds

INK: Final = "#010203"
MUTED: Final = "#010204"
RULE: Final = "#010205"
FIRST: Final = "#010206"
SECOND: Final = "#010207"
THIRD: Final = "#010208"
BAD: Final = "#010209"
_NAMES: Final = {
    INK: "--ink",
    MUTED: "--muted",
    RULE: "--rule",
    FIRST: "--first",
    SECOND: "--second",
    THIRD: "--third",
    BAD: "--bad",
}
POINTS: Final = "#5b8fc7"
"""Points are in a picture, which has no names for colours: one that can be seen on both grounds."""
_DOTS_AN_INCH: Final = 110

_STYLE: Final[Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.labelsize": 8.5,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "path.simplify": True,
    "path.simplify_threshold": 0.5,
}


@dataclass(frozen=True, slots=True)
class Size:
    """How wide a drawing is, in inches: letters keep their size, so a phone gets a drawing of its own."""

    name: str
    inches: float

    @property
    def narrow(self) -> bool:
        """Whether it is for a phone."""
        return self.inches < 5


WIDE: Final = Size("wide", 7.6)
NARROW: Final = Size("narrow", 3.7)
SIZES: Final = (WIDE, NARROW)


def styled() -> Any:
    """Draw within this context, figures' making included."""
    return mpl.rc_context(_STYLE)


def figure_of(size: Size, height: float) -> Figure:
    """A new figure of this height in inches."""
    return Figure(figsize=(size.inches, height), layout="constrained", dpi=_DOTS_AN_INCH)


def log_milliseconds(axis: Any, size: Size) -> None:
    """A logarithmic axis (`axes.xaxis` or `axes.yaxis`) whose ticks say `10 ms`, `1 s`; call it when all is drawn."""
    least, most = axis.get_view_interval()
    decades = math.log10(most / least) if 0 < least < most else 0.0
    between = (1.0, 2.0, 5.0) if decades < 1.6 else (1.0, 3.0) if decades < 2.2 else (1.0,)
    axis.set_major_locator(LogLocator(subs=between, numticks=5 if size.narrow else 12))
    axis.set_major_formatter(FuncFormatter(lambda value, _place: short_milliseconds(value)))
    axis.set_minor_locator(NullLocator())


def quiet_grid(axes: Axes, which: str) -> None:
    """Lines of the grid along one axis only, `x` or `y`."""
    axes.grid(False)
    axes.grid(True, axis="x" if which == "x" else "y")


def svg_of(figure: Figure, name: str) -> str:
    """The figure as an element for the page; `name` keeps its ids apart from those of other figures."""
    drawn = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.id": None}):
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = drawn.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', _head, text, count=1)
    text = re.sub(r"#01020[3-9]", lambda found: f"var({_NAMES[found.group()]})", text)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    text = re.sub(r'(id="|#)(?=[A-Za-z])', rf"\1{name}-", text)
    return re.sub(r">\s+<", "><", text).strip()


def _head(found: re.Match[str]) -> str:
    return f'<svg viewBox="{found.group(1)}" aria-hidden="true" focusable="false">'
