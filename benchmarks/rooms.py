"""What idle tabs cost a server: messages a second in rooms of N, and the server's CPU, beside the model N^3/15.

Every tab tells of itself each 15 s, every tab tells that on, and the server sends each of these N^2 messages to all N.
Run as `make rooms`. Each room has a server of its own, because the room `JupyterLab:globalAwareness` is
one for all of a server. A knee is where messages fall behind the model, or the server's core is full.
"""

# Locust patches the standard library and wants to be first.
import locust  # noqa: F401, I001

import argparse
import sys
import time
from dataclasses import dataclass

import gevent
import psutil
from gevent.pool import Pool

from jupyter_rtc_locust.demo.embedded_server import EmbeddedServer
from jupyter_rtc_locust.documents.default_notebook import default_notebook
from jupyter_rtc_locust.protocol.awareness import Presences
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.jupyter_collaboration import JupyterCollaboration
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.timing.recorder import Recorder
from jupyter_rtc_locust.users.collaborator import Collaborator
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.swarm import Swarm

HEARTBEAT_S = 15.0
REFRESH_S = 10.0
MARGIN = 0.15
"""By how much messages a second may differ from the model in rooms of up to `JUDGED_UP_TO`."""
JUDGED_UP_TO = 30
STORM_DEADLINE_S = 180.0
_LOOK_S = 5.0
_SETTLED = 1.25
"""The messages of opening are over when no more come than this many times what the model says."""
FIRST_CLIENT_ID = 1_000_000


@dataclass(frozen=True, slots=True)
class IdleRoom:
    """What was counted in one room; rates are of one window, and of all tabs together."""

    people: int
    of_people: float
    """Messages a second that tell of people, in the document's room; the server's own presence is told on as well."""
    all_messages: float
    global_messages: float
    storm_s: float
    """From the last tab's opening until its messages of opening were over; at most `STORM_DEADLINE_S`."""
    server_cpu: float
    """Of one core, 0 to 1."""
    own_cpu: float

    @property
    def model(self) -> float:
        return self.people**3 / HEARTBEAT_S

    @property
    def off(self) -> float:
        """How far the messages of people are from the model, as a part of it."""
        return self.of_people / self.model - 1


def measure(people: int, seconds: float, *, with_global_room: bool) -> IdleRoom:
    """Open a notebook in so many tabs, and count what they receive in so many seconds."""
    with EmbeddedServer.start() as embedded:
        server = JupyterCollaboration(HttpClient(embedded.url, (embedded.token,)))
        document = server.create_document("benchmark", "notebook.ipynb", default_notebook())
        swarm = Swarm(
            run_id="benchmark",
            seed=1,
            settings=Settings(edit_rate=0.0, global_awareness="faithful" if with_global_room else "none"),
            server=server,
            recorder=Recorder(),
            elapsed=0.0,
            user_failed=lambda _owner, error: print(f"A user failed: {error}", file=sys.stderr),
        )
        tabs = [_tab(swarm, document, index, people) for index in range(people)]
        pool = Pool(5)
        for tab in tabs:
            pool.spawn(tab.open)
        pool.join()
        storm = _wait_until_settled(swarm, people, with_global_room)
        process, own = psutil.Process(embedded.process_id), psutil.Process()
        before = (*_messages(swarm), _cpu(process), _cpu(own), time.monotonic())
        gevent.sleep(seconds)
        after = (*_messages(swarm), _cpu(process), _cpu(own), time.monotonic())
        swarm.ended = True
        for tab in tabs:
            tab.leave()
    lasted = after[-1] - before[-1]
    of_people, every, global_room, server_cpu, own_cpu = (
        (later - earlier) / lasted for later, earlier in zip(after[:-1], before[:-1], strict=True)
    )
    return IdleRoom(people, of_people, every, global_room, storm, server_cpu, own_cpu)


def _wait_until_settled(swarm: Swarm, people: int, with_global_room: bool) -> float:
    began = time.monotonic()
    wanted = (people**3 + people**2 + people) / HEARTBEAT_S
    if with_global_room:
        wanted += 2 * people**3 / REFRESH_S + (people**2 + people) / HEARTBEAT_S
    while time.monotonic() - began < STORM_DEADLINE_S:
        earlier = sum(_messages(swarm)[1:])
        gevent.sleep(_LOOK_S)
        # In small rooms one heartbeat more or less in a window would be taken for a storm.
        if sum(_messages(swarm)[1:]) - earlier <= _SETTLED * wanted * _LOOK_S + 2 * people**2:
            break
    return time.monotonic() - began


def _tab(swarm: Swarm, document: Document, index: int, people: int) -> Collaborator:
    seat = Seat(index, 0, FIRST_CLIENT_ID + 2 * index, document, 0, index, people)
    tab = Collaborator(seat, swarm, lambda _number: None)
    hear = tab.presence.hear

    def counted(heard: Presences, now: float) -> None:
        swarm.counts["of people"] += bool(heard.people)
        hear(heard, now)

    tab.presence.hear = counted  # type: ignore[method-assign]
    return tab


def _messages(swarm: Swarm) -> tuple[int, int, int]:
    counts = swarm.counts
    return counts["of people"], counts["awareness_received"], counts["global_awareness_received"]


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> int:
    """Print the table; 1 where a room that is judged is off the model by more than the margin."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rooms", description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[2, 5, 10, 20, 30])
    parser.add_argument("--global-room", choices=("with", "without", "both"), default="both")
    parser.add_argument("--seconds", type=float, default=2 * HEARTBEAT_S, help="how long to count")
    options = parser.parse_args()
    kinds = {"with": [True], "without": [False], "both": [False, True]}[options.global_room]
    print(
        "people  room of all  msgs of people/s     model   off  all/s  global/s  storm s  server CPU  our CPU",
        flush=True,
    )
    off = 0
    for people in options.people:
        for with_global_room in kinds:
            room = measure(people, options.seconds, with_global_room=with_global_room)
            off += people <= JUDGED_UP_TO and not with_global_room and abs(room.off) > MARGIN
            print(
                f"{people:6}  {'with' if with_global_room else 'without':11}  {room.of_people:11,.1f} "
                f"{room.model:9,.1f} {room.off:5.0%} {room.all_messages:8,.1f} {room.global_messages:9,.1f} "
                f"{room.storm_s:8.0f} {room.server_cpu:11.0%} {room.own_cpu:8.0%}",
                flush=True,
            )
    return 1 if off else 0


if __name__ == "__main__":
    sys.exit(main())
