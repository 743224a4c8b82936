"""What the documents of a run take, and nothing else: its updates, applied to as many bare pycrdt documents.

Run as `python -m endurance.documents RESULTS SECONDS...`, in a process of its own, on a run whose evidence was kept
whole (`--rtc-evidence always`). It prints, as JSON, the resident memory in MB that the documents take when all edits
that were due by each of these seconds are in them. One document for each user who was there at the end.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from pycrdt import Doc

from jupyter_rtc_locust.verdict.folder.stored import read_stored_digests, read_stored_run

EMPTY = b"\0\0"
"""The update that changes nothing."""


def memory_at(results: Path, moments: Sequence[float]) -> list[float]:
    """MB that the documents of a run take at each of these seconds, ascending; without what Python itself takes."""
    run, missing = read_stored_run(results, list(read_stored_digests(results).paths))
    assert not missing, missing
    edits: list[tuple[float, int, bytes]] = []
    copies: list[list[Doc[Any]]] = []
    for number, document in enumerate(run.documents):
        copies.append([Doc() for _ in document.users])
        edits.append((-1.0, number, document.initial.update or EMPTY))
        edits += [(one.due, number, one.update) for one in document.authored]
    edits.sort(key=lambda edit: edit[0])
    process = psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    found = []
    waiting = list(moments)
    for due, number, update in [*edits, (float("inf"), 0, EMPTY)]:
        while waiting and due > waiting[0]:
            waiting.pop(0)
            found.append((process.memory_info().rss - before) / 1e6)
        for doc in copies[number]:
            doc.apply_update(update)
    return found


if __name__ == "__main__":
    print(json.dumps(memory_at(Path(sys.argv[1]), [float(one) for one in sys.argv[2:]])))
