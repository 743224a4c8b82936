"""Which kind of server is there, found out without a token and without leaving anything behind."""

import pytest

from jupyter_rtc_locust.errors import ServerUnusable
from jupyter_rtc_locust.servers.detection import KINDS, find_server
from jupyter_rtc_locust.servers.jupyter_collaboration import JupyterCollaboration
from jupyter_rtc_locust.servers.y_websocket import YWebsocket
from jupyter_rtc_locust.settings import SERVER_KINDS


@pytest.fixture
def jupyter(server):
    return (
        server.on("GET", "/api", 200, {"version": "2.17.0"})
        .on("GET", "/api/contents/?content=0", 200, {})
        .on("GET", "/api/collaboration/session/probe", 405)
    )


def test_every_kind_that_the_option_takes_has_a_module_and_the_other_way_round():
    assert set(SERVER_KINDS) == {"auto", *KINDS}
    assert all(kind.name == name for name, kind in KINDS.items())


def test_a_jupyter_server_is_known_by_the_version_it_tells(jupyter, client_of):
    assert isinstance(find_server(client_of(), "auto"), JupyterCollaboration)
    assert {method for method, _ in jupyter.asked()} == {"GET"}


@pytest.mark.parametrize(
    ("status", "body"), [(404, "okay"), (200, "okay"), (200, {}), (200, [1]), (200, "3"), (200, "null"), (500, "")]
)
def test_a_server_that_tells_no_version_is_a_plain_one(server, client_of, status, body):
    server.on("GET", "/api", status, body).on("GET", "/", 200, "okay")
    assert isinstance(find_server(client_of(), "auto"), YWebsocket)


def test_a_kind_that_is_named_is_not_questioned_but_checked(server, jupyter, client_of):
    server.on("GET", "/", 200)
    assert isinstance(find_server(client_of(), "y-websocket"), YWebsocket)
    assert isinstance(find_server(client_of(), "jupyter-collaboration"), JupyterCollaboration)
    assert ("GET", "/api") not in server.asked()


def test_a_server_that_is_named_wrongly_is_told(server, client_of):
    server.on("GET", "/", 200, "okay")
    with pytest.raises(ServerUnusable, match="no Jupyter server"):
        find_server(client_of(), "jupyter-collaboration")


@pytest.mark.parametrize("kind", SERVER_KINDS)
def test_nothing_listening_is_told_with_the_question_that_helps(client_of, kind):
    with pytest.raises(ServerUnusable, match="--host"):
        find_server(client_of(base="http://127.0.0.1:1"), kind)


def test_every_kind_of_server_can_be_named_and_every_name_is_a_kind():
    assert ("auto", *KINDS) == SERVER_KINDS
