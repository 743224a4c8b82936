"""What a kind of finding is called, what a person would have seen of it, and what the check behind it asks.

For readers who have never heard of this project; docs/verdict.md says how each is established.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jupyter_rtc_locust.reporting.report.words import listed
from jupyter_rtc_locust.verdict.findings import Kind


@dataclass(frozen=True, slots=True)
class KindTold:
    """One kind, in words."""

    title: str
    seen: str
    """What a person would have seen."""
    holds: str
    """What is so where there is no such finding: the name of a test case."""
    of_run: bool = False
    """Whether it concerns the run as a whole, and not one document."""


KINDS: Final[Mapping[str, KindTold]] = {
    Kind.LOST_EDIT: KindTold(
        "Lost work",
        "Words, a cell, an output or a value that somebody wrote and nobody deleted are gone; or something that was "
        "deleted is back.",
        "nothing that was written is lost",
    ),
    Kind.DUPLICATED_CONTENT: KindTold(
        "Doubled content",
        "The same words or the same cell stand there more than once, and were written once.",
        "nothing is there more often than it was written",
    ),
    Kind.INVENTED_EDIT: KindTold(
        "Invented content",
        "Text, a cell or a value is there that nobody wrote, or that somebody wrote in another document.",
        "nothing is there that nobody wrote",
    ),
    Kind.DIVERGED: KindTold(
        "Copies differ",
        "Two people look at one document and see different ones, for good; or one of them never gets what another "
        "wrote.",
        "everybody holds the same content",
    ),
    Kind.JOINER_DIFFERS: KindTold(
        "A newcomer sees another document",
        "Whoever opens the document now is given another one than those have who are in it.",
        "a newcomer is given the same content",
    ),
    Kind.UNACKNOWLEDGED_EDIT: KindTold(
        "Work that never arrived",
        "One goes on typing, and nobody else will ever see it.",
        "the server has every edit",
    ),
    Kind.PENDING_UPDATES: KindTold(
        "A document that has stopped",
        "An old document and no error: what comes in builds on something that never came.",
        "nobody waits for updates that never came",
    ),
    Kind.SAVED_FILE_DIFFERS: KindTold(
        "The saved file differs",
        "Whoever opens the file tomorrow finds another document than the one that everybody has today.",
        "the saved file holds what everybody sees",
    ),
    Kind.SAVE_STALLED: KindTold(
        "Saving has stopped",
        "Everybody has stopped typing, and the file is still an old one: a crash would take words that everybody saw.",
        "what was written is saved when people pause",
    ),
    Kind.SAVE_STARVED: KindTold(
        "Saving comes too late",
        "The server crashes while people type, and minutes of work are gone.",
        "what was written is on disk within the time that was asked for",
    ),
    Kind.SAVE_NOT_DONE: KindTold(
        "A save that did not save",
        "One presses Ctrl+S, reads that the document was saved, closes the lid, and it was not.",
        "what was reported as saved is on disk",
    ),
    Kind.MALFORMED_DOCUMENT: KindTold(
        "A broken notebook",
        "The notebook cannot be opened elsewhere, or two of its cells answer to one id.",
        "the document is well formed",
    ),
    Kind.STALLED: KindTold(
        "Somebody was left waiting",
        "A document came to a stop without a word: what one types does not come back, or nothing is loaded.",
        "nobody waits in vain for the server",
    ),
    Kind.AWARENESS_DIFFERS: KindTold(
        "The wrong people are shown",
        "Somebody works beside one and is not shown; or people are shown who have left, or were never there.",
        "everybody sees who is there",
    ),
    Kind.TRACE_DIFFERS: KindTold(
        "A recorded session ends differently",
        "A recorded session was typed once more, and another text stands there.",
        "the recorded session ends in its text",
    ),
    Kind.SERVER_LOST: KindTold(
        "The server was gone",
        "“Connection lost”, for everybody.",
        "the server answers",
        of_run=True,
    ),
    Kind.SERVER_MEMORY: KindTold(
        "The server needed too much memory",
        "A server that is ended for want of memory, with everybody's unsaved work.",
        "the server stays within its memory",
        of_run=True,
    ),
}
"""In the order in which a reader cares."""


def told(kind: str) -> KindTold:
    """What is said of a kind; of one that a later version has brought, its name."""
    return KINDS.get(kind, KindTold(kind, "", kind))


def counted(found: Iterable[str]) -> str:
    """The kinds of some findings, with how many there are of each: `lost work (3) and doubled content (1)`."""
    numbers = Counter(found)
    titles = {kind: told(kind).title for kind in sorted(numbers, key=order)}
    return listed(f"{title[:1].lower()}{title[1:]} ({numbers[kind]})" for kind, title in titles.items())


def order(kind: str) -> int:
    """Where a kind stands among the others; unknown ones come last."""
    known = list(KINDS)
    return known.index(kind) if kind in known else len(known)


def not_asked(kind: str, result: Mapping[str, Any]) -> str:
    """Why this run did not ask for a kind of finding, in words; empty: it did."""
    run = result["run"]
    options = run.get("options") or {}
    if kind == Kind.TRACE_DIFFERS and not options.get("trace"):
        return "no recorded session was replayed"
    if kind == Kind.SAVE_STARVED and not options.get("max_save_age"):
        return "no greatest age was given (--rtc-max-save-age)"
    if kind == Kind.SERVER_MEMORY and "--rtc-server-memory-limit" not in (run.get("command") or ()):
        return "no limit was given (--rtc-server-memory-limit)"
    if kind == Kind.AWARENESS_DIFFERS and options.get("awareness") == "none":
        return "nobody told of its presence (--rtc-awareness none)"
    if kind in (Kind.SAVED_FILE_DIFFERS, Kind.SAVE_STALLED, Kind.SAVE_NOT_DONE) and _keeps_no_files(run):
        return "the server keeps no files"
    return ""


def _keeps_no_files(run: Mapping[str, Any]) -> bool:
    return str(run.get("server") or "").startswith("y-websocket")
