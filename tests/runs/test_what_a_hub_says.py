"""What a real JupyterHub answers where our own client depends on it: servers that it stops, that it starts already,
in whose place it answers, and shares.

The answers that tests/servers_unit has written down are these. No run of Locust is made; one of `make hubs`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from jupyter_rtc_locust.errors import HubRefused, RoomRefused, RtcLocustError, ServerEnded, ServerUnusable
from jupyter_rtc_locust.servers.base import Document, RoomAddress
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.hub import Hub, ServerState
from jupyter_rtc_locust.servers.hub_people import HubAccess, HubPeople
from jupyter_rtc_locust.servers.jupyter_collaboration import websocket_base
from jupyter_rtc_locust.servers.persons_server import PersonsServer
from jupyter_rtc_locust.servers.wrong_address import what_is_there
from jupyter_rtc_locust.users.connection import open_websocket
from servers.hub import HubProcess, jupyterhub, reason_without_hub

pytestmark = [pytest.mark.hub, pytest.mark.timeout(600)]

DEADLINE_S = 60.0


@pytest.fixture(scope="module")
def process() -> Iterator[HubProcess]:
    if reason := reason_without_hub():
        pytest.skip(reason)
    with jupyterhub() as hub:
        assert isinstance(hub, HubProcess)
        yield hub


@pytest.fixture
def hub(process: HubProcess) -> Hub:
    return Hub(HttpClient(process.url.rstrip("/"), (process.token,)))


def wait_until(there: Callable[[], bool]) -> None:
    until = time.monotonic() + DEADLINE_S
    while not there():
        assert time.monotonic() < until
        time.sleep(0.05)


def asked_for(hub: Hub, name: str) -> tuple[bool, list[bool], list[str]]:
    """What asking for a server tells: whether it is ours, what was noted meanwhile, and what was heard."""
    noted: list[bool] = []
    heard: list[str] = []
    until = time.monotonic() + DEADLINE_S
    return hub.ask_for_server(name, until, lambda _, said: heard.append(said), noted.append), noted, heard


def test_a_server_that_the_hub_still_stops_is_waited_for_and_started_anew(hub: Hub) -> None:
    name = "lingering-vera"
    hub.make_account(name)
    until = time.monotonic() + 2 * DEADLINE_S
    assert asked_for(hub, name) == (True, [True], [])
    hub.wait_for_server(name, until, lambda *_: None)
    with ThreadPoolExecutor(1) as elsewhere:
        stopping = elsewhere.submit(hub.stop_server, name, until)
        wait_until(lambda: hub.server_of(name).pending == "stop")
        ours, noted, heard = asked_for(hub, name)
        assert stopping.exception(DEADLINE_S) is None
    assert (ours, noted, heard) == (True, [True], ["it is still pending stop"])
    hub.wait_for_server(name, until, lambda *_: None)
    hub.stop_server(name, until)
    assert hub.server_of(name) == ServerState()
    hub.remove_account(name)


def test_whoever_asks_for_a_server_that_is_being_started_is_answered_as_the_first(hub: Hub) -> None:
    name = "slow-wim"
    hub.make_account(name)
    path = f"/hub/api/users/{name}/server"
    first = threading.Thread(target=lambda: hub.http.request("POST", path, timeout=DEADLINE_S))
    first.start()
    wait_until(lambda: hub.server_of(name).pending == "spawn")
    assert hub.http.request("POST", path, timeout=DEADLINE_S).status_code == 202
    assert asked_for(hub, name) == (False, [], []), "so it is looked at before it is asked for"
    # This hub breaks the start off; who had asked for it is answered then.
    hub.stop_server(name, time.monotonic() + DEADLINE_S)
    first.join(DEADLINE_S)
    assert hub.server_of(name) == ServerState()
    hub.remove_account(name)


@contextlib.contextmanager
def a_server_of(hub: Hub, owner: str, person: str) -> Iterator[PersonsServer]:
    """The owner's server, which runs, asked as somebody else."""
    until = time.monotonic() + 2 * DEADLINE_S
    for name in (owner, person):
        hub.make_account(name)
    asked_for(hub, owner)
    address = hub.wait_for_server(owner, until, lambda *_: None)
    http = HttpClient(address, (hub.make_token(person, "of the tests").token,))
    yield PersonsServer(http, owner, person)
    hub.stop_server(owner, until)
    for name in (owner, person):
        hub.remove_account(name)


def refusals(server: PersonsServer) -> list[RtcLocustError]:
    """What somebody is told who comes, and who comes back."""
    url = f"{websocket_base(server.http.base)}/api/collaboration/room/JupyterLab:globalAwareness"
    room = RoomAddress(url, (f"Authorization: token {server.http.token()}",), owner="xenia")
    told = []
    for ask in (
        server.check,
        lambda: server.open_room(Document("a.txt", "text"), 0),
        lambda: open_websocket(room, 10.0, None),
    ):
        with pytest.raises((ServerUnusable, RoomRefused)) as raised:
            ask()
        told.append(raised.value)
    return told


def test_whoever_has_no_share_is_refused_by_the_server_and_where_it_has_ended_by_the_hub(hub: Hub) -> None:
    with a_server_of(hub, "xenia", "yves") as server:
        assert server.answers()
        for said in refusals(server):
            assert "403" in str(said) and "the server of xenia" in str(said) and "not the hub" in str(said)
            assert not isinstance(said, ServerEnded)
        hub.stop_server("xenia", time.monotonic() + DEADLINE_S)
        assert not server.answers()
        looked, comes, comes_back = refusals(server)
        assert "answered 302" in str(looked) and "answered 403" in str(comes), "whoever writes is forbidden it"
        assert isinstance(comes_back, ServerEnded) and "redirect" in str(comes_back)
        assert not [said for said in (looked, comes) if "It is the server" in str(said)]


def test_a_share_is_ended_as_often_as_wanted_be_there_one_or_not(hub: Hub) -> None:
    with a_server_of(hub, "zoe", "abel"):
        hub.end_share("zoe", "abel")
        for _ in range(2):
            hub.share_server("zoe", "abel")
        assert hub.shares("zoe") == {"abel"}
        for _ in range(2):
            hub.end_share("zoe", "abel")
        assert hub.shares("zoe") == frozenset()


def test_people_of_a_process_that_leaves_early_are_removed_by_the_last(process: HubProcess) -> None:
    def people() -> HubPeople:
        return HubPeople(process.url.rstrip("/"), HubAccess(tokens=(process.token,)), "4f2a", lambda _: None)

    leaves_early, last = people(), people()
    name = leaves_early.name(0)
    for one in (leaves_early, last):
        one.token_of(name)
    problems, accounts = leaves_early.leave_to_others()
    assert (problems, accounts) == ([], [name])
    assert len(process.tokens(name)) == 1, "that of the other"
    last.inherit(accounts)
    assert last.leave() == []
    assert name not in process.names()


def test_a_hub_and_a_server_of_it_that_does_not_run_are_told_apart_where_a_server_was_meant(
    process: HubProcess, hub: Hub
) -> None:
    hub.make_account("idle-ada")
    base = hub.http.base
    assert "is the address of a JupyterHub" in what_is_there(hub.http)
    assert "is the address of a JupyterHub" in what_is_there(hub.http.at(f"{base}/hub/home"))
    assert "the server of idle-ada does not run" in what_is_there(hub.http.at(f"{base}/user/idle-ada/lab"))
    assert "nobody there is called idle-ben" in what_is_there(hub.http.at(f"{base}/user/idle-ben"))
    nobody = HttpClient(f"{base}/user/idle-ada", ("not-this-one",))
    assert "does not run, or nobody there is called so" in what_is_there(nobody)
    with pytest.raises(HubRefused, match="refused the token: GET /hub/api/user answered 403"):
        Hub(nobody.at(base)).whose()
