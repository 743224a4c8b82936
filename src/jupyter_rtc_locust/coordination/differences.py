"""What differs between the copies of a document right now, asked of all processes, for a person who looks at it.

Nothing is judged: who types meanwhile makes a difference that is none a moment later. What a process does not tell by
the deadline is left out, and said to be.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from itertools import count
from typing import Any

import gevent
from gevent.event import Event

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.collecting import EvidenceCollector
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.documents.canonical import content_digest, read_in_turns
from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.live.difference import CONTENTS_SHOWN, Copies, difference_between, merged
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.verdict.rebuilt import document_of

DEADLINE_S = 10.0


class _Question:
    """Who was asked, and what they said."""

    def __init__(self, asked: set[str]) -> None:
        self.waiting = asked
        self.told: list[list[Any]] = []
        self.changed = Event()


class Differences:
    """Asks, for one run after another. `send` takes a message to all processes."""

    def __init__(self, collector: EvidenceCollector, send: Callable[[str, dict[str, Any]], None]) -> None:
        self._send = send
        self._gone = collector.hearing.is_gone
        self._numbers = count()
        self._questions: dict[int, _Question] = {}

    def on_copies(self, msg: Any, **_: Any) -> None:
        """A process told what copies it has."""
        question = self._questions.get(msg.data["request"])
        if question is not None:
            question.told += msg.data["copies"]
            question.waiting.discard(msg.node_id)
            question.changed.set()

    def between(self, state: RunState, index: int) -> dict[str, Any]:
        """What differs in this document of the run, as `live.difference` tells it; within `DEADLINE_S`."""
        document, copies, silent = self._ask(state, index)
        copies = merged(_read(copies, document.kind))
        # Lining up texts takes its time, and the loop has better things to do.
        arguments = (document.path, copies, silent)
        difference: dict[str, Any] = gevent.get_hub().threadpool.apply(difference_between, arguments)
        return difference

    def alike(self, state: RunState, index: int) -> list[set[bytes]]:
        """Of copies that do not hold the same edits, those whose content is the same all the same: by what they hold.

        So it is where one lacks what the server notes beside a document, which no person sees.
        """
        document, copies, _ = self._ask(state, index)
        found: dict[bytes, set[bytes]] = {}
        for held, read in zip(copies, _read(copies, document.kind), strict=True):
            found.setdefault(read.digest, set()).add(held.digest)
        return list(found.values())

    def _ask(self, state: RunState, index: int) -> tuple[Document, list[Copies], int]:
        """The document, its copies by what they hold, and how many processes did not tell of theirs."""
        assert state.prepared is not None
        document = state.prepared.documents[index].document
        question = _Question({node for node in state.processes if not self._gone(node)})
        request = next(self._numbers)
        self._questions[request] = question
        try:
            asked = {"run": state.run_id, "request": request, "path": document.path}
            self._send(messages.COPIES_WANTED, asked)
            until = time.monotonic() + DEADLINE_S
            while question.waiting and (left := until - time.monotonic()) > 0:
                question.changed.wait(left)
                question.changed.clear()
        finally:
            del self._questions[request]
        told = merged(Copies(tuple(users), digest, update) for users, digest, update in question.told)
        return document, told, len(question.waiting)


def _read(copies: list[Copies], kind: DocumentKind) -> list[Copies]:
    """The first of them with their content, and a digest of that."""
    turns = Turns()
    read = []
    for number, one in enumerate(copies):
        if one.update is None or number >= CONTENTS_SHOWN:
            read.append(one)
            continue
        content = read_in_turns(document_of([zlib.decompress(one.update)]), kind, turns)
        read.append(Copies(one.users, bytes.fromhex(content_digest(content)), None, content))
    return read
