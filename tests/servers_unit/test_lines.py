"""One connection for session and upgrade: quick where all is plain, the same answers in any case."""

import contextlib
import gzip
import json
import socket
import ssl
import time

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.errors import ConnectionBroken, RoomRefused, RtcLocustError
from jupyter_rtc_locust.servers.base import Document, RoomAddress
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.jupyter_collaboration import JupyterCollaboration
from jupyter_rtc_locust.servers.lines import Line, Place, Unusual, place_and_target
from jupyter_rtc_locust.users import connection as connection_module
from jupyter_rtc_locust.users.connection import open_websocket
from servers_unit.scripted_server import ACCEPT, HANG, PROXIES, ScriptedServer, answer

SECRET = "hunter22secret"
NOTEBOOK = Document("folder/a b.ipynb", "notebook")
BODY = json.dumps({"format": "json", "type": "notebook", "fileId": "f", "sessionId": "s"}).encode()
SESSION = answer("201 Created", "Content-Type: application/json", body=BODY)
FRAME = b"\x82\x06step 1"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in (*PROXIES, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "WEBSOCKET_CLIENT_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve():
    made = []

    def make(*scripts, **keywords):
        made.append(ScriptedServer(*scripts, **keywords))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def client_of():
    made = []

    def make(server, *tokens, ca_file=None):
        made.append(HttpClient(server.base, tokens or (SECRET,), ca_file))
        return made[-1]

    yield make
    for one in made:
        one._session.close()


def entered(client):
    """Ask for the room, and enter it."""
    address = JupyterCollaboration(client).open_room(NOTEBOOK, 0)
    return open_websocket(address, 5.0, str(client.ca_file) if client.ca_file else None)


# -- one connection for both ------------------------------------------------------------------------------------------


def test_the_session_is_asked_for_and_the_room_entered_on_one_connection(serve, client_of):
    server = serve([SESSION, ACCEPT])
    entered(client_of(server)).close()
    ((session, upgrade),) = server.requests
    assert session.startswith(b"PUT /api/collaboration/session/folder/a%20b.ipynb HTTP/1.1\r\n")
    assert session.endswith(b'\r\n\r\n{"format": "json", "type": "notebook"}')
    assert upgrade.startswith(b"GET /api/collaboration/room/json:notebook:f?sessionId=s HTTP/1.1\r\n")
    for request in (session, upgrade):
        assert request.count(b"Authorization: token " + SECRET.encode()) == 1
        assert b"Host: " + server.base.removeprefix("http://").encode() + b"\r\n" in request


@pytest.mark.parametrize(
    "scripts", [([SESSION], [ACCEPT]), ([answer("200 OK", "Connection: close", body=BODY)], [ACCEPT])]
)
def test_where_the_server_closes_the_connection_between_the_two_the_room_is_entered_on_another(
    serve, client_of, scripts
):
    server = serve(*scripts)
    entered(client_of(server)).close()
    assert [len(of_one) for of_one in server.requests] == [1, 1]


def test_what_the_server_says_with_its_acceptance_is_there_for_whoever_gets_the_socket(serve, client_of):
    server = serve([SESSION, ACCEPT])
    server.after_acceptance = FRAME * 3
    with entered(client_of(server)) as opened:
        heard = b""
        while len(heard) < len(FRAME) * 3:
            heard += opened.recv(1000)
    assert heard == FRAME * 3


def test_a_room_is_entered_once_more_on_a_connection_of_its_own(serve, client_of):
    server = serve([SESSION, ACCEPT], [ACCEPT])
    address = JupyterCollaboration(client_of(server)).open_room(NOTEBOOK, 0)
    for _ in range(2):
        open_websocket(address, 5.0, None).close()
    assert [len(of_one) for of_one in server.requests] == [2, 1]


def test_an_address_that_nobody_enters_leaves_no_connection_open(serve, client_of):
    line = JupyterCollaboration(client_of(serve([SESSION, HANG]))).open_room(NOTEBOOK, 0).line
    opened = line._socket
    del line
    assert opened.fileno() == -1


@pytest.mark.parametrize("says", [answer("403 Forbidden"), answer("200 OK", body=b"no JSON"), answer("500 Trouble")])
def test_of_an_answer_without_a_session_no_connection_stays(serve, client_of, monkeypatch, says):
    lines = []
    make = Line.__init__
    monkeypatch.setattr(Line, "__init__", lambda self, *details: (lines.append(self), make(self, *details))[1])
    with pytest.raises(RtcLocustError):
        JupyterCollaboration(client_of(serve([says]))).open_room(NOTEBOOK, 0)
    assert [line.usable for line in lines] == [False]


def test_neither_an_address_nor_its_line_shows_the_token(serve, client_of):
    address = JupyterCollaboration(client_of(serve([SESSION]))).open_room(NOTEBOOK, 0)
    assert SECRET not in repr(address) + repr(address.line) + str(address)


# -- the same answers as the libraries give ---------------------------------------------------------------------------

ANSWERS = {
    "plain": SESSION,
    "without a body": answer("204 No Content", length=False),
    "chunked": answer("200 OK", "Transfer-Encoding: chunked", length=False) + b"5\r\n" + BODY[:5] + b"\r\n0\r\n\r\n",
    "to the end of the connection": answer("200 OK", "Content-Type: application/json", length=False) + BODY,
    "of HTTP/1.0": SESSION.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "after an interim one": b"HTTP/1.1 100 Continue\r\n\r\n" + SESSION,
    "compressed": answer("200 OK", "Content-Encoding: gzip", body=gzip.compress(BODY)),
    "of a login": answer("302 Found", "Location: /hub/login", "Set-Cookie: login=ada; Path=/"),
    "refusing": answer("403 Forbidden", body=b'{"message": "no"}'),
    "of another encoding": answer("200 OK", "Content-Type: text/plain; charset=latin-1", body="Zoë".encode("latin-1")),
    "of many words": answer("200 " + "OK " * 50, *(f"X-{number}: x" for number in range(60)), body=BODY),
    "large": answer("200 OK", body=b'"' + b"x" * 1_500_000 + b'"'),
    "with bytes behind it": SESSION + b"HTTP/1.1 400 Bad\r\n\r\n",
    # It says that it closes: a next try on the same connection might else meet the end of it, or not.
    "in trouble": answer("503 Unavailable", "Connection: close"),
    "none": b"",
    "of a mail server": b"220 mail server ready\r\n\r\n",
    "broken off": SESSION[:-20],
    "broken off in the head": SESSION[:30],
    "of two lengths": answer("200 OK", "Content-Length: 7", body=BODY),
    "with a folded header": answer("200 OK", "X-Long: one\r\n  two", body=BODY),
    "with no colon": answer("200 OK", "nonsense", body=BODY),
}


def outcome(ask):
    try:
        response = ask()
    except ConnectionBroken as error:
        assert SECRET not in str(error)
        return str(error)
    return response.status_code, response.reason, response.content, response.is_redirect, response.text


@pytest.mark.parametrize("says", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_is_what_requests_makes_of_it(serve, client_of, says):
    server = serve([says])
    client = client_of(server)
    by_requests = outcome(lambda: client.request("PUT", "/x", json={"a": "Zoë"}, tries=3))
    tried = len(server.requests)
    assert (
        outcome(lambda: client.request_on_a_line("PUT", "/x", identity=0, json={"a": "Zoë"}, tries=3)[0]) == by_requests
    )
    assert tried <= len(server.requests) - tried <= tried + 1
    assert len({request.split(b"\r\n\r\n")[1] for (request,) in server.requests}) == 1, "the same was asked"


@pytest.mark.parametrize("says", ["in trouble", "none", "plain", "refusing"])
def test_what_is_no_stranger_is_asked_for_as_often_as_before(serve, client_of, says):
    server = serve([ANSWERS[says]])
    with contextlib.suppress(ConnectionBroken):
        client_of(server).request_on_a_line("PUT", "/x", identity=0, json={}, tries=3)
    assert len(server.requests) == {"in trouble": 3, "none": 3}.get(says, 1)


UPGRADES = {
    "refused": answer("403 Forbidden", body=b"no"),
    "asked to come later": answer("429 Too Many", "Retry-After: 1"),
    "in trouble": answer("502 Bad Gateway"),
    "sent to a login": answer("302 Found", "Location: /login"),
    "told that nothing changed": answer("304 Not Modified", length=False),
    "served a page": answer("200 OK", body=b"<html>"),
    "accepted wrongly": answer("101 Switching", "Upgrade: websocket", "Connection: upgrade", length=False),
    "accepted with another key": answer(
        "101 Switching", "Upgrade: websocket", "Connection: upgrade", "Sec-WebSocket-Accept: x", length=False
    ),
    "left alone": b"",
    "told something else": b"220 mail server ready\r\n\r\n",
}


@pytest.mark.parametrize("says", UPGRADES.values(), ids=UPGRADES)
def test_a_room_that_is_not_entered_is_told_as_websocket_client_would(serve, monkeypatch, says):
    address = RoomAddress(serve([says]).base.replace("http", "ws") + "/room?sessionId=s", (f"Authorization: {SECRET}",))
    told = []
    for quickly in (True, False):
        if not quickly:
            monkeypatch.setattr(connection_module, "open_quickly", lambda *_: None)
        with pytest.raises((RoomRefused, ConnectionBroken)) as raised:
            open_websocket(address, 5.0, None)
        told.append((type(raised.value), str(raised.value).rstrip(".")))
    assert told[0] == told[1]
    assert SECRET not in told[0][1]


def test_nothing_listening_is_told_as_requests_would(client_of, serve):
    server = serve([SESSION])
    client = client_of(server)
    base = server.base
    server.stop()
    client.base = base
    ask = {"json": {}, "tries": 2}
    told = outcome(lambda: client.request_on_a_line("PUT", "/x", identity=0, **ask)[0])
    assert told == outcome(lambda: client.request("PUT", "/x", **ask))
    assert "refused" in told


def test_a_server_that_never_answers_is_given_up_in_time(serve, client_of):
    server = serve([HANG])
    started = time.monotonic()
    with pytest.raises(ConnectionBroken, match=r"no answer within 0 s\.$"):
        client_of(server).request_on_a_line("PUT", "/x", identity=0, json={}, timeout=0.2, tries=3)
    assert time.monotonic() - started < 5
    assert len(server.requests) == 1


# -- what is left to the libraries ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROXIES)
def test_where_the_environment_names_a_proxy_requests_finds_the_way(serve, client_of, monkeypatch, name):
    proxy = serve([SESSION])
    monkeypatch.setenv(name, proxy.base)
    server = serve([SESSION])
    with pytest.raises(Unusual):
        Line.open(place_and_target(server.base + "/")[0], time.monotonic() + 5, None)
    address = JupyterCollaboration(client_of(server)).open_room(NOTEBOOK, 0)
    assert address.line is None
    assert server.requests == [] or "https" in name.lower()


@pytest.mark.parametrize("token", [f"{SECRET}\n", f"{SECRET}\r\nX-Other: 1", f"Zoë\u2028{SECRET}", f"Zoë{SECRET}"])
def test_a_token_that_cannot_stand_in_a_header_as_it_is_is_left_to_requests(serve, client_of, token):
    server = serve([SESSION])
    client = client_of(server, token)
    told = outcome(lambda: client.request_on_a_line("PUT", "/x", identity=0, json={})[0])
    assert told == outcome(lambda: client.request("PUT", "/x", json={}))
    assert not any(b"X-Other" in request for of_one in server.requests for request in of_one)


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1",
        "http://host:0/",
        "http://host:70000/",
        "http://user@host/",
        "http://host",
        "http://host/a b",
        "http://host/a/../b",
        "http://host/.hidden",
        "http://Zoë/",
        "http://host/Zoë",
        "http://host/#part",
        "ftp://host/",
    ],
)
def test_an_address_that_somebody_might_rewrite_is_left_to_the_libraries(url):
    with pytest.raises(Unusual):
        place_and_target(url)


_NAMES = st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,10}[a-z0-9])?", fullmatch=True)
_TARGETS = st.lists(st.text("abcXYZ019_~%2", min_size=1, max_size=8), max_size=3).map(
    lambda parts: "/" + "/".join(parts)
)


@given(st.sampled_from(["http", "https", "ws", "wss"]), _NAMES, st.none() | st.integers(1, 65535), _TARGETS)
@settings(max_examples=100)
def test_a_plain_address_is_taken_apart_as_it_was_put_together(scheme, host, port, target):
    place, found = place_and_target(f"{scheme}://{host}{'' if port is None else f':{port}'}{target}?q=1")
    usual = 443 if scheme in ("https", "wss") else 80
    assert place == Place(scheme in ("https", "wss"), host, port or usual)
    assert found == target + "?q=1"
    assert place.header == (host if port in (None, usual) else f"{host}:{port}")


def test_an_address_of_ipv6_keeps_its_brackets_in_the_header():
    place, _ = place_and_target("ws://[::1]:8888/")
    assert (place.host, place.header) == ("::1", "[::1]:8888")


# -- with TLS ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = trustme.CA()
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    made.cert_pem.write_to_path(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert("127.0.0.1").configure_cert(context)
    return path, context


def test_with_tls_it_is_one_connection_too_and_nothing_said_with_the_acceptance_is_lost(serve, client_of, authority):
    ca_file, context = authority
    server = serve([SESSION, ACCEPT], context=context)
    server.after_acceptance = FRAME * 3
    with entered(client_of(server, ca_file=ca_file)) as opened:
        heard = b""
        while len(heard) < len(FRAME) * 3:
            heard += opened.recv(1000)
    assert heard == FRAME * 3
    assert [len(of_one) for of_one in server.requests] == [2]


def test_a_certificate_that_nobody_vouches_for_is_told_as_requests_tells_it(serve, client_of, authority):
    server = serve([SESSION], context=authority[1])
    with pytest.raises(ConnectionBroken, match="--rtc-ca-file"):
        client_of(server).request_on_a_line("PUT", "/x", identity=0, json={})
    assert server.requests == []


def test_certificates_that_the_environment_names_are_left_to_requests(serve, client_of, authority, monkeypatch):
    ca_file, context = authority
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_file))
    server = serve([SESSION], context=context)
    response, line = client_of(server).request_on_a_line("PUT", "/x", identity=0, json={})
    assert (response.status_code, line) == (201, None)


def test_where_no_https_is_spoken_the_advice_is_the_same(serve, client_of):
    with socket.create_server(("127.0.0.1", 0)) as plain:
        plain.settimeout(5)
        client = HttpClient(f"https://127.0.0.1:{plain.getsockname()[1]}", (SECRET,))
        with pytest.raises(ConnectionBroken, match=r"does it speak http:// and not https://\?"):
            client.request_on_a_line("PUT", "/x", identity=0, json={}, timeout=0.2)
        client._session.close()
