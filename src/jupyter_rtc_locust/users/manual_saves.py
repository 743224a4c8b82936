"""Saves that one user asks for by hand (Ctrl+S): asked, timed, and kept as evidence of what the server said.

Only jupyter-collaboration 4 and 5 answer such a question. Whoever else is asked says nothing, which is counted and is
nobody's fault.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from typing import Any

from gevent.event import AsyncResult

from jupyter_rtc_locust.protocol.messages import RawMessage, encode_save_request, read_save_answer
from jupyter_rtc_locust.timing.recorder import Recorder
from jupyter_rtc_locust.users.chronicle import FAILED, OK
from jupyter_rtc_locust.users.swarm import Save

SUCCESS, SKIPPED, SAVE_FAILED = "success", "skipped", "failed"
"""The server's words."""
NOT_ANSWERED, NOT_ASKED = "not answered", "not asked"
"""Ours, where it had none."""


class ManualSaves:
    """One user's saves by hand. `send` takes a message for the present line, `tell` an event for the history."""

    def __init__(
        self, user: int, send: Callable[[bytes], None], kept: list[Save], recorder: Recorder, tell: Callable[..., Any]
    ) -> None:
        self._user = user
        self._send = send
        self._kept = kept
        self._recorder = recorder
        self._tell = tell
        self._numbers = count()
        self._waiting: dict[int, tuple[Save, AsyncResult[str]]] = {}

    def ask(self, deadline: float) -> str:
        """Ask, and wait for the answer, at most so many seconds: the server's word, or `not answered`."""
        number = next(self._numbers)
        save = Save(self._user, time.monotonic())
        answer: AsyncResult[str] = AsyncResult()
        self._waiting[number] = save, answer
        self._kept.append(save)
        try:
            self._send(encode_save_request(number))
            answer.wait(deadline)
        finally:
            self._waiting.pop(number, None)
        if save.answered is None:
            why = "the line was lost" if answer.ready() else f"no answer within {deadline:g} s"
            self._recorder.failed("save", f"a save by hand was not answered: {why}")
            self._tell("save", FAILED, why)
            return NOT_ANSWERED
        self._recorder.record("save", (save.answered - save.asked) * 1000)
        if save.status == SAVE_FAILED:
            self._recorder.failed("save", "the server answered that a save by hand failed")
        self._tell("save", FAILED if save.status == SAVE_FAILED else OK, save.status)
        return save.status

    def receive(self, message: RawMessage, now: float) -> bool:
        """Take a message of the server; False when it is no answer that somebody waits for."""
        said = read_save_answer(message)
        waiting = self._waiting.get(said.request_id) if said is not None else None
        if said is None or waiting is None:
            return False
        save, answer = waiting
        save.answered, save.status = now, said.status
        answer.set(said.status)
        return True

    def line_lost(self) -> None:
        """Nobody will be answered any more."""
        for _, answer in self._waiting.values():
            answer.set("")
