"""The evidence behind findings, as it lies in the results folder: the edits, and where copies of a document differ.

A folder may come from another machine, so a path in it leads nowhere but into its own evidence, and no file is read
beyond what could be shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from jupyter_rtc_locust.reporting.report.what_came_before import told_apart
from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.verdict.folder.names import ABOUT_THE_FINDING, FOLDER, folder_names

MOST_EDITS: Final = 20
"""Shown of one finding."""
MOST_LINES: Final = 160
"""Shown of one difference."""
MOST_LISTED: Final = 8
"""Of the sentences that list what differs."""
_LONGEST_LINE: Final = 400
_MOST_BYTES: Final = 4_000_000
_MOST_DIFFERENCES: Final = 6
"""Of one document."""


@dataclass(frozen=True, slots=True)
class EditTold:
    """An edit behind a finding. Times in seconds since the start of the run."""

    user: int
    number: int
    due_s: float
    acknowledged_s: float | None
    what: str
    cell: str | None


@dataclass(frozen=True, slots=True)
class FindingTold:
    """A finding with what lies behind it."""

    number: int
    """In the result file, counted from 1."""
    kind: str
    detail: str
    users: tuple[int, ...]
    evidence: str | None
    before: str = ""
    """What had been done on purpose before it; empty: nothing."""
    found: str = ""
    """The detail without that."""
    edits: tuple[EditTold, ...] = ()
    edits_are: str = ""
    """Which edits these are, in words; empty: none were kept."""
    edits_left_out: int = 0
    authors: tuple[int, ...] = ()
    """Users whose edits it is about, beside those whom it concerns."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Two copies of a document that should be equal and are not."""

    file: str
    """Its place, from the results folder."""
    heading: str
    listed: tuple[str, ...]
    """What differs, in sentences."""
    listed_left_out: int
    lines: tuple[str, ...]
    """The difference itself; lines that begin with `+` or `-` are of one of the two."""
    lines_left_out: int


@dataclass(frozen=True, slots=True)
class DocumentTold:
    """A document with its findings; an empty path stands for the run as a whole."""

    path: str
    findings: tuple[FindingTold, ...] = ()
    differences: tuple[Difference, ...] = ()


def documents_of(results: Path, result: Mapping[str, Any], secrets: Sequence[str]) -> tuple[DocumentTold, ...]:
    """Every document of a run, those with findings first and in the order of these."""
    findings: dict[str, list[FindingTold]] = {}
    for number, finding in enumerate(result["findings"], start=1):
        told = _finding(results, number, finding, result["run"].get("faults") or (), secrets)
        findings.setdefault(str(finding.get("document") or ""), []).append(told)
    paths = [str(path) for path in result["run"].get("documents") or ()]
    folders = _folders_of_findings(findings) | dict(zip(paths, folder_names(paths), strict=True))
    return tuple(
        DocumentTold(
            str(redact(path, ())),
            tuple(findings.get(path, ())),
            _differences(results, folders[path], secrets) if path in folders else (),
        )
        for path in dict.fromkeys((*findings, *paths))
    )


def _folders_of_findings(findings: Mapping[str, Sequence[FindingTold]]) -> dict[str, str]:
    """The folder of each document as its findings name it, for results that do not list the documents of the run."""
    places = {
        path: PurePosixPath(one.evidence)
        for path, several in findings.items()
        for one in several
        if path and one.evidence is not None
    }
    return {path: place.parts[1] for path, place in places.items() if len(place.parts) == 3 and ".." not in place.parts}


def _finding(
    results: Path,
    number: int,
    finding: Mapping[str, Any],
    faults: Sequence[Mapping[str, Any]],
    secrets: Sequence[str],
) -> FindingTold:
    edits, edits_are = _edits(results, finding.get("evidence"), secrets)
    before, found = told_apart(str(finding["detail"]), faults)
    users = tuple(int(user) for user in finding.get("users") or ())
    authors = {edit.user for edit in edits if edit.user >= 0} if edits_are == ABOUT_THE_FINDING else set()
    return FindingTold(
        number=number,
        kind=str(finding["kind"]),
        detail=str(redact(str(finding["detail"]), ())),
        users=users,
        authors=tuple(sorted(authors.difference(users))),
        evidence=str(finding["evidence"]) if finding.get("evidence") else None,
        before=str(redact(before, ())),
        found=str(redact(found, ())),
        edits=edits[:MOST_EDITS],
        edits_are=edits_are,
        edits_left_out=max(0, len(edits) - MOST_EDITS),
    )


def _edits(results: Path, place: Any, secrets: Sequence[str]) -> tuple[tuple[EditTold, ...], str]:
    """The edits in a finding's file; none where it is missing or is no such file, which takes nothing from the rest."""
    text = _text_of(results, str(place)) if place else None
    try:
        told = json.loads(text) if text is not None else {}
        edits = tuple(
            EditTold(
                user=int(edit["user"]),
                number=int(edit["number"]),
                due_s=float(edit["due_s"]),
                acknowledged_s=None if edit["acknowledged_s"] is None else float(edit["acknowledged_s"]),
                what=str(redact(str(edit["description"]), secrets)),
                cell=None if edit.get("cell") is None else str(redact(str(edit["cell"]), secrets)),
            )
            for edit in told.get("edits", ())
        )
        return edits, str(told.get("edits_are") or "") if edits else ""
    except (AttributeError, KeyError, TypeError, ValueError):
        return (), ""


def _differences(results: Path, folder: str, secrets: Sequence[str]) -> tuple[Difference, ...]:
    names = sorted(path.name for path in (results / FOLDER / folder).glob("difference-*.txt"))
    names.sort(key=lambda name: not name.startswith("difference-oracle-"))  # what is right comes first
    found = []
    for name in names[:_MOST_DIFFERENCES]:
        place = f"{FOLDER}/{folder}/{name}"
        text = _text_of(results, place)
        if text:
            found.append(_difference(place, str(redact(text, secrets))))
    return tuple(found)


def _difference(place: str, text: str) -> Difference:
    """A file as `described_difference` writes it: a heading, sentences with a star, the difference itself."""
    heading, _, rest = text.partition("\n")
    listed = []
    lines = rest.split("\n")
    while lines and (not lines[0] or lines[0].startswith("* ")):
        line = lines.pop(0)
        if line:
            listed.append(line.removeprefix("* "))
    while lines and not lines[-1]:
        lines.pop()
    return Difference(
        file=place,
        heading=heading.rstrip(":"),
        listed=tuple(listed[:MOST_LISTED]),
        listed_left_out=max(0, len(listed) - MOST_LISTED),
        lines=tuple(_cut(line) for line in lines[:MOST_LINES]),
        lines_left_out=max(0, len(lines) - MOST_LINES),
    )


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}… ({len(line) - _LONGEST_LINE} more)"


def _text_of(results: Path, place: str) -> str | None:
    """A file of the evidence; None where there is none, or where the place is somewhere else."""
    evidence = (results / FOLDER).resolve()
    path = (results / place).resolve()
    if not path.is_relative_to(evidence):
        return None
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):
        return None
