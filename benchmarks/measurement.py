"""A measured figure, whether it meets its goal, and the table of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

MARGIN_FOR_NOISE = 1.1
"""A goal is missed where the value is more than 10 % above it."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the table: the median over rounds that took turns, and each round's value."""

    name: str
    unit: str
    rounds: tuple[float, ...]
    goal: float | None = None
    """At most this much; None where no goal was set."""
    note: str = ""

    @property
    def value(self) -> float:
        return median(self.rounds)

    @property
    def missed(self) -> bool:
        return self.goal is not None and self.value > self.goal * MARGIN_FOR_NOISE

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"value": self.value, "missed": self.missed}


def ratio(name: str, ours: Sequence[float], base: Sequence[float], *, goal: float | None, note: str) -> Measurement:
    """What one client costs as a multiple of another, round by round, so that both halves saw the same machine."""
    quotients = tuple(one / other for one, other in zip(ours, base, strict=True))
    return Measurement(name, "x", quotients, goal, note)


def table(measurements: Sequence[Measurement], *, judged: bool = True) -> str:
    """The figures as text: value, goal, spread over the rounds, and what each one means."""
    head = ("what", "value", "goal", "rounds from - to", "")
    rows = [head, *(_row(one, judged) for one in measurements)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = []
    for row in rows:
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:4], widths[1:4], strict=True)),
        ]
        lines.append("  ".join([*cells, row[4]]).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


def _row(one: Measurement, judged: bool) -> tuple[str, str, str, str, str]:
    goal = "" if one.goal is None else f"<= {_figure(one.goal)}"
    spread = f"{_figure(min(one.rounds))} - {_figure(max(one.rounds))}" if len(one.rounds) > 1 else ""
    note = f"MISSED  {one.note}" if one.missed and judged else one.note
    return one.name, f"{_figure(one.value)} {one.unit}", goal, spread, note


def _figure(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 1000 else f"{value:.0f}"
