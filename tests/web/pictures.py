"""Pictures of a run that never was, in the form of `live.json`: for tests of what shows them."""

from __future__ import annotations

from collections import Counter
from typing import Any

STATES = ("typing", "settling", "equal", "differs", "unknown")


def document(index: int, state: str = "equal", **fields: Any) -> dict[str, Any]:
    """One document of five users; `fields` replace what it tells."""
    agreeing = {"equal": 5, "differs": 3, "settling": 4}.get(state)
    told = {
        "index": index,
        "path": f"rtc-1f2e3d4c/notebook-{index}.ipynb",
        "kind": "notebook",
        "state": state,
        "users": 5,
        "edits": 120 + index,
        "replicas": 5,
        "agreeing": agreeing,
        "oldest_unacknowledged_s": 0.04 if state == "typing" else None,
        "unsaved_s": 0.9 if state == "typing" else None,
        "checkpoint": None,
        "findings": [],
    }
    return told | fields


def picture(documents: list[dict[str, Any]], state: str = "editing", **fields: Any) -> dict[str, Any]:
    """A run with these documents; `fields` replace whole parts."""
    states = Counter(one["state"] for one in documents)
    users = sum(one["users"] for one in documents)
    slots = [
        {
            "at_s": float(at),
            "users": min(users, at * 2),
            "messages_per_s": 90.0 + at % 7,
            "edits_per_s": 20.0,
            "p50_ms": 3.0 + at % 3,
            "p95_ms": 9.0 + at % 5,
            "p99_ms": 14.0 + 2 * (at % 5),
            "unsaved_s": 1.0 + at % 4 / 4,
        }
        for at in range(60)
    ]
    percentiles = {"p50_ms": 3.4, "p95_ms": 11.2, "p99_ms": 18.9}
    process = {"name": "alone", "loop_lag_p99_ms": 2.1, "cpu_percent": 21.5, "sound": True, "seen_s_ago": 0.4}
    told = {
        "schema": 1,
        "run": {
            "id": "1f2e3d4c",
            "state": state,
            "since_start_s": 60.0,
            "duration_s": 120.0,
            "seed": 7,
            "server": "jupyter-collaboration 5.0.4",
            "host": "http://127.0.0.1:8888",
            "processes": 1,
        },
        "verdict": None,
        "agreement": {"documents": len(documents), **{name: states[name] for name in STATES}},
        "documents": documents,
        "findings": [],
        "figures": {
            "users": users,
            "edits": sum(one["edits"] for one in documents),
            "edits_per_s": 20.4,
            "messages_per_s": 95.5,
            "echo": percentiles,
            "delivery": percentiles,
            "failures": 0,
            "reconnects": 0,
        },
        "course": {"slot_s": 1, "slots": slots},
        "generator": {
            "sound": True,
            "reasons": [],
            "loop_lag_p99_ms": 2.1,
            "cpu_percent": 21.5,
            "processes": [process],
        },
        "faults": [],
        "problems": [],
    }
    return told | fields
