"""What a run must never do to those who run it: tell their token, listen to strangers, touch or leave files."""

from __future__ import annotations

import gzip
import html
import json
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
import requests

from jupyter_rtc_locust.reporting.report.summary import plain
from runs import asking
from runs.locust_run import LOCUSTFILES_OF_THE_TESTS, LocustProcess, Run
from runs.together import Runs
from servers.processes import environment_without_jupyter, free_port, jupyter_collaboration
from servers.server_process import ServerProcess
from servers.small_client import SmallClient, wait_until

pytestmark = pytest.mark.run

USERS = 2
SMALL_RUN = ("-u", str(USERS), "-r", str(USERS), "-t", "5s", "--rtc-edit-rate", "3")
SHORT = ("--rtc-drain-timeout", "5", "--rtc-save-timeout", "5", "--rtc-evidence", "always")
_OF_LOCUST = ("--csv", "run", "--csv-full-history", "--html", "run.html", "--json-file", "run", "--loglevel", "DEBUG")
REPORTS = (*_OF_LOCUST, "--rtc-report", "always")
"""Everything that Locust, and we, can write."""

HARD_TOKEN = "a-t0ken+with/marks=&%"
"""Some of its letters are written otherwise in an address."""

PAGES = (
    "/",
    "/stats/requests",
    "/stats/requests/csv",
    "/stats/failures/csv",
    "/stats/report",
    "/exceptions",
    "/exceptions/csv",
    "/tasks",
    "/logs",
    "/worker-count",
    "/rtc/",
    "/rtc/live.json",
    "/rtc/metrics",
    "/rtc/documents/0/difference",
    "/rtc/results/report.html",
    "/rtc/results/result.json",
    "/no-such-page",
)


SCENARIOS: dict[str, Callable[[Path], None]] = {}
"""What must hold, by name; each is given a folder of its own. They run several at a time (see the end of the file)."""


def scenario(function: Callable[[Path], None]) -> Callable[[Path], None]:
    SCENARIOS[function.__name__] = function
    return function


def jupyter_server() -> ServerProcess:
    return jupyter_collaboration(token=HARD_TOKEN)


# -- the token --------------------------------------------------------------------------------------------------------


def forms_of(token: str) -> set[str]:
    return {token, quote(token), quote(token, safe=""), json.dumps(token)[1:-1], html.escape(token), plain(token)}


def assert_nowhere(token: str, run_folder: Path) -> None:
    """The token is in no file of the run: output, reports, results."""
    for path in run_folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8", "replace")
            for form in forms_of(token):
                assert form not in text, f"{path.name}: {text[max(0, text.index(form) - 300) : text.index(form) + 100]}"


def assert_in_no_arguments(token: str) -> None:
    for process in psutil.process_iter():
        try:
            arguments = " ".join(process.cmdline())
        except psutil.Error:
            continue
        assert not any(form in arguments for form in forms_of(token)), arguments


def assert_listens_to_this_machine_only(process: LocustProcess) -> int:
    """How many sockets of the run listen; all of them on 127.0.0.1."""
    listening = [
        connection.laddr
        for member in (psutil.Process(process.process.pid), *process.children())
        for connection in member.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert {address.ip for address in listening} <= {"127.0.0.1"}, listening
    return len(listening)


Given = tuple[tuple[str, ...], dict[str, str]]
"""Options, and variables of the environment."""


def with_the_variable(server: ServerProcess, _: Path) -> Given:
    return (), {"JUPYTER_TOKEN": server.token}


def with_a_file(server: ServerProcess, folder: Path) -> Given:
    file = folder / "token.txt"
    file.write_text(f"{server.token}\n")
    return ("--rtc-token-file", str(file)), {}


def tells_nobody(folder: Path, given: Callable[[ServerProcess, Path], Given], *options: str) -> None:
    folder.mkdir(parents=True)
    with jupyter_server() as jupyter:
        more, environment = given(jupyter, folder)
        started = ("--headless", *SMALL_RUN, *SHORT, *REPORTS, "--host", jupyter.url, *more, *options)
        with LocustProcess("notebook_editing.py", *started, folder=folder / "run", environment=environment) as process:
            process.wait_for_users()
            assert_in_no_arguments(jupyter.token)
            assert_listens_to_this_machine_only(process)
            run = process.ended()
    assert run.verdict == "pass", run
    assert (folder / "run" / "results" / "report.html").exists(), run
    assert_nowhere(jupyter.token, folder / "run")


@scenario
def a_token_of_the_environment_is_told_to_nobody(folder: Path) -> None:
    tells_nobody(folder, with_the_variable)


@scenario
def a_token_of_a_file_is_told_to_nobody_where_there_are_workers(folder: Path) -> None:
    port = str(free_port())
    forks = ("--processes", "2", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port)
    tells_nobody(folder, with_a_file, *forks)


@scenario
def an_embedded_server_keeps_its_token_to_itself_and_is_gone_afterwards(folder: Path) -> None:
    temporary = folder / "temporary"
    temporary.mkdir(parents=True)
    started = ("--headless", *SMALL_RUN, *SHORT, *REPORTS)
    folder = folder / "run"
    environment = {"TMPDIR": str(temporary), "JUPYTER_TOKEN": "not-for-this-server"}
    with LocustProcess("notebook_editing.py", *started, folder=folder, environment=environment) as process:
        process.wait_for_users()
        (told,) = temporary.glob("*/runtime/jpserver-*.json")
        token = json.loads(told.read_text())["token"]
        assert len(token) > 20
        assert_in_no_arguments(token)
        assert assert_listens_to_this_machine_only(process) == 1
        members = process.children()
        run = process.ended()
    assert run.verdict == "pass", run
    assert_nowhere(token, folder)
    assert_nowhere("not-for-this-server", folder)
    assert list(temporary.iterdir()) == []
    assert not [member for member in members if member.is_running() and member.status() != psutil.STATUS_ZOMBIE]


class RepeatsTheToken(BaseHTTPRequestHandler):
    """Enough of a Jupyter server to be asked, which repeats the token in whatever it says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("token ")
        if self.path == "/api":
            self._answer(200, {"version": "2.0.0"}, "OK")
        else:
            self._answer(500, {"message": f"not for {token}, see /lab?token={quote(token)}"}, f"No {token}")

    def _answer(self, status: int, body: object, reason: str) -> None:
        content = json.dumps(body).encode()
        self.send_response(status, reason)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


class RepeatsTheTokenInAPage(RepeatsTheToken):
    """The same, in pages as a browser gets them."""

    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("token ")
        if self.path == "/api":
            self._answer(200, {"version": "2.0.0"}, "OK")
            return
        page = f"<!doctype html><title>404 {token}</title><a href='/lab?token={quote(token)}'>{token}</a>".encode()
        self.send_response(404, f"No {token}")
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def quotes_without_the_token(handler: type[BaseHTTPRequestHandler], folder: Path) -> None:
    started = ("--headless", *SMALL_RUN, *REPORTS)
    environment = {"JUPYTER_TOKEN": HARD_TOKEN}
    with (
        served(handler) as address,
        LocustProcess(
            "notebook_editing.py", *started, "--host", address, folder=folder, environment=environment
        ) as process,
    ):
        run = process.ended(60)
    assert run.verdict == "inconclusive", run
    assert "answered" in run.told["reason"], run
    assert "INCONCLUSIVE" in (folder / "results" / "report.html").read_text("utf-8"), run
    assert_nowhere(HARD_TOKEN, folder)


@scenario
def a_server_that_repeats_the_token_is_not_quoted_with_it(folder: Path) -> None:
    quotes_without_the_token(RepeatsTheToken, folder)


@scenario
def a_page_that_repeats_the_token_is_not_quoted_with_it(folder: Path) -> None:
    quotes_without_the_token(RepeatsTheTokenInAPage, folder)


def leaky_server(folder: Path) -> ServerProcess:
    """A server that lets one user in, and repeats the token to the next as it closes the line."""
    root = folder / "root"
    root.mkdir(parents=True)
    port = free_port()
    tests = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-m", "runs.leaky_server", "--port", str(port), "--folder", str(root)]
    server = ServerProcess(
        name="leaky server",
        command=[*command, "--fault", "leak", "--fault-user", "3"],
        environment=environment_without_jupyter(tests, JUPYTER_TOKEN=HARD_TOKEN),
        port=port,
        home=folder,
        root=root,
        token=HARD_TOKEN,
    )
    return server.start()


@scenario
def no_page_of_the_web_ui_tells_the_token(folder: Path) -> None:
    leaky = leaky_server(folder / "server")
    port = free_port()
    page = f"http://127.0.0.1:{port}"
    form = {"user_count": "2", "spawn_rate": "2", "rtc_documents": "1", "host": leaky.url}
    folder = folder / "run"
    started = (
        "--web-host",
        "127.0.0.1",
        "--web-port",
        str(port),
        "--loglevel",
        "DEBUG",
        *SHORT,
        "--rtc-report",
        "always",
    )
    with leaky, LocustProcess("notebook_editing.py", *started, folder=folder, server=leaky) as process:
        until = time.monotonic() + 30
        while not answers(page):
            assert time.monotonic() < until, process.output
            time.sleep(0.05)
        assert_told_on_no_page(page)
        assert asking.post(f"{page}/swarm", data={**form, "host": f"{leaky.url}?token={HARD_TOKEN}"}, timeout=30).ok
        assert_told_on_no_page(page)
        answer = asking.post(f"{page}/swarm", data=form, timeout=30)
        assert HARD_TOKEN not in answer.text
        assert answer.json()["success"], answer.text
        process.wait_for("A user failed")
        assert_told_on_no_page(page)
        assert_listens_to_this_machine_only(process)
        assert asking.post(f"{page}/stop", timeout=60).ok
        assert_told_on_no_page(page)
        process.terminate()
        process.process.wait(60)
        assert process.result is not None
        assert process.result["verdict"] == "inconclusive"
        assert "with 4404" in process.output
        assert (folder / "results" / "report.html").exists()
    assert_nowhere(HARD_TOKEN, folder)


def answers(page: str) -> bool:
    try:
        return asking.get(page, timeout=5).ok
    except requests.ConnectionError:
        return False


def assert_told_on_no_page(page: str) -> None:
    for path in PAGES:
        text = asking.get(f"{page}{path}", timeout=10).text
        for form in forms_of(HARD_TOKEN):
            assert form not in text, f"{path}: {text[max(0, text.index(form) - 300) : text.index(form) + 100]}"


# -- other people's files ---------------------------------------------------------------------------------------------


def notebook(text: str) -> str:
    cell = {"id": "a", "cell_type": "markdown", "metadata": {}, "source": text}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})


def files_of(server: ServerProcess) -> dict[str, bytes | None]:
    """What a person sees there; folders have no content."""
    found = {path: path.relative_to(server.root) for path in sorted(server.root.rglob("*"))}
    return {
        str(name): path.read_bytes() if path.is_file() else None
        for path, name in found.items()
        if not any(part.startswith(".") for part in name.parts)
    }


def with_bystanders(server: ServerProcess) -> dict[str, bytes | None]:
    (server.root / "folder").mkdir(exist_ok=True)
    (server.root / "bystander.ipynb").write_text(notebook("of somebody else"))
    (server.root / "folder" / "bystander.txt").write_text("of somebody else\r\n")
    # A name like those of runs, but of somebody else's folder.
    (server.root / "rtc-locust-00000000").mkdir(exist_ok=True)
    (server.root / "rtc-locust-00000000" / "notebook-0.ipynb").write_text(notebook("kept from another run"))
    return files_of(server)


def run_on(server: ServerProcess, folder: Path, *options: str) -> Run:
    started = ("--headless", *SMALL_RUN, *SHORT, *options)
    with LocustProcess("notebook_editing.py", *started, folder=folder, server=server) as process:
        return process.ended()


@scenario
def only_what_the_run_made_is_removed_and_nothing_of_it_stays(folder: Path) -> None:
    with jupyter_server() as jupyter:
        before = with_bystanders(jupyter)
        run = run_on(jupyter, folder, "--rtc-documents", "2")
        assert run.verdict == "pass", run
        assert files_of(jupyter) == before
        assert jupyter.request("GET", "api/sessions") == (200, [])
        assert jupyter.request("GET", "api/kernels") == (200, [])


@scenario
def documents_are_kept_where_that_was_asked_for(folder: Path) -> None:
    with jupyter_server() as jupyter:
        before = with_bystanders(jupyter)
        run = run_on(jupyter, folder, "--rtc-keep")
        assert run.verdict == "pass", run
        (document,) = run.told["run"]["documents"]
        after = files_of(jupyter)
        content = after.pop(document)
        assert content is not None
        assert json.loads(content)["cells"]
        assert after.pop(document.rpartition("/")[0], "missing") is None
        assert after == before


class Guest(threading.Thread):
    """Somebody else at work in a notebook: seen by the others, types now and then."""

    def __init__(self, server: ServerProcess, path: str) -> None:
        super().__init__(name="guest", daemon=True)
        self.server = server
        self.path = path
        self.typed: list[str] = []
        self.stop = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            client = SmallClient(self.server, self.path, client_id=secrets.randbits(31))
            wait_until(lambda: client.synced, client)
            while not self.stop.is_set():
                # Again and again, as a tab does every 15 s: the server tells nobody who comes later.
                client.announce()
                text = f"<guest {len(self.typed)}>"
                client.append_cell(f"guest-{len(self.typed)}", text)
                self.typed.append(text)
                listen_for(0.7, client)
            listen_for(1, client)
            client.close()
        except BaseException as error:
            self.error = error


def listen_for(seconds: float, client: SmallClient) -> None:
    until = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > until, client)


@scenario
def a_named_notebook_is_edited_and_kept_and_who_else_edits_it_is_a_guest(folder: Path) -> None:
    with jupyter_server() as jupyter:
        before = with_bystanders(jupyter)
        named = "folder/named ünïcode.ipynb"
        (jupyter.root / named).write_text(notebook("where we begin"))
        guest = Guest(jupyter, named)
        started = ("--headless", *SMALL_RUN, *SHORT, "--rtc-notebook", f"/{named}")
        with LocustProcess(
            LOCUSTFILES_OF_THE_TESTS / "typing_only.py", *started, folder=folder, server=jupyter
        ) as process:
            process.wait_for_users()
            guest.start()
            time.sleep(2.5)
            guest.stop.set()
            guest.join(30)
            run = process.ended()
        after = files_of(jupyter)
        assert jupyter.request("GET", "api/sessions") == (200, [])
    assert guest.error is None, guest.error
    assert guest.typed
    assert run.verdict == "pass", run
    assert run.told["findings"] == []
    assert run.told["run"]["documents"] == [named]
    assert run.told["counts"]["edits"] > 0
    assert [(one["document"], one["units"] > 0) for one in run.told["guests"]] == [(named, True)]
    content = after.pop(named)
    assert content is not None
    # By the ids of its cells, into which others may type, too: these users delete nothing.
    cells = {cell["id"] for cell in json.loads(content)["cells"]}
    assert {f"guest-{number}" for number in range(len(guest.typed))} <= cells
    assert after == before


# -- all at once ------------------------------------------------------------------------------------------------------


@contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], None]]]:
    """The scenarios, for the fixture `runs`."""
    yield {name: partial(check, folder / name) for name, check in SCENARIOS.items()}


@pytest.mark.parametrize("run", SCENARIOS)
def test_it_is_safe_because(run: str, runs: Runs) -> None:
    runs[run]
