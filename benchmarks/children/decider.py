"""Makes the evidence of large runs, or decides on it: each in a process of its own, so that memory is of one thing.

Run as `python -m benchmarks.children.decider`. Commands: `make` (path, edits, users, lose), `decide` (path).
"""

from __future__ import annotations

import resource
import time
import tracemalloc
from pathlib import Path
from typing import Any

from benchmarks.children.commands import Lines, reply
from benchmarks.large_run import LargeRun
from jupyter_rtc_locust.timing.round_trips import RoundTrips
from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import RunEvidence
from jupyter_rtc_locust.verdict.evidence_form import decode_evidence, encode_evidence


def main() -> None:
    """Do what is asked until the parent is gone."""
    lines = Lines()
    while not lines.ended:
        for command in lines.read():
            reply(**(_make(**command) if command.pop("do") == "make" else _decide(**command)))


def _make(path: str, edits: int, users: int, lose: bool) -> dict[str, Any]:
    run = LargeRun(users)
    run.edit(edits)
    lost = None
    if lose:
        evidence, edit = run.evidence_without_an_edit()
        lost = f"edit {edit.number} of user {edit.user}"
    else:
        evidence = run.evidence()
    Path(path).write_bytes(encode_evidence(evidence))
    own, others = _bookkeeping(run) if lose else (0.0, 0.0)
    received = len(evidence.documents[0].foreign)
    return {"lost": lost, "edits": len(run.authored), "received": received, "own_bytes": own, "others_bytes": others}


def _bookkeeping(run: LargeRun) -> tuple[float, float]:
    """Bytes a process keeps for each acknowledged edit of its users, and for each update that it did not send."""
    tracemalloc.start()
    own, others = (RoundTrips(lambda _: None, lambda _: None) for _ in range(2))
    before = tracemalloc.get_traced_memory()[0]
    for edit in run.authored:
        update, description = bytes(bytearray(edit.update)), "".join(list(edit.description))
        own.author(edit.user, edit.client_id, edit.number, description, edit.cell, edit.due, update)
    for edit in run.authored:
        own.arrive(edit.user, edit.update, edit.due)
    between = tracemalloc.get_traced_memory()[0]
    for moment, update, _ in run.sent:
        others.arrive(0, bytes(bytearray(update)), moment)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (between - before) / len(run.authored), (after - between) / len(run.sent)


def _decide(path: str) -> dict[str, Any]:
    evidence = decode_evidence(Path(path).read_bytes(), RunEvidence)
    started, computed = time.monotonic(), time.process_time()
    verdict = decide(evidence)
    return {
        "seconds": time.monotonic() - started,
        "cpu": time.process_time() - computed,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
        "verdict": verdict.value.value,
        "findings": [[finding.kind, finding.detail, list(finding.users)] for finding in verdict.opinion.findings],
    }


if __name__ == "__main__":
    main()
