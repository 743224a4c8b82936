"""What can be wrong before a run begins: each case as data, the servers it needs, and the table for the documents.

The cases run several at a time, and each test asks for the outcome of its own.
"""

from __future__ import annotations

import json
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from runs.locust_run import LocustProcess, Run, run_locust
from servers.processes import (
    QUICK_START,
    environment_without_jupyter,
    free_port,
    jupyter_collaboration,
    sick_server,
)
from servers.server_process import ServerProcess

SECONDS = 30.0
"""The most that any of this may take, from the start of the process to its end."""

SMALL_RUN = ("-u", "2", "-r", "2", "-t", "2s")

RIGHT = "the right token"
"""In place of a token: the one of the servers here."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that is wrong.

    `options` come after those of a small run; names in braces stand for addresses and paths of `Surroundings`.
    `says` is what the sentence must hold, `exit_code` 2 or 4.
    """

    name: str
    done: str
    options: tuple[str, ...]
    exit_code: int
    says: tuple[str, ...]
    token: str | None = RIGHT
    command: str = "locust"
    """locust; web or demo: of `jupyter rtc-locust`."""
    headless: bool = True
    without_demo: bool = False
    """As where the packages of the extra `demo` are not installed."""


@dataclass(frozen=True)
class Outcome:
    """How a case ended."""

    run: Run
    sentence: str
    others: tuple[Run, ...] = field(default=())
    """The workers' own ends, where they were processes of their own."""


def _case(name: str, done: str, *options: str, exits: int, says: tuple[str, ...] | str, **more: object) -> Case:
    says = (says,) if isinstance(says, str) else says
    return Case(name=name, done=done, options=options, exit_code=exits, says=says, **more)  # type: ignore[arg-type]


def _host(name: str) -> tuple[str, str]:
    return "--host", "{" + name + "}"


IS_IT_RUNNING = ("no answer within 10 s", "Is the server running")

CASES = (
    # An address that is none.
    _case("ftp", "an address of another kind", "--host", "ftp://127.0.0.1:8888", exits=2, says="http or https"),
    _case("no scheme", "an address without http://", "--host", "127.0.0.1:8888", exits=2, says="http or https"),
    _case("garbage", "an address that is none", "--host", "http://[::1", exits=2, says="http or https"),
    _case("large port", "a port that cannot be", "--host", "http://127.0.0.1:99999", exits=2, says="http or https"),
    _case(
        "token in the address",
        "a token in the address",
        *("--host", "http://127.0.0.1:8888/lab?token=abc"),
        exits=2,
        says=("JUPYTER_TOKEN", "--rtc-token-file"),
    ),
    # A server that cannot be used.
    _case(
        "nothing listening",
        "nothing listens there",
        *_host("nothing"),
        exits=4,
        says=("Connection refused", "Is the server running"),
    ),
    _case(
        "unknown name",
        "a host name that does not exist",
        *("--host", "http://no-such-host.invalid"),
        exits=4,
        says="Is the server running",
    ),
    _case("silent", "a server that accepts and never answers", *_host("silent"), exits=4, says=IS_IT_RUNNING),
    _case(
        "silent, named",
        "the same, its kind named",
        *_host("silent"),
        *("--rtc-server", "jupyter-collaboration"),
        exits=4,
        says=IS_IT_RUNNING,
    ),
    _case(
        "trickling",
        "a server that sends a byte now and then and never ends",
        *_host("trickling"),
        exits=4,
        says=("had not finished", "20 s"),
    ),
    _case(
        "another protocol",
        "a server that does not speak HTTP",
        *_host("another_protocol"),
        exits=4,
        says="does not speak HTTP",
    ),
    _case(
        "web server",
        "`python -m http.server`",
        *_host("web_server"),
        exits=4,
        says=("404", "no Jupyter server", "--host"),
    ),
    _case(
        "web server, named",
        "the same, its kind named",
        *_host("web_server"),
        *("--rtc-server", "jupyter-collaboration"),
        exits=4,
        says=("404", "no Jupyter server"),
    ),
    _case(
        "https for http",
        "https, where the server speaks http",
        *_host("web_server_as_https"),
        exits=4,
        says="GET https://",
    ),
    _case(
        "without collaboration",
        "Jupyter without jupyter-collaboration",
        *_host("without_collaboration"),
        exits=4,
        says=("without real-time collaboration", "Install jupyter-collaboration"),
    ),
    _case("no token", "no token", *_host("jupyter"), token=None, exits=4, says=("403", "no token was given")),
    _case(
        "wrong token",
        "a wrong token",
        *_host("jupyter"),
        token="not-this-one",
        exits=4,
        says=("403", "the token was refused", "JUPYTER_TOKEN"),
    ),
    _case(
        "torn token",
        "a token with a line break inside",
        *_host("jupyter"),
        token="torn\ntoken",
        exits=2,
        says=("JUPYTER_TOKEN", "line break"),
    ),
    _case(
        "no token file",
        "a token file that does not exist",
        *_host("jupyter"),
        *("--rtc-token-file", "{files}/missing"),
        exits=2,
        says=("--rtc-token-file", "no such file"),
    ),
    _case(
        "empty token file",
        "a token file without a token",
        *_host("jupyter"),
        *("--rtc-token-file", "{files}/empty.txt"),
        exits=2,
        says=("--rtc-token-file", "holds no token"),
    ),
    _case(
        "no certificates",
        "a certificate authority that does not exist",
        *_host("jupyter"),
        *("--rtc-ca-file", "{files}/missing.pem"),
        exits=2,
        says=("--rtc-ca-file", "no such file"),
    ),
    _case(
        "refused writes",
        "a contents manager that refuses writes (403)",
        *_host("refuses_writes"),
        exits=4,
        says=("403", "refuses to write"),
    ),
    _case(
        "failing writes",
        "a contents manager that fails to write (500)",
        *_host("fails_writes"),
        exits=4,
        says=("500", "refuses to write"),
    ),
    # A document that cannot be used.
    _case(
        "no such notebook",
        "a notebook that does not exist",
        *_host("jupyter"),
        *("--rtc-notebook", "missing.ipynb"),
        exits=4,
        says=("missing.ipynb", "no such document"),
    ),
    _case(
        "text for a notebook",
        "a text file in place of a notebook",
        *_host("jupyter"),
        *("--rtc-notebook", "text.txt"),
        exits=4,
        says=("text.txt", "is no notebook"),
    ),
    _case(
        "broken notebook",
        "a notebook that cannot be read",
        *_host("jupyter"),
        *("--rtc-notebook", "broken.ipynb"),
        exits=4,
        says=("broken.ipynb", "no readable notebook"),
    ),
    _case(
        "folder for a notebook",
        "a folder in place of a notebook",
        *_host("jupyter"),
        *("--rtc-notebook", "folder"),
        exits=4,
        says=("is a folder", "name one document in it"),
    ),
    _case(
        "notebook outside",
        "a path that leaves the server's root",
        *_host("jupyter"),
        *("--rtc-notebook", "../secret.ipynb"),
        exits=2,
        says=("--rtc-notebook", "root folder"),
    ),
    _case(
        "notebook and documents",
        "a notebook, and a number of documents",
        *_host("jupyter"),
        *("--rtc-notebook", "good.ipynb", "--rtc-documents", "2"),
        exits=2,
        says=("--rtc-notebook", "--rtc-documents"),
    ),
    _case(
        "notebook without a host",
        "a notebook, and no server",
        *("--rtc-notebook", "good.ipynb"),
        exits=2,
        says=("--rtc-notebook", "--host"),
    ),
    _case(
        "no such template",
        "a template that does not exist",
        *_host("jupyter"),
        *("--rtc-template", "{files}/missing.ipynb"),
        exits=2,
        says="does not exist",
    ),
    _case(
        "broken template",
        "a template of broken JSON",
        *_host("jupyter"),
        *("--rtc-template", "{files}/broken.ipynb"),
        exits=2,
        says="JSON is broken",
    ),
    _case(
        "new template",
        "a template of a format of the future",
        *_host("jupyter"),
        *("--rtc-template", "{files}/new.ipynb"),
        exits=2,
        says=("too new", "9.0"),
    ),
    _case(
        "template of another kind",
        "a text file for users who open notebooks",
        *_host("jupyter"),
        *("--rtc-template", "{files}/text.txt"),
        exits=2,
        says=("is a text", "open notebooks"),
    ),
    _case(
        "folder without templates",
        "a folder without a notebook as the template",
        *_host("jupyter"),
        *("--rtc-template", "{files}/nothing"),
        exits=2,
        says="holds no notebook",
    ),
    _case(
        "no such trace",
        "a trace that does not exist",
        *_host("jupyter"),
        *("--rtc-trace", "{files}/missing.json"),
        exits=2,
        says="there is no such file",
    ),
    _case(
        "trace for others",
        "a trace for users who choose their own edits",
        *_host("jupyter"),
        *("--rtc-trace", "{files}/text.txt"),
        exits=2,
        says="locustfiles/replay_trace.py",
    ),
    _case(
        "no such plan",
        "a plan that does not exist",
        *_host("jupyter"),
        *("--rtc-plan", "{files}/missing.jsonl"),
        exits=2,
        says="there is no such file",
    ),
    _case(
        "no plan",
        "a plan that is none",
        *_host("jupyter"),
        *("--rtc-plan", "{files}/text.txt"),
        exits=2,
        says="its first line is not that of a plan",
    ),
    _case(
        "plan nowhere",
        "a plan to be saved in a folder that does not exist",
        *_host("jupyter"),
        *("--rtc-plan-out", "{files}/missing/plan.jsonl"),
        exits=2,
        says="no file can be written there",
    ),
    # Options.
    _case(
        "unknown kind",
        "a kind of server that is not known",
        *_host("jupyter"),
        *("--rtc-server", "hocuspocus"),
        exits=2,
        says=("--rtc-server", "auto, jupyter-collaboration, y-websocket"),
    ),
    _case(
        "a Python and a host",
        "a Python for a server that is not ours",
        *_host("jupyter"),
        *("--rtc-server-python", "{files}/text.txt"),
        exits=2,
        says=("--rtc-server-python", "--host"),
    ),
    _case(
        "no documents",
        "no documents",
        *_host("jupyter"),
        *("--rtc-documents", "0"),
        exits=2,
        says=("--rtc-documents 0", "1 or more"),
    ),
    _case(
        "no threshold",
        "a threshold without a limit",
        *_host("jupyter"),
        "--rtc-require=failures",
        exits=2,
        says=("--rtc-require 'failures'", "update echo p95 < 200ms"),
    ),
    _case(
        "no shape",
        "a promise without the load shape that looks how far it is kept",
        *_host("jupyter"),
        "--rtc-promise=failures<1",
        exits=2,
        says=("--rtc-promise", "locustfiles/capacity_shape.py"),
    ),
    _case(
        "more documents than users",
        "more documents than users",
        *_host("jupyter"),
        *("--rtc-documents", "3"),
        exits=2,
        says=("--rtc-documents 3 with 2 users", "-u"),
    ),
    _case(
        "documents in words",
        "a number in words",
        *_host("jupyter"),
        *("--rtc-documents", "two"),
        exits=2,
        says="not a whole number",
    ),
    _case(
        "no users",
        "no users",
        *_host("jupyter"),
        *("-u", "0"),
        exits=2,
        says=("-u 0", "1 or more"),
    ),
    _case(
        "negative rate",
        "a negative rate",
        *_host("jupyter"),
        "--rtc-edit-rate=-1",
        exits=2,
        says=("--rtc-edit-rate", "negative"),
    ),
    _case(
        "rate of no number",
        "a rate that is no number",
        *_host("jupyter"),
        *("--rtc-edit-rate", "nan"),
        exits=2,
        says=("--rtc-edit-rate", "finite"),
    ),
    _case(
        "negative drain",
        "a negative time to drain",
        *_host("jupyter"),
        "--rtc-drain-timeout=-1",
        exits=2,
        says=("--rtc-drain-timeout", "negative"),
    ),
    _case(
        "negative save",
        "a negative time to save",
        *_host("jupyter"),
        "--rtc-save-timeout=-0.5",
        exits=2,
        says=("--rtc-save-timeout", "negative"),
    ),
    _case(
        "long drain",
        "a time to drain beyond what a run may take",
        *_host("jupyter"),
        *("--rtc-drain-timeout", "600"),
        exits=2,
        says=("--rtc-drain-timeout", "at most 60"),
    ),
    _case(
        "results in a file",
        "results into a file",
        *_host("jupyter"),
        *("--rtc-results", "{files}/text.txt"),
        exits=2,
        says=("--rtc-results", "could not be written"),
    ),
    _case(
        "results below a file",
        "results into a folder below a file",
        *_host("jupyter"),
        *("--rtc-results", "{files}/text.txt/results"),
        exits=2,
        says=("--rtc-results", "could not be written"),
    ),
    _case(
        "unknown keeping",
        "evidence to be kept at a time that is none",
        *_host("jupyter"),
        *("--rtc-evidence", "never"),
        exits=2,
        says=("--rtc-evidence", "Choose one of: on-failure, always"),
    ),
    _case(
        "evidence below nought",
        "a negative limit of evidence",
        *_host("jupyter"),
        "--rtc-evidence-limit=-1",
        exits=2,
        says=("--rtc-evidence-limit", "negative"),
    ),
    _case(
        "unknown kernels",
        "kernels of a kind that does not exist",
        *_host("jupyter"),
        *("--rtc-kernels", "virtual"),
        exits=2,
        says=("--rtc-kernels", "Choose one of: simulated, real"),
    ),
    _case(
        "kernels of a person",
        "real kernels for a notebook that exists",
        *_host("jupyter"),
        *("--rtc-kernels", "real", "--rtc-notebook", "notebook.ipynb"),
        exits=2,
        says=("--rtc-kernels", "--rtc-notebook"),
    ),
    _case(
        "no kernels",
        "real kernels on a server that has no Python kernel",
        *_host("without_kernels"),
        *("--rtc-kernels", "real"),
        exits=4,
        says=("--rtc-kernels real", "ipykernel"),
    ),
    # This machine.
    _case(
        "web port in use",
        "the web UI's port in use",
        *_host("jupyter"),
        *("--web-host", "127.0.0.1", "--web-port", "{port_in_use}"),
        headless=False,
        exits=2,
        says=("Address already in use", "--web-port"),
    ),
    _case(
        "web port in use, embedded",
        "the web UI's port in use, and a server of our own to be started",
        *("--web-host", "127.0.0.1", "--web-port", "{port_in_use}"),
        headless=False,
        exits=2,
        says=("Address already in use", "--web-port"),
    ),
    _case(
        "web port in use, in a word",
        "the web UI's port in use",
        *("--web-port", "{port_in_use}"),
        command="web",
        exits=2,
        says=("another process listens", "--web-port"),
    ),
    _case(
        "without the extra",
        "no server named, and the extra `demo` not installed",
        without_demo=True,
        exits=2,
        says=("jupyter-rtc-locust[demo]", "--host"),
    ),
    _case(
        "without the extra, in a word",
        "the demo, and the extra `demo` not installed",
        command="demo",
        without_demo=True,
        exits=2,
        says=("jupyter-rtc-locust[demo]", "--host"),
    ),
)

FORMS: Mapping[str, tuple[dict[str, str], str]] = {
    "an address of another kind": ({"host": "ftp://127.0.0.1"}, "http or https"),
    "an address that is none": ({"host": "http://[::1"}, "http or https"),
    "nothing listens there": ({"host": "{nothing}"}, "Connection refused"),
    "a server that never answers": ({"host": "{silent}"}, "no answer within 10 s"),
    "a web server": ({"host": "{web_server}"}, "showed no Jupyter server"),
    "Jupyter without collaboration": ({"host": "{without_collaboration}"}, "without real-time collaboration"),
    "a wrong token": ({"host": "{another_token}"}, "the token was refused"),
    "refused writes": ({"host": "{refuses_writes}"}, "refuses to write"),
    "failing writes": ({"host": "{fails_writes}"}, "refuses to write"),
    "no such notebook": ({"rtc_notebook": "missing.ipynb"}, "no such document"),
    "a text file": ({"rtc_notebook": "text.txt"}, "is no notebook"),
    "a broken notebook": ({"rtc_notebook": "broken.ipynb"}, "no readable notebook"),
    "a folder": ({"rtc_notebook": "folder"}, "is a folder"),
    "an unknown kind": ({"rtc_server": "hocuspocus"}, "--rtc-server 'hocuspocus' is not known"),
    "no documents": ({"rtc_documents": "0"}, "--rtc-documents 0 is too small"),
    "documents in words": ({"rtc_documents": "two"}, "not a whole number"),
    "more documents than users": ({"rtc_documents": "3"}, "--rtc-documents 3 with 2 users"),
    "a threshold that is none": ({"rtc_require": "failures > 1"}, "'failures' stands '>'"),
    "a promise without its shape": ({"rtc_promise": "failures < 1"}, "--rtc-promise is for a search for a capacity"),
    "a negative rate": ({"rtc_edit_rate": "-1"}, "--rtc-edit-rate -1 is negative"),
    "a rate in words": ({"rtc_edit_rate": "fast"}, "--rtc-edit-rate 'fast' is not a number"),
    "a negative time to drain": ({"rtc_drain_timeout": "-1"}, "--rtc-drain-timeout -1 is negative"),
    "a long time to save": ({"rtc_save_timeout": "600"}, "at most 60 s"),
    "a seed in words": ({"rtc_seed": "mine"}, "--rtc-seed 'mine' is not a whole number"),
    "an unknown presence": ({"rtc_awareness": "all"}, "--rtc-awareness 'all' is not known"),
    "no users": ({"user_count": "0"}, "number of users"),
    "users in words": ({"user_count": "many"}, "number of users"),
}
"""What is typed into the web UI's form, and what the answer must hold. The server of the command line is a good one."""

BY_NAME: Mapping[str, Case] = {case.name: case for case in CASES}

WITH_WORKERS = ("nothing listening", "no token", "more documents than users", "refused writes")
"""The cases that are tried as a master with one worker in a process of its own, too, and with `--processes 2`."""


class Surroundings:
    """The servers and files that the cases name. A context manager."""

    def __init__(self, folder: Path) -> None:
        self.token = secrets.token_hex(16)
        self.files = folder / "files"
        self.places: dict[str, str] = {}
        self.jupyter: ServerProcess
        self._stack = ExitStack()

    def __enter__(self) -> Surroundings:
        with self._stack as stack:
            self._write_files()
            self.jupyter = stack.enter_context(jupyter_collaboration(token=self.token))
            self.without_collaboration = stack.enter_context(
                jupyter_collaboration(collaboration=False, token=self.token)
            )
            none = ("--KernelSpecManager.ensure_native_kernel=False", "--KernelSpecManager.allowed_kernelspecs=none")
            self.without_kernels = stack.enter_context(jupyter_collaboration(token=self.token, extra=none))
            self.refusing = stack.enter_context(sick_server("refuse-writes", token=self.token))
            self.failing = stack.enter_context(sick_server("fail-writes", token=self.token))
            self.forbidding = stack.enter_context(sick_server(token="another token"))
            self._fill(self.jupyter.root)
            web = stack.enter_context(_web_server(self.files / "nothing"))
            silent = stack.enter_context(_listener(None))
            self.places = {
                "files": str(self.files),
                "nothing": f"http://127.0.0.1:{free_port()}",
                "silent": f"http://127.0.0.1:{silent}",
                "trickling": f"http://127.0.0.1:{stack.enter_context(_listener(b'HTTP/1.1 200 OK', b'.'))}",
                "another_protocol": f"http://127.0.0.1:{stack.enter_context(_listener(b'SSH-2.0-x'))}",
                "web_server": f"http://127.0.0.1:{web}",
                "web_server_as_https": f"https://127.0.0.1:{web}",
                "port_in_use": str(silent),
                "jupyter": self.jupyter.url,
                "without_collaboration": self.without_collaboration.url,
                "without_kernels": self.without_kernels.url,
                "refuses_writes": self.refusing.url,
                "fails_writes": self.failing.url,
                "another_token": self.forbidding.url,
            }
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @property
    def servers(self) -> tuple[ServerProcess, ...]:
        return (
            self.jupyter,
            self.without_collaboration,
            self.without_kernels,
            self.refusing,
            self.failing,
            self.forbidding,
        )

    def filled(self, text: str) -> str:
        """A text with the names in braces replaced."""
        return re.sub(r"\{(\w+)\}", lambda found: self.places[found[1]], text)

    def anonymous(self, text: str) -> str:
        """A sentence without what differs from run to run."""
        for place, word in (
            (str(self.files), "FOLDER"),
            *((str(server.root), "ROOT") for server in self.servers),
            (tempfile.gettempdir(), "TEMPORARY"),
        ):
            text = text.replace(place, word)
        # Where no name server answers at all, the system says that instead.
        text = text.replace("Temporary failure in name resolution", "Name or service not known")
        text = re.sub(r"rtc-locust-[0-9a-f]{8}", "rtc-locust-RUN", text)
        text = re.sub(r"(127\.0\.0\.1:)(?!8888\b|99999\b)\d+", r"\1PORT", text)
        return re.sub(r"--web-port \d+", "--web-port PORT", text)

    def _write_files(self) -> None:
        self.files.mkdir(parents=True)
        (self.files / "nothing").mkdir()
        (self.files / "empty.txt").touch()
        self._fill(self.files)
        new = {"nbformat": 9, "nbformat_minor": 0, "metadata": {}, "cells": []}
        (self.files / "new.ipynb").write_text(json.dumps(new))
        without_demo = self.files / "without_demo"
        without_demo.mkdir()
        (without_demo / "sitecustomize.py").write_text(
            textwrap.dedent(
                """
                import sys
                from importlib.machinery import PathFinder

                class WithoutDemo(PathFinder):
                    @classmethod
                    def find_spec(cls, name, path=None, target=None):
                        if name.partition(".")[0] in ("jupyter_server", "jupyter_server_ydoc", "nbdime"):
                            return None
                        return super().find_spec(name, path, target)

                sys.meta_path[sys.meta_path.index(PathFinder)] = WithoutDemo
                """
            )
        )

    @staticmethod
    def _fill(folder: Path) -> None:
        good = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [{"id": "a", "cell_type": "markdown", "metadata": {}, "source": "kept as it is"}],
        }
        (folder / "good.ipynb").write_text(json.dumps(good))
        (folder / "text.txt").write_text("no notebook")
        (folder / "broken.ipynb").write_text('{"cells": ')
        (folder / "folder").mkdir()


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Every file below a folder with its content, and every folder (None); what Jupyter hides for itself left out."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def run_case(case: Case, surroundings: Surroundings, folder: Path) -> Outcome:
    """The case as a single process."""
    options = [surroundings.filled(option) for option in case.options]
    if case.command != "locust":
        return _told(case, _run_command(case, options, surroundings, folder))
    locustfile = "notebook_editing.py"
    environment = _environment(case, surroundings)
    started = [*(["--headless"] if case.headless else []), *SMALL_RUN, *options]
    with LocustProcess(locustfile, *started, folder=folder, environment=environment) as process:
        return _told(case, process.ended(deadline=2 * SECONDS))


def run_with_processes(case: Case, surroundings: Surroundings, folder: Path) -> Outcome:
    """The case as a master that forks two workers."""
    options = [surroundings.filled(option) for option in case.options]
    port = str(free_port())
    forks = ("--processes", "2", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port)
    run = run_locust(
        "notebook_editing.py",
        *(*SMALL_RUN, *forks, *options),
        folder=folder,
        environment=_environment(case, surroundings),
        deadline=2 * SECONDS,
    )
    return _told(case, run)


def run_with_worker(case: Case, surroundings: Surroundings, folder: Path) -> Outcome:
    """The case as a master, with a worker in a process of its own."""
    options = [surroundings.filled(option) for option in case.options]
    environment = _environment(case, surroundings)
    port = str(free_port())
    where = ("--master-host", "127.0.0.1", "--master-port", port)
    bind = ("--master", "--expect-workers", "1", "--master-bind-host", "127.0.0.1", "--master-bind-port", port)
    file = "notebook_editing.py"
    with (
        LocustProcess(file, "--worker", *where, folder=folder / "worker", environment=environment) as worker,
        LocustProcess(
            file, "--headless", *SMALL_RUN, *bind, *options, folder=folder / "master", environment=environment
        ) as master,
    ):
        run = master.ended(deadline=2 * SECONDS)
        return _told(case, run, worker.ended(deadline=SECONDS))


def table(outcomes: Mapping[str, Outcome], surroundings: Surroundings) -> str:
    """The rows of the documents' table, in the order of the cases."""
    rows = ["| what was done | options | exit code | seconds | the sentence |", "|---|---|---|---|---|"]
    for case in CASES:
        outcome = outcomes[case.name]
        options = " ".join(case.options)
        if case.command != "locust":
            options = f"jupyter rtc-locust {case.command} {options}".strip()
        options = surroundings.anonymous(surroundings.filled(options))
        sentence = surroundings.anonymous(outcome.sentence).replace("|", "\\|")
        cells = [case.done, f"`{options or '(none)'}`", outcome.run.exit_code, f"{outcome.run.seconds:.1f}", sentence]
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(rows) + "\n"


def _environment(case: Case, surroundings: Surroundings) -> dict[str, str]:
    environment = {}
    if case.token is not None:
        environment["JUPYTER_TOKEN"] = surroundings.token if case.token == RIGHT else case.token
    if case.without_demo:
        environment["PYTHONPATH"] = f"{surroundings.files / 'without_demo'}:{QUICK_START}"
    return environment


def _run_command(case: Case, options: list[str], surroundings: Surroundings, folder: Path) -> Run:
    folder.mkdir(parents=True)
    command = (sys.executable, "-m", "jupyter_rtc_locust", case.command, *options)
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment_without_jupyter(**_environment(case, surroundings)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=2 * SECONDS,
        check=False,
    )
    return Run(command, done.returncode, done.stdout, None, time.monotonic() - started)


def _told(case: Case, run: Run, *others: Run) -> Outcome:
    """The outcome, with the sentence that it was told in."""
    if run.result is not None:
        return Outcome(run, run.result["reason"], others)
    said = re.findall(r"^jupyter[- ]rtc-locust: (.*)$", run.output, re.MULTILINE)
    return Outcome(run, said[-1] if said else "", others)


@contextmanager
def _listener(greeting: bytes | None, then: bytes | None = None) -> Iterator[int]:
    """Accepts connections. Says nothing, or `greeting` and goodbye, or `greeting` and `then` every half second."""
    stopped = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                connection.settimeout(5)
                connection.sendall((greeting or b"") + b"\r\n")
                connection.recv(65536)  # closed with something unread, it would be a reset
                while then is not None and not stopped.wait(0.5):
                    connection.sendall(then)
            except OSError:
                pass  # the other side had enough

    def accept() -> None:
        while not stopped.is_set():
            try:
                connection = listening.accept()[0]
            except OSError:
                continue
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        listening.settimeout(0.2)
        if greeting is not None:
            threading.Thread(target=accept, daemon=True).start()
        try:
            yield listening.getsockname()[1]
        finally:
            stopped.set()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _web_server(folder: Path) -> Iterator[int]:
    """What `python -m http.server` serves."""
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *arguments: _QuietHandler(*arguments, directory=str(folder))
    ) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
