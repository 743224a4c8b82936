"""Documents behind a hub are brought up once, when their first user comes; what cannot be is told, and judged."""

from __future__ import annotations

from types import SimpleNamespace

import gevent
import pytest
from gevent.event import Event

from jupyter_rtc_locust.coordination import hubs
from jupyter_rtc_locust.coordination.hubs import (
    BringingUp,
    documents_nobody_opened,
    hub_servers,
    seconds_to_bring_up,
)
from jupyter_rtc_locust.coordination.preparation import Prepared, PreparedDocument
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.documents.default_notebook import default_notebook
from jupyter_rtc_locust.errors import ConnectionBroken, HubRefused, OptionsError, ServerUnusable, SpawnFailed
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.servers.hub_servers import HubServers
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.timing.recorder import Recorder

HUB = Settings(hub="http://127.0.0.1:1", host="http://127.0.0.1:1")


class Servers(HubServers):
    """Starts nothing."""

    def __init__(self):
        self.asked = []
        self.go = Event()
        self.go.set()
        self.trouble = None
        self.took = 1.5

    def bring_up(self, document, told, started):
        self.asked.append(document.path)
        told("ada", 50, "Spawning")
        self.go.wait(5)
        if isinstance(self.trouble, ServerUnusable):
            started(self.took)
        if self.trouble is not None:
            raise self.trouble
        if self.took is not None:
            started(self.took)


@pytest.fixture
def servers():
    return Servers()


@pytest.fixture
def looked(monkeypatch):
    """Paths of documents that were made and looked at."""
    made = []
    monkeypatch.setattr(hubs, "make_and_look", lambda _settings, _server, one: made.append(one.document.path))
    return made


@pytest.fixture
def state(servers):
    documents = [
        PreparedDocument(Document(f"{owner}/run/notebook.ipynb", "notebook"), default_notebook(), ready=False)
        for owner in ("ada", "ben")
    ]
    made = RunState("run", 1, HUB, HUB.host, None)
    made.prepared = Prepared(servers, "run", documents, seats=None)
    made.saves = SimpleNamespace(begin=lambda document: made.watched.append(document.path))
    return made


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture(autouse=True)
def with_watched(monkeypatch):
    monkeypatch.setattr(RunState, "watched", [], raising=False)


def answers(bringing, *indices):
    told = []
    for index in indices:
        bringing.bring_up(index, told.append)
    bringing._under_way.join(5)
    return told


def spawns(recorder):
    return recorder.histograms()["hub spawn"].count, recorder.failures()["hub spawn"].count


def test_users_who_come_at_once_wait_for_one_start(state, servers, recorder, looked):
    assert answers(BringingUp(state, recorder, []), 0, 0, 0) == ["", "", ""]
    assert servers.asked == looked == state.watched == ["ada/run/notebook.ipynb"]
    assert spawns(recorder) == (1, 0)
    assert recorder.percentile("hub spawn", 0.5) == pytest.approx(1500, rel=0.02)
    assert [one.ready for one in state.prepared.documents] == [True, False]


def test_documents_of_one_server_are_made_one_after_the_other(state, servers, recorder, monkeypatch):
    state.prepared.documents[1].document = Document("ada/run/other.ipynb", "notebook")
    at_once, most = [], []

    def make(*_):
        at_once.append(1)
        most.append(len(at_once))
        gevent.sleep(0.01)
        at_once.pop()

    monkeypatch.setattr(hubs, "make_and_look", make)
    assert answers(BringingUp(state, recorder, []), 0, 1) == ["", ""]
    assert most == [1, 1]


def test_a_server_that_ran_is_no_sample(state, servers, recorder, looked):
    servers.took = None
    assert answers(BringingUp(state, recorder, []), 0) == [""]
    assert spawns(recorder) == (0, 0)


def test_one_that_starts_keeps_no_other_waiting(state, servers, recorder, looked):
    servers.go.clear()
    bringing = BringingUp(state, recorder, [])
    told = []
    bringing.bring_up(0, told.append)
    bringing.bring_up(1, told.append)
    gevent.sleep(0)
    assert len(servers.asked) == 2
    servers.go.set()
    bringing._under_way.join(5)
    assert told == ["", ""]


def test_a_server_that_does_not_start_refuses_everybody_and_is_said_once_without_secrets(
    state, servers, recorder, looked
):
    servers.trouble = SpawnFailed("no room for s3cret")
    assert answers(BringingUp(state, recorder, ["s3cret"]), 0, 0) == ["no room for [redacted]"] * 2
    assert state.problems == ["ada/run/notebook.ipynb was not opened: no room for [redacted]"]
    assert spawns(recorder) == (0, 1)
    assert recorder.failures()["hub spawn"].sentences == {"no room for [redacted]": 1}
    assert not looked and not state.prepared.documents[0].ready


def test_a_server_that_does_not_start_is_asked_for_once_however_many_documents_lie_in_it(
    state, servers, recorder, looked
):
    state.prepared.documents.append(
        PreparedDocument(Document("ada/run/other.ipynb", "notebook"), default_notebook(), ready=False)
    )
    servers.trouble = SpawnFailed("no room")
    bringing = BringingUp(state, recorder, [])
    assert answers(bringing, 0, 2) == ["no room"] * 2
    assert answers(bringing, 2, 1) == ["no room"] * 2
    assert servers.asked == ["ada/run/notebook.ipynb", "ben/run/notebook.ipynb"]
    assert spawns(recorder) == (0, 2), "one for each server"
    assert len(state.problems) == 3, "each document was not opened"


def test_a_server_that_started_and_cannot_be_used_is_of_no_use_and_its_start_is_a_sample(
    state, servers, recorder, looked
):
    servers.trouble = ServerUnusable("without real-time collaboration")
    assert answers(BringingUp(state, recorder, []), 0, 0) == ["without real-time collaboration"] * 2
    assert servers.asked == ["ada/run/notebook.ipynb"]
    assert spawns(recorder) == (1, 0)


def test_a_login_that_the_hub_refuses_is_not_tried_again_and_is_no_failure_of_a_start(state, servers, recorder, looked):
    servers.trouble = HubRefused("wrong password")
    bringing = BringingUp(state, recorder, [])
    assert answers(bringing, 0) == answers(bringing, 0) == ["wrong password"]
    assert servers.asked == ["ada/run/notebook.ipynb"]
    assert spawns(recorder) == (0, 0)


def test_who_comes_after_a_hub_was_not_reached_tries_again_and_the_trouble_stays_told(state, servers, recorder, looked):
    servers.trouble = ConnectionBroken("Connection reset by peer")
    bringing = BringingUp(state, recorder, [])
    assert answers(bringing, 0) == answers(bringing, 0) == ["Connection reset by peer"]
    servers.trouble = None
    assert answers(bringing, 0) == [""]
    assert state.prepared.documents[0].ready and looked == ["ada/run/notebook.ipynb"]
    assert state.problems == ["ada/run/notebook.ipynb was not opened when somebody came: Connection reset by peer"]
    assert spawns(recorder) == (1, 0)


def test_a_document_that_cannot_be_made_is_no_failure_of_the_start(state, recorder, monkeypatch):
    def make(*_):
        raise ConnectionBroken("gone")

    monkeypatch.setattr(hubs, "make_and_look", make)
    assert answers(BringingUp(state, recorder, []), 0) == ["gone"]
    assert spawns(recorder) == (1, 0)
    assert state.problems == ["ada/run/notebook.ipynb was not opened: gone"]


def test_an_error_of_ours_refuses_too(state, servers, recorder, looked):
    servers.trouble = KeyError("x")
    (told,) = answers(BringingUp(state, recorder, []), 0)
    assert told == "KeyError: 'x'"
    assert state.problems


def test_when_the_run_ends_nobody_waits_any_more(state, servers, recorder, looked):
    servers.go.clear()
    bringing = BringingUp(state, recorder, [])
    told = []
    bringing.bring_up(0, told.append)
    gevent.sleep(0)
    bringing.stop()
    assert told == [] and not state.prepared.documents[0].ready


def test_who_comes_when_nothing_is_brought_up_any_more_is_told_so_and_no_server_is_asked_for(
    state, servers, recorder, looked
):
    bringing = BringingUp(state, recorder, [])
    bringing.stop()
    told = []
    bringing.bring_up(0, told.append)
    gevent.sleep(0)
    assert told == ["the run is ending"]
    assert not servers.asked and not state.problems


def test_documents_that_nobody_came_to_are_told_beside_those_that_failed(state):
    assert documents_nobody_opened(state)[0].startswith("2 of 2 documents were opened by nobody")
    state.problems.append("ada/run/notebook.ipynb was not opened: no room")
    assert "the first ben/run/notebook.ipynb" in documents_nobody_opened(state)[0]
    state.prepared.documents[1].ready = True
    assert documents_nobody_opened(state) == []


def test_a_seat_takes_longer_only_where_a_server_is_started():
    assert seconds_to_bring_up(SimpleNamespace(rtc_hub="", rtc_hub_spawn_timeout=120.0)) == 0
    assert seconds_to_bring_up(SimpleNamespace(rtc_hub="http://hub", rtc_hub_spawn_timeout="7")) == 7


def test_what_a_process_logs_in_with_is_kept_secret(monkeypatch):
    for name in ("JUPYTERHUB_PASSWORD", "JUPYTER_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(OptionsError, match="nobody can log in"):
        hub_servers(HUB, "run", [], as_owners=True)
    monkeypatch.setenv("JUPYTERHUB_PASSWORD", "sesame")
    secrets = []
    hub_servers(HUB, "run", secrets, as_owners=True)
    hub_servers(HUB, "run", secrets, as_owners=False)
    assert secrets == ["sesame"]
