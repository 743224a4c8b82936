"""The embedded server, really started: what it answers, what it hides, and that it ends with whoever started it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import websocket
from pycrdt import (
    Array,
    Doc,
    Map,
    Text,
    YMessageType,
    create_sync_message,
    create_update_message,
    handle_sync_message,
)

from jupyter_rtc_locust.demo import embedded_server
from jupyter_rtc_locust.demo.embedded_server import (
    EXTRA_MISSING,
    EmbeddedServer,
    EmbeddedServerError,
    missing_packages,
    server_configuration,
    server_environment,
)
from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.kernels import Kernels
from runs.patches import replace_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.server, pytest.mark.alone]

PERSONS_TOKEN = "the-token-of-the-persons-own-server"


def wait_until(condition: Callable[[], bool], what: str, deadline_s: float = 30.0) -> None:
    until = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < until, f"waited {deadline_s} s in vain: {what}"
        time.sleep(0.02)


def is_gone(process_id: int) -> bool:
    """Whether a process has ended; one that nobody has buried yet has ended too."""
    try:
        return psutil.Process(process_id).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def ask(server: EmbeddedServer, path: str, *, method: str = "GET", token: str = "", body: str = "") -> tuple[int, str]:
    address = server.url.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=20)
    try:
        headers = {"Authorization": f"token {token}"} if token else {}
        connection.request(method, path, body=body or None, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One started by a person whose own settings would ruin it, were they read."""
    home = tmp_path_factory.mktemp("home")
    (home / ".jupyter").mkdir()
    ruinous = json.dumps({"ServerApp": {"base_url": "/elsewhere/", "root_dir": str(home)}, "LabApp": {"news_url": "x"}})
    (home / ".jupyter" / "jupyter_server_config.json").write_text(ruinous)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("JUPYTER_CONFIG_DIR", str(home / ".jupyter"))
        patch.setenv("JUPYTER_CONFIG_PATH", str(home / ".jupyter"))
        patch.setenv("JUPYTER_TOKEN", PERSONS_TOKEN)
        patch.setenv("JUPYTER_PORT", "1")
        patch.setenv("http_proxy", "http://127.0.0.1:9")
        started = EmbeddedServer.start(cleanup_delay_s=7.0)
    with started:
        yield started
    assert not started.root_folder.parent.exists()


def test_it_compiles_no_grammars_before_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As jsonschema would, for addresses that nobody has it check, and which take longer than all else."""
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    with EmbeddedServer.start() as server:
        imported = server.log_path.read_text()
    assert "jsonschema._format" in imported and "syntax_helpers" not in imported


def test_a_server_can_have_a_python_of_its_own_in_which_this_package_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "jupyter_rtc_locust").mkdir()
    (tmp_path / "jupyter_rtc_locust" / "__init__.py").write_text("raise ImportError('it is not installed')")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\ntouch {tmp_path}/used\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    with EmbeddedServer.start(python=python) as server:
        assert (tmp_path / "used").exists()
        assert ask(server, "/api/status", token=server.token)[0] == 200
        server.delay_saves(0)


def test_it_answers_its_own_token_and_nobody_elses(server: EmbeddedServer) -> None:
    assert ask(server, "/api/status", token=server.token)[0] == 200
    assert ask(server, "/api/status")[0] == 403
    assert ask(server, "/api/status", token=PERSONS_TOKEN)[0] == 403


def test_a_collaboration_session_can_be_opened_on_a_notebook_in_its_root_folder(server: EmbeddedServer) -> None:
    empty = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    (server.root_folder / "empty.ipynb").write_text(json.dumps(empty))
    question = json.dumps({"format": "json", "type": "notebook"})
    path = "/api/collaboration/session/empty.ipynb"
    status, answer = ask(server, path, method="PUT", token=server.token, body=question)
    assert status == 201
    assert json.loads(answer)["sessionId"]


def test_a_person_finds_jupyterlab_there_and_a_page_that_opens_it(server: EmbeddedServer) -> None:
    status, page = ask(server, f"/lab?token={server.token}")
    assert status == 200
    assert "JupyterLab" in page
    assert f"{server.url}/lab?token={server.token}" in server.browser_file.read_text()


def test_the_token_stands_in_no_argument_no_environment_and_no_log(server: EmbeddedServer) -> None:
    ask(server, f"/api/status?token={server.token}")
    ask(server, f"/api/contents/missing.ipynb?token={server.token}")
    ask(server, "/api/contents/missing.ipynb", token=server.token)
    wait_until(lambda: "missing.ipynb" in server.log_path.read_text(), "the log tells of a missing notebook")
    process = psutil.Process(server.process_id)
    assert server.token not in " ".join(process.cmdline())
    assert server.token not in str(process.environ())
    assert PERSONS_TOKEN not in str(process.environ())
    assert server.token not in server.log_path.read_text()


def test_nobody_else_on_the_machine_can_look_into_its_folder(server: EmbeddedServer) -> None:
    assert server.root_folder.parent.stat().st_mode & 0o077 == 0


def test_it_listens_on_the_loopback_address_only(server: EmbeddedServer) -> None:
    connections = psutil.Process(server.process_id).net_connections(kind="inet")
    listening = {connection.laddr.ip for connection in connections if connection.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}


def test_ctrl_c_in_the_terminal_of_the_run_does_not_reach_it(server: EmbeddedServer) -> None:
    assert os.getsid(server.process_id) != os.getsid(0)


def test_two_at_once_have_nothing_in_common(server: EmbeddedServer) -> None:
    with EmbeddedServer.start() as other:
        assert other.url != server.url
        assert other.token != server.token
        assert not set(other.root_folder.parents) & {server.root_folder, server.root_folder.parent}
        assert ask(other, "/api/status", token=other.token)[0] == 200
        assert ask(other, "/api/status", token=server.token)[0] == 403
    assert ask(server, "/api/status", token=server.token)[0] == 200


def test_stopping_leaves_nothing_and_may_be_done_twice() -> None:
    started = EmbeddedServer.start()
    assert started.running
    started.stop()
    assert not started.running
    assert is_gone(started.process_id)
    assert not started.root_folder.parent.exists()
    started.stop()


def test_one_that_hangs_is_stopped_too() -> None:
    started = EmbeddedServer.start()
    os.kill(started.process_id, signal.SIGSTOP)
    started.stop()
    assert is_gone(started.process_id)
    assert not started.root_folder.parent.exists()


def test_one_that_died_is_still_cleared_away() -> None:
    started = EmbeddedServer.start()
    os.kill(started.process_id, signal.SIGKILL)
    wait_until(lambda: not started.running, "the server is dead")
    started.stop()
    assert not started.root_folder.parent.exists()


@pytest.fixture
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    replace_in(monkeypatch, embedded_server, "tempfile", mkdtemp=partial(tempfile.mkdtemp, dir=tmp_path))
    return tmp_path


def test_a_failing_start_says_why_and_leaves_nothing(temporary_folder: Path) -> None:
    with pytest.raises(EmbeddedServerError) as caught:
        EmbeddedServer.start(options={"ServerApp.root_dir": "/there/is/no/such/folder"})
    message = str(caught.value)
    assert "before it answered" in message
    assert "/there/is/no/such/folder" in message, "the end of the log is told"
    assert "--host" in message, "there is something to do"
    assert list(temporary_folder.iterdir()) == []


def test_one_that_does_not_answer_in_time_is_ended(temporary_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_server, "START_DEADLINE_S", 0.2)
    started: list[subprocess.Popen[bytes]] = []
    launch = embedded_server._launch

    def launched(*arguments: Any) -> subprocess.Popen[bytes]:
        started.append(launch(*arguments))
        return started[-1]

    monkeypatch.setattr(embedded_server, "_launch", launched)
    with pytest.raises(EmbeddedServerError, match="no usable answer within 0 s"):
        EmbeddedServer.start()
    assert list(temporary_folder.iterdir()) == []
    assert [one.poll() is not None for one in started] == [True]


def test_without_the_extra_a_start_is_refused_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, temporary_folder: Path
) -> None:
    assert missing_packages() == []
    monkeypatch.setitem(embedded_server._MODULE_OF_PACKAGE, "jupyter-collaboration", "surely_not_installed")
    assert missing_packages() == ["jupyter-collaboration"]
    with pytest.raises(OptionsError) as caught:
        EmbeddedServer.start()
    assert str(caught.value).startswith(EXTRA_MISSING)
    assert "pip install 'jupyter-rtc-locust[demo]'" in str(caught.value)
    assert list(temporary_folder.iterdir()) == []


PARENT = """
import os, sys
patched, forks = sys.argv[1:]
if patched == "gevent":
    from gevent import monkey
    monkey.patch_all()
from jupyter_rtc_locust.demo.embedded_server import EmbeddedServer
server = EmbeddedServer.start()
worker = os.fork() if forks == "forks" else 0
if forks == "forks" and worker == 0:
    server.stop()  # a worker's own end must not be the server's
# In one piece, also where standard output is not buffered: both processes write into one pipe.
os.write(1, f"{server.process_id} {worker} {server.root_folder.parent}\\n".encode())
sys.stdin.read()
"""


class Parent:
    """A program that starts a server, perhaps forks a worker as `locust --processes` does, and waits for its end."""

    def __init__(self, patched: str, forks: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PARENT, patched, forks],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        lines = [self.process.stdout.readline().split() for _ in range(2 if forks == "forks" else 1)]
        server, worker, folder = max(lines, key=lambda line: int(line[1]))
        self.server, self.worker, self.folder = int(server), int(worker), Path(folder)

    def __enter__(self) -> Parent:
        return self

    def __exit__(self, *error: object) -> None:
        for process_id in (self.process.pid, self.worker, self.server):
            if process_id and not is_gone(process_id):
                os.kill(process_id, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()

    def assert_nothing_is_left(self) -> None:
        wait_until(lambda: is_gone(self.server), "the server has ended")
        wait_until(lambda: not self.folder.exists(), "the folder is gone")


@pytest.mark.parametrize("patched", ["plain", "gevent"])
def test_it_ends_when_its_parent_is_killed(patched: str) -> None:
    with Parent(patched, "alone") as parent:
        assert not is_gone(parent.server)
        assert parent.folder.is_dir()
        parent.process.kill()
        parent.assert_nothing_is_left()


@pytest.mark.parametrize("patched", ["plain", "gevent"])
def test_a_forked_worker_neither_stops_it_nor_keeps_it_alive(patched: str) -> None:
    with Parent(patched, "forks") as parent:
        assert not is_gone(parent.server), "the worker has called stop() before it told us of itself"
        parent.process.kill()
        parent.assert_nothing_is_left()
        assert not is_gone(parent.worker)


def test_one_that_was_suspended_ends_with_its_parent_too() -> None:
    with Parent("plain", "alone") as parent:
        os.kill(parent.server, signal.SIGSTOP)
        parent.process.kill()
        parent.assert_nothing_is_left()


def test_it_ends_when_its_parent_ends_without_stopping_it() -> None:
    with Parent("gevent", "alone") as parent:
        assert parent.process.stdin is not None
        parent.process.stdin.close()
        assert parent.process.wait(20) == 0
        parent.assert_nothing_is_left()


def test_its_environment_keeps_what_is_not_jupyters(tmp_path: Path) -> None:
    given = {"PATH": "/bin", "HOME": "/home/me", "JUPYTERHUB_API_TOKEN": "secret", "JPY_PARENT_PID": "1", "LANG": "C"}
    given["LOCUST_RTC_SECRET"] = "of the workers"
    environment = server_environment(tmp_path, given)
    assert environment["PATH"] == "/bin"
    assert environment["LANG"] == "C"
    assert environment["HOME"].startswith(str(tmp_path))
    assert not {"JUPYTERHUB_API_TOKEN", "JPY_PARENT_PID", "LOCUST_RTC_SECRET"} & environment.keys()


def test_options_win_over_the_settings_of_the_demo(tmp_path: Path) -> None:
    options = {"YDocExtension.document_cleanup_delay": 1.0, "YDocExtension.document_save_delay": 0.5}
    configuration = server_configuration(tmp_path, 1, 60.0, options)
    assert configuration["YDocExtension"] == {"document_cleanup_delay": 1.0, "document_save_delay": 0.5}
    assert configuration["ServerApp"]["ip"] == "127.0.0.1"


def test_an_option_that_names_no_class_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Class\.trait.*'document_save_delay'"):
        server_configuration(tmp_path, 1, 60.0, {"document_save_delay": 1})


def notebook_in(server: EmbeddedServer) -> str:
    """Put a notebook there and open a session on it; the id that the server gave the document."""
    empty = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    (server.root_folder / "kept.ipynb").write_text(json.dumps(empty))
    question = json.dumps({"format": "json", "type": "notebook"})
    answer = ask(server, "/api/collaboration/session/kept.ipynb", method="PUT", token=server.token, body=question)[1]
    file_id = json.loads(answer)["fileId"]
    return str(file_id)


@pytest.mark.parametrize("politely", [False, True])
def test_a_restart_keeps_address_token_documents_and_log(politely: bool) -> None:
    with EmbeddedServer.start() as server:
        url, token, first = server.url, server.token, server.process_id
        file_id = notebook_in(server)
        log = server.log_path.read_text()
        server.restart(politely=politely)
        assert (server.url, server.token) == (url, token)
        assert is_gone(first)
        assert server.process_id != first
        assert ask(server, "/api/status", token=token)[0] == 200
        assert notebook_in(server) == file_id, "the same document has the same id"
        assert server.log_path.read_text().startswith(log)
        assert token in server.browser_file.read_text()
    assert not server.root_folder.parent.exists()
    assert is_gone(server.process_id)


def test_a_restart_keeps_the_store_of_updates_unless_it_shall_lose_it() -> None:
    with EmbeddedServer.start(options=embedded_server.NO_STORE) as server:
        store = server.root_folder.parent / ".jupyter_ystore.db"
        store.write_bytes(b"")
        os.kill(server.process_id, signal.SIGKILL)
        wait_until(lambda: not server.running, "the server is dead")
        server.restart()
        assert ask(server, "/api/status", token=server.token)[0] == 200, "one that died comes back"
        assert store.exists()
        server.restart(lose_store=True)
        assert not store.exists()


def test_one_whose_port_was_taken_meanwhile_does_not_come_back_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedServer.start() as server:
        folder = server.root_folder.parent
        launch = embedded_server._launch
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        with socket.socket() as other:

            def launch_too_late(*arguments: object) -> object:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                other.bind(address)
                other.listen()
                return launch(*arguments)  # type: ignore[arg-type]

            monkeypatch.setattr(embedded_server, "_launch", launch_too_late)
            with pytest.raises(EmbeddedServerError, match="before it answered"):
                server.restart()
    assert not folder.exists()


class Tab:
    """Somebody who has a notebook open: a shared document that is in step with the server's."""

    def __init__(self, server: EmbeddedServer, path: str) -> None:
        question = json.dumps({"format": "json", "type": "notebook"})
        answer = ask(server, f"/api/collaboration/session/{path}", method="PUT", token=server.token, body=question)[1]
        session = json.loads(answer)
        room = f"{session['format']}:{session['type']}:{session['fileId']}"
        address = server.url.replace("http://", "ws://")
        self.line = websocket.create_connection(
            f"{address}/api/collaboration/room/{room}?sessionId={session['sessionId']}",
            header={"Authorization": f"token {server.token}"},
            timeout=20,
        )
        self.doc: Doc[Array[Map[object]]] = Doc()
        self.cells = self.doc.get("cells", type=Array)
        self.line.send_binary(create_sync_message(self.doc))

    def sources(self) -> list[str]:
        return [str(cell["source"]) for cell in self.cells]

    def read_until(self, condition: Callable[[], bool]) -> None:
        """Take in what the server sends; the line's own timeout ends a wait in vain."""
        while not condition():
            message = self.line.recv()
            assert isinstance(message, bytes) and message, "the server ended the line"
            if message[0] == YMessageType.SYNC:
                reply = handle_sync_message(message[1:], self.doc)
                if reply is not None:
                    self.line.send_binary(reply)

    def add_cell(self, source: str) -> None:
        before = self.doc.get_state()
        self.cells.append(Map({"cell_type": "raw", "id": source, "source": Text(source), "metadata": Map({})}))
        self.line.send_binary(create_update_message(self.doc.get_update(before)))

    def is_cut(self) -> bool:
        """Whether the server ended the line; whatever else it sends until then is of no interest."""
        try:
            while self.line.recv():
                pass
        except (websocket.WebSocketConnectionClosedException, ConnectionError):
            return True
        return True  # an empty message is the end, too

    def __enter__(self) -> Tab:
        return self

    def __exit__(self, *_: object) -> None:
        self.line.shutdown()


FIRST = {"cell_type": "raw", "id": "first", "metadata": {}, "source": "first"}


def write_notebook(server: EmbeddedServer, path: str) -> Path:
    file = server.root_folder / path
    file.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [FIRST]}))
    return file


def test_an_evicted_room_cuts_every_line_and_whoever_comes_back_finds_the_document(server: EmbeddedServer) -> None:
    write_notebook(server, "evicted.ipynb")
    write_notebook(server, "other.ipynb")
    with (
        Tab(server, "evicted.ipynb") as one,
        Tab(server, "evicted.ipynb") as two,
        Tab(server, "other.ipynb") as bystander,
    ):
        for tab in (one, two, bystander):
            tab.read_until(lambda tab=tab: tab.sources() == ["first"])
        server.evict("evicted.ipynb")
        assert one.is_cut() and two.is_cut()
        with Tab(server, "evicted.ipynb") as back, Tab(server, "evicted.ipynb") as another:
            back.read_until(lambda: back.sources() == ["first"])
            another.read_until(lambda: another.sources() == ["first"])
            back.add_cell("second")
            another.read_until(lambda: another.sources() == ["first", "second"])
        bystander.add_cell("on an uncut line")
        wait_until(lambda: "on an uncut line" in (server.root_folder / "other.ipynb").read_text(), "it is saved")


def test_a_room_that_is_not_there_cannot_be_evicted_and_the_sentence_says_so(server: EmbeddedServer) -> None:
    with pytest.raises(
        EmbeddedServerError, match=r"told to evict \(path nowhere.ipynb\), and it could not: nobody has"
    ):
        server.evict("nowhere.ipynb")
    assert ask(server, "/api/status", token=server.token)[0] == 200


def test_saves_that_are_delayed_wait_until_they_shall_no_more() -> None:
    with EmbeddedServer.start(options=embedded_server.NO_STORE) as server:
        file = write_notebook(server, "slow.ipynb")
        server.delay_saves(600.0)
        server.restart()  # which keeps it
        with Tab(server, "slow.ipynb") as tab:
            tab.read_until(lambda: tab.sources() == ["first"])
            tab.add_cell("saved late")
            wait_until(lambda: "Saving file: slow.ipynb" in server.log_path.read_text(), "a save has begun")
            assert "saved late" not in file.read_text()
            server.delay_saves(0.0)
            wait_until(lambda: "saved late" in file.read_text(), "the save that waited is done")


def test_a_file_that_is_changed_from_outside_reaches_whoever_has_it_open(server: EmbeddedServer) -> None:
    file = write_notebook(server, "changed.ipynb")
    with Tab(server, "changed.ipynb") as tab:
        tab.read_until(lambda: tab.sources() == ["first"])
        server.change_file("changed.ipynb", lambda text: text.replace('"source": "first"', '"source": "ähnlich"'))
        tab.read_until(lambda: tab.sources() == ["ähnlich"])
    assert "ähnlich" in file.read_text()
    with pytest.raises(
        EmbeddedServerError, match=r"The file missing.ipynb of the embedded server could not be changed"
    ):
        server.change_file("missing.ipynb", str.upper)


def test_a_server_that_does_not_do_what_it_is_told_is_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_server, "COMMAND_DEADLINE_S", 0.3)
    with EmbeddedServer.start() as server:
        os.kill(server.process_id, signal.SIGSTOP)
        with pytest.raises(EmbeddedServerError, match="did not say within 0 s that it is done"):
            server.delay_saves(1.0)
        os.kill(server.process_id, signal.SIGKILL)
        wait_until(lambda: not server.running, "the server is dead")
        with pytest.raises(EmbeddedServerError, match="its process has ended"):
            server.evict("any.ipynb")


def test_a_command_that_is_none_is_refused_by_the_server(server: EmbeddedServer) -> None:
    with pytest.raises(EmbeddedServerError, match="it knows no command 'dance'"):
        server._command("dance")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_a_kernel_ends_with_its_server_however_that_one_ends(ending: signal.Signals) -> None:
    with EmbeddedServer.start() as server:
        kernels = Kernels(HttpClient(server.url, (server.token,)), server.url.replace("http", "ws"))
        kernels.check()
        kernel = kernels.open(Document("a.ipynb", "notebook"))
        assert kernels.open(Document("a.ipynb", "notebook")) == kernel, "a notebook has one kernel"
        started = [child.pid for child in psutil.Process(server.process_id).children(recursive=True)]
        assert started
        if ending is signal.SIGKILL:
            os.kill(server.process_id, ending)
        else:
            server.stop()
        wait_until(lambda: all(is_gone(process) for process in started), "the kernel ends")
