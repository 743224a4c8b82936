"""A server that falls silent when users have told what they know: are they served all the same?

Nobody asks anything of it any more by then, so all processes are told to ask once more. What they say stands beside
what they told before, and the verdict rests on both (`verdict/served.py`). Nothing is asked where what was told decides
it: nobody was served. That somebody was served decides nothing, since a server may be gone some seconds later.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf
from typing import Any

from gevent.event import Event

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.asked_of_users import TOLD_WITHIN_S
from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.verdict.checks.service import concerned_by, known_to_serve_nobody
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence
from jupyter_rtc_locust.verdict.evidence_form import EvidenceError, decode_evidence
from jupyter_rtc_locust.verdict.served import anybody_there
from jupyter_rtc_locust.verdict.service_evidence import ServedEvidence, ServerSilence

DEADLINE_S = TOLD_WITHIN_S + 2.0
"""What processes may take to tell, and the way there and back."""


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
        self, state: RunState, collection: Collection, documents: tuple[DocumentEvidence, ...], until: float = inf
    ) -> tuple[DocumentEvidence, ...]:
        """The documents with what their users say now, where a silence goes on of which they have told too little.

        A process that does not say it, because it does not answer or is gone, is lost to this collection: its users may
        be served, by a server to which only its own way is whole. From the moment `until` on nobody is waited for.
        """
        concerned = [one for one in state.silences.lasting() if worth_asking(_until_now(state, *one), documents)]
        if not concerned:
            return documents
        collection.lost |= self._ask(state, collection, until)
        now = time.monotonic()
        for owner, _ in concerned:
            state.silences.lasts(owner, now)
        return tuple(self._with_what_was_told(one) for one in documents)

    def _ask(self, state: RunState, collection: Collection, until: float) -> set[str]:
        """Ask all that told before, and wait; those that do not say anything now.

        Whose users have all left has nothing to say. Who is gone is not waited for, and does not say anything, either.
        """
        asked = collection.answers.keys() - state.left
        gone = {node for node in asked if self._is_gone(node)}
        self._run, self._told = state.run_id, {}
        self._waiting = asked - gone
        self._channel.send_message(messages.SERVED_WANTED, {"run": state.run_id})
        until = min(until, time.monotonic() + DEADLINE_S)
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
            users=tuple(replace(one, served_later=self._told.get(one.client_id)) for one in document.users),
        )


def worth_asking(silence: ServerSilence, documents: Sequence[DocumentEvidence]) -> bool:
    """Whether it is not known of a silence that goes on, from what users told, that nobody was served in it."""
    its_own = concerned_by(silence, documents)
    return anybody_there(its_own) and not known_to_serve_nobody(silence, its_own)


def _until_now(state: RunState, owner: str, since: float) -> ServerSilence:
    return ServerSilence(state.since_start(since), time.monotonic() - since, owner)
