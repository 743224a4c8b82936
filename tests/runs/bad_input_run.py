"""How what is wrong before a run begins is tried: the servers that cases need, and the table for the documents.

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
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from runs.bad_input_cases import ON_ONE_MACHINE, RIGHT, Case
from runs.bad_input_of_many_machines import OVER_MANY_MACHINES
from runs.locust_run import LOCUSTFILES, LocustProcess, Run, run_locust
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


@dataclass(frozen=True)
class Outcome:
    """How a case ended."""

    run: Run
    sentence: str
    others: tuple[Run, ...] = field(default=())
    """The workers' own ends, where they were processes of their own."""


CASES = (*ON_ONE_MACHINE, *OVER_MANY_MACHINES)
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
        self.masters: dict[str, tuple[LocustProcess, str]] = {}
        """By secret: one that waits for workers, and its port."""
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
            hub = stack.enter_context(_hub(self.files / "nothing"))
            silent = stack.enter_context(_listener(None))
            self.places = {
                "files": str(self.files),
                "nothing": f"http://127.0.0.1:{free_port()}",
                "silent": f"http://127.0.0.1:{silent}",
                "trickling": f"http://127.0.0.1:{stack.enter_context(_listener(b'HTTP/1.1 200 OK', b'.'))}",
                "another_protocol": f"http://127.0.0.1:{stack.enter_context(_listener(b'SSH-2.0-x'))}",
                "web_server": f"http://127.0.0.1:{web}",
                "hub": f"http://127.0.0.1:{hub}",
                "web_server_as_https": f"https://127.0.0.1:{web}",
                "port_in_use": str(silent),
                "jupyter": self.jupyter.url,
                "jupyter_in_a_browser": f"{self.jupyter.url.rstrip('/')}/lab",
                "without_collaboration": self.without_collaboration.url,
                "without_kernels": self.without_kernels.url,
                "refuses_writes": self.refusing.url,
                "fails_writes": self.failing.url,
                "another_token": self.forbidding.url,
                "edited": str(self.files / "edited.py"),
                "hasty": str(self.files / "hasty.py"),
                "undealt": str(self.files / "undealt.py"),
            }
            for secret in {case.masters_secret for case in CASES if case.command == "worker"}:
                folder = self.files / f"master-{len(self.masters)}"
                self.masters[secret] = stack.enter_context(_master(folder, secret, self.places["nothing"]))
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
        text = re.sub(r"\S+_[0-9a-f]{32}", "WORKER", text)
        text = re.sub(r"(\(master: )[\d.]+", r"\1VERSION", text)
        text = re.sub(r"(127\.0\.0\.1:)(?!8888\b|99999\b)\d+", r"\1PORT", text)
        return re.sub(r"--web-port \d+", "--web-port PORT", text)

    def _write_files(self) -> None:
        self.files.mkdir(parents=True)
        (self.files / "nothing").mkdir()
        (self.files / "empty.txt").touch()
        (self.files / "logins.txt").write_text("ada:one\nben:two\n")
        self._fill(self.files)
        new = {"nbformat": 9, "nbformat_minor": 0, "metadata": {}, "cells": []}
        (self.files / "new.ipynb").write_text(json.dumps(new))
        editing = (LOCUSTFILES / "notebook_editing.py").read_text()
        (self.files / "edited.py").write_text(f"{editing}\n\n# edited\n")
        (self.files / "hasty.py").write_text(f'{editing}\n    rhythm = "fast"\n')
        (self.files / "undealt.py").write_text(f'{editing}\n    weights = {{"insert_letters": 3}}\n')
        self._write_first_module(
            "another_pycrdt",
            """
            from importlib import metadata

            installed = metadata.version
            metadata.version = lambda name: "0.1" if name == "pycrdt" else installed(name)
            """,
        )
        self._write_first_module(
            "without_demo",
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
            """,
        )

    def _write_first_module(self, name: str, code: str) -> None:
        """What Python runs before anything else, where this folder is on its path."""
        (self.files / name).mkdir()
        (self.files / name / "sitecustomize.py").write_text(textwrap.dedent(code))

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
    environment = _environment(case, surroundings)
    if case.command == "worker":
        return _run_worker(case, options, surroundings, folder)
    if case.command != "locust":
        return _told(case, _run_command(case, options, surroundings, folder))
    locustfile = surroundings.filled(case.locustfile)
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
        if case.command == "worker":
            options = f"--worker {options}".strip()
        elif case.command != "locust":
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
    if case.secret:
        environment["LOCUST_RTC_SECRET"] = case.secret
    for folder, wanted in (("without_demo", case.without_demo), ("another_pycrdt", case.with_another_pycrdt)):
        if wanted:
            environment["PYTHONPATH"] = f"{surroundings.files / folder}:{QUICK_START}"
    return environment


def _run_worker(case: Case, options: list[str], surroundings: Surroundings, folder: Path) -> Outcome:
    """A worker that comes to the master with such a secret, and is told by it why it may not stay."""
    master, port = surroundings.masters[case.masters_secret]
    where = ("--worker", "--master-host", "127.0.0.1", "--master-port", port)
    file = surroundings.filled(case.locustfile)
    file = Path(file) if file != case.locustfile else file
    environment = _environment(case, surroundings)
    with LocustProcess(file, *where, *options, folder=folder, environment=environment) as worker:
        run = worker.ended(deadline=2 * SECONDS)
    said = re.findall(r"/ERROR/\S*joining: (Worker .*)$", run.output, re.MULTILINE)
    sentence = said[-1] if said else ""
    assert sentence and sentence in master.output, f"The master said something else:\n{master.output}\n{run}"
    return Outcome(run, sentence)


@contextmanager
def _master(folder: Path, secret: str, server: str) -> Iterator[tuple[LocustProcess, str]]:
    """One with a web UI, in which nobody starts a run: without, it would end with the first worker that leaves."""
    port = str(free_port())
    bind = ("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port)
    page = ("--web-host", "127.0.0.1", "--web-port", str(free_port()))
    environment = {"LOCUST_RTC_SECRET": secret} if secret else {}
    options = (*bind, *page, "--host", server)
    with LocustProcess("notebook_editing.py", *options, folder=folder, environment=environment) as master:
        yield master, port


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


class _HubHandler(_QuietHandler):
    """A hub, as JupyterHub 6 answers whoever has no right token of it: it sends them on to itself."""

    def do_GET(self) -> None:
        if not self.path.startswith("/hub/"):
            self.send_response(302)
            self.send_header("Location", f"/hub{self.path}")
            self.end_headers()
            return
        is_open = self.path == "/hub/api"
        self.send_response(200 if is_open else 403)
        self.end_headers()
        told = {"version": "6.1.1"} if is_open else {"status": 403, "message": None}
        self.wfile.write(json.dumps(told).encode())


def _hub(folder: Path) -> AbstractContextManager[int]:
    return _web_server(folder, _HubHandler)


@contextmanager
def _web_server(folder: Path, handler: type[SimpleHTTPRequestHandler] = _QuietHandler) -> Iterator[int]:
    """What `python -m http.server` serves, or another handler."""
    with ThreadingHTTPServer(("127.0.0.1", 0), lambda *arguments: handler(*arguments, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
