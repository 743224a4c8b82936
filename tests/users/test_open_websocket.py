"""The upgrade to a WebSocket: a real one, from a server in a thread, in the clear and with TLS."""

import gc
import shutil
import socket
import ssl
import subprocess
import time

import pytest

from jupyter_rtc_locust.errors import ConnectionBroken, RoomRefused, ServerEnded
from jupyter_rtc_locust.servers.base import RoomAddress
from jupyter_rtc_locust.users.connection import Connection, open_websocket
from users.fake_room import frame, frames_of_client, wait_until
from users.upgrade_server import UpgradeServer

SECRET = "hunter22secret"
HEADERS = (f"Authorization: token {SECRET}",)


@pytest.fixture
def serve(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = []

    def make(*args, **keywords):
        made.append(UpgradeServer(*args, **keywords))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def opened(server, path="/room/a?sessionId=s", ca_file=None, timeout=10.0, owner=""):
    return open_websocket(RoomAddress(server.url + path, HEADERS, owner=owner), timeout, ca_file)


def refused(error, server, **keywords):
    with pytest.raises(error) as raised:
        opened(server, **keywords)
    assert type(raised.value) is error
    sentence = str(raised.value)
    assert sentence.startswith(f"{server.url}/room/a: ")
    assert sentence.endswith((".", "?"))
    assert SECRET not in sentence
    assert "sessionId" not in sentence
    return sentence


def hold(line):
    """Keep the line open until the other side closes it."""
    while line.recv(65536):
        pass


# -- in the clear -----------------------------------------------------------------------------------------------------


def test_the_upgrade_asks_for_the_room_with_its_session_and_carries_the_token_in_a_header(serve):
    server = serve(converse=hold)
    opened(server).close()
    (request,) = server.requests
    assert request.startswith("GET /room/a?sessionId=s HTTP/1.1\r\n")
    assert f"\r\nAuthorization: token {SECRET}\r\n" in request


def test_what_the_server_says_together_with_its_acceptance_is_not_lost(serve):
    server = serve(converse=hold)
    server.at_once = frame(b"step 1") + frame(b"step 2")
    messages = []
    connection = Connection(opened(server), messages.extend, messages.append)
    wait_until(lambda: len(messages) == 2)
    connection.close()
    assert messages == [b"step 1", b"step 2"]


def test_a_line_of_a_subprotocol_that_was_asked_for_is_opened_once(serve):
    server = serve(converse=hold)
    server.chosen = "Sec-WebSocket-Protocol: v1.kernel.websocket.jupyter.org"
    address = RoomAddress(f"{server.url}/channels", (server.chosen, *HEADERS))
    open_websocket(address, 10.0, None).close()
    assert len(server.requests) == 1


def test_the_socket_handed_over_sends_at_once_and_outlives_what_opened_it(serve):
    server = serve(converse=hold)
    line = opened(server)
    gc.collect()
    assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    assert line.send(frame(b"still open")) > 0
    line.close()


def answered(status, *headers):
    rows = [f"HTTP/1.1 {status} As You Wish", *headers, "Content-Length: 0", "Connection: close", "", ""]
    return "\r\n".join(rows).encode()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refused_upgrade_is_a_refused_room_and_names_the_status(serve, status):
    assert str(status) in refused(RoomRefused, serve(answered(status)))


@pytest.mark.parametrize("status", [302, 303, 404, 424])
def test_behind_a_hub_it_is_told_where_the_hub_answers_for_a_server_that_has_ended(serve, status):
    sentence = refused(ServerEnded, serve(answered(status, "Location: /hub/user/ada/room")), owner="ada")
    assert ("redirect" if status < 400 else str(status)) in sentence
    assert "hub" in sentence and "the server of ada" in sentence and "--host" not in sentence


@pytest.mark.parametrize("status", [400, 401, 403, 410])
def test_behind_a_hub_it_is_told_where_the_server_itself_refuses(serve, status):
    sentence = refused(RoomRefused, serve(answered(status)), owner="ada")
    assert str(status) in sentence and "It is not the hub that says so: the server of ada does" in sentence


@pytest.mark.parametrize("owner", ["", "ada"])
@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_in_trouble_may_be_tried_again(serve, status, owner):
    sentence = refused(ConnectionBroken, serve(answered(status)), owner=owner)
    assert str(status) in sentence
    assert ("the server of ada does, or a proxy before it" in sentence) is bool(owner)


def test_a_redirect_is_refused_and_the_token_goes_nowhere_else(serve):
    elsewhere = serve(converse=hold)
    server = serve(answered(302, f"Location: {elsewhere.url}/login"))
    assert "redirect" in refused(RoomRefused, server).lower()
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    "location", [(), ("Location: /login?next=room",), ("Location: https://127.0.0.1:1/hub/login",)]
)
def test_a_redirect_to_a_login_page_is_a_refused_room(serve, location):
    refused(RoomRefused, serve(answered(302, *location)))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x82\x05hello",
        b"220 mail server ready\r\n\r\n",
        answered("101 Switching", "Upgrade: websocket", "Sec-WebSocket-Accept: wrong"),
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ],
)
def test_an_answer_that_is_no_upgrade_is_a_broken_line(serve, answer):
    refused(ConnectionBroken, serve(answer))


def test_a_server_that_never_answers_is_given_up_in_time(serve):
    server = serve(b"", converse=hold)
    started = time.monotonic()
    refused(ConnectionBroken, server, timeout=0.3)
    assert time.monotonic() - started < 5


def test_nothing_listening_is_a_broken_line(serve):
    server = serve()
    url = server.url
    server.stop()
    with pytest.raises(ConnectionBroken, match="refused"):
        open_websocket(RoomAddress(f"{url}/room", HEADERS), 5.0, None)


@pytest.mark.parametrize("url", ["ws://[::1/room", "http://127.0.0.1:1/room", "ws://127.0.0.1:port/room", "ws:///room"])
def test_an_address_that_is_none_is_told_and_not_thrown(url):
    with pytest.raises(ConnectionBroken):
        open_websocket(RoomAddress(url, HEADERS), 1.0, None)


# -- with TLS ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate that is its own authority, for 127.0.0.1."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("no openssl program to make a certificate with")
    folder = tmp_path_factory.mktemp("certificate")
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]
    subprocess.run([program, "req", *kind, *subject, *files], check=True, capture_output=True, timeout=60)
    return folder


@pytest.fixture
def serve_tls(serve, certificate):
    def make(**keywords):
        server = serve(**keywords)
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
        return server

    return make


def test_a_private_certificate_authority_is_accepted_where_it_is_named_and_only_there(serve_tls, certificate):
    server = serve_tls(converse=hold)
    opened(server, ca_file=str(certificate / "certificate.pem")).close()
    assert "certificate" in refused(ConnectionBroken, server).lower()


def test_what_is_left_of_a_record_of_tls_is_read_though_the_socket_is_not_readable_again(
    serve_tls, certificate, monkeypatch
):
    """Decrypted bytes wait inside the TLS layer, where the event loop does not see them."""
    monkeypatch.setattr("jupyter_rtc_locust.users.connection.READ_BYTES", 1000)
    sent = [bytes((number % 256,)) * 60 for number in range(260)]
    record = b"".join(frame(message) for message in sent)
    assert len(record) < 16384, "one record only"
    server = serve_tls(converse=lambda line: (line.sendall(record), hold(line)))
    messages, errors = [], []
    opened_line = opened(server, ca_file=str(certificate / "certificate.pem"))
    connection = Connection(opened_line, messages.extend, errors.append)
    wait_until(lambda: len(messages) == len(sent))
    connection.close()
    assert messages == sent
    assert errors == []


def test_large_messages_go_both_ways_through_tls_though_neither_fits_into_a_buffer(serve_tls, certificate):
    size = 3 * 1024 * 1024
    heard = bytearray()

    def converse(line):
        time.sleep(0.2)  # so that the client's queue fills
        while len(heard) < size + 14:
            heard.extend(line.recv(65536))
        line.sendall(frame(b"z" * size))
        hold(line)

    messages, errors = [], []
    opened_line = opened(serve_tls(converse=converse), ca_file=str(certificate / "certificate.pem"))
    connection = Connection(opened_line, messages.extend, errors.append)
    connection.send(b"y" * size)
    wait_until(lambda: messages or errors, deadline=20)
    connection.close()
    assert errors == []
    assert messages == [b"z" * size]
    assert frames_of_client(bytes(heard)) == ([(2, b"y" * size)], b"")


def test_a_server_that_ends_tls_is_a_broken_line(serve_tls, certificate):
    server = serve_tls()
    errors = []
    connection = Connection(opened(server, ca_file=str(certificate / "certificate.pem")), print, errors.append)
    wait_until(lambda: errors)
    assert not connection.open
    assert isinstance(errors[0], ConnectionBroken | OSError)
