"""Runs Locust as a child process, as a user would, and reads what it left behind.

Each process has a temporary folder of its own: its working directory, its results, its log. Everything is on 127.0.0.1,
the token travels in the environment, and a run that does not end by its deadline is killed and said so.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from reporting.schema import problems_of
from runs.what_was_said import end_and_reason, end_of
from servers.processes import environment_without_jupyter, free_port
from servers.server_process import LAUNCHER, ServerProcess

REPOSITORY = Path(__file__).resolve().parents[2]
LOCUSTFILES = REPOSITORY / "locustfiles"
LOCUSTFILES_OF_THE_TESTS = Path(__file__).resolve().parent / "locustfiles"

DEADLINE_S = 120.0
"""A run of the tests edits for less than 15 s, and from the last edit to the exit a healthy one takes five. What takes
longer than this hangs."""

GRACE_S = 3.0
"""Forked workers end a moment after the process that forked them."""

EVENLY = {"LOCUST_RTC_RHYTHM": "steady"}
"""Runs are short, and most tests need each user to have edited by a certain moment; who wants people asks for them."""

UNREPORTED = {"LOCUST_RTC_REPORT": "never"}
"""Hundreds of runs would each pay a second or two for reports that nobody reads; who wants them asks for them."""

LOG_CHARACTERS = 10_000_000

PASSED, REQUESTS_FAILED, FAILED, INCONCLUSIVE = 0, 1, 3, 4
"""Exit codes, spelled out here because they are a promise (docs/verdict.md)."""


@dataclass(frozen=True)
class Run:
    """A run that has ended."""

    command: tuple[str, ...]
    exit_code: int
    output: str
    """Everything it wrote on the terminal, both streams in one."""
    result: dict[str, Any] | None
    """The content of `result.json`; None: there is none."""
    seconds: float
    left_running: tuple[str, ...] = ()
    """Processes of it that were still there a moment after its end."""
    documents_left: tuple[Path, ...] = ()
    """The folder the run made on the server and what is in it, where it is still there."""
    statistics: dict[tuple[str, str], int] = field(default_factory=dict)
    """Locust's own statistics, where it was asked for them (`--csv stats`): (type, name) to the number of requests."""
    folder: Path = Path()
    """Its working directory."""
    server_log: str = ""
    """What the server wrote meanwhile, where it is known; of other runs, too, if they shared it."""

    @property
    def told(self) -> dict[str, Any]:
        """The result, of which the test needs that there is one."""
        assert self.result is not None, f"The run left no result.json.\n{self}"
        return self.result

    @property
    def verdict(self) -> str:
        return str(self.told["verdict"])

    @property
    def kinds(self) -> set[str]:
        """The kinds of its findings."""
        return {finding["kind"] for finding in self.told["findings"]}

    @property
    def kinds_told_first(self) -> set[str]:
        """Those of the findings that fit on the terminal: the first ten."""
        return {finding["kind"] for finding in self.told["findings"][:10]}

    def findings(self, kind: str) -> list[dict[str, Any]]:
        return [finding for finding in self.told["findings"] if finding["kind"] == kind]

    def users_of(self, kind: str) -> set[int]:
        """The users whom findings of this kind name."""
        return {user for finding in self.findings(kind) for user in finding["users"]}

    @property
    def warnings(self) -> set[str]:
        return {warning["kind"] for warning in self.told["warnings"]}

    def count(self, timing: str) -> int:
        """How many samples a timing has, those of the warm-up included."""
        return int(self.told["timings"][timing]["count"] + self.told["timings"][timing]["left_out"])

    def __str__(self) -> str:
        """What a person needs to see when a test fails."""
        told = {} if self.result is None else {key: self.result[key] for key in ("verdict", "reason", "findings")}
        return (
            f"{' '.join(self.command)}\nended with {self.exit_code} after {self.seconds:.1f} s\n"
            f"{json.dumps(told, indent=1, ensure_ascii=False)}\n--- output ---\n{end_of(self.output)}"
        )


def processes_of_group(group: int) -> list[str]:
    """The command lines of a process group's members that are alive."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid}: {' '.join(process.cmdline())}")
        except (psutil.Error, ProcessLookupError):
            continue
    return found


class LocustProcess:
    """A Locust process under way. A context manager: leaving it kills the process and all it started."""

    def __init__(
        self,
        locustfile: Path | str,
        *options: str,
        folder: Path,
        server: ServerProcess | None = None,
        environment: Mapping[str, str] | None = None,
        wrapped_in: Sequence[str] = (),
    ) -> None:
        """Starts it. `locustfile` is one of the product's by name, or a path. `folder` must not exist yet.

        The results go to `folder`/results. `server` gives host and token. `wrapped_in` is a program that runs what
        follows its own arguments.
        """
        folder.mkdir(parents=True)
        self.folder = folder
        self.server = server
        self._server_log_before = len(self._server_log())
        path = locustfile if isinstance(locustfile, Path) else LOCUSTFILES / locustfile
        command = [sys.executable, "-m", "locust", "--locustfile", str(path), "--rtc-results", str(folder / "results")]
        if server is not None:
            command += ["--host", server.url]
        if "--processes" in options:
            # Forked workers and their master would otherwise meet at a fixed port, on all interfaces.
            port = str(free_port())
            command += ["--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port]
        self.command = (*command, *options)
        token = {"JUPYTER_TOKEN": server.token} if server is not None and server.token else {}
        self._log = folder / "output.log"
        self._started = time.monotonic()
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *wrapped_in, *self.command],
                cwd=folder,
                env=environment_without_jupyter(
                    **{**EVENLY, **UNREPORTED, **token, **(environment or {})}, PYTHONUNBUFFERED="1", COLUMNS="200"
                ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def result(self) -> dict[str, Any] | None:
        path = self.folder / "results" / "result.json"
        return json.loads(path.read_text()) if path.exists() else None

    def wait_for(self, text: str, *, or_else: str | None = None, times: int = 1, deadline: float = 60.0) -> None:
        """Returns once the output holds a text so many times, or another one once."""
        until = time.monotonic() + deadline
        while self.output.count(text) < times and (or_else is None or or_else not in self.output):
            assert self.process.poll() is None, self._told(f"Locust ended before it said {text!r}")
            assert time.monotonic() < until, self._told(f"Locust did not say {text!r} within {deadline} s")
            time.sleep(0.05)

    def wait_for_users(self) -> None:
        """Returns once the users are there, or, where workers are slow to report, at least on their way."""
        self.wait_for("All users spawned", or_else="Spawning is complete")

    def children(self) -> list[psutil.Process]:
        """The processes it started that are still there."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def ended(self, deadline: float = DEADLINE_S) -> Run:
        """Waits for the end; a process that is still there at the deadline is killed, and the test fails."""
        try:
            self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(self._told(f"Locust did not end within {deadline} s")) from None
        seconds = time.monotonic() - self._started
        problems = problems_of(self.result) if self.result is not None else []
        assert not problems, f"result.json is not as its schema says: {'; '.join(problems[:10])}"
        return Run(
            self.command,
            self.process.returncode,
            self.output,
            self.result,
            seconds,
            left_running=self._left_running(),
            documents_left=self._documents_left(),
            statistics=self._statistics(),
            folder=self.folder,
            server_log=self._server_log()[self._server_log_before :],
        )

    def _told(self, what: str) -> str:
        """What a person needs to see when it did not do what a test waits for."""
        return f"{what}:\n{' '.join(self.command)}\n{end_and_reason(self.output, self.result)}"

    def _server_log(self) -> str:
        return "" if self.server is None else self.server.end_of_log(LOG_CHARACTERS)

    def _documents_left(self) -> tuple[Path, ...]:
        """What is on the server of the folder that the run made there."""
        documents = self.result["run"]["documents"] if self.result is not None else []
        if self.server is None or not documents:
            return ()
        folder = self.server.root / documents[0].partition("/")[0]
        return (folder, *sorted(folder.rglob("*"))) if folder.exists() else ()

    def _left_running(self) -> tuple[str, ...]:
        """Who is left in the process group when everybody had time to go."""
        until = time.monotonic() + GRACE_S
        while left := processes_of_group(self.process.pid):
            if time.monotonic() > until:
                break
            time.sleep(0.05)
        return tuple(left)

    def _statistics(self) -> dict[tuple[str, str], int]:
        path = self.folder / "stats_stats.csv"
        if not path.exists():
            return {}
        with path.open(newline="") as file:
            return {(row["Type"], row["Name"]): int(row["Request Count"]) for row in csv.DictReader(file)}

    def terminate(self) -> None:
        """SIGTERM to this process alone, as a container's stop does."""
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to it and to all it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(10)

    def __enter__(self) -> LocustProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def run_locust(
    locustfile: Path | str,
    *options: str,
    folder: Path,
    server: ServerProcess | None = None,
    environment: Mapping[str, str] | None = None,
    deadline: float = DEADLINE_S,
) -> Run:
    """Starts Locust without its web UI and waits for its end."""
    options = ("--headless", *options)
    with LocustProcess(locustfile, *options, folder=folder, server=server, environment=environment) as process:
        return process.ended(deadline)
