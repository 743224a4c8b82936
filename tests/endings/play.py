"""What an ending is played with: Locust processes, a server, and the things that can happen to them.

Everything waits for conditions: a line of the output, a line of the server's log, an answer of the web UI.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from endings import deadlines
from runs import asking
from runs.locust_run import LOCUSTFILES_OF_THE_TESTS, LocustProcess, Run
from runs.what_was_said import end_of
from servers.processes import environment_without_jupyter, free_port
from servers.server_process import ServerProcess

LOCUSTFILES = Path(__file__).resolve().parent / "locustfiles"
TELLING = LOCUSTFILES_OF_THE_TESTS / "telling.py"
AT_WORK = "is at work."
CHECKING = "Editing has ended."
NEWCOMER_WAITS = "The newcomer waits"
NEWCOMER_LET_IN = "The newcomer was let in"
LOAD = ("-u", "4", "-r", "20", "--rtc-edit-rate", "3", "--rtc-documents", "2", *deadlines.OPTIONS)
BRIEFLY = ("-t", "5s")
LONG = ("-t", "10m")
"""Longer than anybody waits: such a run ends because it is told to, or because it notices something."""
HANGS_S = 200.0


@dataclass
class Ended:
    """An ending that has been played."""

    run: Run
    seconds: float
    """From the last thing that happened to the end of the last process that had to end."""
    workers: tuple[Run, ...] = ()
    problems: list[str] = field(default_factory=list)


class Play:
    """One ending: its folder, its server, its processes. A context manager, which leaves nothing running."""

    def __init__(self, folder: Path, server: ServerProcess) -> None:
        self.folder = folder
        self.server = server
        self.processes: list[LocustProcess] = []
        self._stack = ExitStack()
        self._happened = time.monotonic()

    def __enter__(self) -> Play:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def use(self, server: ServerProcess) -> ServerProcess:
        """Load this server instead of the shared one; it is stopped with the play."""
        self.server = self._stack.enter_context(server)
        return server

    # -- the cast -----------------------------------------------------------------------------------------------

    def start(
        self,
        *options: str,
        locustfile: Path = TELLING,
        name: str = "run",
        **more: Any,
    ) -> LocustProcess:
        """A Locust process."""
        folder = self.folder / name
        process = self._stack.enter_context(
            LocustProcess(locustfile, *options, folder=folder, server=self.server, **more)
        )
        self.processes.append(process)
        self.happened()
        return process

    def alone(self, *options: str, **more: Any) -> LocustProcess:
        """One process."""
        return self.start("--headless", *LOAD, *options, **more)

    def master(self, *options: str, workers: int = 2, stays: int | None = None, **more: Any) -> LocustProcess:
        """A master on a port of its own, without its workers; with a page, where it `stays` so many seconds more."""
        self.port = str(free_port())
        here = ("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", self.port)
        expect = ("--headless" if stays is None else "--autostart", "--expect-workers", str(workers))
        page: tuple[str, ...] = ()
        if stays is not None:
            self.web_port = free_port()
            page = ("--autoquit", str(stays), "--web-host", "127.0.0.1", "--web-port", str(self.web_port))
        return self.start(*here, *expect, *page, *LOAD, *options, name="master", **more)

    def worker(self, number: int, **more: Any) -> LocustProcess:
        """A worker of that master."""
        there = ("--worker", "--master-host", "127.0.0.1", "--master-port", self.port)
        return self.start(*there, name=f"worker-{number}", **more)

    def apart(self, *options: str, sign: str = AT_WORK, **more: Any) -> list[LocustProcess]:
        """A master and two workers; returned when both have given a sign."""
        parts = [self.master(*options, **more)]
        parts += [self.worker(number, **more) for number in (1, 2)]
        for part in parts[1:]:
            if sign:
                part.wait_for(sign)
        return parts

    def forked(self, *options: str) -> LocustProcess:
        """A master that forks its two workers; returned when both are at work."""
        process = self.alone("--processes", "2", *options)
        process.wait_for(AT_WORK, times=2)
        return process

    def web(self, *options: str, run_time: str = "") -> tuple[LocustProcess, Page]:
        """A process with the web UI, whose run is at work."""
        port = free_port()
        process = self.start("--web-host", "127.0.0.1", "--web-port", str(port), *LOAD, *options)
        page = Page(f"http://127.0.0.1:{port}", process)
        page.start(run_time)
        process.wait_for(AT_WORK)
        return process, page

    def page_of(self, master: LocustProcess) -> Page:
        """The page of that master, where it has one."""
        return Page(f"http://127.0.0.1:{self.web_port}", master)

    # -- what happens -------------------------------------------------------------------------------------------

    def happened(self) -> None:
        """From now on the time to the end is counted."""
        self._happened = time.monotonic()

    def send(self, number: signal.Signals, *to: LocustProcess, group: bool = False) -> None:
        """A signal to processes, nearly at once; with `group` to all that they forked, too, as a terminal does."""
        for process in to:
            (os.killpg if group else os.kill)(process.process.pid, number)
        self.happened()

    def wait_for_log(self, text: str, deadline: float = 60.0) -> None:
        """Returns once the server's log holds a text."""
        until = time.monotonic() + deadline
        while text not in self.server.end_of_log(1_000_000):
            assert time.monotonic() < until, f"the server did not say {text!r}:\n{self.server.end_of_log()}"
            time.sleep(0.05)

    def let_newcomer_in(self) -> None:
        """The sick server answers the newcomer that it has held back."""
        (self.server.root / "let-in").touch()
        self.happened()

    # -- the end ------------------------------------------------------------------------------------------------

    def ends(self, first: LocustProcess, *others: LocustProcess) -> Ended:
        """Wait for the end of a master, or of the only process, and of its workers."""
        runs = []
        problems = []
        for process in (first, *others):
            process.process.wait(max(HANGS_S - (time.monotonic() - self._happened), 1.0))
        seconds = time.monotonic() - self._happened
        for process in (first, *others):
            run = process.ended(5)
            runs.append(run)
            problems += [f"left running: {left}" for left in run.left_running]
        return Ended(runs[0], seconds, tuple(runs[1:]), problems)


class Page:
    """The web UI of a process."""

    def __init__(self, address: str, process: LocustProcess) -> None:
        self.address = address
        self.process = process

    def start(self, run_time: str) -> None:
        """Begin the run that the command line describes, as soon as the page is there."""
        self._until(self._is_there, "an answer of the web UI")
        form = {
            "user_count": 4,
            "spawn_rate": 20,
            "host": self._host(),
            "rtc_documents": 2,
            "rtc_edit_rate": "3",
            "run_time": run_time,
        }
        answer = asking.post(f"{self.address}/swarm", data=form, timeout=30).json()
        assert answer["success"], answer

    def _host(self) -> str:
        assert self.process.server is not None
        return self.process.server.url

    def press_stop(self) -> subprocess.Popen[bytes]:
        """Press Stop in a process of its own, since the answer takes as long as the verdict."""
        program = f"import requests; assert requests.post('{self.address}/stop', timeout=200).json()['success']"
        return subprocess.Popen([sys.executable, "-c", program], env=environment_without_jupyter())

    def wait_until_stopped(self) -> None:
        """The run is over, and the page says so."""
        self._until(lambda: self._state() in ("stopped", "ready"), "the end of the run", 150.0)

    def _state(self) -> str:
        return str(asking.get(f"{self.address}/stats/requests", timeout=30).json()["state"])

    def _is_there(self) -> bool:
        try:
            return asking.get(self.address, timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def _until(self, condition: Callable[[], bool], what: str, deadline: float = 60.0) -> None:
        until = time.monotonic() + deadline
        while not condition():
            assert self.process.process.poll() is None, end_of(self.process.output)
            assert time.monotonic() < until, f"no {what} within {deadline} s\n{end_of(self.process.output)}"
            time.sleep(0.1)
