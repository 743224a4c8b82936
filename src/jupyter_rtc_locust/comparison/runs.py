"""Repeated runs as a folder holds them: of each, what a comparison needs of its `result.json`.

A folder of runs has one folder for each run (`--rtc-results A/1`, `A/2`, …); the results folder of a single run will
do, too. What stands in the files is taken as it is: whoever wrote them may have been another version, or somebody else.

Knows files, and neither Locust nor how a run came about.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.timing.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESULT: Final = "result.json"

LOAD: Final = (
    "documents",
    "edit_rate",
    "rhythm",
    "awareness",
    "kernels",
    "trace_speed",
    "trace_into",
    "checkpoint_every",
)
"""The options of a run (`run.options`) that say how much load it is; `template` and `trace` by the names of files."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: where it is, what became of its documents, its timings, and what it was a run of."""

    folder: str
    verdict: str
    reason: str
    kinds: frozenset[str]
    """The kinds of its findings."""
    unsound: str
    """Why its timings are not the server's alone: a sentence; empty where they are."""
    timings: Mapping[str, Histogram]
    scenario: Mapping[str, Any]
    """What has to be the same in runs that are compared."""
    server: str
    versions: Mapping[str, str]


def read_runs(folder: Path) -> tuple[Run, ...]:
    """All runs of a folder, by name.

    Raises:
        OptionsError: there are none, or one cannot be read.
    """
    if not folder.is_dir():
        raise OptionsError(f"{folder} is no folder: name one that holds the results folders of repeated runs.")
    found = sorted((path.parent for path in folder.glob(f"*/{RESULT}")), key=_in_order)
    if not found and (folder / RESULT).is_file():
        found = [folder]
    if not found:
        raise OptionsError(
            f"{folder} holds no results: neither {RESULT} nor folders with one. Let each run write into a folder of "
            f"its own in it, with --rtc-results {folder / '1'}."
        )
    return tuple(read_run(one) for one in found)


def read_run(folder: Path) -> Run:
    """The run of a results folder.

    Raises:
        OptionsError: its result file cannot be read, or is none.
    """
    path = folder / RESULT
    try:
        result = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise OptionsError(f"{path} cannot be read: {error}.") from None
    try:
        return _run(str(folder), result)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise OptionsError(
            f"{path} is not the result of a run that can be compared: {type(error).__name__}: {error}."
        ) from None


def _run(folder: str, result: dict[str, Any]) -> Run:
    run, generator, options = result["run"], result["generator"], result["run"]["options"]
    sound = generator.get("sound") and generator.get("timings_sound")
    reasons = [*(generator.get("reasons") or ()), *(generator.get("timings_reasons") or ())]
    scenario = {
        "locustfile": PurePath(str(run.get("locustfile") or "")).name,
        "users": result["counts"].get("users_asked"),
        "workers": run.get("workers"),
        **{name: options.get(name) for name in LOAD},
        **{name: PurePath(str(options.get(name) or "")).name for name in ("template", "trace")},
    }
    return Run(
        folder=folder,
        verdict=str(result["verdict"]),
        reason=str(result["reason"]),
        kinds=frozenset(str(finding["kind"]) for finding in result["findings"]),
        unsound="" if sound else str(reasons[0] if reasons else "Whether the load generator kept up is not known."),
        timings={name: Histogram.from_dict(timing["histogram"]) for name, timing in result["timings"].items()},
        scenario=scenario,
        server=str(run.get("server") or ""),
        versions={str(name): str(version) for name, version in (run.get("versions") or {}).items()},
    )


def check_alike(runs: Sequence[Run]) -> None:
    """Refuse runs of which some were another load: their times say nothing about versions.

    Raises:
        OptionsError: with what differs, in which run.
    """
    first = runs[0]
    for run in runs[1:]:
        differing = [name for name, value in first.scenario.items() if run.scenario.get(name) != value]
        if differing:
            name = differing[0]
            raise OptionsError(
                f"{first.folder} and {run.folder} are not runs of the same load: {name} was {first.scenario[name]!r} "
                f"there and {run.scenario.get(name)!r} here. Repeat one scenario with the same options."
            )


def _in_order(path: Path) -> tuple[int, str]:
    """`2` before `10`."""
    digits = "".join(character for character in path.name if character.isdecimal())
    return (int(digits or 0), path.name)
