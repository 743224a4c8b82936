"""Did a replayed trace end in the text that it says? In the document, and on disk."""

from __future__ import annotations

from typing import Any

from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, ReplayEvidence
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion
from jupyter_rtc_locust.verdict.reading import Reading
from jupyter_rtc_locust.verdict.rebuilt import content_of
from jupyter_rtc_locust.verdict.wording import SEEDER

_AROUND = 20
"""Characters shown before and behind the place where two texts part."""


def check_trace_ended_as_recorded(reading: Reading) -> Opinion:
    """`trace-differs`: whoever typed all that finds another text than it has to be."""
    document = reading.evidence
    replay = document.replay
    if replay is None:
        return Opinion()
    made = len({edit.key for edit in document.authored if edit.user != SEEDER})
    if made < replay.steps:
        sentence = f"{document.path}: the trace was not finished: {made} of {replay.steps} transactions were made."
        return Opinion(unknown=(sentence,))
    judged = reading.judged
    if judged is None:
        return Opinion(unknown=(f"{document.path}: nobody's document is known, so the trace could not be compared.",))
    found = _text_in(content_of(judged.encoded, document.kind), document, replay)
    findings = _finding(document, replay, f"for {judged.whose}", found)
    saved = document.saved
    if saved is not None and not saved.problem and not saved.gone:
        findings += _finding(document, replay, "on disk", _saved_text(saved.content, document, replay))
    return Opinion(findings)


def _finding(document: DocumentEvidence, replay: ReplayEvidence, where: str, found: str | None) -> tuple[Finding, ...]:
    if found == replay.end:
        return ()
    if found is None:
        detail = f"The trace {replay.name} was replayed to its end, and {where} its cell is gone."
    else:
        detail = f"The trace {replay.name} was replayed to its end, and {where} {parted(found, replay.end)}"
    users = tuple(sorted({edit.user for edit in document.authored if edit.user != SEEDER}))
    return (Finding(Kind.TRACE_DIFFERS, document.path, detail, users),)


def parted(found: str, expected: str) -> str:
    """Where two texts part, in characters, with what stands around that place in each."""
    shorter = min(len(found), len(expected))
    at = next((index for index in range(shorter) if found[index] != expected[index]), shorter)
    return (
        f"the text has {len(found)} characters, where the trace ends with {len(expected)}; they part at character "
        f"{at}: {_around(found, at)} stands there instead of {_around(expected, at)}."
    )


def _around(text: str, at: int) -> str:
    return repr(text[max(0, at - _AROUND) : at + _AROUND])


def _text_in(content: Any, document: DocumentEvidence, replay: ReplayEvidence) -> str | None:
    if document.kind == "text":
        return str(content["source"])
    return _source(content["cells"], replay)


def _saved_text(content: Any, document: DocumentEvidence, replay: ReplayEvidence) -> str | None:
    if document.kind == "text":
        return content if isinstance(content, str) else None
    return _source(content.get("cells") if isinstance(content, dict) else None, replay)


def _source(cells: Any, replay: ReplayEvidence) -> str | None:
    """The source of the trace's cell; a file may hold it as a list of lines."""
    for cell in cells if isinstance(cells, list) else ():
        if isinstance(cell, dict) and cell.get("id") == replay.cell:
            source = cell.get("source")
            return "".join(source) if isinstance(source, list) else str(source)
    return None
