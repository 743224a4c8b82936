"""What a person needs of a run's terminal output when a test fails: its end, without Locust's tables. Pure.

Locust prints a table of statistics every two seconds, at first empty ones. Of a run that ended too soon, they fill what
a report of tests has room for, and the reason stands behind them.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

LINES = 60

_OF_A_TABLE = re.compile(
    r"Type +Name +|-{8}\|-|Response time percentiles"  # what stands above and below the rows
    r"|.* \d+ +\d+\(\d+\.\d\d%\) \|"  # a row: so many requests, so many of them failed
    r"|.*( +\d+){11}$"  # a row of percentiles
)


def end_of(output: str, lines: int = LINES) -> str:
    """The last lines, without the tables of Locust's statistics; says how many others came before them."""
    said = [line for line in output.splitlines() if not _OF_A_TABLE.match(line)]
    kept = [line for before, line in pairwise(["", *said]) if line or before]
    left_out = max(len(kept) - lines, 0)
    return "\n".join([f"[{left_out} lines before]"] * bool(left_out) + kept[left_out:])


def end_and_reason(output: str, result: dict[str, Any] | None) -> str:
    """The end of the output, and below it the verdict with its reason, where there is a result."""
    told = "no result.json" if result is None else f"result.json: {result['verdict']}: {result['reason']}"
    return f"{end_of(output)}\n--- {told}"
