"""What is asked of a Jupyter server with collaboration, and what each of its answers is taken for."""

import json
import time
from types import SimpleNamespace

import pytest

from jupyter_rtc_locust.documents.templates import Template
from jupyter_rtc_locust.errors import ConnectionBroken, FileGone, RoomRefused, ServerUnusable
from jupyter_rtc_locust.servers import jupyter_collaboration
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.servers.jupyter_collaboration import JupyterCollaboration, websocket_base

SECRET = "hunter22secret"
ROOT = "/api/contents/?content=0"
PROBE = "/api/collaboration/session/probe"
NOTEBOOK = Document("folder/a b é.ipynb", "notebook")
TEXT = Document("folder/a.txt", "text")
NOTEBOOK_QUOTED = "folder/a%20b%20%C3%A9.ipynb"
SESSION = {"format": "json", "type": "notebook", "fileId": "f-1", "sessionId": "s 1"}


@pytest.fixture
def jupyter(client_of):
    return JupyterCollaboration(client_of(SECRET))


@pytest.fixture
def healthy(server):
    return server.on("GET", ROOT, 200, {"type": "directory"}).on("GET", PROBE, 405)


def sentence_of(error, call, *args):
    with pytest.raises(error) as raised:
        call(*args)
    assert type(raised.value) is error
    sentence = str(raised.value)
    assert sentence.endswith((".", "?"))
    assert SECRET not in sentence
    return sentence


# -- can it be used ---------------------------------------------------------------------------------------------------


def test_a_server_with_collaboration_can_be_used_and_nothing_is_left_on_it(healthy, jupyter):
    jupyter.check()
    assert {method for method, _ in healthy.asked()} == {"GET"}


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(("tokens", "words"), [((), "no token was given"), ((SECRET,), "the token was refused")])
def test_a_token_that_is_missing_or_wrong_is_told_with_what_to_do(server, client_of, status, tokens, words):
    server.on("GET", ROOT, status, {"message": "Forbidden"})
    sentence = sentence_of(ServerUnusable, JupyterCollaboration(client_of(*tokens)).check)
    assert words in sentence
    assert "JUPYTER_TOKEN" in sentence
    assert "--rtc-token-file" in sentence
    assert server.base in sentence


def test_a_redirect_to_a_login_page_is_a_refused_token(server, client_of):
    server.on("GET", ROOT, 302, None, Location="/login?next=%2Fapi")
    assert "no token was given" in sentence_of(ServerUnusable, JupyterCollaboration(client_of()).check)


def test_jupyter_without_collaboration_is_told_with_the_package_that_is_missing(server, jupyter):
    server.on("GET", ROOT, 200, {}).on("GET", PROBE, 404)
    sentence = sentence_of(ServerUnusable, jupyter.check)
    assert "without real-time collaboration" in sentence
    assert "jupyter-collaboration" in sentence


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_a_server_whose_files_cannot_be_read_is_told_with_its_answer(server, jupyter, status):
    server.on("GET", ROOT, status, {"message": "out of order"})
    sentence = sentence_of(ServerUnusable, jupyter.check)
    assert str(status) in sentence
    assert "out of order" in sentence


def test_nothing_listening_is_told_with_the_question_that_helps(client_of):
    sentence = sentence_of(ServerUnusable, JupyterCollaboration(client_of(base="http://127.0.0.1:1")).check)
    assert "http://127.0.0.1:1" in sentence
    assert "--host" in sentence


# -- documents --------------------------------------------------------------------------------------------------------


def template(kind="notebook", text='{"nbformat": 4}\n'):
    return Template("t", kind, {}, text)


def test_a_document_is_written_byte_for_byte_as_text_into_the_folder_of_the_run(server, jupyter):
    server.on("PUT", "/api/contents/run%201", 201).on("PUT", "/api/contents/run%201/n.ipynb", 201)
    made = jupyter.create_document("run 1", "n.ipynb", template(text='{"a": "é\\r"}'))
    assert made == Document("run 1/n.ipynb", "notebook", ours=True)
    assert [request.json for request in server.requests] == [
        {"type": "directory"},
        {"type": "file", "format": "text", "content": '{"a": "é\\r"}'},
    ]


def test_a_folder_that_is_there_already_is_no_trouble(server, jupyter):
    server.on("PUT", "/api/contents/run", 200).on("PUT", "/api/contents/run/t.txt", 201)
    assert jupyter.create_document("run", "t.txt", template("text", "words")).kind == "text"


@pytest.mark.parametrize("status", [400, 403, 405, 500, 507])
@pytest.mark.parametrize("refused_at", ["/api/contents/run", "/api/contents/run/n.ipynb"])
def test_a_contents_manager_that_refuses_writes_is_told_with_its_reason_and_a_way_out(
    server, jupyter, status, refused_at
):
    for path in ("/api/contents/run", "/api/contents/run/n.ipynb"):
        server.on("PUT", path, status if path == refused_at else 201, {"message": "read only\nfile system"})
    sentence = sentence_of(ServerUnusable, jupyter.create_document, "run", "n.ipynb", template())
    assert f"{status} read only file system" in sentence
    assert "--rtc-notebook" in sentence


def named(server, path, status=200, kind="notebook", readable=200):
    server.on("GET", f"/api/contents/{path}?content=0", status, {"type": kind, "message": "no"})
    server.on("GET", f"/api/contents/{path}?type=notebook&content=1", readable, {"message": "Unreadable Notebook"})


def test_an_existing_notebook_is_taken_as_somebody_elses(server, jupyter):
    named(server, NOTEBOOK_QUOTED)
    assert jupyter.find_document(NOTEBOOK.path) == Document(NOTEBOOK.path, "notebook", ours=False)


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"status": 404}, "no such document"),
        ({"status": 403}, "403"),
        ({"kind": "directory"}, "is a folder"),
        ({"kind": "file"}, "is no notebook"),
        ({"readable": 400}, "Unreadable Notebook"),
    ],
)
def test_a_named_document_that_cannot_be_worked_on_is_told_by_the_option_and_its_path(server, jupyter, details, words):
    named(server, "here.ipynb", **details)
    sentence = sentence_of(ServerUnusable, jupyter.find_document, "here.ipynb")
    assert "--rtc-notebook here.ipynb" in sentence
    assert words in sentence


def test_the_runs_own_documents_are_removed_and_then_their_folder(server, jupyter):
    for path in (NOTEBOOK_QUOTED, "folder/a.txt", "folder"):
        server.on("DELETE", f"/api/contents/{path}", 204)
    assert jupyter.remove("folder", [NOTEBOOK, TEXT]) == []
    assert server.asked() == [
        ("DELETE", f"/api/contents/{NOTEBOOK_QUOTED}"),
        ("DELETE", "/api/contents/folder/a.txt"),
        ("DELETE", "/api/contents/folder"),
    ]


def test_a_document_that_the_user_named_is_never_removed(server, jupyter):
    jupyter.remove("folder", [Document("work/precious.ipynb", "notebook", ours=False)])
    assert not any("precious" in path for _, path in server.asked())


def test_what_is_gone_already_is_removed_and_what_is_refused_is_told(server, jupyter):
    server.on("DELETE", f"/api/contents/{NOTEBOOK_QUOTED}", 404)
    server.on("DELETE", "/api/contents/folder/a.txt", 403, {"message": "locked"})
    server.on("DELETE", "/api/contents/folder", 400, {"message": "Directory not empty"})
    problems = jupyter.remove("folder", [NOTEBOOK, TEXT])
    assert [problem.split(" was ")[0] for problem in problems] == ["folder/a.txt", "folder"]
    assert "403 locked" in problems[0]


def test_a_server_that_is_gone_at_the_end_is_asked_no_more_and_what_it_keeps_is_told(server, jupyter):
    server.on("DELETE", f"/api/contents/{NOTEBOOK_QUOTED}", 204)
    request, asked = jupyter.http.request, []

    def hangs(method, path, **how):
        asked.append(path)
        if "a.txt" in path:
            raise ConnectionBroken("no answer within 10 s.")
        return request(method, path, **how)

    jupyter.http.request = hangs
    (problem,) = jupyter.remove("folder", [NOTEBOOK, TEXT])
    assert problem.startswith("folder/a.txt was not removed: no answer within 10 s.")
    assert problem.endswith("It was not asked for what else there is of the run: 1 of 3.")
    assert asked == [f"/api/contents/{NOTEBOOK_QUOTED}", "/api/contents/folder/a.txt"]


def test_a_server_that_is_gone_as_its_folder_is_to_go_keeps_nothing_else(client_of):
    problems = JupyterCollaboration(client_of(base="http://127.0.0.1:1")).remove("folder", [])
    assert len(problems) == 1 and problems[0].startswith("folder was not removed") and "what else" not in problems[0]


def test_what_there_was_no_time_to_remove_is_counted(server, jupyter):
    server.on("DELETE", f"/api/contents/{NOTEBOOK_QUOTED}", 204)
    (problem,) = jupyter.remove("folder", [NOTEBOOK, TEXT], time.monotonic() - 1.0)
    assert problem.startswith("folder/ and 2 of the run's files in it were not removed, because there was no time left")
    (problem,) = jupyter.remove("folder", [], time.monotonic() - 1.0)
    assert problem.startswith("folder/ was not removed, because there was no time left")
    assert server.asked() == []


def test_a_server_that_is_slow_to_remove_is_left_when_the_time_is_over(monkeypatch):
    asked = []

    class Slow:
        def request(self, method, path, *, timeout, tries):
            asked.append((method, path, round(timeout, 1), tries))
            clock.append(clock[-1] + 6.0)
            return SimpleNamespace(status_code=204)

    clock = [100.0]
    monkeypatch.setattr(jupyter_collaboration, "time", SimpleNamespace(monotonic=lambda: clock[-1]))
    (problem,) = JupyterCollaboration(Slow()).remove("folder", [NOTEBOOK, TEXT, TEXT], 111.0)
    assert [timeout for _, _, timeout, _ in asked] == [10.0, 5.0]
    assert problem.startswith("folder/ and 1 of the run's files in it were not removed")


# -- rooms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201])
def test_a_room_is_opened_with_the_session_that_the_server_gave(server, client_of, status):
    server.on("PUT", f"/api/collaboration/session/{NOTEBOOK_QUOTED}", status, SESSION)
    address = JupyterCollaboration(client_of("one", "two")).open_room(NOTEBOOK, 1)
    assert server.requests[0].json == {"format": "json", "type": "notebook"}
    assert server.requests[0].headers["Authorization"] == "token two"
    base = server.base.replace("http://", "ws://")
    assert address.url == f"{base}/api/collaboration/room/json:notebook:f-1?sessionId=s%201"
    assert address.headers == ("Authorization: token two",)


def test_a_text_file_is_opened_as_one(server, jupyter):
    server.on(
        "PUT",
        "/api/collaboration/session/folder/a.txt",
        201,
        {"format": "text", "type": "file", "fileId": "f/2?", "sessionId": "s"},
    )
    assert "/room/text:file:f%2F2%3F?sessionId=s" in jupyter.open_room(TEXT, 0).url
    assert server.requests[0].json == {"format": "text", "type": "file"}


def test_the_token_is_neither_in_the_rooms_address_nor_in_its_representation(server, jupyter):
    server.on("PUT", f"/api/collaboration/session/{NOTEBOOK_QUOTED}", 200, SESSION)
    address = jupyter.open_room(NOTEBOOK, 0)
    assert SECRET not in address.url
    assert SECRET not in repr(address)


def test_without_a_token_the_upgrade_carries_no_authorization(server, client_of):
    server.on("PUT", f"/api/collaboration/session/{NOTEBOOK_QUOTED}", 200, SESSION)
    assert JupyterCollaboration(client_of()).open_room(NOTEBOOK, 0).headers == ()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {}, RoomRefused),
        (403, {"message": "'_xsrf' argument missing"}, RoomRefused),
        (404, {}, RoomRefused),
        (302, {}, RoomRefused),
        (200, {"format": "json"}, RoomRefused),
        (200, [], RoomRefused),
        (200, "no JSON", RoomRefused),
        (500, {"message": "database is locked"}, ConnectionBroken),
        (503, "", ConnectionBroken),
    ],
)
def test_an_answer_without_a_session_is_a_refusal_and_trouble_of_the_server_may_pass(
    server, jupyter, status, body, error
):
    server.on("PUT", f"/api/collaboration/session/{NOTEBOOK_QUOTED}", status, body)
    assert str(status) in sentence_of(error, jupyter.open_room, NOTEBOOK, 0)


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("http://h:8888", "ws://h:8888"),
        ("https://hub/user/ada", "wss://hub/user/ada"),
        ("http://[::1]:80", "ws://[::1]:80"),
    ],
)
def test_the_websocket_address_keeps_host_port_and_path(base, expected):
    assert websocket_base(base) == expected


# -- the saved file ---------------------------------------------------------------------------------------------------


def saved(server, path, status, body):
    server.on("GET", f"/api/contents/{path}?type=file&format=text&content=1", status, body)


def test_a_saved_notebook_is_read_as_text_and_parsed_here(server, jupyter):
    saved(server, NOTEBOOK_QUOTED, 200, {"content": json.dumps({"cells": [], "big": 1.0})})
    assert jupyter.read_saved(NOTEBOOK) == {"cells": [], "big": 1.0}


def test_a_saved_text_file_is_its_text(server, jupyter):
    saved(server, "folder/a.txt", 200, {"content": "{not json\n"})
    assert jupyter.read_saved(TEXT) == "{not json\n"


def test_a_file_that_is_gone_is_told_apart_from_trouble(server, jupyter):
    saved(server, "folder/a.txt", 404, {"message": "No such file"})
    sentence_of(FileGone, jupyter.read_saved, TEXT)


@pytest.mark.parametrize("body", [{"content": None}, {}, [], "no JSON"])
def test_an_answer_without_content_is_no_saved_file(server, jupyter, body):
    saved(server, "folder/a.txt", 200, body)
    assert "without the file's content" in sentence_of(ConnectionBroken, jupyter.read_saved, TEXT)


def test_a_saved_notebook_that_is_no_json_is_told_by_its_path(server, jupyter):
    saved(server, NOTEBOOK_QUOTED, 200, {"content": '{"cells": ['})
    assert NOTEBOOK.path in sentence_of(ConnectionBroken, jupyter.read_saved, NOTEBOOK)


def test_a_server_in_trouble_is_told_with_its_answer(server, jupyter):
    saved(server, "folder/a.txt", 500, {"message": "disk full"})
    assert "500 disk full" in sentence_of(ConnectionBroken, jupyter.read_saved, TEXT)


def marked(server, status, body):
    server.on("GET", f"/api/contents/{NOTEBOOK_QUOTED}?type=file&content=0", status, body)


def test_what_tells_one_version_of_a_file_from_another_is_asked_for_without_its_content(server, jupyter):
    for when, size in ((1, 10), (1, 10), (2, 10), (2, 11)):
        marked(server, 200, {"last_modified": f"2026-11-24T17:02:57.34400{when}Z", "size": size})
    marks = [jupyter.saved_mark(NOTEBOOK) for _ in range(4)]
    assert marks[0] == marks[1]
    assert len(set(marks)) == 3


@pytest.mark.parametrize("second", ["57", "57.000", "57.000000"])
def test_a_mark_of_whole_seconds_is_none_because_two_versions_may_have_it(server, jupyter, second):
    marked(server, 200, {"last_modified": f"2026-11-24T17:02:{second}Z", "size": 10})
    assert jupyter.saved_mark(NOTEBOOK) is None


def test_a_mark_that_is_not_told_is_trouble_or_a_file_that_is_gone(server, jupyter):
    answers = ((404, {"message": "No such file"}), (500, {"message": "out of order"}), (200, {}), (200, "no JSON"))
    for status, body in answers:
        marked(server, status, body)
    sentence_of(FileGone, jupyter.saved_mark, NOTEBOOK)
    for _ in answers[1:]:
        sentence_of(ConnectionBroken, jupyter.saved_mark, NOTEBOOK)


# -- life and version -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "alive"), [(200, True), (403, True), (404, True), (500, False), (503, False)])
def test_a_server_answers_as_long_as_it_is_not_in_trouble_itself(server, jupyter, status, alive):
    server.on("GET", "/api", status)
    assert jupyter.answers() is alive


def test_a_server_that_is_gone_does_not_answer_and_has_no_version(client_of):
    gone = JupyterCollaboration(client_of(base="http://127.0.0.1:1"))
    assert gone.answers() is False
    assert "unknown version" in gone.version()


def test_the_version_is_that_of_jupyter_server(server, jupyter):
    server.on("GET", "/api", 200, {"version": "2.17.0"})
    assert "2.17.0" in jupyter.version()
