"""The tab *Convergence* of Locust's page: a row for each document, made from the picture of `live.json`.

Locust's tables sort by the field `name` until somebody clicks a column, and use it to tell rows apart; so it holds the
order in which documents should be looked at, and is no column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

KEY = "convergence"

TAB = {"title": "Convergence", "key": KEY}

COLUMNS = (
    ("document", "Document"),
    ("state", "State"),
    ("users", "Users"),
    ("edits", "Edits"),
    ("copies", "Agreeing replicas"),
    ("unacknowledged", "Oldest unacknowledged (s)"),
    ("unsaved", "Unsaved for (s)"),
    ("checkpoint", "Last checkpoint"),
    ("findings", "Findings"),
)

MOST_ROWS = 500
"""As many as Locust shows of its own; those that need a look are among them."""


def structure() -> list[dict[str, Any]]:
    """The table, as Locust's `extended_tables` describes one."""
    return [{"key": KEY, "structure": [{"key": key, "title": title} for key, title in COLUMNS]}]


def rows(documents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the table from the `documents` of the picture: differences first, then in the documents' order."""
    in_order = sorted(documents, key=lambda one: not (one["findings"] or one["state"] == "differs"))
    return [_row(place, one) for place, one in enumerate(in_order[:MOST_ROWS])]


def _row(place: int, one: Mapping[str, Any]) -> dict[str, Any]:
    checkpoint = one["checkpoint"]
    kinds = dict.fromkeys(str(found["kind"]) for found in one["findings"])
    return {
        "name": place,
        "document": one["path"],
        "state": one["state"],
        "users": one["users"],
        "edits": one["edits"],
        # People type, or it is not known what everybody has: nothing is compared.
        "copies": "not compared" if one["agreeing"] is None else f"{one['agreeing']} of {one['replicas']}",
        "unacknowledged": _seconds(one["oldest_unacknowledged_s"]),
        "unsaved": _seconds(one["unsaved_s"]),
        "checkpoint": f"{checkpoint['number']}: {checkpoint['verdict'] or 'nothing found here'}" if checkpoint else "",
        "findings": f"{len(one['findings'])}: {', '.join(kinds)}" if kinds else "",
    }


def _seconds(value: float | None) -> float | str:
    return "" if value is None else round(value, 1)
