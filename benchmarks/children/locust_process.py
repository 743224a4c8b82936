"""A Locust environment with the package's own users, given their seats by us instead of by a coordinator.

Everything that runs beside users in a real process runs here: Locust's runner, the bridge into its statistics, the
monitor of the generator's health, the look-out for stalls.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any

import gevent
import msgpack
from locust.env import Environment

from jupyter_rtc_locust.coordination.process_agent import ProcessAgent
from jupyter_rtc_locust.coordination.seats import Seat
from jupyter_rtc_locust.documents.templates import Template
from jupyter_rtc_locust.editing.choices import Choice, choose
from jupyter_rtc_locust.live.looks import Look
from jupyter_rtc_locust.servers.base import Document, RoomAddress, Server
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.users.backlog import Backlog
from jupyter_rtc_locust.users.collaboration_user import NotebookUser
from jupyter_rtc_locust.users.collaborator import Collaborator, Stage
from jupyter_rtc_locust.users.health_monitor import watch_health
from jupyter_rtc_locust.users.live_looks import LiveLooks
from jupyter_rtc_locust.users.looking_after import look_after
from jupyter_rtc_locust.users.swarm import Swarm
from jupyter_rtc_locust.users.warm_up import close_seconds

FIRST_CLIENT_ID = 1_000_000


class StreamServerAddress(Server):
    """Where the benchmarks' own server is; the group is the first part of a document's path."""

    name = "stream server"
    stores_files = False

    def check(self) -> None:
        """It was started by us."""

    def create_document(self, folder: str, name: str, template: Template) -> Document:
        return Document(f"{folder}/{name}", template.kind)

    def open_room(self, document: Document, identity: int) -> RoomAddress:  # noqa: ARG002
        return RoomAddress(f"{self.http.base.replace('http', 'ws', 1)}/{document.path}")

    def read_saved(self, document: Document) -> Any:  # noqa: ARG002
        return None

    def remove(self, folder: str, documents: list[Document], until: float = 0.0) -> list[str]:  # noqa: ARG002
        return []

    def answers(self) -> bool:
        return True


class MeasuredLooks(LiveLooks):
    """Looks at the users as a process does that has a master, and counts what that costs."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.cpu = 0.0
        self.sent: deque[bytes] = deque(maxlen=10)
        """The latest messages: as many as it takes until all documents were told."""

    def look(self, rooms: Any) -> None:
        before = time.thread_time()
        super().look(rooms)
        self.cpu += time.thread_time() - before

    def tell(self) -> None:
        before = time.thread_time()
        super().tell()
        self.cpu += time.thread_time() - before


class SeatingAgent(ProcessAgent):
    """Seats users in the order in which they come, `sharing` to each document; edits leave in turns of `places`."""

    def __init__(
        self, environment: Environment, server: Server, documents: Callable[[int], Document], sharing: int, places: int
    ) -> None:
        super().__init__(environment, [])
        self.problems: list[str] = []
        settings = Settings(edit_rate=0.0)
        self._documents = documents
        self._sharing = sharing
        self._places = places
        self._indices = count()
        self.make_statistics(settings).start()
        self.swarm: Swarm = Swarm(
            run_id="benchmark",
            seed=1,
            settings=settings,
            server=server,
            recorder=self.recorder,
            elapsed=0.0,
            user_failed=self.user_failed,
            schedule_lag=self.health.schedule_lag,
            arrival_error=self.health.arrival_error,
        )
        backlog = Backlog(self.swarm.collaborators, self.health.receive_backlog)
        self.looks = MeasuredLooks(self.swarm, self.health, "a process", self._tell)
        self.recorder.observe_taken(self.looks.times)
        for watch in (
            gevent.spawn(self.looks.go_on),
            gevent.spawn(watch_health, self.health, backlog, self.swarm.arrivals),
            gevent.spawn(close_seconds, self.recorder, self.swarm.run_started, settings.warmup),
            gevent.spawn(look_after, self.swarm, self.swarm.look_for_stalls),
        ):
            watch.link_exception(lambda dead: self.problems.append(f"a watch of it died: {dead.exception!r}"))

    def _tell(self, look: Look) -> None:
        """As it would travel to a master, which is somebody else here."""
        self.looks.sent.append(msgpack.packb(look.as_message()))

    def seat_user(self, choose: Callable[[int], Choice | None], *, owner: Any) -> Collaborator:
        collaborator = Collaborator(self._seat(next(self._indices)), self.swarm, choose, owner=owner)
        collaborator.open()
        return collaborator

    def unseat_user(self, collaborator: Collaborator) -> None:
        collaborator.leave()

    def user_failed(self, owner: Any, error: BaseException) -> None:  # noqa: ARG002
        self.problems.append(f"{type(error).__name__}: {error}")

    def _seat(self, index: int) -> Seat:
        return Seat(
            user=index,
            incarnation=0,
            client_id=FIRST_CLIENT_ID + index,
            document=self._documents(index // self._sharing),
            document_index=index // self._sharing,
            place=index % self._places,
            places=self._places,
        )

    def take_part(self, part: int, parts: int) -> None:
        """Of every `parts` users seat one, the others being seated by other processes; before the first of them."""
        self._indices = count(part, parts)


class Person(NotebookUser):
    """A person who watches, or edits when told to."""

    def choose_edit(self, number: int) -> Choice | None:
        """Deal from a deck of one's own, also where the turns in which edits leave are those of many documents."""
        assert self.collaborator is not None
        seat = self.collaborator.seat
        seed = self.collaborator.swarm.seed
        return choose(seed, seat.user, number, seat=0, seats=1, document=seat.user, weights=self.weights)


class LocustProcess:
    """One process that plays users of a server. `documents` tells which document has an index."""

    def __init__(self, server: Server, documents: Callable[[int], Document], sharing: int, places: int) -> None:
        self.environment = Environment(user_classes=[Person], host=server.http.base)
        self.runner = self.environment.create_local_runner()
        self.agent = SeatingAgent(self.environment, server, documents, sharing, places)
        self.environment.rtc_agent = self.agent  # type: ignore[attr-defined]

    def spawn(self, users: int) -> None:
        """Have so many users in all; returns when every one of them has its document open."""
        self.runner.start(users, spawn_rate=users)
        until = time.monotonic() + 30.0
        while len(self.connected()) < users:
            self.check()
            if time.monotonic() > until:
                raise RuntimeError(f"only {len(self.connected())} of {users} users opened their documents within 30 s")
            gevent.sleep(0.02)

    def connected(self) -> list[Collaborator]:
        """Those with their document open."""
        return [one for one in self.agent.swarm.collaborators() if one.stage is Stage.CONNECTED]

    def check(self) -> None:
        """Raise RuntimeError for the first failure of a user."""
        if self.agent.problems:
            raise RuntimeError(self.agent.problems[0])


def stream_server(port: int) -> Server:
    """The benchmarks' own server on this port."""
    return StreamServerAddress(HttpClient(f"http://127.0.0.1:{port}"))
