"""Documents behind a hub: in whose server they lie, who asks there as whom, and what is given back."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from jupyter_rtc_locust.documents.default_notebook import default_notebook
from jupyter_rtc_locust.errors import ConnectionBroken, HubRefused, ServerUnusable, SpawnFailed
from jupyter_rtc_locust.servers import hub as hub_module
from jupyter_rtc_locust.servers import hub_servers
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.hub import Hub
from jupyter_rtc_locust.servers.hub_people import HubAccess, HubPeople
from jupyter_rtc_locust.servers.hub_servers import HubServers
from jupyter_rtc_locust.settings import Settings

TOKENS = {"ada": "of-ada", "ben": "of-ben", "cleo": "of-cleo"}
PLACE = "ada/rtc-locust-1"
DOCUMENT = Document(f"{PLACE}/notebook-0.ipynb", "notebook")
SHARES = "/hub/api/shares/ada/"
SESSION = "/user/ada/api/collaboration/session/rtc-locust-1/notebook-0.ipynb"


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(hub_module, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(hub_module, "_WAIT_WHERE_TOO_MANY_START_S", 0.01)


@pytest.fixture
def servers(server):
    """Makes what a process has of the servers: each person has a token of their own."""
    server.knows_tokens({token: name for name, token in TOKENS.items()})

    def make(*, as_owners, **settings):
        people = HubPeople(server.base, HubAccess(tokens=tuple(TOKENS.values())), "a run", lambda _: None)
        made = Settings(hub=server.base, host=server.base, **settings)
        return HubServers(HttpClient(server.base), made, people, as_owners=as_owners)

    return make


def has_server(server, name="ada", *, runs=False):
    """The hub starts this person's server, and stops it; it is a Jupyter server with collaboration."""
    ready = {"servers": {"": {"ready": True, "pending": None, "url": f"/user/{name}/"}}}
    if not runs:
        server.on("GET", f"/hub/api/users/{name}", 200, {"servers": {}})
    server.on("GET", f"/hub/api/users/{name}", 200, ready)
    server.on("POST", f"/hub/api/users/{name}/server", 201).on("DELETE", f"/hub/api/users/{name}/server", 204)
    server.on("GET", f"/user/{name}/api/contents/?content=0", 200, {})
    server.on("GET", f"/user/{name}/api/collaboration/session/probe", 405, {})
    server.on("GET", f"/user/{name}/api", 200, {"version": "2"}).on("GET", "/hub/api", 200, {"version": "6"})


def bring_up(made, document=DOCUMENT, told=lambda *_: None):
    """How many seconds the start of its server took; nothing, where it was not ours."""
    took = []
    made.bring_up(document, told, took.append)
    return took


def tokens_at(server, start):
    return {one.headers.get("Authorization") for one in server.requests if one.path.startswith(start)}


def test_a_document_lies_with_the_first_of_its_people(servers):
    made = servers(as_owners=True)
    assert [made.folder_of(number, "f") for number in (0, 1, 4)] == ["ada/f", "ben/f", "ben/f"]


def test_all_documents_lie_with_who_is_named(servers):
    assert servers(as_owners=True, hub_server="t/o@x").folder_of(1, "f") == "t%2Fo@x/f"


def test_a_server_is_started_once_used_as_its_owner_and_stopped(server, servers):
    has_server(server)
    made = servers(as_owners=True)
    (took,) = bring_up(made)
    assert took > 0
    assert bring_up(made) == []
    server.on("PUT", "/user/ada/api/contents/rtc-locust-1", 201, {})
    server.on("PUT", "/user/ada/api/contents/rtc-locust-1/notebook-0.ipynb", 201, {})
    assert made.create_document(PLACE, "notebook-0.ipynb", default_notebook()) == DOCUMENT
    assert made.owners() == ["", "ada"] and made.owner_of(DOCUMENT) == "ada"
    assert made.answers() and made.answers("ada")
    assert made.leave() == made.leave() == []
    assert server.asked().count(("POST", "/hub/api/users/ada/server")) == 1
    assert server.asked().count(("DELETE", "/hub/api/users/ada/server")) == 1
    assert tokens_at(server, "/user/ada/") == {"token of-ada"}


def test_a_server_that_ran_before_takes_no_time_and_goes_on(server, servers):
    has_server(server, runs=True)
    made = servers(as_owners=True)
    assert bring_up(made) == []
    assert made.leave() == []
    assert not [one for one in server.asked() if one[0] in ("POST", "DELETE")]


STARTING = {"servers": {"": {"ready": False, "pending": "spawn", "url": "/user/ada/"}}}


@pytest.mark.parametrize("seen", ["before it is asked for", "when it is asked for again"])
def test_a_server_that_somebody_else_is_starting_is_waited_for_and_goes_on(server, servers, seen):
    if seen == "when it is asked for again":
        server.on("GET", "/hub/api/users/ada", 200, {"servers": {}})
    server.on("GET", "/hub/api/users/ada", 200, STARTING).on("GET", "/hub/api/users/ada", 200, STARTING)
    server.on("POST", "/hub/api/users/ada/server", 429).on("POST", "/hub/api/users/ada/server", 202)
    has_server(server, runs=True)
    made = servers(as_owners=True)
    assert bring_up(made) == [], "its start began before"
    assert made.leave() == []
    assert not [one for one in server.asked() if one[0] == "DELETE"]


def test_a_server_of_somebody_else_that_never_gets_ready_is_left_to_them(server, servers):
    server.on("GET", "/hub/api/users/ada", 200, STARTING)
    made = servers(as_owners=True, hub_spawn_timeout=0.2)
    with pytest.raises(SpawnFailed, match="not ready in time"):
        bring_up(made)
    made.leave()
    assert not [one for one in server.asked() if one[0] == "DELETE"]


def test_a_server_that_an_earlier_run_still_stops_is_started_anew_and_stopped(server, servers):
    stopping = {"servers": {"": {"ready": False, "pending": "stop", "url": "/user/ada/"}}}
    server.on("GET", "/hub/api/users/ada", 200, stopping)
    has_server(server)
    made, told = servers(as_owners=True), []
    assert len(bring_up(made, told=lambda *what: told.append(what))) == 1
    assert told == [("ada", 0, "it is still pending stop")]
    assert made.leave() == []
    assert server.asked().count(("DELETE", "/hub/api/users/ada/server")) == 1


def test_a_server_whose_start_was_not_answered_is_stopped_though_it_is_found_to_start_later(server, servers):
    server.on("GET", "/hub/api/users/ada", 200, {"servers": {}}).on("GET", "/hub/api/users/ada", 200, STARTING)
    server.on("POST", "/hub/api/users/ada/server", 503)
    has_server(server, runs=True)
    made = servers(as_owners=True)
    with pytest.raises(SpawnFailed):
        bring_up(made)
    assert bring_up(made) == [], "how long it took is not known"
    assert made.leave() == []
    assert server.asked().count(("DELETE", "/hub/api/users/ada/server")) == 1


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_server_that_the_hub_refused_to_start_is_not_stopped_so_that_its_owner_may_have_it(server, servers, status):
    server.on("GET", "/hub/api/users/ada", 200, {"servers": {}}).on("POST", "/hub/api/users/ada/server", status, {})
    made = servers(as_owners=True)
    with pytest.raises(SpawnFailed, match=str(status)):
        bring_up(made)
    assert made.leave() == []
    assert ("DELETE", "/hub/api/users/ada/server") not in server.asked()


def test_a_server_whose_start_was_not_answered_is_stopped_though_the_hub_refuses_the_next(server, servers):
    for state in ({"servers": {}}, {"servers": {}}, STARTING):
        server.on("GET", "/hub/api/users/ada", 200, state)
    for status in (504, 429):
        server.on("POST", "/hub/api/users/ada/server", status)
    has_server(server, runs=True)
    made = servers(as_owners=True)
    with pytest.raises(SpawnFailed):
        bring_up(made)
    assert bring_up(made) == []
    assert made.leave() == []
    assert server.asked().count(("DELETE", "/hub/api/users/ada/server")) == 1


def test_a_server_that_did_not_start_is_asked_to_end_all_the_same(server, servers):
    server.on("GET", "/hub/api/users/ada", 200, {"servers": {}}).on("POST", "/hub/api/users/ada/server", 500, {})
    server.on("DELETE", "/hub/api/users/ada/server", 404, {})
    made = servers(as_owners=True)
    with pytest.raises(SpawnFailed, match="500"):
        bring_up(made)
    with pytest.raises(ConnectionBroken, match="the server of ada was not started"):
        made.read_saved(DOCUMENT)
    made.leave()
    assert server.asked()[-1] == ("DELETE", "/hub/api/users/ada/server")


def test_a_server_without_collaboration_is_of_no_use(server, servers):
    server.on("GET", "/user/ada/api/collaboration/session/probe", 404, {})
    has_server(server)
    made, took = servers(as_owners=True), []
    with pytest.raises(ServerUnusable, match="without real-time collaboration"):
        made.bring_up(DOCUMENT, lambda *_: None, took.append)
    assert len(took) == 1, "it did start"


@pytest.mark.parametrize("status", [302, 404, 424, 500, 503])
def test_a_server_that_the_hub_answers_for_does_not_answer(server, servers, status):
    server.on("GET", "/user/ada/api", status, {})
    has_server(server)
    made = servers(as_owners=True)
    bring_up(made)
    assert not made.answers("ada")
    assert made.answers(), "the hub does"


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_server_that_refuses_answers(server, servers, status):
    server.on("GET", "/user/ada/api", status, {})
    has_server(server)
    made = servers(as_owners=True)
    bring_up(made)
    assert made.answers("ada")


def test_a_hub_that_fails_does_not_answer(server, servers):
    server.on("GET", "/hub/api", 503, {})
    has_server(server)
    made = servers(as_owners=True)
    bring_up(made)
    assert not made.answers()
    assert made.answers("ada"), "people reach her server through the proxy"


def _session(server):
    server.on("PUT", SESSION, 200, {"format": "json", "type": "notebook", "fileId": "f", "sessionId": "s"})


def test_whoever_is_no_owner_is_given_a_share_which_is_ended(server, servers):
    _session(server)
    server.on("GET", SHARES, 200, {"items": []}).on("POST", SHARES, 200, {}).on("PATCH", SHARES, 200, {})
    made = servers(as_owners=False)
    for number in (0, 1):
        made.arrive(DOCUMENT, number)
        assert made.open_room(DOCUMENT, number).headers == (f"Authorization: token {list(TOKENS.values())[number]}",)
    assert made.leave() == []
    shared = [(one.method, one.json, one.headers["Authorization"]) for one in server.requests if one.path == SHARES]
    assert shared == [
        ("GET", None, "token of-ada"),
        ("POST", {"user": "ben"}, "token of-ada"),
        ("PATCH", {"user": "ben"}, "token of-ada"),
    ]


def held(monkeypatch, name):
    """From now on this method of the hub does what it does when it may; events: it is called, and it may."""
    called, may = threading.Event(), threading.Event()
    as_it_is = getattr(Hub, name)

    def holding(*what):
        called.set()
        assert may.wait(10)
        return as_it_is(*what)

    monkeypatch.setattr(Hub, name, holding)
    return called, may


def leaving_of(made, monkeypatch):
    """Set when these servers begin to wait for shares under way, since the run leaves."""
    leaves = threading.Event()
    shutdown = made._sharing.shutdown
    monkeypatch.setattr(
        made._sharing, "shutdown", lambda **how: (shutdown(wait=False, **how), leaves.set(), shutdown())
    )
    return leaves


def test_a_share_that_is_just_being_made_when_the_run_leaves_is_ended(server, servers, monkeypatch):
    server.on("GET", SHARES, 200, {"items": []}).on("POST", SHARES, 200, {}).on("PATCH", SHARES, 200, {})
    made = servers(as_owners=False)
    called, may = held(monkeypatch, "share_server")
    leaves = leaving_of(made, monkeypatch)
    with ThreadPoolExecutor(2) as both:
        arriving = both.submit(made.arrive, DOCUMENT, 1)
        assert called.wait(10)
        leaving = both.submit(made.leave)
        assert leaves.wait(10)
        may.set()
        assert leaving.result(10) == []
        assert arriving.exception(10) is None
    assert [method for method, path in server.asked() if path == SHARES] == ["GET", "POST", "PATCH"]


def test_whoever_still_waits_to_be_given_a_share_when_the_run_leaves_is_refused(server, servers, monkeypatch):
    monkeypatch.setattr(hub_servers, "AT_ONCE", 1)
    server.on("GET", SHARES, 200, {"items": []}).on("POST", SHARES, 200, {}).on("PATCH", SHARES, 200, {})
    made = servers(as_owners=False)
    called, may = held(monkeypatch, "share_server")
    leaves = leaving_of(made, monkeypatch)
    asked_for, submit = threading.Semaphore(0), made._sharing.submit
    monkeypatch.setattr(made._sharing, "submit", lambda share: (submit(share), asked_for.release())[0])
    with ThreadPoolExecutor(3) as all_three:
        served = all_three.submit(made.arrive, DOCUMENT, 1)
        assert called.wait(10) and asked_for.acquire(timeout=10)
        waiting = all_three.submit(made.arrive, DOCUMENT, 2)
        assert asked_for.acquire(timeout=10)
        leaving = all_three.submit(made.leave)
        assert leaves.wait(10)
        assert isinstance(waiting.exception(10), HubRefused)
        may.set()
        assert served.exception(10) is None
        assert leaving.result(10) == []
    assert [one.json for one in server.requests if one.method == "POST"] == [{"user": "ben"}]


def test_whoever_comes_when_the_run_has_left_is_given_no_share(server, servers, monkeypatch):
    server.on("GET", SHARES, 200, {"items": []}).on("POST", SHARES, 200, {})
    made = servers(as_owners=False)
    called, may = held(monkeypatch, "shares")
    with ThreadPoolExecutor(1) as other:
        arriving = other.submit(made.arrive, DOCUMENT, 1)
        assert called.wait(10)
        assert made.leave() == []
        may.set()
        assert isinstance(arriving.exception(10), HubRefused)
    assert ("POST", SHARES) not in server.asked()


def test_who_leaves_a_run_that_goes_on_takes_no_share_from_others_and_who_leaves_last_ends_it(server, servers):
    has_server(server)
    server.on("GET", SHARES, 200, {"items": []}).on("POST", SHARES, 200, {}).on("PATCH", SHARES, 200, {})
    owners, leaves_early = servers(as_owners=True), servers(as_owners=False)
    bring_up(owners)
    leaves_early.arrive(DOCUMENT, 1)
    problems, left = leaves_early.leave_to_others()
    assert (problems, left) == ([], {"shares": [("ada", "ben")], "accounts": []})
    assert leaves_early.leave() == []
    assert ("PATCH", SHARES) not in server.asked()
    assert owners.inherit({"shares": [["ada", "ben"], ["somebody", "else"]], "accounts": []}) == []
    assert owners.leave() == []
    ended = [(one.method, one.path, one.json) for one in server.requests if one.method == "PATCH"]
    assert ended == [("PATCH", SHARES, {"user": "ben"})], "only of a server that is in use"
    (problem,) = owners.inherit({"shares": [["ada", "ben"]], "accounts": []})
    assert problem.endswith("had been left: the share of ada's server with ben stays.")


def test_accounts_are_left_to_who_leaves_last_likewise(servers, monkeypatch):
    inherited = []
    monkeypatch.setattr(HubPeople, "leave_to_others", lambda _: (["a token stays"], ["rtc-person-1"]))
    monkeypatch.setattr(HubPeople, "inherit", lambda _, accounts: inherited.extend(accounts) or accounts)
    problems, left = servers(as_owners=False).leave_to_others()
    (sentence,) = servers(as_owners=True).inherit(left)
    assert sentence.endswith("the account rtc-person-1 stays.")
    assert (problems, inherited) == (["a token stays"], ["rtc-person-1"])


def test_who_made_nothing_that_others_use_leaves_nothing_to_them(server, servers):
    made = servers(as_owners=False)
    made.arrive(DOCUMENT, 0)
    assert made.leave_to_others() == ([], {})
    with pytest.raises(HubRefused, match="after the run had left"):
        made._share("ada", "ben", lambda: None)


def test_a_share_that_was_there_before_stays(server, servers):
    server.on("GET", SHARES, 200, {"items": [{"user": {"name": "ben"}}]})
    made = servers(as_owners=False)
    made.arrive(DOCUMENT, 1)
    assert made.leave() == []
    assert [method for method, path in server.asked() if path == SHARES] == ["GET"]


def test_a_hub_without_shares_is_entered_as_the_owner(server, servers):
    _session(server)
    made = servers(as_owners=False)
    server.on("GET", SHARES, 404, "<html>")
    made.arrive(DOCUMENT, 2)
    assert made.open_room(DOCUMENT, 2).headers == ("Authorization: token of-ada",)


def test_whoever_may_not_share_lets_nobody_in(server, servers):
    server.on("GET", SHARES, 200, {"items": []}).on("POST", SHARES, 403, {"message": "no"})
    made = servers(as_owners=False)
    with pytest.raises(HubRefused, match="shares!user"):
        made.arrive(DOCUMENT, 1)
    assert made.leave() == []
    assert ("PATCH", SHARES) not in server.asked(), "what the hub refused is not made"


NOT_SHARED, SHARED = {"items": []}, {"items": [{"user": {"name": "ben"}}]}


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_share_whose_making_was_not_answered_is_ended_though_nobody_asked_again(server, servers, status):
    server.on("GET", SHARES, 200, NOT_SHARED).on("POST", SHARES, status, {}).on("PATCH", SHARES, 200, {})
    made = servers(as_owners=False)
    with pytest.raises(HubRefused, match=f"failed at the shares of ada: {status}.*its log says why"):
        made.arrive(DOCUMENT, 1)
    assert made.leave() == made.leave() == []
    assert server.asked()[-1] == ("PATCH", SHARES)
    assert server.requests[-1].json == {"user": "ben"}


def test_a_share_whose_making_was_not_answered_is_ended_though_it_is_there_when_it_is_looked_for_again(server, servers):
    server.on("GET", SHARES, 200, NOT_SHARED).on("GET", SHARES, 200, SHARED)
    server.on("POST", SHARES, 504, {}).on("PATCH", SHARES, 200, {})
    made = servers(as_owners=False)
    with pytest.raises(HubRefused, match="504"):
        made.arrive(DOCUMENT, 1)
    made.arrive(DOCUMENT, 1)
    assert made.leave() == []
    assert [method for method, path in server.asked() if path == SHARES] == ["GET", "POST", "GET", "PATCH"]


def test_a_share_that_the_hub_refused_when_it_was_asked_again_may_have_been_made_before(server, servers):
    server.on("GET", SHARES, 200, NOT_SHARED).on("PATCH", SHARES, 200, {})
    server.on("POST", SHARES, 504, {}).on("POST", SHARES, 403, {})
    made = servers(as_owners=False)
    for status in ("504", "403"):
        with pytest.raises(HubRefused, match=status):
            made.arrive(DOCUMENT, 1)
    assert made.leave() == []
    assert server.asked()[-1] == ("PATCH", SHARES)


def test_a_share_whose_making_was_not_answered_is_left_to_who_leaves_last(server, servers):
    server.on("GET", SHARES, 200, NOT_SHARED).on("POST", SHARES, 502, {})
    leaves_early = servers(as_owners=False)
    with pytest.raises(HubRefused, match="502"):
        leaves_early.arrive(DOCUMENT, 1)
    assert leaves_early.leave_to_others() == ([], {"shares": [("ada", "ben")], "accounts": []})


def test_an_error_in_one_part_of_leaving_keeps_nothing_else_from_being_given_back(
    server, servers, client_of, monkeypatch
):
    server.on("GET", SHARES, 200, {"items": []}).on("POST", SHARES, 200, {})
    has_server(server)
    people = Renamed(hub_module.Hub(client_of("manager")))
    made = HubServers(HttpClient(server.base), Settings(hub=server.base, host=server.base), people, as_owners=True)
    document = Document("Ada/rtc-locust-1/notebook-0.ipynb", "notebook")
    bring_up(made, document)
    made.arrive(document, 1)
    monkeypatch.setattr(Hub, "end_share", lambda *_: {}["x"])
    assert made.leave() == ["KeyError: 'x'", "no token was revoked"]
    assert server.asked()[-1] == ("DELETE", "/hub/api/users/ada/server")


def test_tokens_are_revoked_also_where_leaving_is_broken_off(servers, monkeypatch):
    made, left = servers(as_owners=False), []
    monkeypatch.setattr(HubPeople, "leave", lambda _: left.append("tokens") or [])
    monkeypatch.setattr(hub_servers, "some_at_once", lambda *_: sys.exit(1))
    with pytest.raises(SystemExit):
        made.leave()
    assert left == ["tokens"]


def test_files_are_removed_from_every_server_in_use(server, servers):
    has_server(server)
    made = servers(as_owners=True)
    bring_up(made)
    for path in ("rtc-locust-1/notebook-0.ipynb", "rtc-locust-1"):
        server.on("DELETE", f"/user/ada/api/contents/{path}", 204)
    elsewhere = Document("ben/rtc-locust-1/notebook-1.ipynb", "notebook")
    assert made.remove("rtc-locust-1", [DOCUMENT, elsewhere]) == []
    assert [path for method, path in server.asked() if method == "DELETE"] == [
        "/user/ada/api/contents/rtc-locust-1/notebook-0.ipynb",
        "/user/ada/api/contents/rtc-locust-1",
    ]


def test_servers_are_rid_of_files_at_once_because_one_that_hangs_takes_its_time(servers):
    made, together = servers(as_owners=True), threading.Barrier(3)

    class Slow:
        def remove(self, folder, documents, until):
            together.wait(10)
            return [f"{folder}/{one.path} stays until {until}" for one in documents]

    made._up = {owner: Slow() for owner in ("ben", "ada", "cleo")}
    documents = [Document(f"{owner}/run/notebook.ipynb", "notebook") for owner in ("ada", "ben")]
    assert made.remove("run", documents, 7.0) == [
        f"{owner}: run/run/notebook.ipynb stays until 7.0" for owner in ("ada", "ben")
    ]


class Renamed:
    """People whom the hub knows under other names than they log in with."""

    def __init__(self, hub):
        self._hub = hub

    def name(self, person):
        return ("Ada", "Ben")[person]

    def token_of(self, name):
        return f"of-{name}"

    def known_as(self, name):
        return name.lower()

    def hub_of(self, _name):
        return self._hub

    def leave(self):
        return ["no token was revoked"]


def test_whoever_logs_in_with_a_capital_is_asked_for_as_the_hub_writes_it(server, client_of):
    server.on("GET", SHARES, 200, {"items": []}).on("POST", SHARES, 200, {}).on("PATCH", SHARES, 200, {})
    has_server(server)
    settings = Settings(hub=server.base, host=server.base)
    people = Renamed(hub_module.Hub(client_of("manager")))
    owners = HubServers(HttpClient(server.base), settings, people, as_owners=True)
    everybody = HubServers(HttpClient(server.base), settings, people, as_owners=False)
    document = Document("Ada/rtc-locust-1/notebook-0.ipynb", "notebook")
    bring_up(owners, document)
    _session(server)
    everybody.arrive(document, 1)
    everybody.open_room(document, 1)
    assert everybody.leave() + owners.leave() == ["no token was revoked"] * 2
    assert [one.json for one in server.requests if one.path == SHARES and one.json] == [{"user": "ben"}] * 2
    assert not [path for _, path in server.asked() if "Ada" in path or "Ben" in path]
