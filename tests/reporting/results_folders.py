"""Results folders for the tests of what is made of them: three real ones, kept small, and made-up ones."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from jupyter_rtc_locust.reporting.history import History
from jupyter_rtc_locust.timing.recorder import NAMES, UPDATE_ECHO, Recorder
from jupyter_rtc_locust.timing.thresholds import judged, read_thresholds

RESULTS = Path(__file__).with_name("results")
REAL = ("pass", "fail", "nothing")
"""A demo of six people; a server whose store of updates was lost; a host where nobody listens. Paths and ports were
made the same, updates taken out of the evidence."""

HOSTILE = (
    '</script><script>alert(1)</script><img src=x onerror=alert(2)> " onfocus="alert(3)" \' '
    "[a](javascript:b) `c` **d** | e\n# f\r\n"
    "\u202eturned\u2066 \x1b[31mred\x07 \ud800 \ufffe &amp; <!-- http://example.org/x ``` ]]> שלום"
)
"""What a document could hold to break a page, a summary, an XML file or a terminal."""


def result_of(name: str) -> dict[str, Any]:
    return json.loads((RESULTS / name / "result.json").read_text("utf-8"))


def copied(name: str, folder: Path, change: Callable[[dict[str, Any]], Any] | None = None) -> Path:
    """A copy of a real results folder, its result changed."""
    shutil.copytree(RESULTS / name, folder)
    result = result_of(name)
    if change is not None:
        change(result)
    (folder / "result.json").write_text(json.dumps(result), "utf-8")
    return folder


def with_thresholds(folder: Path, *written: str) -> Path:
    """A pass that was held to these limits."""

    def change(result: dict[str, Any]) -> None:
        result["thresholds"] = [one.as_dict() for one in judged(read_thresholds("; ".join(written)), result)]

    return copied("pass", folder, change)


def clock(process: str, problem: str | None = None) -> dict[str, Any]:
    """What is known of a process's clock; nothing where there is a problem."""
    if problem is not None:
        nothing = dict.fromkeys(("round_trip_ms", "bound_ms", "drift_ppm"))
        return {"process": process, "exchanges": 0, **nothing, "problem": problem}
    known = {"exchanges": 31, "round_trip_ms": 0.4, "bound_ms": 0.21, "drift_ppm": -3.5}
    return {"process": process, **known, "problem": None}


def between_workers(count: int = 1204, loose: int = 0, clocks: Iterable[dict[str, Any]] = ()) -> dict[str, Any]:
    """Deliveries from one process to another, of which the p99 is not known."""
    timed = {"p50_ms": 5.25, "p50_bound_ms": 0.5, "p95_ms": 17.5, "p95_bound_ms": 1.25, "bound_p50_ms": 0.5}
    unknown = {"p99_ms": None, "p99_bound_ms": None, "bound_max_ms": 2.0}
    return {"count": count, "loose": loose, **timed, **unknown, "clocks": list(clocks)}


def hostile(folder: Path) -> Path:
    """A fail of which every text that comes from a server or a document is `HOSTILE`."""

    def change(result: dict[str, Any]) -> None:
        finding = {**result["findings"][0], "document": HOSTILE, "detail": HOSTILE, "evidence": None}
        unknown_kind = {**finding, "kind": HOSTILE, "document": ""}
        result["findings"] += [finding, unknown_kind]
        result["warnings"].append({"kind": HOSTILE, "document": HOSTILE, "detail": HOSTILE})
        result["unknown"].append(HOSTILE)
        result["reason"] = HOSTILE
        result["stumbles"] = [{"what": HOSTILE, "times": 3}]
        result["exit"] = {"code": 1, "reason": HOSTILE}
        result["guests"].append({"document": HOSTILE, "client_id": 7, "units": 3})
        result["checkpoints"].append(
            {"number": 1, "at_s": 3.0, "paused_s": 1.0, "verdict": "fail", "reason": HOSTILE, "findings": []}
        )
        result["between_workers"] = between_workers(clocks=[clock(HOSTILE, problem=HOSTILE)])
        result["server"]["log"].append({"what": HOSTILE, "count": 1, "first": HOSTILE, "last": HOSTILE})
        result["timings"][UPDATE_ECHO]["failure_sentences"] = {HOSTILE: 3}
        result["timings"][UPDATE_ECHO]["failures"] = 3
        result["run"]["documents"].append(HOSTILE)
        result["run"]["server"] = result["run"]["host"] = result["run"]["locustfile"] = HOSTILE
        result["run"]["command"] = ["locust", HOSTILE]
        result["run"]["options"]["notebook"] = HOSTILE
        result["run"]["faults"][0]["what"] = HOSTILE
        result["thresholds"] = [
            {"threshold": HOSTILE, "figure": "failures", "outcome": outcome, "value": 1, "limit": 1, "detail": HOSTILE}
            for outcome in ("missed", "inconclusive")
        ]
        result["generator"]["timings_sound"] = False
        result["generator"]["timings_reasons"] = [HOSTILE]

    copied("fail", folder, change)
    evidence = folder / "evidence" / "rtc-locust-0badcafe_notebook-0.ipynb"
    for name in ("difference-oracle-newcomer.txt", "difference-newcomer-replica-1.txt"):
        text = f"What differs between {HOSTILE!r} (-) and a newcomer (+):\n\n* {HOSTILE}\n\n+{HOSTILE}\n-{HOSTILE}\n"
        (evidence / name).write_text(text, "utf-8", "backslashreplace")
    told = json.loads((evidence / "finding-1.json").read_text("utf-8"))
    told["edits_are"] = told["edits"][0]["description"] = HOSTILE
    (evidence / "finding-1.json").write_text(json.dumps(told), "utf-8")
    return folder


def large(folder: Path, *, echoes: int = 12_000, findings: int = 400) -> Path:
    """A long run that was recorded event by event, in which much was found."""
    times = Recorder()
    for name in NAMES:
        for number in range(400):
            times.record(name, 0.5 * 1.03**number)

    def change(result: dict[str, Any]) -> None:
        for number in range(findings):
            finding = copy.deepcopy(result["findings"][number % len(result["findings"])])
            finding["detail"] = f"{number}: " + "words that somebody wrote, and that are gone; " * 30
            finding["evidence"] = None
            result["findings"].append(finding)
        result["unknown"] += [f"not known {number}" for number in range(300)]
        slot = next(slot for slot in result["course"]["slots"] if slot["timings"])
        result["course"] = {"slot_s": 32, "slots": [{**slot, "at_s": 32 * number} for number in range(120)]}
        for name, histogram in times.histograms().items():
            # The stored results are older than some names.
            timing = result["timings"].setdefault(name, dict(result["timings"]["run cell"]))
            timing |= {"count": 400, "histogram": histogram.as_dict()}
            for key in ("min_ms", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms"):
                result["timings"][name][key] = 12.5

    copied("fail", folder, change)
    document, seed = result_of("fail")["run"]["documents"][0], result_of("fail")["run"]["seed"]
    history = History(folder / "history.jsonl.gz")
    history.note(0.0, "start", seed=seed)
    for number in range(echoes):
        due = number * 3840 / echoes
        who = {"document": document, "user": 0, "client": 1, "number": number}
        history.note(due, "edit", **who)
        history.note(due + 0.001 * (number % 97 + 1), "echo", outcome="ok", **who)
    history.close()
    return folder
