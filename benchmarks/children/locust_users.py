"""The package's own users in a Locust process, at work against the stream server.

Run as `python -m benchmarks.children.locust_users PORT GROUP SHARING PLACES`: SHARING users have a document together,
and edits leave in turns of PLACES. Commands, with what they want to know: `spawn` (users), `mark`, `author` (recording,
first, last), `edit` (rate, seconds), `ping` (connections, rate, seconds, size), `memory`.
"""

# Locust patches the standard library and wants to be first.
import locust  # noqa: F401, I001

import gc
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

import gevent
import gevent.socket
import psutil

from benchmarks.children.commands import Lines, reply
from benchmarks.children.locust_process import LocustProcess, stream_server
from benchmarks.recording import AUTHOR_CLIENT_ID, Recording
from jupyter_rtc_locust.editing.rhythm import Steady
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.users.connection import Connection, open_websocket
from jupyter_rtc_locust.users.schedule import EditSchedule

OTHER_USER = 1_000_000
"""The user whom a stream is said to come from."""
_LAST_ECHO_S = 5.0


class Pinger:
    """A connection that sends the same message on schedule and times its echo; no document behind it."""

    def __init__(self, users: LocustProcess, times: Histogram) -> None:
        server = users.agent.swarm.server
        address = server.open_room(Document("ping", "notebook"), 0)
        self._problems = users.agent.problems
        self._times = times
        self._waiting: deque[float] = deque()
        self._message = b""
        self._connection = Connection(open_websocket(address, 10.0, None), self._receive, self._closed)
        self.sent = 0
        self.received = 0
        self._schedule: EditSchedule | None = None

    def start(self, rate: float, place: int, places: int, size: int) -> None:
        self._message = b"\x05" + b"x" * (size - 1)
        rhythm = Steady(rate, place, places)
        self._schedule = EditSchedule(rhythm, origin=time.monotonic(), edit=self._ping)
        self._schedule.start()

    def stop(self) -> None:
        if self._schedule is not None:
            self._schedule.stop()

    def _ping(self, number: int, due: float) -> None:  # noqa: ARG002
        self._waiting.append(due)
        self._connection.send(self._message)
        self.sent += 1

    def _closed(self, error: BaseException) -> None:
        self._problems.append(str(error))

    def _receive(self, messages: list[bytes]) -> None:
        now = time.monotonic()
        for message in messages:
            if message == self._message:
                self._times.record((now - self._waiting.popleft()) * 1000)
                self.received += 1


class Commands:
    """What the parent can ask for; each returns its answer."""

    def __init__(self, users: LocustProcess) -> None:
        self.users = users
        self.times = Histogram()
        self.pingers: list[Pinger] = []

    def spawn(self, users: int) -> dict[str, Any]:
        self.users.spawn(users)
        return {"cpu": time.process_time()}

    def mark(self) -> dict[str, Any]:
        self.users.check()
        return {"cpu": time.process_time(), "received": self.users.agent.swarm.counts["updates_received"]}

    def author(self, recording: str, first: int, last: int) -> dict[str, Any]:
        """Say that a slice of the stream was made by another user of this process, so that its arrivals are timed."""
        now = time.monotonic()
        updates = Recording.load(Path(recording)).updates[first:last]
        for room in self.users.agent.swarm.rooms.values():
            for number, update in enumerate(updates, first):
                room.round_trips.author(OTHER_USER, AUTHOR_CLIENT_ID, number, "types a letter", None, now, update)
        return {}

    def edit(self, rate: float, seconds: float) -> dict[str, Any]:
        """Let every user make `rate` edits a second for a while, until the last echo."""
        swarm = self.users.agent.swarm
        edits, size = self._authored()
        cpu = time.process_time()
        for one in self.users.connected():
            one.start_editing(rate)
        gevent.sleep(seconds)
        for one in self.users.connected():
            one.stop_editing()
        self._wait(
            lambda: (
                not any(
                    room.round_trips.pending.get(one.seat.user)
                    for room in swarm.rooms.values()
                    for one in room.collaborators
                )
            )
        )
        cpu = time.process_time() - cpu
        self.users.check()
        edits_now, size_now = self._authored()
        return {"cpu": cpu, "count": edits_now - edits, "size": (size_now - size) / max(edits_now - edits, 1)}

    def ping(self, connections: int, rate: float, seconds: float, size: int) -> dict[str, Any]:
        """The same number of messages without documents."""
        while len(self.pingers) < connections:
            self.pingers.append(Pinger(self.users, self.times))
        before = sum(one.sent for one in self.pingers)
        cpu = time.process_time()
        for place, one in enumerate(self.pingers):
            one.start(rate, place, connections, size)
        gevent.sleep(seconds)
        for one in self.pingers:
            one.stop()
        self._wait(lambda: all(one.sent == one.received for one in self.pingers))
        return {"cpu": time.process_time() - cpu, "count": sum(one.sent for one in self.pingers) - before}

    def memory(self) -> dict[str, Any]:
        gc.collect()
        return {"rss": psutil.Process().memory_info().rss}

    def _authored(self) -> tuple[int, int]:
        """How many edits were made so far, and their bytes."""
        edits = [edit for room in self.users.agent.swarm.rooms.values() for edit in room.round_trips.authored()]
        return len(edits), sum(len(edit.update) for edit in edits)

    def _wait(self, condition: Any) -> None:
        until = time.monotonic() + _LAST_ECHO_S
        while not condition():
            if time.monotonic() > until:
                raise RuntimeError(f"not every message came back within {_LAST_ECHO_S:.0f} s")
            gevent.sleep(0.005)


def main() -> None:
    """Play users until the parent is gone."""
    port, group, sharing, places = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    users = LocustProcess(stream_server(port), lambda index: Document(f"{group}/{index}", "notebook"), sharing, places)
    commands = Commands(users)
    lines = Lines()
    reply(ready=True)
    while not lines.ended:
        gevent.socket.wait_read(sys.stdin.fileno())
        for command in lines.read():
            do = command.pop("do")
            try:
                reply(**getattr(commands, do)(**command))
            except Exception as error:
                reply(error=f"{do}: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
