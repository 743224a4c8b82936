"""A real Jupyter server with real-time collaboration, for runs that name no host.

It listens on 127.0.0.1 only, on a free port, asks for a random token, works in a temporary folder and reads no
settings of the person who runs it. It ends with the process that started it, however that one ends (see
`server_process`).

Nothing here knows about Locust, gevent or documents. It must work inside a process that gevent has patched, so it
waits with `time.sleep` and `subprocess` alone, which gevent makes cooperative. It must also work inside a process
that forks workers without starting another program (`locust --processes`): a fork must neither keep the server alive
nor stop it.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import secrets
import signal
import site
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.demo.server_process import ANSWERS, remove_folder
from jupyter_rtc_locust.errors import OptionsError, ServerUnusable
from jupyter_rtc_locust.settings import SECRETS_OF_THE_ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

HOST: Final = "127.0.0.1"
START_DEADLINE_S: Final = 30.0
STOP_DEADLINE_S: Final = 3.0
"""A server whose rooms are still open takes longer than this to end by itself; nothing of it is worth waiting for."""

EXTRA_MISSING: Final = (
    "The embedded Jupyter server needs packages that are not installed. Install them with "
    "pip install 'jupyter-rtc-locust[demo]', or name a server of your own with --host."
)
"""What to tell a person when `missing_packages()` is not empty."""

NO_STORE: Final = {"YDocExtension.ystore_class": "jupyter_rtc_locust.demo.no_store.NoStore"}
"""The option of a server that keeps no updates: its rooms are always made from the file."""

COMMAND_DEADLINE_S: Final = 10.0
"""How long a running server may take to do what it is told (`evict`, `delay_saves`)."""

_MOST_ATTEMPTS: Final = 20
"""To change a file that the server may save at the same moment."""

_STORE_FILES: Final = ".jupyter_ystore.db*"
"""What jupyter-server-ydoc keeps the updates in, in its current folder; with the files that SQLite puts beside it."""

_NOTEBOOKS_OF_THE_DEMO: Final = "nbdime"

_MODULE_OF_PACKAGE: Final = {
    "jupyter-server": "jupyter_server",
    "jupyter-collaboration": "jupyter_server_ydoc",
    _NOTEBOOKS_OF_THE_DEMO: "nbdime",
}

# What is left out has no part in editing together; a terminal would be a shell that nobody asked for.
_EXTENSIONS: Final = {
    "jupyter_server_fileid": True,
    "jupyter_server_ydoc": True,
    "jupyterlab": True,
    "jupyter_lsp": False,
    "jupyter_server_terminals": False,
    "nbdime": False,
}


class EmbeddedServerError(ServerUnusable):
    """The embedded server could not be started; the message says what was tried, what came back and what to do."""


def missing_packages(python: Path | None = None) -> list[str]:
    """Return the packages of the extra `demo` that are not installed, by the names they have in a package registry.

    Where the server has a Python of its own, only what this process needs is looked for.
    """
    needed = _MODULE_OF_PACKAGE if python is None else {_NOTEBOOKS_OF_THE_DEMO: "nbdime"}
    return [package for package, module in needed.items() if importlib.util.find_spec(module) is None]


_NOT_FOR_A_SERVER = ("JUPYTER", "JPY_", "IPYTHON", *SECRETS_OF_THE_ENVIRONMENT)


def server_environment(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a server that lives in `folder`: the given one without anything that steers Jupyter.

    Variables such as JUPYTER_TOKEN, JUPYTER_PORT and JUPYTER_CONFIG_PATH, and those of a JupyterHub or a kernel that
    this process may itself run in, would reach into the server; a token of the person's would moreover become its
    secret.
    """
    kept = {name: value for name, value in environment.items() if not name.startswith(_NOT_FOR_A_SERVER)}
    return kept | {
        "HOME": str(folder / "home"),
        # Packages installed with `pip install --user` are found through HOME; they stay where they are.
        "PYTHONUSERBASE": site.getuserbase(),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
    }


def server_configuration(
    root_folder: Path, port: int, cleanup_delay_s: float, options: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return the server's settings, as `{class: {trait: value}}`. They hold no secret. Those in `options` win."""
    settings: dict[str, Any] = {
        "ServerApp.ip": HOST,
        "ServerApp.port": port,
        # Another process may take the port in the meantime; Jupyter then looks for the next, and we read which it was.
        "ServerApp.port_retries": 20,
        "ServerApp.root_dir": str(root_folder),
        "ServerApp.open_browser": False,
        "ServerApp.default_url": "/lab",
        "ServerApp.allow_root": os.geteuid() == 0,
        "ServerApp.terminals_enabled": False,
        "ServerApp.jpserver_extensions": dict(_EXTENSIONS),
        # JupyterLab's page would otherwise ask for news, updates and a catalogue of extensions outside this machine.
        "LabApp.news_url": None,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.extension_manager": "readonly",
        "YDocExtension.document_cleanup_delay": cleanup_delay_s,
    }
    configuration: dict[str, dict[str, Any]] = {}
    for name, value in (settings | dict(options)).items():
        owner, _, trait = name.partition(".")
        if not owner or not trait:
            raise ValueError(f"An option of the embedded server must be written Class.trait; this is not: {name!r}")
        configuration.setdefault(owner, {})[trait] = value
    return configuration


class EmbeddedServer:
    """A running Jupyter server of our own. Made by `start`, ended by `stop`, by leaving a `with`, or with this process.

    Attributes: `url` (no trailing slash), `token`, `process_id`, `root_folder` (where the notebooks are), `log_path`,
    and `browser_file`, a page that only this user can read and that takes a browser into JupyterLab: the token, which
    is never printed, is in it.
    """

    def __init__(
        self,
        *,
        url: str,
        token: str,
        folder: Path,
        process: subprocess.Popen[bytes],
        lifeline: _Lifeline,
        python: Path | None = None,
    ) -> None:
        self.url = url
        self.token = token
        self.process_id = process.pid
        self.root_folder = folder / "notebooks"
        self.log_path = folder / "server.log"
        self.browser_file = _browser_file(folder, process)
        self._folder = folder
        self._process = process
        self._lifeline = lifeline
        self._python = python
        self._commands = 0
        self._saves_delayed_s = 0.0

    @classmethod
    def start(
        cls,
        cleanup_delay_s: float = 60.0,
        options: Mapping[str, Any] | None = None,
        python: Path | None = None,
    ) -> Self:
        """Start a server and return once it answers, at most 30 s later.

        `cleanup_delay_s` is how long the server keeps a document in memory after the last user left. `options` are
        further settings of the server, `{"YDocExtension.document_save_delay": 0.5}`. `python` is that of another
        environment, with other versions of what a server consists of; None: this one.

        Raises:
            OptionsError: the extra `demo` is not installed.
            EmbeddedServerError: it did not come up. Nothing is left behind then.
        """
        missing = missing_packages(python)
        if missing:
            raise OptionsError(f"{EXTRA_MISSING} Missing: {', '.join(missing)}.")
        folder = Path(tempfile.mkdtemp(prefix="jupyter-rtc-locust-")).resolve()
        token = secrets.token_urlsafe(24)
        process: subprocess.Popen[bytes] | None = None
        lifeline: _Lifeline | None = None
        try:
            _furnish(folder, cleanup_delay_s, options or {})
            lifeline = _Lifeline()
            process = _launch(folder, lifeline, python)
            lifeline.tell({"token": token, "folder": str(folder)})
            url = _wait_until_it_answers(process, folder, token)
            return cls(url=url, token=token, folder=folder, process=process, lifeline=lifeline, python=python)
        except BaseException:
            _end(process, lifeline, folder)
            raise

    def restart(self, *, politely: bool = False, lose_store: bool = False) -> None:
        """End the server, and start it again on the same port, with the same token, folders and sessions.

        It is killed, as by a crash; `politely` asks it to stop (SIGTERM) and kills it `STOP_DEADLINE_S` later, because
        with an open document it does not end by itself. `lose_store` deletes its store of updates in between. Returns
        once it answers, at most `STOP_DEADLINE_S` and `START_DEADLINE_S` later.

        Raises:
            EmbeddedServerError: it did not come up again. Its folder is still there, until `stop`.
        """
        if not self._lifeline.ours:
            raise EmbeddedServerError("Only the process that started the embedded server can restart it.")
        if politely:
            _end_process(self._process)
        else:
            self._process.kill()
            self._process.wait()
        # Only now: a server that saw its pipe close would remove the folder.
        self._lifeline.close_write_end()
        if lose_store:
            for path in self._folder.glob(_STORE_FILES):
                path.unlink()
        _keep_port(self._folder, int(self.url.rpartition(":")[2]))
        self._lifeline = _Lifeline()
        self._process = _launch(self._folder, self._lifeline, self._python)
        self._lifeline.tell({"token": self.token, "folder": str(self._folder)})
        self.process_id = self._process.pid
        self.browser_file = _browser_file(self._folder, self._process)
        _wait_until_it_answers(self._process, self._folder, self.token)
        if self._saves_delayed_s:
            self.delay_saves(self._saves_delayed_s)

    def evict(self, path: str) -> None:
        """Drop the room of a document that people have open: cut their lines, and forget what is only in memory.

        `path` is the document's, from `root_folder`. The lines end without a word, as by a crash; what has not been
        saved is not waited for. The store of updates and the file stay, and whoever comes next makes the room anew
        from them. Returns once it is done, at most `COMMAND_DEADLINE_S` later.

        Raises:
            EmbeddedServerError: there is no such room, or the server did not say in time that it is done.
        """
        self._command("evict", path=path)

    def delay_saves(self, seconds: float) -> None:
        """From now on each save of a document waits so many seconds before it writes; with 0, none does any more.

        What it then writes is what the document was when the save began. With 0 the saves that wait write at once.
        Returns once the server has said so, at most `COMMAND_DEADLINE_S` later. A restart keeps it.

        Raises:
            EmbeddedServerError: the server did not say in time that it is done.
        """
        self._command("delay saves", seconds=seconds)
        self._saves_delayed_s = seconds

    def change_file(self, path: str, change: Callable[[str], str]) -> None:
        """Change a file on disk behind the server's back, as an editor or `git pull` does.

        `path` is from `root_folder`; `change` is given the file's text (UTF-8, line ends as they are) and returns the
        new one. The file is replaced in one step, so nobody reads half of it; where the server saved meanwhile, the
        change is made once more, to what was saved.

        Raises:
            EmbeddedServerError: the file cannot be read or replaced, or `change` raised a ValueError.
        """
        file = self.root_folder / path
        # Beside the notebooks, not among them, and on the same file system.
        written = self._folder / "changed-from-outside"
        try:
            for _ in range(_MOST_ATTEMPTS):
                before = file.stat()
                written.write_bytes(change(file.read_bytes().decode()).encode())
                now = file.stat()
                if (now.st_mtime_ns, now.st_ino) == (before.st_mtime_ns, before.st_ino):
                    written.replace(file)
                    return
        except (OSError, ValueError) as error:
            raise EmbeddedServerError(f"The file {path} of the embedded server could not be changed: {error}") from None
        raise EmbeddedServerError(f"The file {path} was written by the server each time while it was to be changed.")

    def _command(self, do: str, **what: str | float) -> None:
        """Tell the server's process what to do over its pipe, and wait for the answer."""
        asked = f"The embedded server was told to {do} ({', '.join(f'{key} {value}' for key, value in what.items())})"
        if not self._lifeline.ours:
            raise EmbeddedServerError(f"{asked}, but only the process that started it can tell it anything.")
        self._commands += 1
        answer = self._folder / ANSWERS / f"{self._commands}.json"
        self._lifeline.tell({"number": self._commands, "do": do, **what})
        deadline = time.monotonic() + COMMAND_DEADLINE_S
        while time.monotonic() < deadline:
            if answer.exists():
                error = json.loads(answer.read_text())["error"]
                answer.unlink()
                if error:
                    raise EmbeddedServerError(f"{asked}, and it could not: {error}.")
                return
            if not self.running:
                raise EmbeddedServerError(f"{asked}, but its process has ended.")
            time.sleep(0.02)
        raise EmbeddedServerError(
            f"{asked}, and did not say within {COMMAND_DEADLINE_S:.0f} s that it is done. Its log, {self.log_path}, "
            f"may tell why."
        )

    def stop(self) -> None:
        """End the server and remove its folder. Doing it twice does no harm; a forked worker cannot do it."""
        if self._lifeline.ours:
            _end(self._process, self._lifeline, self._folder)

    @property
    def running(self) -> bool:
        """Whether the server's process is still there."""
        return self._process.poll() is None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


class _Lifeline:
    """The pipe whose write end only this process holds. When it closes, the server ends.

    Other programs never inherit it (close-on-exec), and forks that go on as Python, which are Locust's workers, drop
    it.
    """

    _living: weakref.WeakSet[_Lifeline] = weakref.WeakSet()

    def __init__(self) -> None:
        # The read end is the server's standard input.
        self.read_end, self._write_end = os.pipe()
        self._process_id = os.getpid()
        self._living.add(self)

    @property
    def ours(self) -> bool:
        """Whether this process, and not the one it was forked from, holds the server."""
        return os.getpid() == self._process_id

    def tell(self, message: Mapping[str, str | float]) -> None:
        # Shorter than a pipe's buffer, so this never waits; and a server that is gone already is found out later.
        try:
            os.write(self._write_end, json.dumps(message).encode() + b"\n")
        except BrokenPipeError:
            pass

    def close_read_end(self) -> None:
        self.read_end = _close(self.read_end)

    def close_write_end(self) -> None:
        self._write_end = _close(self._write_end)

    @classmethod
    def drop_all(cls) -> None:
        """In a fork: let go of every server, so that none waits for this process to end.

        Not of the read end: the fork may be the one that is about to become the server.
        """
        for lifeline in list(cls._living):
            lifeline.close_write_end()


def _close(descriptor: int) -> int:
    """Close a descriptor now and return -1, the number of none. -1 is closed already.

    Not with `os.close`: where gevent has patched it, it waits for the event loop, which a fork may never run.
    """
    if descriptor >= 0:
        os.closerange(descriptor, descriptor + 1)
    return -1


os.register_at_fork(after_in_child=_Lifeline.drop_all)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _furnish(folder: Path, cleanup_delay_s: float, options: Mapping[str, Any]) -> None:
    for name in ("home", "config", "data", "runtime", "ipython", "notebooks"):
        (folder / name).mkdir(mode=0o700)
    configuration = server_configuration(folder / "notebooks", _free_port(), cleanup_delay_s, options)
    (folder / "config" / "jupyter_server_config.json").write_text(json.dumps(configuration, indent=1))


def _keep_port(folder: Path, port: int) -> None:
    """From now on this port or none: whoever knows the server's address comes back to it."""
    path = folder / "config" / "jupyter_server_config.json"
    configuration = json.loads(path.read_text())
    configuration["ServerApp"] |= {"port": port, "port_retries": 0}
    path.write_text(json.dumps(configuration, indent=1))


def _browser_file(folder: Path, process: subprocess.Popen[bytes]) -> Path:
    return folder / "runtime" / f"jpserver-{process.pid}-open.html"


def _launch(folder: Path, lifeline: _Lifeline, python: Path | None) -> subprocess.Popen[bytes]:
    program = Path(__file__).with_name("server_process.py")
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            # -P: the folder of the program is no place to import from.
            [str(python or sys.executable), "-P", str(program)],
            stdin=lifeline.read_end,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Jupyter-server-ydoc keeps its store of updates in the current folder.
            cwd=folder,
            env=server_environment(folder, os.environ),
            # A session of its own: Ctrl-C in a terminal must reach the run, which still needs the server for its
            # verdict.
            start_new_session=True,
        )
    lifeline.close_read_end()
    return process


def _wait_until_it_answers(process: subprocess.Popen[bytes], folder: Path, token: str) -> str:
    deadline = time.monotonic() + START_DEADLINE_S
    answer = "it has not said yet on which port it listens"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise _failure(f"it ended with exit code {process.returncode} before it answered", folder, token)
        port = _announced_port(folder / "runtime" / f"jpserver-{process.pid}.json")
        if port is not None:
            answer = _status(port, token)
            if answer == "":
                return f"http://{HOST}:{port}"
        time.sleep(0.05)
    raise _failure(f"no usable answer within {START_DEADLINE_S:.0f} s: {answer}", folder, token)


def _announced_port(information: Path) -> int | None:
    """Return the port from the file that a Jupyter server writes when it starts, None while there is none."""
    try:
        return int(json.loads(information.read_text())["port"])
    except (OSError, ValueError, KeyError):
        return None


def _status(port: int, token: str) -> str:
    """Ask the server how it is. Return nothing if it is well, otherwise what was asked and what came back."""
    # Not urllib: it would go through the proxy that the environment names.
    connection = http.client.HTTPConnection(HOST, port, timeout=5.0)
    try:
        connection.request("GET", "/api/status", headers={"Authorization": f"token {token}"})
        answer = connection.getresponse()
        answer.read()
        return "" if answer.status == 200 else f"GET /api/status answered {answer.status} {answer.reason}"
    except (OSError, http.client.HTTPException) as error:
        return f"GET /api/status: {error}"
    finally:
        connection.close()


def _failure(what_came_back: str, folder: Path, token: str) -> EmbeddedServerError:
    try:
        log = (folder / "server.log").read_text(errors="replace").replace(token, "<token>")
    except OSError:
        log = ""
    tail = "\n".join(f"    {line}" for line in log.splitlines()[-20:]) or "    (nothing)"
    return EmbeddedServerError(
        f"The embedded Jupyter server could not be started on {HOST}: {what_came_back}. "
        "Reinstall it with pip install --upgrade 'jupyter-rtc-locust[demo]', or name a server of your own "
        "with --host. "
        f"The end of its log:\n{tail}"
    )


def _end(process: subprocess.Popen[bytes] | None, lifeline: _Lifeline | None, folder: Path) -> None:
    """End the process and remove the folder; each step only if it is still needed."""
    if process is not None:
        _end_process(process)
    if lifeline is not None:
        lifeline.close_read_end()
        lifeline.close_write_end()
    remove_folder(folder)


def _end_process(process: subprocess.Popen[bytes]) -> None:
    """Terminate, wait, kill; each step only if it is still needed."""
    if process.poll() is None:
        process.terminate()
        # One that was stopped (SIGSTOP) would never see the signal.
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
