"""The pictures of docs/performance.md, drawn from files of results: `python -m benchmarks.pictures [FILE.json …]`.

A file of `make saturation` gives the curve to saturation, one of `make bench` those of growth. Without names, the last
of each kind.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measurement import Measurement
from benchmarks.page import RESULTS, last_results
from benchmarks.saturation import Point, load

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
_COLOURS = ("#1b9e77", "#d95f02", "#7570b3", "#e7298a", "#666666")
_GROWTH = {
    "rooms of ": ("users in a room", "an update received"),
    "an update, ": ("cells of the document", "an update received"),
    "an edit, ": ("cells of the document", "an edit"),
    "a join, ": ("cells of the document", "a join"),
    "after ": ("updates received so far", "an update received"),
}
"""How the lines of a curve begin, what is on its axis, and what each figure is of."""


def draw_saturation(path: Path, points: Sequence[Point]) -> None:
    """CPU against messages a second: a field for each server and number of processes, a colour for each room size."""
    pyplot = _pyplot()
    servers = list(dict.fromkeys(one.server for one in points))
    numbers = sorted({one.processes for one in points})
    rooms = sorted({one.room for one in points})
    figure, fields = pyplot.subplots(
        len(servers),
        len(numbers),
        figsize=(4.8 * len(numbers), 3.2 * len(servers)),
        squeeze=False,
        layout="constrained",
    )
    for server, row in zip(servers, fields, strict=True):
        for number, axes in zip(numbers, row, strict=True):
            for room, colour in zip(rooms, _COLOURS, strict=False):
                these = [one for one in points if (one.server, one.processes, one.room) == (server, number, room)]
                these = [one for index, one in enumerate(these) if _grew(these, index)]
                messages = [one.messages for one in these]
                axes.plot(messages, [100 * sum(one.cpu) for one in these], "o-", color=colour, markersize=3)
                axes.plot(messages, [100 * one.server_cpu for one in these], "x--", color=colour, markersize=4)
                axes.plot([], [], "o-", color=colour, markersize=3, label=f"rooms of {room}")
            axes.plot([], [], "k-", linewidth=1, label="users")
            axes.plot([], [], "k--", linewidth=1, label="server")
            axes.set_title(f"{server}, users in {number} process{'es' * (number > 1)}", fontsize=10)
            axes.set_xlabel("messages received a second")
            axes.set_ylabel("CPU, % of a core")
            axes.set_xlim(left=0)
            axes.set_ylim(0, 105 * number)
            axes.grid(alpha=0.3)
    fields[0][0].legend(fontsize="small")
    _save(figure, path)


def _grew(points: Sequence[Point], index: int) -> bool:
    """Whether more came through than at any lower load: past the end, a curve only turns back."""
    return all(points[index].messages > earlier.messages for earlier in points[:index])


def draw_growth(path: Path, measurements: Sequence[Measurement]) -> None:
    """CPU against what grows, on logarithmic axes, so that a straight line is a power and a level one is nothing."""
    pyplot = _pyplot()
    figure, fields = pyplot.subplots(1, len(_GROWTH), figsize=(3.0 * len(_GROWTH), 2.8), layout="constrained")
    for (begin, (axis, of)), axes in zip(_GROWTH.items(), fields, strict=True):
        these = _curve(begin, measurements)
        sizes = [_number_in(one.name) for one in these]
        values = [one.value for one in these]
        axes.plot(sizes, values, "o-", color=_COLOURS[0], label="ours")
        alone = [_number_in(one.note) for one in these if "pycrdt alone" in one.note]
        if len(alone) == len(sizes):
            axes.plot(sizes, alone, "x--", color=_COLOURS[4], label="pycrdt alone")
            axes.legend(fontsize="small")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(min(*values, *alone) / 3, max(*values, *alone) * 3)
        axes.set_xticks(sizes, [f"{size:,.0f}" for size in sizes])
        axes.set_xticks([], minor=True)
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_minor_formatter("")
        axes.set_xlabel(axis)
        axes.set_title(f"CPU of {of}, µs", fontsize=10)
        axes.grid(alpha=0.3)
    _save(figure, path)


def _curve(begin: str, measurements: Sequence[Measurement]) -> list[Measurement]:
    """The lines of a curve: named so, with a number behind it, as `an edit, sent and echoed` is not."""
    return [one for one in measurements if re.match(rf"{re.escape(begin)}\d", one.name.strip())]


def _number_in(text: str) -> float:
    """The first number of a text, commas between its thousands."""
    words = text.replace(";", " ").split()
    return next(float(word.replace(",", "")) for word in words if word.replace(",", "").replace(".", "").isdigit())


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def _save(figure: Any, path: Path) -> None:
    from PIL import Image  # comes with matplotlib

    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80, metadata={"Software": None})
    # A hundred colours are enough for lines, and half the bytes: pictures of the pages have to be small.
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(100).save(path, optimize=True)
    print(f"Drew {path.name}")


def main() -> int:
    """Draw what the files hold."""
    paths = [Path(name) for name in sys.argv[1:]] or last_results(RESULTS)
    for path in paths:
        content = json.loads(path.read_text())
        if "points" in content:
            draw_saturation(IMAGES / "saturation.png", load(content))
            continue
        measurements = [Measurement.from_dict(one) for one in content["measurements"]]
        if all(_curve(begin, measurements) for begin in _GROWTH):  # growth may not have been asked for
            draw_growth(IMAGES / "growth.png", measurements)
    return 0 if paths else 1


if __name__ == "__main__":
    sys.exit(main())
