"""A server as a child process: started and waited for, frozen, killed, restarted, and stopped for sure.

It knows nothing of kinds of servers; `processes.py` has their command lines.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from types import TracebackType

LAUNCHER = Path(__file__).resolve().with_name("dies_with_parent.py")

START_DEADLINE = 60.0
"""Seconds until a server must answer. A Jupyter server needs two on a quiet machine; two cores are shared."""

STOP_DEADLINE = 3.0
"""Seconds between the polite signal and the one that cannot be refused. A Jupyter server ends 0.5 s after the first one
when no client is connected, and never while one is (measured with jupyter-server-ydoc 3.0.4 and 2.4.2)."""


class ServerDidNotStartError(RuntimeError):
    """A server of the tests ended, or did not answer in time; the message holds the end of its log."""


@dataclass
class ServerProcess:
    """One server process: where it listens, where its files are, and the means to end, freeze and restart it.

    `url` is what a user would give as `--host` (with the path, if the server has one, and no slash at the end);
    `root` is the folder whose files the server serves (for servers without files an unused one).
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    port: int
    home: Path
    root: Path
    base_url: str = "/"
    token: str = ""
    answers_at: str | None = "api/status"
    """Path below `base_url` that answers 200 once the server is up; None: an accepted TCP connection is the answer."""
    remove_home: bool = False
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.base_url.rstrip('/')}"

    @property
    def websocket_url(self) -> str:
        return f"ws{self.url.removeprefix('http')}"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} was never started"
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, *, deadline: float = START_DEADLINE) -> ServerProcess:
        """Starts the process and returns when it answers; raises ServerDidNotStartError with the log otherwise."""
        assert not self.running, f"{self.name} runs already"
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid())]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                launcher + self.command,
                env=self.environment,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self.wait_until_it_answers(deadline)
        except BaseException:
            self.kill()
            raise
        return self

    def wait_until_it_answers(self, deadline: float = START_DEADLINE) -> None:
        """Returns once the server answers; raises ServerDidNotStartError after `deadline` seconds or when it ended."""
        end = time.monotonic() + deadline
        while not self.answers():
            if not self.running:
                raise ServerDidNotStartError(f"{self.name} ended before it answered.\n{self.end_of_log()}")
            if time.monotonic() > end:
                raise ServerDidNotStartError(f"{self.name} does not answer after {deadline} s.\n{self.end_of_log()}")
            time.sleep(0.05)

    def answers(self, timeout: float = 5.0) -> bool:
        """Whether the server answers now, waiting at most `timeout` seconds for it."""
        try:
            if self.answers_at is None:
                socket.create_connection(("127.0.0.1", self.port), timeout=timeout).close()
                return True
            return self.request("GET", self.answers_at, timeout=timeout)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def request(self, method: str, path: str, body: object = None, timeout: float = 10.0) -> tuple[int, object]:
        """One HTTP request with the token: status and decoded JSON (or text). `path` is relative to the base URL."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            headers = {"Authorization": f"token {self.token}"} if self.token else {}
            content = None if body is None else json.dumps(body)
            target = urlsplit(f"{self.url}/{path}")
            connection.request(method, target.path + ("?" + target.query if target.query else ""), content, headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
            try:
                return answer.status, json.loads(text)
            except ValueError:
                return answer.status, text
        finally:
            connection.close()

    def end_of_log(self, characters: int = 4000) -> str:
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else "(no log)"

    def stop(self) -> None:
        """Ends the process politely, and after STOP_DEADLINE seconds in any case. A second call does nothing."""
        if self.running:
            self._signal(signal.SIGCONT)  # a frozen process would never see the next one
            self._signal(signal.SIGTERM)
            try:
                self._wait(STOP_DEADLINE)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the process and all it started: no last save, no goodbye to anybody."""
        if self.process is not None:
            self._signal(signal.SIGKILL)
            self._wait(STOP_DEADLINE)

    def pause(self) -> None:
        """Freezes the process (SIGSTOP): connections stay open, the kernel still accepts new ones, nobody answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Ends a pause (SIGCONT)."""
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Stops the process and starts it again on the same port, with the same token and the same folders."""
        self.stop()
        self.start()

    def wait_until_it_ended(self, deadline: float) -> int:
        """The exit status of a process that ends by itself; raises subprocess.TimeoutExpired after `deadline` s."""
        assert self.process is not None, f"{self.name} was never started"
        return self._wait(deadline)

    def close(self) -> None:
        """Stops the process, and removes its folder if this module had made it."""
        self.stop()
        if self.remove_home:
            shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _wait(self, deadline: float) -> int:
        assert self.process is not None
        return self.process.wait(deadline)

    def _signal(self, number: signal.Signals) -> None:
        # The whole process group: kernels and helpers that the server started end with it.
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass
