"""What runs take, as a table for people: Markdown, that reads well in a terminal, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from jupyter_rtc_locust.scale.need import Need

_COLUMNS: Final = (
    "people",
    "rooms of",
    "edits/s",
    "updates/s",
    "presence/s",
    "network",
    "workers' CPU",
    "workers",
    "their memory",
    "master's CPU",
    "a room's server CPU",
    "servers",
    "evidence",
    "judge",
    "master's memory",
)


def table(needs: Sequence[Need]) -> list[str]:
    """A line for each run that is unlike the others; below it, which rooms have fewer people, and what cannot be."""
    rows = [_COLUMNS, *dict.fromkeys(_row(one) for one in needs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = [
        "| " + " | ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 1) + ":" for width in widths) + "|")
    said: dict[str, dict[str, None]] = {}
    for one in needs:
        for limit in one.limits:
            run = f"{one.asked.users:,} in rooms of {one.asked.in_a_room:,}"
            said.setdefault(limit, {})[run] = None
    told = [f"- {'; '.join(runs)}: {limit}." for limit, runs in said.items()]
    fewer = dict.fromkeys(
        f"With {one.asked.users:,} people, rooms of {one.asked.room:,} have "
        f"{one.asked.in_a_room:,}: that is what the row says."
        for one in needs
        if one.asked.in_a_room < one.asked.room
    )
    if fewer:
        lines = [*lines, "", *fewer]
    return [*lines, "", "What cannot be, and what would have to change:", "", *told] if told else lines


def _row(one: Need) -> tuple[str, ...]:
    return (
        f"{one.asked.users:,}",
        f"{one.asked.in_a_room:,}",
        _number(one.edits),
        _number(one.updates),
        _number(one.presence),
        f"{_size(one.network)}/s",
        f"{_number(one.generator_cores)} cores",
        _number(one.workers),
        _size(one.memory),
        f"{_number(100 * one.master_core)} %",
        f"{_number(100 * one.room_load)} %",
        "none holds a room" if one.servers is None else _number(one.servers),
        _size(one.evidence),
        f"{_number(one.judge_s)} s",
        _size(one.master_memory),
    )


def _number(value: float) -> str:
    """Two figures that mean something, whole above ten."""
    if value >= 10 or value == int(value):
        return f"{_rounded(value):,.0f}"
    return f"{value:.2g}"


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def _size(count: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{_number(count / size)} {unit}"
    return f"{count:.0f} B"
