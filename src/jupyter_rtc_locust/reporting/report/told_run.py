"""A results folder as one value: the result file, what the history tells, and the evidence behind findings.

Everything in it is text and figures as they stand there; how they are shown is the business of whoever shows them. Only
secrets are taken out, as everywhere: those that are named, and whatever looks like one.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_rtc_locust.capacity.reading import CapacityError, read_capacity
from jupyter_rtc_locust.reporting.report.told_evidence import DocumentTold, documents_of
from jupyter_rtc_locust.reporting.report.told_history import HistoryTold, read_histories
from jupyter_rtc_locust.reporting.result_file import FILE_NAME, VERDICTS, redact
from jupyter_rtc_locust.verdict.folder.stored import StoredError

_MAPPINGS = ("timings", "counts", "generator", "run")
_LISTS = ("findings", "warnings")


@dataclass(frozen=True, slots=True)
class ToldRun:
    """All that a results folder tells of a run."""

    result: Mapping[str, Any]
    """The content of `result.json`; what an older version has not written is there, and empty."""
    documents: tuple[DocumentTold, ...]
    """Every document of the run, those with findings first; one without a path stands for the run as a whole."""
    history: HistoryTold | None
    """None: no history was kept."""
    capacity: str = ""
    """What a search for a capacity came to, in a sentence; empty where the run was none."""

    @property
    def verdict(self) -> str:
        """`pass`, `fail` or `inconclusive`."""
        return str(self.result["verdict"])

    @property
    def run(self) -> Mapping[str, Any]:
        """What is known of the run itself."""
        told: Mapping[str, Any] = self.result["run"]
        return told

    @property
    def thresholds(self) -> Sequence[Mapping[str, Any]]:
        """What became of the limits that the run was held to (`--rtc-require`)."""
        told: Sequence[Mapping[str, Any]] = self.result["thresholds"]
        return told

    @property
    def measured_nothing(self) -> bool:
        """Whether nobody took a seat, or nothing was timed."""
        timed = any(one.get("count") or one.get("failures") for one in self.result["timings"].values())
        return not self.result["counts"].get("users_seated") or not timed


def read_run(results: Path, secrets: Iterable[str] = ()) -> ToldRun:
    """What a results folder tells.

    Raises:
        StoredError: there is no result file, or it cannot be read.
    """
    secrets = tuple(secrets)
    result = _read_result(results)
    run = result["run"]
    try:
        return ToldRun(
            result=redact(result, ()),
            documents=documents_of(results, result, secrets),
            history=read_histories(results, set(run.get("documents") or ()), run.get("seed"), secrets),
            capacity=_capacity(results, secrets),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StoredError(f"{results / FILE_NAME} is not the result of a run: {error!r}.") from None


def _capacity(results: Path, secrets: Iterable[str]) -> str:
    """One that cannot be read is told by whoever makes its page."""
    with contextlib.suppress(CapacityError):
        told = read_capacity(results)
        return "" if told is None else str(redact(str(told["sentence"]), secrets))
    return ""


def _read_result(results: Path) -> dict[str, Any]:
    path = results / FILE_NAME
    try:
        result = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise StoredError(f"{path} is missing. Name the results folder of a run (--rtc-results).") from None
    except (OSError, ValueError) as error:
        raise StoredError(f"{path} cannot be read: {error}.") from None
    if not isinstance(result, dict) or result.get("verdict") not in VERDICTS:
        raise StoredError(f"{path} is not the result of a run.")
    empty: dict[str, Any] = {name: [] for name in ("unknown", "guests", "checkpoints", "thresholds", "stumbles")}
    empty |= {name: {} for name in ("exercised", "server", "evidence", "course", "bytes", "exit")}
    result = {**empty, **result}
    for name in (*_MAPPINGS, *_LISTS, *empty):
        wanted = list if name in _LISTS or empty.get(name) == [] else dict
        if not isinstance(result.get(name), wanted):
            raise StoredError(f"{path} is not the result of a run: it has no {name!r} that could be read.")
    return result
