"""The recording, counted: `python -m benchmarks.fidelity.recorded FOLDER` makes recorded.json anew.

The recordings themselves are not part of the project; what was counted in them is. JupyterLab 4.6.6,
jupyter-collaboration 5.0.4, Chromium, one tab, 2026-11-22.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.fidelity.counts import ALL_TABS, DOCUMENT, EVENTS, REQUESTS, Counts, presence_of

COUNTED = Path(__file__).with_name("recorded.json")
KINDS = {
    "SYNC_STEP1": "step 1",
    "SYNC_STEP2": "step 2",
    "SYNC_UPDATE": "update",
    "RAW": "raw",
}
GROUPS = {
    "jupyterlab-tab": {
        "open": ("open", "notebook-visible"),
        "type": ("type-sentence", "backspace5", "type-middle", "paste20lines"),
        "caret": ("click-cell0", "cursor-left5", "select5", "click-cell1"),
        "undo": ("undo", "redo", "undo2"),
        "structure": (
            "escape-add-cell",
            "add-cell-b",
            "delete-cell-dd",
            "move-cell",
            "move-back",
            "to-markdown",
            "to-code",
        ),
        "run": ("type-code", "run-20lines", "rerun-20lines"),
        "save": ("save",),
        "idle": ("idle60",),
    },
    "jupyterlab-tab-reconnect": {"reconnect": ("cut5s", "still-cut", "restore")},
    "jupyterlab-tab-close": {"leave": ("close-notebook-widget",)},
}
"""Which phases of which recording make a phase of the table."""


def counted(folder: Path) -> dict[str, dict[str, list[int]]]:
    """The recordings of a folder."""
    counts = Counts()
    for name, groups in GROUPS.items():
        group_of = {phase: group for group, phases in groups.items() for phase in phases}
        for event in _events(folder / f"{name}.jsonl.gz"):
            counts.phase = group_of.get(event["phase"], "")
            if event["kind"] == "req":
                counts.note(REQUESTS, 0)
            elif event["kind"] == "frame" and event["dir"] != "obs":
                _note_frame(counts, event)
    return {phase: dict(sorted(found.items())) for phase, found in counts.phases.items()}


def _note_frame(counts: Counts, event: dict[str, Any]) -> None:
    direction = "sent" if event["dir"] == "sent" else "received"
    room, size = event["room"] or "", event["size"]
    kind = presence_of(size) if event["type"] == "AWARENESS" else KINDS.get(event["type"])
    if room.startswith("JupyterLab:"):
        counts.note(f"{ALL_TABS}: {kind} {direction}", size)
    elif room.startswith("json:"):
        counts.note(f"{DOCUMENT}: {kind} {direction}", size)
    elif "events" in room:
        counts.note(f"{EVENTS} received", size)


def _events(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def main() -> None:
    """Write what was counted."""
    COUNTED.write_text(json.dumps(counted(Path(sys.argv[1])), indent=1) + "\n")


if __name__ == "__main__":
    main()
