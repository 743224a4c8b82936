"""Figures as a person reads them: units, separators, three digits and no more."""

from __future__ import annotations

import shlex
from collections.abc import Iterable


def milliseconds(value: float | None) -> str:
    """`4.35 ms`, `120 ms`, `2.32 s`; a dash for nothing."""
    if value is None:
        return "–"
    if value >= 1000:
        return f"{value / 1000:,.0f} s" if value >= 100_000 else f"{_three_digits(value / 1000)} s"
    return f"{_three_digits(value)} ms"


def short_milliseconds(value: float) -> str:
    """For ticks of an axis: `0.1 ms`, `10 ms`, `1 s`."""
    return f"{value / 1000:g} s" if value >= 1000 else f"{value:g} ms"


def seconds(value: float | None) -> str:
    """`26 s`, `3 min 20 s`, `1 h 5 min`; a dash for nothing."""
    if value is None:
        return "–"
    whole = round(value)
    if whole < 120:
        return f"{value:.1f} s" if value < 10 and value != whole else f"{whole} s"
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if whole % 60 else f"{minutes} min"


def size(value: float | None) -> str:
    """Bytes: `812 bytes`, `20.2 kB`, `103 MB`; a dash for nothing."""
    if value is None:
        return "–"
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= step:
            return f"{_three_digits(value / step)} {unit}"
    return f"{value:,.0f} bytes"


def counted(number: int, word: str) -> str:
    """`1 edit`, `1,204 edits`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def listed(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    several = list(words)
    if len(several) < 2:
        return "".join(several)
    return f"{', '.join(several[:-1])} and {several[-1]}"


def users(numbers: Iterable[int], most: int = 8) -> str:
    """`user 3`, `users 0, 1 and 2`, `users 0, 1, … and 12 more`; nothing for nobody."""
    people = list(dict.fromkeys(numbers))
    if not people:
        return ""
    shown = [str(user) for user in people[:most]]
    if len(people) > most:
        shown.append(f"{len(people) - most} more")
    return f"user{'' if len(people) == 1 else 's'} {listed(shown)}"


def command(arguments: Iterable[str]) -> str:
    """A command for a shell, with a line for each of its longer options."""
    lines: list[list[str]] = [[]]
    for argument in arguments:
        if argument.startswith(("--rtc-", "--host")):
            lines.append([])
        lines[-1].append(argument)
    return " \\\n    ".join(shlex.join(line) for line in lines if line)


def _three_digits(value: float) -> str:
    rounded = float(f"{value:.3g}")
    if rounded >= 100:
        return f"{value:,.0f}"
    return f"{rounded:.1f}" if rounded >= 10 else f"{rounded:.2f}" if rounded >= 1 else f"{rounded:g}"
