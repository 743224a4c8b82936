"""What a hub is asked, and what becomes of its answers: accounts, tokens, servers that start, are late, or do not."""

from __future__ import annotations

import time

import pytest

from jupyter_rtc_locust.errors import ConnectionBroken, HubRefused, SpawnFailed
from jupyter_rtc_locust.servers import http
from jupyter_rtc_locust.servers import hub as module
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.hub import Hub, ServerState, Whose, progress_of

READY = {"name": "ada", "servers": {"": {"ready": True, "pending": None, "url": "/base/user/ada/"}}}
STARTING = {"name": "ada", "servers": {"": {"ready": False, "pending": "spawn", "url": "/base/user/ada/"}}}
STOPPING = {"name": "ada", "servers": {"": {"ready": False, "pending": "stop", "url": "/base/user/ada/"}}}
NONE = {"name": "ada", "servers": {}}
SERVER = "/hub/api/users/ada/server"
PROGRESS = f"{SERVER}/progress"
USER = "/hub/api/users/ada"


@pytest.fixture
def hub(client_of, monkeypatch):
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(module, "_WAIT_WHERE_TOO_MANY_START_S", 0.01)
    return Hub(client_of("secret"))


def soon(seconds=20.0):
    return time.monotonic() + seconds


def none_yet(server):
    """The hub says of Ada's server first that there is none."""
    return server.on("GET", USER, 200, NONE)


def start(hub, seconds=20.0):
    heard, until = [], soon(seconds)
    hub.ask_for_server("ada", until, lambda *told: heard.append(told), lambda _: None)
    return hub.wait_for_server("ada", until, lambda *told: heard.append(told)), heard


def asked_for(hub, seconds=20.0):
    """What asking for a server tells: whether it is ours, what was noted meanwhile, and what was heard."""
    noted, heard = [], []
    ours = hub.ask_for_server("ada", soon(seconds), lambda *told: heard.append(told), noted.append)
    return ours, noted, heard


# -- what it is, and who asks ----------------------------------------------------------------------------------------


def test_a_hub_tells_its_version_and_whose_a_token_is(server, hub):
    server.on("GET", "/hub/api", 200, {"version": "6.1.1"})
    scopes = ["admin:users", "admin:servers", "tokens", "shares"]
    server.on("GET", "/hub/api/user", 200, {"name": "load", "kind": "service", "scopes": scopes})
    assert hub.version() == "6.1.1"
    assert hub.whose() == Whose("load", manages=True)
    assert server.requests[-1].headers["Authorization"] == "token secret"


@pytest.mark.parametrize("missing", ["admin:users", "admin:servers", "tokens"])
def test_a_service_that_may_not_manage_the_hub_is_nobody_and_is_told_which_scope_is_missing(server, hub, missing):
    scopes = [one for one in ("admin:users", "admin:servers", "tokens", "shares") if one != missing]
    server.on("GET", "/hub/api/user", 200, {"name": "load", "kind": "service", "scopes": scopes})
    with pytest.raises(HubRefused, match=rf"service load, .*missing \({missing}; ") as refused:
        hub.whose()
    assert "load_roles" in str(refused.value)


def test_a_person_s_own_token_manages_nobody(server, hub):
    server.on("GET", "/hub/api/user", 200, {"name": "ada", "scopes": ["tokens!user=ada", "servers!user=ada"]})
    assert hub.whose() == Whose("ada", manages=False)


@pytest.mark.parametrize(("status", "body"), [(404, "nothing"), (200, {"hello": 1}), (200, [1]), (200, "<html>")])
def test_what_is_no_hub_is_called_none(server, hub, status, body):
    server.on("GET", "/hub/api", status, body)
    with pytest.raises(ConnectionBroken, match="no JupyterHub"):
        hub.version()


def test_where_nothing_answers_the_option_is_named_that_has_the_address():
    with pytest.raises(ConnectionBroken, match=r"Connection refused.*is --rtc-hub its address"):
        Hub(HttpClient("http://127.0.0.1:1", (), None)).version()


def test_a_token_that_nobody_knows_is_refused_without_being_shown(server, hub):
    server.on("GET", "/hub/api/user", 403, {"status": 403, "message": "not secret"})
    with pytest.raises(HubRefused, match="403") as refused:
        hub.whose()
    assert "secret" not in str(refused.value)
    assert refused.value.status == 403


@pytest.mark.parametrize("status", [401, 403])
def test_whoever_has_a_wrong_token_is_told_where_a_right_one_is_had_and_where_it_is_put(server, hub, status):
    server.on("GET", "/hub/api/user", status, {"status": status, "message": None})
    with pytest.raises(HubRefused, match=f"refused the token: GET /hub/api/user answered {status}") as refused:
        hub.whose()
    for words in ("JUPYTER_TOKEN", "--rtc-token-file", f"{server.base}/hub/token", "a service"):
        assert words in str(refused.value)


def test_a_hub_that_fails_is_not_said_to_have_refused_a_token(server, hub):
    server.on("GET", "/hub/api/user", 500, {})
    with pytest.raises(HubRefused, match="answered 500") as refused:
        hub.whose()
    assert "JUPYTER_TOKEN" not in str(refused.value)


def test_an_account_is_made_once_and_names_are_quoted(server, hub):
    server.on("POST", "/hub/api/users/a%2Fb", 201, {}).on("POST", "/hub/api/users/a%2Fb", 409, {})
    assert [hub.make_account("a/b"), hub.make_account("a/b")] == [True, False]


def test_a_token_ends_by_itself_and_does_not_show(server, hub):
    server.on("POST", f"{USER}/tokens", 201, {"id": "a7", "token": "made"}).on("DELETE", f"{USER}/tokens/a7", 204)
    made = hub.make_token("ada", "a note")
    hub.revoke_token("ada", made.id)
    assert (made.token, "made" in repr(made)) == ("made", False)
    assert server.requests[0].json == {"note": "a note", "expires_in": 86_400}


def test_a_token_that_is_gone_is_revoked(server, hub):
    server.on("DELETE", f"{USER}/tokens/a7", 404, {"status": 404, "message": "not found"})
    hub.revoke_token("ada", "a7")
    assert server.asked() == [("DELETE", f"{USER}/tokens/a7")]


# -- a server starts -------------------------------------------------------------------------------------------------


def test_a_server_that_is_ready_at_once_is_told_by_its_address(server, hub):
    none_yet(server).on("POST", SERVER, 201).on("GET", USER, 200, READY)
    assert start(hub) == (f"{server.base}/base/user/ada", [])


def test_a_server_that_takes_longer_is_waited_for_and_its_progress_told(server, hub):
    events = 'data: {"progress": 50, "message": "Spawning  server..."}\n\n: a comment\n\ndata: {"progress": 100, '
    events += '"ready": true, "message": "Server ready"}\n\n'
    none_yet(server).on("POST", SERVER, 202).on("GET", USER, 200, STARTING).on("GET", USER, 200, READY)
    server.on("GET", PROGRESS, 200, events, Content_Type="text/event-stream")
    assert start(hub)[1] == [(50, "Spawning server..."), (100, "Server ready")]


def test_a_server_whose_hub_tells_no_progress_is_waited_for_all_the_same(server, hub):
    none_yet(server).on("POST", SERVER, 202).on("GET", USER, 200, STARTING).on("GET", USER, 200, STARTING)
    server.on("GET", USER, 200, READY)
    assert start(hub)[0].endswith("/user/ada")


HELD_BACK = {"Transfer_Encoding": "chunked", "Content_Type": "text/event-stream"}
"""An answer of which no byte comes, as where a proxy keeps it until it has ended."""


def test_a_server_is_looked_for_where_a_proxy_holds_its_progress_back(server, hub, monkeypatch):
    monkeypatch.setattr(http, "HTTP_TRY_DEADLINE_S", 0.05)
    none_yet(server).on("POST", SERVER, 202).on("GET", PROGRESS, 200, "", **HELD_BACK)
    server.on("GET", USER, 200, STARTING).on("GET", USER, 200, STARTING).on("GET", USER, 200, STARTING)
    server.on("GET", USER, 200, READY)
    assert start(hub)[0].endswith("/user/ada")
    assert server.asked().count(("GET", PROGRESS)) == 1, "once, since each wait for it would keep from looking"


def test_a_server_is_waited_for_when_its_progress_breaks_off(server, hub):
    none_yet(server).on("POST", SERVER, 202).on("GET", PROGRESS, 200, "no chunk\r\n", **HELD_BACK)
    server.on("GET", USER, 200, STARTING).on("GET", USER, 200, READY)
    assert start(hub)[0].endswith("/user/ada")


def test_a_server_that_is_not_ready_in_time_is_told_so_where_its_progress_is_held_back(server, hub):
    none_yet(server).on("POST", SERVER, 202).on("GET", USER, 200, STARTING).on("GET", PROGRESS, 200, "", **HELD_BACK)
    with pytest.raises(SpawnFailed, match="not ready in time"):
        start(hub, 0.3)


def test_a_server_that_fails_is_told_with_the_hub_s_words(server, hub):
    events = 'data: {"progress": 100, "failed": true, "message": "Spawn failed: no room left"}\n\n'
    none_yet(server).on("POST", SERVER, 202).on("GET", USER, 200, STARTING).on("GET", PROGRESS, 200, events)
    with pytest.raises(SpawnFailed, match="no room left"):
        start(hub)


def test_a_start_that_came_to_nothing_is_a_failure(server, hub):
    none_yet(server).on("POST", SERVER, 202).on("GET", USER, 200, NONE)
    with pytest.raises(SpawnFailed, match="did not start"):
        start(hub)


def test_a_server_that_is_not_ready_in_time_is_a_failure(server, hub):
    none_yet(server).on("POST", SERVER, 202).on("GET", USER, 200, STARTING)
    with pytest.raises(SpawnFailed, match=r"not ready in time.* --rtc-hub-spawn-timeout"):
        start(hub, 0.2)


def test_a_hub_that_does_not_answer_before_the_server_has_to_be_ready_is_told_with_the_option(server, hub, monkeypatch):
    monkeypatch.setattr(module, "_LEAST_TRY_S", 0.1)
    none_yet(server).on("POST", SERVER, 201, lambda _: time.sleep(0.4))
    with pytest.raises(SpawnFailed, match=r"not ready in time: POST .* no answer .* --rtc-hub-spawn-timeout"):
        start(hub, 0.1)


def test_a_hub_that_has_too_many_to_start_is_asked_again(server, hub):
    none_yet(server).on("GET", USER, 200, NONE).on("GET", USER, 200, NONE).on("GET", USER, 200, READY)
    server.on("POST", SERVER, 429, {}).on("POST", SERVER, 429, {}).on("POST", SERVER, 201)
    assert start(hub)[1] == [(0, "the hub starts too many at once (429)")]


def test_a_hub_that_has_too_many_to_start_for_too_long_is_a_failure(server, hub):
    none_yet(server).on("POST", SERVER, 429, {})
    with pytest.raises(SpawnFailed, match="too many"):
        start(hub, 0.1)


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_a_refusal_to_start_is_a_failure(server, hub, status):
    none_yet(server).on("POST", SERVER, status, {"message": "not today"})
    with pytest.raises(SpawnFailed, match=f"{status} not today"):
        start(hub)


@pytest.mark.parametrize("state", [STARTING, READY])
def test_a_server_that_somebody_else_had_started_is_not_asked_for(server, hub, state):
    server.on("GET", USER, 200, state)
    assert asked_for(hub) == (False, [], [])
    assert server.asked() == [("GET", USER)]


def test_whoever_starts_a_server_while_the_hub_has_too_many_to_start_keeps_it(server, hub):
    none_yet(server).on("POST", SERVER, 429, {}).on("POST", SERVER, 202).on("GET", USER, 200, STARTING)
    assert asked_for(hub)[:2] == (False, [True, False])
    assert server.asked().count(("POST", SERVER)) == 1, "the hub would answer as if it were ours (202)"


def test_a_server_that_is_still_being_stopped_is_waited_for_and_then_asked_for(server, hub):
    server.on("GET", USER, 200, STOPPING).on("GET", USER, 200, STOPPING).on("GET", USER, 200, NONE)
    server.on("POST", SERVER, 201)
    assert asked_for(hub) == (True, [True], [(0, "it is still pending stop")])


def test_a_server_that_the_hub_looks_after_is_waited_for_and_then_used(server, hub):
    looked_after = {"servers": {"": {"ready": False, "pending": "check", "url": "/base/user/ada/"}}}
    server.on("GET", USER, 200, looked_after).on("GET", USER, 200, READY)
    assert asked_for(hub) == (False, [], [(0, "it is still pending check")])


def test_a_server_that_is_being_stopped_for_too_long_is_a_failure_and_was_not_asked_for(server, hub):
    server.on("GET", USER, 200, STOPPING)
    with pytest.raises(
        SpawnFailed, match=r"not ready in time: it is still pending stop\. Give it longer with --rtc-hub-spawn"
    ):
        asked_for(hub, 0.1)
    assert ("POST", SERVER) not in server.asked()


@pytest.mark.parametrize("meanwhile", [STOPPING, NONE])
def test_a_server_that_somebody_stops_in_the_last_moment_is_asked_for_again(server, hub, meanwhile):
    none_yet(server).on("GET", USER, 200, meanwhile).on("GET", USER, 200, NONE)
    server.on("POST", SERVER, 400, {"message": "ada is pending stop"}).on("POST", SERVER, 201)
    assert asked_for(hub)[:2] == (True, [True, False, True])


def test_a_server_that_somebody_started_in_the_last_moment_is_theirs(server, hub):
    none_yet(server).on("GET", USER, 200, READY)
    server.on("POST", SERVER, 400, {"message": "ada is already running"})
    assert asked_for(hub)[:2] == (False, [True, False])


@pytest.mark.parametrize("line", ["", ": comment", "event: x", "data: [1]", "data: {", "data:"])
def test_lines_that_say_nothing_of_progress_are_passed_over(line):
    assert progress_of(line) is None


# -- and ends --------------------------------------------------------------------------------------------------------


def test_a_server_that_still_starts_is_waited_for_before_it_is_stopped(server, hub):
    server.on("DELETE", SERVER, 400, {"message": "pending spawn"}).on("DELETE", SERVER, 204)
    server.on("GET", USER, 200, STARTING)
    hub.stop_server("ada", soon())
    assert [one for one in server.asked() if one[0] == "DELETE"] == [("DELETE", SERVER)] * 2


def test_a_server_that_takes_its_time_to_end_is_not_asked_twice(server, hub):
    server.on("DELETE", SERVER, 202).on("GET", USER, 200, STOPPING).on("GET", USER, 200, NONE)
    hub.stop_server("ada", soon())
    assert server.asked().count(("DELETE", SERVER)) == 1


def test_a_server_that_does_not_end_is_told(server, hub):
    server.on("DELETE", SERVER, 202).on("GET", USER, 200, STOPPING)
    with pytest.raises(HubRefused, match="still being stopped"):
        hub.stop_server("ada", soon(0.1))


@pytest.mark.parametrize("anew", [STARTING, READY])
def test_a_server_that_somebody_starts_anew_was_stopped(server, hub, anew):
    server.on("DELETE", SERVER, 202).on("GET", USER, 200, STOPPING).on("GET", USER, 200, anew)
    hub.stop_server("ada", soon())
    assert server.asked() == [("DELETE", SERVER), ("GET", USER), ("GET", USER)]


def test_what_a_hub_says_of_a_server(server, hub):
    server.on("GET", USER, 200, STARTING).on("GET", USER, 200, NONE)
    assert hub.server_of("ada") == ServerState(ready=False, pending="spawn", url=f"{server.base}/base/user/ada")
    assert hub.server_of("ada") == ServerState()


# -- shares ----------------------------------------------------------------------------------------------------------

SHARES = "/hub/api/shares/ada/"


def test_a_share_is_made_and_ended(server, hub):
    server.on("POST", SHARES, 200, {}).on("PATCH", SHARES, 200, {})
    hub.share_server("ada", "ben")
    hub.end_share("ada", "ben")
    assert [one.json for one in server.requests] == [{"user": "ben"}] * 2


def test_shares_that_exist_are_known(server, hub):
    server.on("GET", SHARES, 200, {"items": [{"user": {"name": "ben"}}, {"group": {"name": "all"}, "user": None}]})
    assert hub.shares("ada") == {"ben"}


def _shared_with(*names, further=None):
    """A page of shares; `further` is where the hub says the next one begins."""
    more = None if further is None else {"offset": further, "limit": 2, "url": "http://elsewhere.invalid/"}
    return {"items": [{"user": {"name": name}} for name in names], "_pagination": {"next": more}}


def test_shares_are_read_to_their_last_page_from_the_hub_itself(server, hub):
    server.on("GET", SHARES, 200, _shared_with("ben", "cleo", further=2))
    server.on("GET", f"{SHARES}?offset=2&limit=2", 200, _shared_with(further=4))  # two that have expired
    server.on("GET", f"{SHARES}?offset=4&limit=2", 200, _shared_with("dora"))
    assert hub.shares("ada") == {"ben", "cleo", "dora"}


@pytest.mark.parametrize("further", [0, -2, "next", None])
def test_shares_whose_next_page_does_not_come_after_are_read_once(server, hub, further):
    server.on("GET", SHARES, 200, _shared_with("ben", further=further))
    assert hub.shares("ada") == {"ben"}
    assert server.asked() == [("GET", SHARES)]


def test_a_page_of_shares_that_the_hub_does_not_tell_is_a_refusal(server, hub):
    server.on("GET", SHARES, 200, _shared_with("ben", further=2)).on("GET", f"{SHARES}?offset=2&limit=2", 403, {})
    with pytest.raises(HubRefused, match="403"):
        hub.shares("ada")


def test_a_hub_before_shares_has_none_to_make(server, hub):
    server.on("GET", SHARES, 404, "<html>404</html>")
    assert hub.shares("ada") is None


def test_a_hub_that_lets_nobody_share_says_which_scopes_are_missing(server, hub):
    server.on("POST", SHARES, 403, {"message": "no"})
    with pytest.raises(HubRefused, match="shares!user"):
        hub.share_server("ada", "ben")
