"""A person's server behind a hub refuses somebody, or has ended: who said so, with which answer, and what to do."""

from __future__ import annotations

import pytest

from jupyter_rtc_locust.documents.default_notebook import default_notebook
from jupyter_rtc_locust.errors import ConnectionBroken, RoomRefused, ServerUnusable
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.servers.persons_server import PersonsServer

DOCUMENT = Document("folder/notebook.ipynb", "notebook")
SESSION = "/api/collaboration/session/folder/notebook.ipynb"
CONTENTS = "/api/contents/?content=0"
ITSELF = "It is the server of ada, and not the hub, that says so to ben: its log says why."
ENDED = "The server of ada does not answer itself; where it has ended, the hub says so in its place."
OPTIONS_OF_ONE_SERVER = ("--host", "--rtc-notebook", "--rtc-token-file", "JUPYTER_TOKEN")


@pytest.fixture
def adas(client_of):
    return PersonsServer(client_of("of-ben"), "ada", "ben")


def runs(server):
    server.on("GET", "/api", 200, {"version": "2"})


def ended(server):
    """As JupyterHub 6.1.1 answers in the place of a server that it has ended."""
    server.on("GET", "/api", 302, None, Location="/hub/user/ada/api")


def refused(error, do, *what):
    with pytest.raises(error) as raised:
        do(*what)
    said = str(raised.value)
    assert not [one for one in OPTIONS_OF_ONE_SERVER if one in said]
    assert "of-ben" not in said
    return said


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_forbids_a_document_is_told_with_whom_it_refused_and_what_the_hub_would_have_to_allow(
    server, adas, status
):
    runs(server)
    server.on("PUT", SESSION, status, {"message": "not for of-ben"})
    said = refused(RoomRefused, adas.open_room, DOCUMENT, 0)
    assert said.startswith(f"PUT {server.base}{SESSION} answered {status} not for [token]. {ITSELF}")
    assert said.endswith("The hub itself lets in whoever has the scope access:servers for it.")


@pytest.mark.parametrize(("status", "error"), [(500, ConnectionBroken), (404, RoomRefused)])
def test_a_server_that_fails_at_a_document_is_told_as_the_one_who_failed(server, adas, status, error):
    runs(server)
    server.on("PUT", SESSION, status, {"message": "no such thing"})
    said = refused(error, adas.open_room, DOCUMENT, 0)
    assert said == f"PUT {server.base}{SESSION} answered {status} no such thing. {ITSELF}"


@pytest.mark.parametrize(("status", "error"), [(413, RoomRefused), (504, ConnectionBroken)])
def test_what_a_proxy_may_have_said_is_not_said_to_be_the_server_s(server, adas, status, error):
    runs(server)
    for _ in range(3):
        server.on("PUT", SESSION, status, "<html>")
    said = refused(error, adas.open_room, DOCUMENT, 0)
    assert said.endswith("The server of ada answers itself: it says so, or a proxy before it does.")


@pytest.mark.parametrize("status", [403, 405, 424])
def test_where_the_server_has_ended_the_hub_is_told_to_have_said_so(server, adas, status):
    """It forbids (403) whoever writes, as a server does that refuses."""
    ended(server)
    server.on("PUT", SESSION, status, "<html>")
    said = refused(RoomRefused, adas.open_room, DOCUMENT, 0)
    assert f"answered {status}" in said and ENDED in said and ITSELF not in said


def test_a_server_whose_files_may_not_be_read_or_written_is_told_so(server, adas):
    runs(server)
    server.on("GET", CONTENTS, 403, {}).on("GET", CONTENTS, 500, {})
    for status in (403, 500):
        said = refused(ServerUnusable, adas.check)
        assert said.startswith(f"GET {server.base}/api/contents/ answered {status}") and ITSELF in said
    server.on("PUT", "/api/contents/folder", 201, {}).on("PUT", "/api/contents/folder/a.ipynb", 403, {})
    said = refused(ServerUnusable, adas.create_document, "folder", "a.ipynb", default_notebook())
    assert said.startswith(f"PUT {server.base}/api/contents/folder/a.ipynb answered 403") and ITSELF in said


def test_a_server_that_ends_when_the_hub_called_it_ready_refuses_no_token(server, adas):
    ended(server)
    server.on("GET", CONTENTS, 302, None, Location="/hub/user/ada/api/contents/")
    assert ENDED in refused(ServerUnusable, adas.check)


def test_a_server_that_cannot_be_reached_is_told_with_whose_it_is(client_of):
    adas = PersonsServer(client_of("of-ben", base="http://127.0.0.1:1"), "ada", "ben")
    assert "The hub calls the server of ada ready" in refused(ServerUnusable, adas.check)
    assert not adas.answers()


def test_whoever_enters_a_room_takes_along_whose_server_it_is(server, adas):
    server.on("PUT", SESSION, 200, {"format": "json", "type": "notebook", "fileId": "f", "sessionId": "s"})
    address = adas.open_room(DOCUMENT, 0)
    if address.line is not None:
        address.line.close()
    assert address.owner == "ada" and address.headers == ("Authorization: token of-ben",)
