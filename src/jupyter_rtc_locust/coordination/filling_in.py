"""At the coordinator, when all have told: ask for the contents that nobody told whole, and fill them in.

Of one process that has them, and of another where that one is gone. A process that does not give what it alone has is
lost, as if it had told nothing: what it saw cannot be judged.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.answers import ONCE, WHOLE
from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.told_once import Merging
from jupyter_rtc_locust.coordination.turns import Turns

logger = logging.getLogger(__name__)

ASKED_AT_ONCE: Final = 2_000
"""Digests in one question. A process is asked the next one when it has answered, so that no more than its answer is on
the way, and is put together here; of what would be much it gives the first, and is asked for the others again."""
AGAIN_S: Final = 3.0
"""A question of which nothing has come for so long is asked again: it may have been lost with a line."""


@dataclass(slots=True)
class _Question:
    node: str
    part: int
    digests: list[bytes]
    asked: float = field(default_factory=time.monotonic)


class FillingIn:
    """One for each round. `is_gone` tells whether a process is there no more."""

    def __init__(self, channel: Any, is_gone: Callable[[str], bool], state: RunState, collection: Collection) -> None:
        self._channel = channel
        self._is_gone = is_gone
        self._state = state
        self._collection = collection
        self._turns = Turns()
        self._open: dict[str, _Question] = {}
        """The question that each process is asked now."""
        self._later: dict[str, list[list[bytes]]] = {}
        """What each is asked when it has answered that."""
        self._parts = 0
        self._unwilling: set[str] = set()

    def fill_in(self, patience: float, goes_on: Callable[[set[str]], bool]) -> None:
        """Make answers of what was told with digests; who gives nothing for so many seconds is asked no more.

        `goes_on` is told, over and over, who is asked, and tells whether there is time left.
        """
        tried: set[str] = set()
        # Who was given up may have told all the same while others were asked.
        while late := self._collection.told.keys() - tried:
            tried |= late
            self._fill_in(dict(self._collection.told), patience, goes_on)

    def _fill_in(self, told: dict[str, Any], patience: float, goes_on: Callable[[set[str]], bool]) -> None:
        rooms = [room for answer in self._collection.answers.values() for room in answer.get(WHOLE, ())]
        merging = Merging({node: answer[ONCE] for node, answer in told.items()}, rooms, self._turns)
        self._collection.last_piece = time.monotonic()
        self._ask(merging)
        while self._open and goes_on(set(self._open)):
            self._state.changed.wait(0.25)
            self._state.changed.clear()
            if self._hear(merging, patience):
                self._ask(merging)
        self._open, self._later, self._collection.contents = {}, {}, {}
        for node, answer in told.items():
            filled = merging.rooms(node)
            if filled is None:
                continue  # it stays pending, and so is lost
            del self._collection.told[node]
            self._collection.answers[node] = {**answer, WHOLE: filled, ONCE: []}
            self._collection.lost.discard(node)

    def _ask(self, merging: Merging) -> None:
        willing = self._collection.told.keys() - self._unwilling
        asked = {digest for question in self._open.values() for digest in question.digests}
        asked.update(digest for later in self._later.values() for digests in later for digest in digests)
        for node, digests in merging.whom_to_ask(willing, asked).items():
            starts = range(0, len(digests), ASKED_AT_ONCE)
            self._later.setdefault(node, []).extend(digests[start : start + ASKED_AT_ONCE] for start in starts)
            self._ask_next(node)

    def _ask_next(self, node: str) -> None:
        if node not in self._open and self._later.get(node):
            self._parts += 1
            question = self._open[node] = _Question(node, self._parts, self._later[node].pop(0))
            self._collection.contents[node, question.part] = None
            self._send(question)

    def _send(self, question: _Question) -> None:
        question.asked = time.monotonic()
        body = {"run": self._state.run_id, "round": self._collection.number, "part": question.part}
        wanted = {**body, "digests": b"".join(question.digests)}
        self._channel.send_message(messages.CONTENTS_WANTED, wanted, question.node)

    def _hear(self, merging: Merging, patience: float) -> bool:
        """Take what has come; ask again what nothing has come of; give up who is gone, or silent for too long.

        Whether somebody was given up, so that others are to be asked.
        """
        given_up = False
        for question in tuple(self._open.values()):
            assembly = self._collection.contents[question.node, question.part]
            if assembly is not None and assembly.complete:
                self._close(question)
                try:
                    contents = msgpack.unpackb(assembly.take())
                    given = len(contents)
                    merging.take(question.digests[: max(given, 1)], contents)
                    if others := question.digests[given:]:
                        self._later.setdefault(question.node, []).insert(0, others)
                    self._ask_next(question.node)
                except (TypeError, ValueError, msgpack.UnpackException) as error:
                    logger.error("What worker %s gave cannot be its evidence: %s.", question.node, error)
                    given_up = self._give_up(question.node)
            elif self._is_gone(question.node) or time.monotonic() - self._collection.last_piece > patience:
                self._close(question)
                given_up = self._give_up(question.node)
            elif assembly is None and time.monotonic() - question.asked > AGAIN_S:
                self._send(question)
        return given_up

    def _give_up(self, node: str) -> bool:
        """Ask this process no more."""
        self._unwilling.add(node)
        self._later.pop(node, None)
        return True

    def _close(self, question: _Question) -> None:
        del self._open[question.node]
        del self._collection.contents[question.node, question.part]
