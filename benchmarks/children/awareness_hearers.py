"""Users of one room who hear awareness messages, without a server.

Run as `python -m benchmarks.children.awareness_hearers`. Command: `hear` (kind: the `--rtc-awareness`, case: what the
messages tell, messages: how many each user is handed); answers with the microseconds for each message and user, heard
and ignored.
"""

# Locust patches the standard library and wants to be first.
import locust  # noqa: F401, I001

import time
from dataclasses import replace
from itertools import count
from typing import Any

import gevent.socket
import sys

from benchmarks.children.commands import Lines, reply
from benchmarks.children.locust_process import LocustProcess, stream_server
from jupyter_rtc_locust.protocol.awareness import Presence, encode_presences, person_in_document
from jupyter_rtc_locust.protocol.messages import encode_awareness
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.users.collaborator import Collaborator
from jupyter_rtc_locust.users.receiving import Receiving

USERS = 40
SOMEBODY = 77


class Ignoring(Receiving):
    """Reads as everybody does, and ignores what it hears of others."""

    __slots__ = ()

    def _hear(self, message: bytes, now: float) -> None:
        pass


class Hearers:
    """The users of each kind of presence, made when they are first asked for."""

    def __init__(self) -> None:
        self._process = LocustProcess(stream_server(1), lambda index: Document(f"{index}", "notebook"), USERS, USERS)
        self._users: dict[str, list[Receiving]] = {}
        self._ignoring: dict[str, list[Receiving]] = {}
        self._clocks = count(1)

    def hear(self, kind: str, case: str, messages: int) -> dict[str, Any]:
        users = self._users.get(kind) or self._make(kind)
        told = [self._message(case, number) for number in range(messages)]
        if case == "repeated":
            told = [told[-1]] * messages
            self._hand_out(users, told[:1])  # so that all the others are what was heard before
        ignored = self._hand_out(self._ignoring[kind], told)
        heard = self._hand_out(users, told)
        return {"heard": heard, "ignored": ignored}

    def _make(self, kind: str) -> list[Receiving]:
        swarm = self._process.agent.swarm
        swarm.settings = replace(swarm.settings, awareness=kind)
        users = [Collaborator(self._process.agent._seat(index), swarm, lambda _: None) for index in range(USERS)]
        self._users[kind] = [one.receiving for one in users]
        self._ignoring[kind] = [
            Ignoring(one.seat, swarm, one.room, one.replica, one.presence, other=_nothing, changed=None)
            for one in users
        ]
        return self._users[kind]

    def _message(self, case: str, number: int) -> bytes:
        state = person_in_document(SOMEBODY)
        if case == "changed":
            state = {**state, "cursors": [{"anchor": number, "clock": next(self._clocks)}]}
        return encode_awareness(encode_presences([Presence(SOMEBODY, next(self._clocks), state)]))

    def _hand_out(self, users: list[Receiving], told: list[bytes]) -> float:
        # Each user's bytes are an object of its own, as they come from a socket.
        reads = [[[message[:1] + message[1:]] for _ in users] for message in told]
        receivers = [one.receive for one in users]
        started = time.process_time()
        for read in reads:
            for receive, messages in zip(receivers, read, strict=True):
                receive(messages)
        return (time.process_time() - started) / len(told) / len(users) * 1e6


def _nothing(*_: object) -> None:
    """Only presence is handed out."""


def main() -> None:
    """Hear what is asked for until the parent is gone."""
    hearers = Hearers()
    lines = Lines()
    reply(ready=True)
    while not lines.ended:
        gevent.socket.wait_read(sys.stdin.fileno())
        for command in lines.read():
            command.pop("do")
            try:
                reply(**hearers.hear(**command))
            except Exception as error:
                reply(error=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
