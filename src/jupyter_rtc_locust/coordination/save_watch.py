"""The saved files while people type: which versions there were, and between which looks.

A greenlet asks for each file what tells one version from another, and reads it only when that changed. Ten questions a
second at most, so a file among many is looked at less often. Of a version only a digest is kept, about 100 bytes, and
its making is left to a thread. Whatever goes wrong is noted as a version that could not be read, and asked again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import gevent

from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.documents.saved_digest import file_digest
from jupyter_rtc_locust.errors import RtcLocustError
from jupyter_rtc_locust.reporting.history import FAILED, OK
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.verdict.evidence import SaveSeen

LOOK_EVERY_S = 1.0
FIRST_LOOK_S = 10.0
"""For so long the run waits, before the first edit, for the files as they are."""
MOST_LOOKS_A_SECOND = 10.0
MOST_VERSIONS = 20_000
"""Kept for each document; about 2 MB."""


@dataclass(slots=True, eq=False)
class _File:
    """What is known of one document's file."""

    document: Document
    mark: str | None = None
    versions: list[SaveSeen] = field(default_factory=list)
    read_elsewhere: int = 0
    """How many others read it just now, and tell what they find."""
    written_seen_at: float = 0.0
    """When it was first seen as it was written last, be it with the same content (seconds since the start)."""
    looked_at: float | None = None
    """When it was read, or known to be the same, last."""


class SaveWatch:
    """One run's watch over the files of its documents. Nobody is asked where the server stores none.

    `tell` takes the name and the fields of an event for the history, where one is kept: each version that is seen.
    """

    def __init__(self, state: RunState, tell: Callable[..., Any]) -> None:
        assert state.prepared is not None
        self._state = state
        self._tell = tell
        self._server = state.prepared.server
        in_place = state.prepared.documents if self._server.stores_files else []
        documents = [one.document for one in in_place if one.ready]
        self._files = {document.path: _File(document) for document in documents}
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self, died: Callable[[str], None]) -> None:
        """Look at every file now, before the first edit, and go on looking. `died` is told why it stopped."""
        if self._server.stores_files:
            gevent.joinall([gevent.spawn(self._look, file) for file in self._files.values()], timeout=FIRST_LOOK_S)
            self._greenlet = gevent.spawn(self._watch)
            self._greenlet.link_exception(lambda dead: died(f"The watch over the saved files died: {dead.exception}"))

    def begin(self, document: Document) -> None:
        """A document is there now: look at its file, and go on looking."""
        file = self._files.setdefault(document.path, _File(document))
        self._look(file)

    def stop(self) -> None:
        """No look any more."""
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
            self._greenlet = None

    def seen(self, path: str) -> tuple[SaveSeen, ...]:
        """The versions of the file of this document that were seen so far, in that order."""
        file = self._files.get(path)
        return tuple(file.versions) if file is not None else ()

    def looks(self) -> dict[str, tuple[float, float]]:
        """For each file that was looked at: when it was first seen as it is now, and when it was looked at last.

        Both in seconds since the start of the run; for who follows the run while it goes on.
        """
        return {
            path: (file.written_seen_at, file.looked_at)
            for path, file in self._files.items()
            if file.looked_at is not None
        }

    def leave_to_others(self, document: Document, reading: bool) -> None:
        """While somebody else reads this file again and again, and tells it with `note`, the watch need not."""
        if document.path in self._files:
            self._files[document.path].read_elsewhere += 1 if reading else -1

    def note(self, document: Document, asked: float, content: Any, problem: str = "") -> None:
        """What somebody found who asked for the file at this moment (of `time.monotonic`)."""
        file = self._files.get(document.path)
        if file is not None:
            self._note(file, asked, *((("", problem)) if problem else _digested(content, document)))

    def _watch(self) -> None:
        """One file after the other, for ever."""
        while True:
            if not self._files:
                gevent.sleep(LOOK_EVERY_S)
            for file in list(self._files.values()):
                began = time.monotonic()
                if not file.read_elsewhere:
                    self._look(file)
                share = max(LOOK_EVERY_S / len(self._files), 1 / MOST_LOOKS_A_SECOND)
                gevent.sleep(max(0.01, share - (time.monotonic() - began)))

    def _look(self, file: _File) -> None:
        asked, written = time.monotonic(), False
        try:
            mark = self._server.saved_mark(file.document)
            written = mark is not None and mark != file.mark
            if mark is not None and mark == file.mark and file.versions and not file.versions[-1].problem:
                digest, problem = file.versions[-1].digest, ""
            else:
                digest, problem = _digested(self._server.read_saved(file.document), file.document)
                file.mark = mark
        except RtcLocustError as error:
            digest, problem = "", str(error)
        if not file.read_elsewhere:
            self._note(file, asked, digest, problem, written=written)

    def _note(self, file: _File, asked: float, digest: str, problem: str, *, written: bool = False) -> None:
        """`written`: it was written since the last look, whatever stands in it."""
        moment = self._state.since_start(asked)
        latest = file.versions[-1] if file.versions else None
        if latest is not None and moment < latest.until:
            return  # somebody who asked later was answered first
        if not problem:
            if written or latest is None or digest != latest.digest:
                file.written_seen_at = moment
            file.looked_at = moment
        if latest is not None and (latest.digest, latest.problem) == (digest, problem):
            file.versions[-1] = replace(latest, until=moment)
        elif len(file.versions) < MOST_VERSIONS:
            file.versions.append(SaveSeen(moment, moment, digest, problem))
            told = {"outcome": FAILED, "reason": problem} if problem else {"outcome": OK, "digest": digest[:12]}
            self._tell("file", document=file.document.path, **told)
        else:
            full = f"there were more than {MOST_VERSIONS} versions; later ones were not told apart"
            file.versions[-1] = replace(file.versions[-1], until=moment, digest="", problem=full)


def _digested(content: Any, document: Document) -> tuple[str, str]:
    """The digest of what was read, or why there is none. In a thread: a large notebook takes a while."""
    digest, problem = gevent.get_hub().threadpool.apply(_digest_or_problem, (content, document))
    return digest, problem


def _digest_or_problem(content: Any, document: Document) -> tuple[str, str]:
    """Returned, not raised: gevent prints the stack of what ends with an error in a thread."""
    try:
        return file_digest(content, document.kind), ""
    except (ValueError, TypeError, RecursionError) as error:
        return "", f"{document.path} as saved: {error}"
