"""What the histories of a run's processes tell of its edits: which of them each process could time at another user.

A reader of files, and nothing more: what is expected of a run stands in its test.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Deliveries:
    """Pairs of an edit, as (author, number), and a reader, over all processes."""

    told: list[tuple[tuple[int, int], int]]
    """Those that were timed."""
    certain: set[tuple[tuple[int, int], int]]
    """Those that had to be: author and reader play in the same process, and the reader had the document before."""
    possible: set[tuple[tuple[int, int], int]]
    """These, and those whose reader was just opening the document."""


def deliveries(files: list[Path]) -> Deliveries:
    """From one file for each process that played users, none of whom lost a line or left before the end."""
    found = Deliveries([], set(), set())
    for file in files:
        events = list(_events(file))
        opened = {event["user"]: (event["document"], event["t"]) for event in events if event["event"] == "open"}
        for event in events:
            edit = event.get("user"), event.get("number")
            if event["event"] == "delivery":
                found.told.append((edit, event["to"]))
            elif event["event"] == "edit":
                readers = {user for user, (document, _) in opened.items() if document == event["document"]} - {edit[0]}
                found.possible.update((edit, user) for user in readers)
                found.certain.update((edit, user) for user in readers if opened[user][1] < event["t"])
    return found


def _events(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt") as lines:
        yield from map(json.loads, lines)
