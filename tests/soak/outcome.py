"""What became of one run, as a line of JSON; and the state of a soak, a file of such lines, by which it goes on.

Five standings. *pass*: what a healthy server must get, and the second opinion sees nothing either. *confirmed*: a fail
that the second opinion confirms and that is described in docs/issues.md (`confirmed.py`). *alarm*: any other fail.
*missed*: a pass in which the second opinion sees something. *unknown*: inconclusive, or the run itself went wrong: no
result, an exit code that does not fit, failed requests, something left behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

PASS, CONFIRMED, ALARM, MISSED, UNKNOWN = "pass", "confirmed", "alarm", "missed", "unknown"


@dataclass(frozen=True)
class Outcome:
    """One run that has ended."""

    number: int
    seed: int
    server: str
    planned: str
    """The planned run in one line."""
    standing: str
    verdict: str
    """Of the run: pass, fail, inconclusive, or none."""
    exit_code: int | None
    reason: str
    """The verdict's words, and what else was wrong with the run."""
    kinds: tuple[str, ...]
    """Of the findings, sorted."""
    warnings: tuple[str, ...]
    edits: int
    seconds: float
    """From the start of the process to its end."""
    again: bool = False
    """Whether this was its second time, because the machine had been overloaded the first time."""
    second_opinion: str = ""
    issue: str = ""
    """The heading in docs/issues.md that explains a confirmed fail."""
    folder: str = ""
    """Where its results are; empty: it passed, and nothing was kept."""

    def as_line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_line(cls, line: str) -> Outcome:
        """The other way; ValueError for anything else."""
        read: Any = json.loads(line)
        if not isinstance(read, dict) or not {field.name for field in fields(cls)} >= set(read):
            raise ValueError("this is no outcome of a run")
        return cls(**read | {"kinds": tuple(read["kinds"]), "warnings": tuple(read["warnings"])})


def finished(state: Path) -> dict[int, Outcome]:
    """The outcomes of a state file by number, later lines winning; a last line that was cut off is left out."""
    if not state.exists():
        return {}
    outcomes: dict[int, Outcome] = {}
    lines = state.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines):
        if not line:
            continue
        try:
            one = Outcome.from_line(line)
        except ValueError:
            if number == len(lines) - 1:
                continue  # it was stopped while it wrote
            raise
        outcomes[one.number] = one
    return outcomes


def succeeded(outcomes: Iterable[Outcome]) -> bool:
    """Whether all of them passed, or are what is known of released servers."""
    return all(one.standing in (PASS, CONFIRMED) for one in outcomes)
