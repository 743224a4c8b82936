"""Connections and users in this process: nothing stays open, and no error ends on stderr unseen."""

import contextlib

import gevent
import pytest

from jupyter_rtc_locust.editing.choices import Choice
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.timing.recorder import Recorder
from jupyter_rtc_locust.users.collaborator import Collaborator
from jupyter_rtc_locust.users.connection import Connection
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.swarm import Swarm
from users.fake_room import FakeRoom, FakeServer, line


@pytest.fixture(autouse=True)
def unseen_errors(monkeypatch):
    """Errors that gevent would only print. A test that expects some empties the list."""
    hub, errors = gevent.get_hub(), []
    monkeypatch.setattr(hub, "handle_error", lambda *details: errors.append(details[2]))
    yield errors
    assert errors == [], "an error reached nobody"


class Line:
    """A connection under test, the server's end of its line, and what it told."""

    def __init__(self, *, tcp=False, listening=True, latest=None):
        opened, self.end = line(tcp=tcp)
        self.descriptor = opened.fileno()
        self.reads, self.errors = [], []
        self.reads_after_the_end = 0
        self.on_receive = None
        if listening:
            self.end.listen()
        self.connection = Connection(opened, self._receive, self._closed, latest=latest)

    @property
    def messages(self):
        return [message for read in self.reads for message in read]

    def _receive(self, messages):
        self.reads.append(messages)
        self.reads_after_the_end += bool(self.errors)
        if self.on_receive is not None:
            self.on_receive(messages)

    def _closed(self, error):
        self.errors.append(error)


@pytest.fixture
def connect():
    """Makes lines, and closes both of their ends."""
    made = []

    def make(**options):
        made.append(Line(**options))
        return made[-1]

    yield make
    for one in made:
        one.connection.close()
        one.end.hang_up()
    assert not any(one.reads_after_the_end for one in made), "messages were told after the end was"


@pytest.fixture
def room(monkeypatch):
    """A room that every line of this test leads to."""
    made = FakeRoom()
    for module in ("collaborator", "observer", "global_room", "lab_traffic"):
        monkeypatch.setattr(f"jupyter_rtc_locust.users.{module}.open_websocket", made.open_line)
    yield made
    for end in made.ends:
        end.hang_up()


class Told:
    """What Locust was told of failed users."""

    def __init__(self):
        self.failures = []

    def __call__(self, owner, error):
        self.failures.append((owner, error))


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def swarm(told):
    return make_swarm(told)


def make_swarm(told, **settings):
    """Users that tell of nobody but themselves, where nothing else is asked for; tabs have tests of their own."""
    settings = {"awareness": "own"} | settings
    return Swarm(
        run_id="run",
        seed=1,
        settings=Settings(**settings),
        server=FakeServer(),
        recorder=Recorder(),
        elapsed=0.0,
        user_failed=told,
    )


def type_letters(number):
    return Choice.of("insert_letters", text=f"<{number}>", number=number)


@pytest.fixture
def person(swarm):
    """Makes users of the one document, and sees that all of them have left at the end."""
    made = []

    def make(user=0, *, choose=type_letters, incarnation=0, places=1, kind="notebook", swarm=swarm):
        client_id = 1000 + 100 * incarnation + user
        seat = Seat(user, incarnation, client_id, Document("room", kind), 0, user, places)
        made.append(Collaborator(seat, swarm, choose, owner=f"owner of {user}"))
        return made[-1]

    yield make
    swarm.ended = True
    for one in made:
        with contextlib.suppress(AssertionError):
            one.leave()
