"""The real processes on the hosts: a Jupyter server, a headless master, three workers.

What happens to them stands in the tests. Everything has a deadline: a process that is still there when it is over is
killed, and the test fails with what it said.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hosts.network import MASTER, SERVER, WORKERS, Network, network
from runs.locust_run import LOCUSTFILES_OF_THE_TESTS, LocustProcess, Run
from runs.what_was_said import end_of
from servers.processes import environment_without_jupyter
from servers.server_process import LAUNCHER

TELLING = LOCUSTFILES_OF_THE_TESTS / "telling.py"
AT_WORK = "is at work."
CHECKING = "Editing has ended."
PORT = 8888
START_S = 60.0
STOP_S = 10.0
LOAD = ("-u", "6", "-r", "20", "--rtc-edit-rate", "2", "--rtc-documents", "2")
PATIENCE = ("--rtc-drain-timeout", "10", "--rtc-save-timeout", "10")


class Server:
    """A Jupyter server on its host."""

    def __init__(self, folder: Path, here: Network) -> None:
        self.token = secrets.token_hex(16)
        self.log = folder / "server.log"
        host = here[SERVER]
        self.url = f"http://{host.service}:{PORT}"
        for name in ("root", "data"):
            (folder / name).mkdir(parents=True)
        extensions = {"jupyter_server_ydoc": True, "jupyter_server_fileid": True, "jupyterlab": False}
        extensions |= dict.fromkeys(("jupyter_lsp", "notebook_shim", "jupyter_server_terminals", "nbdime"), False)
        options = {
            "ip": host.service,
            "port": PORT,
            "port_retries": 0,
            "open_browser": False,
            "allow_root": True,
            "root_dir": folder / "root",
            "jpserver_extensions": extensions,
        }
        self.root = folder / "root"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *host.inside),
                    *(sys.executable, "-m", "jupyter_server"),
                    *(f"--ServerApp.{name}={value}" for name, value in options.items()),
                ],
                cwd=folder,
                env=environment_without_jupyter(
                    HOME=str(folder),
                    JUPYTER_TOKEN=self.token,
                    **{f"JUPYTER_{name.upper()}_DIR": str(folder / name) for name in ("config", "data", "runtime")},
                ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Until it listens."""
        until = time.monotonic() + START_S
        while "is running at" not in self.log.read_text(errors="replace"):
            assert self._process.poll() is None and time.monotonic() < until, (
                f"the server did not start:\n{end_of(self.log.read_text(errors='replace'))}"
            )
            time.sleep(0.05)

    def kill(self) -> None:
        """It and all it started."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait(STOP_S)


@dataclass
class Cast:
    """Who is at work on the hosts."""

    folder: Path
    network: Network
    server: Server
    stack: ExitStack = field(repr=False)
    master: LocustProcess = field(init=False, repr=False)
    workers: list[LocustProcess] = field(default_factory=list, repr=False)

    def start_master(
        self, *options: str, workers: int = 3, locustfile: Path = TELLING, seed: int = 1, **more: str
    ) -> LocustProcess:
        """The master, which waits for so many workers."""
        here = ("--headless", "--master", "--master-bind-host", self.network[MASTER].control)
        expects = ("--expect-workers", str(workers), "--expect-workers-max-wait", "60", "--rtc-seed", str(seed))
        self.master = self._start(MASTER, locustfile, *here, *expects, "--host", self.server.url, *options, more=more)
        return self.master

    def start_worker(
        self, host: str, *, locustfile: Path = TELLING, wrapped_in: Sequence[str] = (), **more: str
    ) -> LocustProcess:
        """A worker of it on this host."""
        there = ("--worker", "--master-host", self.network[MASTER].control)
        worker = self._start(host, locustfile, *there, wrapped_in=wrapped_in, more=more)
        self.workers.append(worker)
        return worker

    def at_work(self, *options: str) -> None:
        """The usual cast; returned when a user of each worker is at work."""
        self.start_master(*LOAD, *PATIENCE, *options)
        for host in WORKERS:
            self.start_worker(host)
        for worker in self.workers:
            worker.wait_for(AT_WORK)

    def _start(
        self,
        host: str,
        locustfile: Path,
        *options: str,
        wrapped_in: Sequence[str] = (),
        more: Mapping[str, str],
    ) -> LocustProcess:
        return self.stack.enter_context(
            LocustProcess(
                locustfile,
                *options,
                folder=self.folder / host,
                environment={"JUPYTER_TOKEN": self.server.token, **more},
                wrapped_in=(*self.network[host].inside, *wrapped_in),
            )
        )

    def end_master(self, deadline: float) -> Run:
        """The master's run, which ends by itself within the deadline, in seconds from now."""
        return self.master.ended(deadline)

    def end_workers(self, deadline: float) -> list[Run]:
        """The workers' processes likewise."""
        until = time.monotonic() + deadline
        return [worker.ended(max(until - time.monotonic(), 1.0)) for worker in self.workers]


@contextmanager
def cast(folder: Path) -> Iterator[Cast]:
    """Hosts with a server that listens; master and workers are started by the test. Nothing is left afterwards."""
    with network() as here, ExitStack() as stack:
        server = Server(folder / "server", here)
        stack.callback(server.kill)
        server.wait()
        yield Cast(folder, here, server, stack)
