"""Makes everything that is made of a results folder, and writes it there: `report.html`, `junit.xml`, `summary.md`.

Of a run that looked for a capacity, `capacity.md` and its picture, too.

One that cannot be made takes nothing from the others; why it could not is a sentence. What stands there afterwards is
of this run or is not there: what was made of an earlier one goes first. Each file says near its beginning that it is
ours; one of somebody else that is in the way stays.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jupyter_rtc_locust.capacity.making import MADE as CAPACITY
from jupyter_rtc_locust.capacity.making import contents
from jupyter_rtc_locust.reporting.repeating import path_elsewhere
from jupyter_rtc_locust.reporting.report.told_run import ToldRun, read_run

PAGE: Final = "report.html"
JUNIT: Final = "junit.xml"
SUMMARY: Final = "summary.md"
FILES: Final = (PAGE, JUNIT, SUMMARY)
_MARK: Final = b"jupyter-rtc-locust"
_MARKED_WITHIN: Final = 1000
"""Bytes of a file of ours, in which its mark stands."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made, and what could not be."""

    files: tuple[Path, ...]
    problems: tuple[str, ...]
    """Sentences."""


def make_reports(results: Path, *, secrets: Iterable[str] = (), add_summary_to: Path | None = None) -> Made:
    """Make all of them from what lies in the folder; the summary is added to another file, too, where one is given.

    Raises:
        StoredError: the folder holds no result of a run that could be read.
    """
    told = read_run(results, secrets)
    remove_reports(results)
    files: list[Path] = []
    problems: list[str] = []
    for name, make in ((SUMMARY, _summary), (JUNIT, _junit), (PAGE, _page(str(results)))):
        path = results / name
        try:
            content = make(told)
            if not _may_be_replaced(path):
                problems.append(f"{path} was not written, because a file of somebody else is in the way.")
                continue
            _write(path, content)
            files.append(path)
            if name == SUMMARY and add_summary_to is not None:
                with add_summary_to.open("ab") as file:
                    file.write(content)
        except Exception as error:
            problems.append(f"{path} could not be made: {type(error).__name__}: {str(error)[:500]}.")
    _make_capacity(results, files, problems)
    return Made(tuple(files), tuple(problems))


def _make_capacity(results: Path, files: list[Path], problems: list[str]) -> None:
    try:
        for name, content in contents(results).items():
            path = results / name
            if not _may_be_replaced(path):
                problems.append(f"{path} was not written, because a file of somebody else is in the way.")
                continue
            _write(path, content)
            files.append(path)
    except Exception as error:
        problems.append(f"{results / CAPACITY[0]} could not be made: {type(error).__name__}: {str(error)[:500]}.")


def job_summary(environment: Mapping[str, str]) -> Path | None:
    """The file whose content GitHub shows on the page of a job; None: this is no job there."""
    named = environment.get("GITHUB_STEP_SUMMARY")
    return Path(named) if named else None


def remove_reports(results: Path) -> None:
    """Remove what was made of an earlier run, so that nobody takes it for that of this one."""
    for name in (*FILES, *CAPACITY):
        try:
            if _may_be_replaced(results / name):
                (results / name).unlink(missing_ok=True)
        except OSError:
            pass  # what is in the way is said when the new one cannot be written


def _may_be_replaced(path: Path) -> bool:
    """Whether there is no such file, or it is ours."""
    try:
        with path.open("rb") as file:
            return _MARK in file.read(_MARKED_WITHIN)
    except FileNotFoundError:
        return True


def _summary(told: ToldRun) -> bytes:
    from jupyter_rtc_locust.reporting.report.summary import summary

    return summary(told).encode("utf-8", "backslashreplace")


def _junit(told: ToldRun) -> bytes:
    from jupyter_rtc_locust.reporting.report.junit import junit

    return junit(told)


def _page(folder: str) -> Callable[[ToldRun], bytes]:
    def make(told: ToldRun) -> bytes:
        # Here, because it takes most of a second, and what goes wrong with it is no reason to be without the others.
        from jupyter_rtc_locust.reporting.report.page import page

        return page(told, path_elsewhere(folder, str(Path.cwd()))).encode("utf-8", "backslashreplace")

    return make


def _write(path: Path, content: bytes) -> None:
    """All or nothing."""
    partial = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        with partial.open("xb") as file:
            file.write(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
