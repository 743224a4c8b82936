"""A measured figure, whether it meets its goal, and the table of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any, Literal

MARGIN_FOR_NOISE = 0.1
"""A goal is missed where the value is more than 10 % on the wrong side of it."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the table: the median over rounds that took turns, and each round's value."""

    name: str
    unit: str
    rounds: tuple[float, ...]
    goal: float | None = None
    """At most this much, or at least, as `wanted` says; None where no goal was set."""
    note: str = ""
    wanted: Literal["at most", "at least"] = "at most"

    @property
    def value(self) -> float:
        return median(self.rounds)

    @property
    def missed(self) -> bool:
        if self.goal is None:
            return False
        if self.wanted == "at least":
            return self.value < self.goal * (1 - MARGIN_FOR_NOISE)
        return self.value > self.goal * (1 + MARGIN_FOR_NOISE)

    @property
    def limit(self) -> str:
        """The goal as it is printed; empty where there is none."""
        if self.goal is None:
            return ""
        return f"{'>=' if self.wanted == 'at least' else '<='} {figure(self.goal)}"

    @property
    def spread(self) -> str:
        """From the lowest round to the highest; empty where there was one."""
        return f"{figure(min(self.rounds))} - {figure(max(self.rounds))}" if len(self.rounds) > 1 else ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"value": self.value, "missed": self.missed}

    @staticmethod
    def from_dict(plain: dict[str, Any]) -> Measurement:
        """What `as_dict` said, read from a file."""
        kept = {name: plain[name] for name in ("name", "unit", "goal", "note", "wanted") if name in plain}
        return Measurement(rounds=tuple(plain["rounds"]), **kept)


def ratio(name: str, ours: Sequence[float], base: Sequence[float], *, goal: float | None, note: str) -> Measurement:
    """What one client costs as a multiple of another, round by round, so that both halves saw the same machine."""
    quotients = tuple(one / other for one, other in zip(ours, base, strict=True))
    return Measurement(name, "x", quotients, goal, note)


def of_runs(runs: Sequence[Sequence[Measurement]]) -> list[Measurement]:
    """The lines of one run; or of several, with each run's value in the place of a round's.

    A line that not all runs have (a climb ends where it can no more) has the values of those that have it.
    """
    if len(runs) == 1:
        return list(runs[0])
    values: dict[tuple[str, str], list[float]] = {}
    lines: dict[tuple[str, str], Measurement] = {}
    for run in runs:
        for key, one in by_place(run).items():
            lines.setdefault(key, one)
            values.setdefault(key, []).append(one.value)
    return [replace(one, rounds=tuple(values[key])) for key, one in lines.items()]


def by_place(measurements: Sequence[Measurement]) -> dict[tuple[str, str], Measurement]:
    """Each line under its own name and that of the line which it belongs to: several have a line `ours` below them."""
    lines, above = {}, ""
    for one in measurements:
        above = above if one.name.startswith(" ") else one.name
        lines[above, one.name] = one
    return lines


def table(measurements: Sequence[Measurement], *, judged: bool = True, spread_over: str = "rounds") -> str:
    """The figures as text: value, goal, spread over rounds (or runs), and what each one means."""
    head = ("what", "value", "goal", f"{spread_over} from - to", "")
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
    note = f"MISSED  {one.note}" if one.missed and judged else one.note
    return one.name, f"{figure(one.value)} {one.unit}", one.limit, one.spread, note


def figure(value: float) -> str:
    """As many digits as are worth reading."""
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 1000 else f"{value:,.0f}"
