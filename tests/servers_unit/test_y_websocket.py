"""A plain Y-websocket server: rooms are paths, nothing is stored, and any HTTP answer means that it lives."""

import pytest

from jupyter_rtc_locust.documents.templates import Template
from jupyter_rtc_locust.errors import ServerUnusable
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.servers.y_websocket import YWebsocket

SECRET = "hunter22secret"


@pytest.mark.parametrize("status", [200, 404, 426, 500])
def test_any_http_answer_means_that_the_server_is_there(server, client_of, status):
    server.on("GET", "/", status)
    plain = YWebsocket(client_of())
    plain.check()
    assert plain.answers() is True


def test_nothing_listening_is_told_with_the_question_that_helps(client_of):
    gone = YWebsocket(client_of(base="http://127.0.0.1:1"))
    with pytest.raises(ServerUnusable, match="--host"):
        gone.check()
    assert gone.answers() is False


def test_a_document_is_only_named_and_two_runs_never_meet_in_a_room(server, client_of):
    plain = YWebsocket(client_of())
    template = Template("t", "notebook", {}, "")
    documents = [plain.create_document(folder, "notebook-0", template) for folder in ("run-1", "run-2")]
    assert documents[0].path != documents[1].path
    assert all(document.kind == "notebook" and document.ours for document in documents)
    assert server.requests == []


def test_a_room_is_the_path_of_the_address_with_the_token_of_the_user_in_a_header(client_of):
    plain = YWebsocket(client_of("one", "two", base="https://h/base"))
    address = plain.open_room(Document("run-a b?", "text"), 1)
    assert address.url == "wss://h/base/run-a%20b%3F"
    assert address.headers == ("Authorization: token two",)
    assert "two" not in repr(address)


def test_without_a_token_no_header_is_sent(client_of):
    assert YWebsocket(client_of()).open_room(Document("r", "text"), 0).headers == ()


def test_nothing_is_stored_and_nothing_can_be_removed(server, client_of):
    plain, document = YWebsocket(client_of()), Document("r", "text")
    assert plain.stores_files is False
    assert plain.read_saved(document) is None
    assert plain.remove("run", [document]) == []
    assert server.requests == []
    assert plain.version() == "y-websocket"


def test_no_document_of_a_server_without_files_can_be_named(client_of):
    with pytest.raises(ServerUnusable, match=r"--rtc-notebook a\.ipynb.*no files"):
        YWebsocket(client_of()).find_document("a.ipynb")
