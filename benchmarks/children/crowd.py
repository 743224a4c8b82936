"""A crowd of the package's own users in a Locust process, who edit all at once, each at its own moments.

Run as `python -m benchmarks.children.crowd KIND BASE TOKEN SHARING PART PARTS AWARENESS`: SHARING users have a document
together; of every PARTS users this process plays one, so that several processes share their documents. Commands:
`prepare` (documents), `spawn` (users), `begin` (rhythm, rate), `clear`, `mark`, `end`.
"""

# Locust patches the standard library and wants to be first.
import locust  # noqa: F401, I001

import sys
import time
from base64 import b64encode
from dataclasses import replace
from typing import Any

import gevent
import gevent.socket

from benchmarks.children.commands import Lines, many_descriptors, reply, waited_for_core_s
from benchmarks.children.locust_process import LocustProcess, StreamServerAddress
from benchmarks.recording import notebook
from jupyter_rtc_locust.servers.base import Document, Server
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.jupyter_collaboration import JupyterCollaboration
from jupyter_rtc_locust.timing.histogram import Histogram, bucket_value

KINDS: dict[str, type[Server]] = {"jupyter-collaboration": JupyterCollaboration, "stream server": StreamServerAddress}
AT_ONCE = 250
"""So many come in one go; more would only wait in line for the server to accept them."""
_GROUPS = 150
"""Who come over some time, come in so many groups."""
LAG_INTERVAL_S = 0.02
_ALL_ECHOES_S = 10.0


class Crowd:
    """What the parent can ask for; each returns its answer."""

    def __init__(self, server: Server, sharing: int, part: int, parts: int, awareness: str) -> None:
        self._server = server
        self._sharing = sharing
        self._documents: list[Document] = []
        self._users = LocustProcess(server, self._document, sharing, sharing)
        agent = self._users.agent
        agent.take_part(part, parts)
        agent.swarm.settings = replace(agent.swarm.settings, awareness=awareness)
        self._lag = Histogram()
        self._before: dict[str, Any] = {}
        gevent.spawn(self._watch_loop)

    def prepare(self, documents: int) -> dict[str, Any]:
        """Make documents on a server that keeps files; others have every document that is asked for."""
        for number in range(len(self._documents), documents):
            self._documents.append(self._server.create_document("crowd", f"{number}.ipynb", notebook()))
        return {"paths": [one.path for one in self._documents]}

    def know(self, paths: list[str]) -> dict[str, Any]:
        """Take documents that another process has made."""
        self._documents = [Document(path, "notebook") for path in paths]
        return {}

    def spawn(self, users: int, over_s: float) -> dict[str, Any]:
        """Have so many users in all, with their documents open; the new ones come over `over_s` seconds."""
        connected = len(self._users.connected())
        began, there, coming = time.monotonic(), connected, users - connected
        at_once = AT_ONCE if over_s == 0.0 else max(1, coming // _GROUPS)
        while connected < users:
            connected = min(users, connected + at_once)
            self._users.spawn(connected)
            gevent.sleep(max(0.0, began + over_s * (connected - there) / coming - time.monotonic()))
        return {"cpu": time.process_time()}

    def begin(self, rhythm: str, rate: float) -> dict[str, Any]:
        """Everybody edits from now on, in the place of what they did before."""
        for one in self._users.connected():
            one.stop_editing()
            one.start_editing(rate, rhythm)
        return {}

    def clear(self) -> dict[str, Any]:
        """Forget what was measured: a new window begins."""
        self._users.check()
        self._lag.clear()
        self._before = self._echo().as_dict()
        return {}

    def mark(self) -> dict[str, Any]:
        """CPU and counts since the process began, and the times of the window."""
        self._users.check()
        swarm = self._users.agent.swarm
        echo = _later(self._echo(), self._before)
        figures = {"lag_p99": self._lag.percentile(0.99)} if self._lag.count else {}
        if echo.count:
            figures |= {"echo_p50": echo.percentile(0.5), "echo_p99": echo.percentile(0.99)}
        return {
            "cpu": time.process_time(),
            "at": time.monotonic(),
            "received": swarm.counts["updates_received"],
            "awareness": swarm.counts["awareness_received"],
            "edits": swarm.counts["updates_sent"],
            "waited": waited_for_core_s(),
            **figures,
        }

    def looks(self) -> dict[str, Any]:
        """What looking at the users cost so far (CPU seconds), and the latest of what a master would have been sent."""
        looks = self._users.agent.looks
        return {"cpu": looks.cpu, "sent": [b64encode(one).decode() for one in looks.sent]}

    def end(self) -> dict[str, Any]:
        """Nobody edits any more; wait for the echoes that are under way."""
        people = self._users.connected()
        for one in people:
            one.stop_editing()
        rooms = self._users.agent.swarm.rooms.values()
        until = time.monotonic() + _ALL_ECHOES_S
        while any(waiting for room in rooms for waiting in room.round_trips.pending.values()):
            if time.monotonic() > until:
                return {"all": False}
            gevent.sleep(0.05)
        return {"all": True}

    def _document(self, index: int) -> Document:
        return self._documents[index] if self._documents else Document(f"crowd/{index}", "notebook")

    def _echo(self) -> Histogram:
        return self._users.agent.recorder.histograms()["update echo"]

    def _watch_loop(self) -> None:
        while True:
            before = time.monotonic()
            gevent.sleep(LAG_INTERVAL_S)
            self._lag.record(max(0.0, (time.monotonic() - before - LAG_INTERVAL_S) * 1000))


def _later(now: Histogram, before: dict[str, Any]) -> Histogram:
    """The samples of a histogram that were not there before; its extremes are the middles of buckets."""
    plain = now.as_dict()
    earlier = before.get("buckets", {})
    buckets = {bucket: number - earlier.get(bucket, 0) for bucket, number in plain["buckets"].items()}
    later = {bucket: number for bucket, number in buckets.items() if number}
    if not later:
        return Histogram()
    shortest, longest = (round(bucket_value(end(map(int, later))) * 1e6) for end in (min, max))
    return Histogram.from_dict({"buckets": later, "sum_ns": 0, "min_ns": shortest, "max_ns": longest})


def main() -> None:
    """Play users until the parent is gone."""
    kind, base, token, sharing, part, parts, awareness = sys.argv[1:8]
    many_descriptors()
    server = KINDS[kind](HttpClient(base, (token,) if token else ()))
    crowd = Crowd(server, int(sharing), int(part), int(parts), awareness)
    lines = Lines()
    reply(ready=True)
    while not lines.ended:
        gevent.socket.wait_read(sys.stdin.fileno())
        for command in lines.read():
            do = command.pop("do")
            try:
                reply(**getattr(crowd, do)(**command))
            except Exception as error:
                reply(error=f"{do}: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
