"""HTTP: tokens go into headers and nowhere else, every failure is one sentence, and no try lasts longer than said."""

import errno
import os
import socket
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
import urllib3.util.connection
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.errors import ConnectionBroken, OwnMachineFull
from jupyter_rtc_locust.servers.http import HttpClient, quoted
from jupyter_rtc_locust.servers.jupyter_collaboration import JupyterCollaboration
from jupyter_rtc_locust.servers.y_websocket import YWebsocket

SECRET = "hunter22secret"


def broken(client, *args, **keywords):
    with pytest.raises(ConnectionBroken) as raised:
        client.request(*args, **keywords)
    sentence = str(raised.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    assert SECRET not in sentence
    return sentence


def authorizations(server):
    return [request.headers.get("Authorization") for request in server.requests]


def test_a_request_is_below_the_base_address_its_path_included(server, client_of):
    server.on("GET", "/user/ada/api", 200, {"version": "2"})
    assert client_of(base=f"{server.base}/user/ada").request("GET", "/api").json() == {"version": "2"}


def test_each_user_has_a_token_of_its_own_as_far_as_there_are_tokens(server, client_of):
    client = client_of("one", "two")
    for identity in range(4):
        client.request("GET", "/", identity=identity)
    assert authorizations(server) == ["token one", "token two", "token one", "token two"]
    assert client.has_token
    assert [client.token(identity) for identity in (0, 1, 2)] == ["one", "two", "one"]


def test_without_a_token_no_authorization_is_sent_not_even_one_of_a_netrc_file(
    server, client_of, tmp_path, monkeypatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client = client_of()
    client.request("GET", "/")
    assert authorizations(server) == [None]
    assert not client.has_token
    assert client.token(3) == ""


def test_a_netrc_file_does_not_take_the_place_of_the_token(server, client_of, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client_of("one").request("GET", "/")
    assert authorizations(server) == ["token one"]


def test_cookies_of_the_server_are_not_sent_back_because_they_would_mix_identities(server, client_of):
    server.on("GET", "/", 200, None, Set_Cookie="login=ada; Path=/")
    client = client_of("one")
    client.request("GET", "/")
    client.request("GET", "/")
    assert [request.headers.get("Cookie") for request in server.requests] == [None, None]


def test_a_redirect_is_an_answer_and_is_not_followed(server, client_of):
    server.on("GET", "/", 302, None, Location="/elsewhere")
    assert client_of("one").request("GET", "/").status_code == 302
    assert server.asked() == [("GET", "/")]


def test_a_body_is_sent_as_json(server, client_of):
    client_of().request("PUT", "/x", json={"name": "Zoë"})
    assert server.requests[0].json == {"name": "Zoë"}


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_in_trouble_is_asked_again(server, client_of, status):
    server.on("GET", "/", status).on("GET", "/", 200, {"ok": True})
    assert client_of().request("GET", "/", tries=3).status_code == 200
    assert len(server.requests) == 2


def test_a_gateway_that_stays_in_trouble_is_an_answer_after_the_last_try(server, client_of):
    server.on("GET", "/", 503)
    assert client_of().request("GET", "/", tries=3).status_code == 503
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [200, 400, 403, 404, 500])
def test_any_other_answer_is_taken_at_the_first_try(server, client_of, status):
    server.on("GET", "/", status)
    assert client_of().request("GET", "/", tries=3).status_code == status
    assert len(server.requests) == 1


def test_nothing_listening_is_told_with_method_and_address():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{unused.getsockname()[1]}"
        sentence = broken(HttpClient(base, (SECRET,)), "GET", "/api", tries=2)
    assert f"GET {base}/api" in sentence
    assert "refused" in sentence.lower()


def test_a_server_that_hangs_is_told_with_the_seconds_waited():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        sentence = broken(HttpClient(base, (SECRET,)), "GET", "/api", timeout=0.2, tries=2)
    assert "no answer within" in sentence
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:1/a b", "http://[::1", "http://.", "http://a..b", "http://" + "a" * 300]
)
def test_an_address_that_is_none_is_told_and_not_thrown(base):
    broken(HttpClient(base, (SECRET,)), "GET", "/api", timeout=0.5)


@pytest.mark.parametrize("token", [f"{SECRET}\n", f"{SECRET}\r\nX-Other: 1", f"Zoë\u2028{SECRET}"])
def test_a_token_that_no_header_can_carry_is_told_without_it(server, client_of, token):
    broken(client_of(token), "GET", "/api")
    assert server.requests == []


class _Captured(requests.adapters.BaseAdapter):
    """Notes how a request would have been sent."""

    def __init__(self):
        super().__init__()
        self.verify = []

    def send(self, _request, **keywords):
        self.verify.append(keywords["verify"])
        raise requests.exceptions.SSLError("self-signed certificate")

    def close(self):
        pass


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_certificate_authority_of_the_option_wins_over_that_of_the_environment(variable, monkeypatch, tmp_path):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(tmp_path / "of-the-system.pem"))
    client, adapter = HttpClient("https://h", (), Path("of-the-option.pem")), _Captured()
    client._session.mount("https://", adapter)
    broken(client, "GET", "/api")
    assert adapter.verify == ["of-the-option.pem"]


def test_without_the_option_that_of_the_environment_counts(monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "of-the-system.pem")
    client, adapter = HttpClient("https://h"), _Captured()
    client._session.mount("https://", adapter)
    broken(client, "GET", "/api")
    assert adapter.verify == ["of-the-system.pem"]


def test_a_certificate_that_is_not_accepted_is_told_with_the_option_for_it():
    client, adapter = HttpClient("https://h", (SECRET,)), _Captured()
    client._session.mount("https://", adapter)
    sentence = broken(client, "GET", "/api", tries=3)
    assert "--rtc-ca-file" in sentence
    assert len(adapter.verify) == 1


def test_a_certificate_file_that_holds_no_certificate_or_was_removed_is_told(server, tmp_path):
    file, base = tmp_path / "ca.pem", server.base.replace("http:", "https:")
    file.write_text("no certificate")
    assert "--rtc-ca-file" in broken(HttpClient(base, (), file), "GET", "/api")
    file.unlink()
    broken(HttpClient(base, (), file), "GET", "/api")


def test_the_token_is_in_no_representation_of_the_client():
    assert SECRET not in repr(HttpClient("http://h", (SECRET,)))


@given(path=st.text(max_size=30))
@settings(deadline=None, max_examples=100)
def test_a_quoted_path_keeps_its_slashes_and_nothing_else_that_means_something_in_an_address(path):
    inside = quoted(path)
    assert inside.isascii()
    assert not set(inside) & set(' ?#"<>')
    assert requests.utils.unquote(inside) == path
    assert inside.count("/") == path.count("/")


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EADDRNOTAVAIL])
def test_that_this_machine_is_full_accuses_no_server(client_of, monkeypatch, number):
    own_thread = threading.get_ident()

    def full(*arguments, **options):
        # Whole runs of other tests are under way in threads of this process, and ask with requests, too.
        if threading.get_ident() != own_thread:
            return socket.socket(*arguments, **options)
        raise OSError(number, os.strerror(number))

    client = client_of()
    nowhere = SimpleNamespace(**{**vars(socket), "socket": full})
    monkeypatch.setattr(urllib3.util.connection, "socket", nowhere)
    with pytest.raises(OwnMachineFull, match=os.strerror(number)):
        client.request("GET", "/api")
    assert YWebsocket(client).answers()
    assert JupyterCollaboration(client).answers()
