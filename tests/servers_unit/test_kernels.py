"""What is asked of a Jupyter server about kernels, and what each of its answers is taken for."""

import pytest

from jupyter_rtc_locust.errors import ConnectionBroken, RoomRefused, ServerUnusable
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.servers.kernels import Kernels

SECRET = "hunter22secret"
NOTEBOOK = Document("rtc-locust-r/notebook-0.ipynb", "notebook")
SPECS = {"default": "python3", "kernelspecs": {"python3": {}, "ir": {}}}
MODEL = {"id": "s-1", "path": NOTEBOOK.path, "kernel": {"id": "k-1", "name": "python3"}}


@pytest.fixture
def kernels(client_of):
    return Kernels(client_of(SECRET), "ws://test")


def sentence_of(error, call, *args):
    with pytest.raises(error) as raised:
        call(*args)
    sentence = str(raised.value)
    assert sentence.endswith(".")
    assert SECRET not in sentence
    return sentence


def test_a_server_with_a_python_kernel_can_be_used_and_none_is_started_to_see_it(server, kernels):
    server.on("GET", "/api/kernelspecs", 200, SPECS)
    kernels.check()
    assert server.asked() == [("GET", "/api/kernelspecs")]


def test_a_server_without_a_python_kernel_is_told_with_what_it_has_and_what_to_do(server, kernels):
    server.on("GET", "/api/kernelspecs", 200, {"kernelspecs": {"ir": {}, SECRET: {}}})
    sentence = sentence_of(ServerUnusable, kernels.check)
    assert "it has: [token], ir" in sentence
    assert "ipykernel" in sentence


@pytest.mark.parametrize(("status", "body"), [(403, {"message": "Forbidden"}), (404, None), (200, []), (200, "<html>")])
def test_a_server_that_names_no_kernels_cannot_be_used(server, kernels, status, body):
    server.on("GET", "/api/kernelspecs", status, body)
    assert str(status) in sentence_of(ServerUnusable, kernels.check)


def test_a_session_is_asked_for_as_a_tab_asks(server, kernels):
    server.on("POST", "/api/sessions", 201, MODEL)
    assert kernels.open(NOTEBOOK) == "k-1"
    (request,) = server.requests
    assert request.json == {
        "path": NOTEBOOK.path,
        "type": "notebook",
        "name": "notebook-0.ipynb",
        "kernel": {"name": "python3"},
    }


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, {"message": f"no {SECRET}"}, RoomRefused),
        (501, {"message": "python3 not found"}, RoomRefused),
        (500, {"message": "it broke"}, ConnectionBroken),
        (201, {"id": "s-1"}, RoomRefused),
        (201, {"id": "s-1", "kernel": {"id": 3}}, RoomRefused),
        (201, "<html>", RoomRefused),
    ],
)
def test_an_answer_without_a_kernel_is_told(server, kernels, status, body, error):
    server.on("POST", "/api/sessions", status, body)
    assert str(status) in sentence_of(error, kernels.open, NOTEBOOK)


def test_the_channels_are_entered_in_the_protocol_of_a_tab_with_the_token_in_a_header(kernels):
    address = kernels.channels("k 1", "tab&1", 0)
    assert address.url == "ws://test/api/kernels/k%201/channels?session_id=tab%261"
    assert address.headers == (
        "Sec-WebSocket-Protocol: v1.kernel.websocket.jupyter.org",
        f"Authorization: token {SECRET}",
    )


def test_only_sessions_below_the_folder_are_the_runs(server, kernels):
    others = ["rtc-locust-r", "rtc-locust-rr/a.ipynb", "thesis.ipynb", "x/rtc-locust-r/a.ipynb"]
    models = [MODEL, *({"id": f"o-{path}", "path": path} for path in others), "nonsense", {"path": None}]
    server.on("GET", "/api/sessions", 200, models)
    assert kernels.sessions_below("rtc-locust-r") == ["s-1"]


@pytest.mark.parametrize(("status", "body"), [(500, {"message": "it broke"}), (200, {"no": "list"})])
def test_a_server_that_does_not_tell_its_sessions_may_have_some_left(server, kernels, status, body):
    server.on("GET", "/api/sessions", status, body)
    sentence_of(ConnectionBroken, kernels.sessions_below, "rtc-locust-r")


@pytest.mark.parametrize("status", [204, 404, 410])
def test_a_session_that_is_gone_is_closed(server, kernels, status):
    server.on("DELETE", "/api/sessions/s-1", status)
    kernels.close("s-1")


def test_a_session_that_stays_is_told(server, kernels):
    server.on("DELETE", "/api/sessions/s-1", 500, {"message": "it broke"})
    assert "500 it broke" in sentence_of(ConnectionBroken, kernels.close, "s-1")


@pytest.mark.parametrize("act", ["interrupt", "restart"])
def test_a_kernel_is_interrupted_and_started_again_or_it_is_told(server, kernels, act):
    path = f"/api/kernels/k-1/{act}"
    server.on("POST", path, 204).on("POST", path, 500, {"message": "it broke"})
    getattr(kernels, act)("k-1", 0)
    assert f"could not be {act}ed" in sentence_of(ConnectionBroken, getattr(kernels, act), "k-1", 0)
