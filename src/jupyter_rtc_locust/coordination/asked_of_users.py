"""What a person who looks at a run asks of a process: pause, go on, and what do the copies of a document hold now?"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import gevent

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.gathering import probe_all, served_now
from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.documents.held_digest import HeldDigests
from jupyter_rtc_locust.settings import SYNC_DEADLINE_S
from jupyter_rtc_locust.users.stage import Stage
from jupyter_rtc_locust.users.swarm import FOR_A_PERSON, Swarm
from jupyter_rtc_locust.verdict.checks.service import CLOCKS_DIFFER_S, SILENT_S
from jupyter_rtc_locust.verdict.evidence_form import encode_evidence

LARGEST_COPY = 4_000_000
"""Bytes of a copy, compressed, that are sent to be shown to a person."""
MOST_COPIES = 4
"""How many different states of a document a process sends; of others only who is in them."""
TOLD_WITHIN_S = SYNC_DEADLINE_S + 8.0
"""A process that is to ask the server once more tells within so many seconds how its users are served."""
_POLL_S = 0.1


class AskedOfUsers:
    """Listens to what is asked. `swarm` tells who plays here at present, `send` takes messages to the coordinator."""

    def __init__(self, swarm: Callable[[], Swarm | None], send: Callable[[str, dict[str, Any]], None]) -> None:
        self._swarm = swarm
        self._send = send

    def listen(self, channel: Any) -> None:
        """From now on, do what the coordinator says."""
        channel.register_message(messages.PAUSE, self._on_pause)
        channel.register_message(messages.GO_ON, self._on_go_on)
        channel.register_message(messages.COPIES_WANTED, self._on_copies_wanted)
        channel.register_message(messages.SERVED_WANTED, self._on_served_wanted)

    def _on_pause(self, msg: Any, **_: Any) -> None:
        if (swarm := self._of_run(msg)) is not None:
            swarm.pause_editing(FOR_A_PERSON)

    def _on_go_on(self, msg: Any, **_: Any) -> None:
        if (swarm := self._of_run(msg)) is not None:
            gevent.spawn(swarm.resume_editing, FOR_A_PERSON, Turns())

    def _on_copies_wanted(self, msg: Any, **_: Any) -> None:
        gevent.spawn(self._tell_copies, self._of_run(msg), msg.data)

    def _tell_copies(self, swarm: Swarm | None, asked: dict[str, Any]) -> None:
        copies = [] if swarm is None else copies_held(swarm, asked["path"])
        self._send(messages.COPIES, {"run": asked["run"], "request": asked["request"], "copies": copies})

    def _on_served_wanted(self, msg: Any, **_: Any) -> None:
        gevent.spawn(self._tell_served, self._of_run(msg), msg.data["run"])

    def _tell_served(self, swarm: Swarm | None, run: str) -> None:
        served = []
        if swarm is not None:
            asked = time.monotonic()
            probe_all(swarm)
            while time.monotonic() < tells_at(asked, (one.service.lost for one in swarm.collaborators())):
                gevent.sleep(_POLL_S)
            served = [[one.seat.client_id, encode_evidence(served_now(one))] for one in swarm.collaborators()]
        self._send(messages.SERVED, {"run": run, "served": served})

    def _of_run(self, msg: Any) -> Swarm | None:
        swarm = self._swarm()
        return swarm if swarm is not None and swarm.run_id == msg.data["run"] else None


def tells_at(asked: float, lost: Iterable[float | None]) -> float:
    """When who was asked at this moment tells, where its users look for a line since these moments; None: they do not.

    There is no answer for such a user to wait for, and yet it is to tell of the whole deadline, by a clock that may be
    behind.
    """
    since = [asked, *(one for one in lost if one is not None)]
    if len(since) == 1:
        return asked
    return min(asked + TOLD_WITHIN_S, max(since) + SILENT_S + CLOCKS_DIFFER_S)


def copies_held(swarm: Swarm, path: str) -> list[list[Any]]:
    """Each state in which copies of connected users are: their users, its digest, and the document as one update.

    The update is compressed, and None where there are too many states, or it is too large.
    """
    room = swarm.rooms.get(path)
    if room is None:
        return []
    digests, turns = HeldDigests(), Turns()
    states: dict[bytes, list[Any]] = {}
    for one in list(room.collaborators):
        turns()
        if one.stage is not Stage.CONNECTED:
            continue
        digest = digests.of(one.replica)
        state = states.get(digest)
        if state is None:
            update = zlib.compress(one.replica.full_update(), 1) if len(states) < MOST_COPIES else None
            state = states[digest] = [[], digest, update if update and len(update) <= LARGEST_COPY else None]
        state[0].append(one.seat.user)
    return list(states.values())
