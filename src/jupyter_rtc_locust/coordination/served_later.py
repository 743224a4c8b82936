"""A server that falls silent when users have told what they know: are they served all the same?

Nobody asks anything of it any more by then, so all processes are told to ask once more. What they say takes the place
of what they told before, and the verdict rests on it (`verdict/served.py`). Nothing is asked where everybody told,
after the silence had begun, what becomes of them in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gevent.event import Event

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.settings import SYNC_DEADLINE_S
from jupyter_rtc_locust.verdict.checks.service import CLOCKS_DIFFER_S
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence
from jupyter_rtc_locust.verdict.evidence_form import EvidenceError, decode_evidence
from jupyter_rtc_locust.verdict.served import told_before
from jupyter_rtc_locust.verdict.service_evidence import ServedEvidence

DEADLINE_S = SYNC_DEADLINE_S + 8.0
"""What a question to the server may take, and the way there and back."""


class ServedLater:
    """Asks the processes of an environment. `is_gone` tells whether a process was lost."""

    def __init__(self, channel: Any, is_gone: Callable[[str], bool]) -> None:
        self._channel = channel
        self._is_gone = is_gone
        self._run = ""
        self._waiting: set[str] = set()
        self._told: dict[int, ServedEvidence] = {}
        self._changed = Event()
        channel.register_message(messages.SERVED, self._on_served)

    def amended(
        self, state: RunState, collection: Collection, documents: tuple[DocumentEvidence, ...]
    ) -> tuple[DocumentEvidence, ...]:
        """The documents with what their users say now, where a server fell silent after any of them had told.

        A process that does not say it, because it does not answer or is gone, is lost to this collection: its users may
        be served, by a server to which only its own way is whole.
        """
        concerned = []
        for owner, since in state.silences.lasting():
            its_own = [one for one in documents if owner in ("", one.server)]
            if told_before(its_own, state.since_start(since) + CLOCKS_DIFFER_S):
                concerned.append(owner)
        if not concerned:
            return documents
        collection.lost |= self._ask(state, collection)
        now = time.monotonic()
        for owner in concerned:
            state.silences.lasts(owner, now)
        return tuple(self._with_what_was_told(one) for one in documents)

    def _ask(self, state: RunState, collection: Collection) -> set[str]:
        """Ask all that told before, and wait; those that do not say anything now.

        Whose users have all left has nothing to say. Who is gone is not waited for, and does not say anything, either.
        """
        asked = collection.answers.keys() - state.left
        gone = {node for node in asked if self._is_gone(node)}
        self._run, self._told = state.run_id, {}
        self._waiting = asked - gone
        self._channel.send_message(messages.SERVED_WANTED, {"run": state.run_id})
        until = time.monotonic() + DEADLINE_S
        while self._waiting and (left := until - time.monotonic()) > 0:
            if all(self._is_gone(node) for node in self._waiting):
                break
            self._changed.wait(min(left, 0.5))
            self._changed.clear()
        return self._waiting | gone

    def _on_served(self, msg: Any, **_: Any) -> None:
        if msg.data["run"] != self._run or msg.node_id not in self._waiting:
            return
        try:
            told = {int(client): decode_evidence(served, ServedEvidence) for client, served in msg.data["served"]}
        except (EvidenceError, TypeError, ValueError):
            return  # as if it had said nothing
        self._told |= told
        self._waiting.discard(msg.node_id)
        self._changed.set()

    def _with_what_was_told(self, document: DocumentEvidence) -> DocumentEvidence:
        return replace(
            document,
            users=tuple(replace(one, served=self._told.get(one.client_id, one.served)) for one in document.users),
        )
