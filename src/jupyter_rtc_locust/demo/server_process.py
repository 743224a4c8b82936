"""The process of the embedded server: a Jupyter server that lives no longer than the run that started it.

Run as a file, `python -P server_process.py`, never as a module of the package: the package's own `__init__` may bring
in Locust, and with it gevent's patches, which a Jupyter server cannot work with. So this file imports nothing of the
package but `server_commands`, which imports nothing else of it, and knows nothing of Locust, of documents or of the
checks.

It is told everything over standard input, so that its arguments and its environment hold no secret. The parent writes
one line of JSON, `{"token": ..., "folder": ...}`, and keeps the pipe open for as long as it lives. Each further line is
a command (`server_commands`). The end of the pipe is the end of the parent, whatever ended it (SIGKILL too): the server
then stops and its folder is removed.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

STOP_DEADLINE_S = 3.0
"""How long an orphaned server may take to stop politely before its process ends anyway."""

ANSWERS = "answers"
"""The folder, in the embedded server's own, in which each command is answered with a file."""

_PR_SET_PDEATHSIG = 1

_GRAMMARS = "rfc3987_syntax"
"""jsonschema imports it where it is there, to check international addresses, which no schema of a Jupyter server has.
It compiles grammars for 0.8 s (measured), longer than all else that a server does until it answers."""


def read_line(descriptor: int) -> bytes:
    """Read up to the first newline, byte by byte so that nothing behind it is consumed; less if the pipe ends."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(descriptor, 1)
        if not byte:
            break
        line += byte
    return bytes(line)


def remove_folder(folder: Path, *, deadline_s: float = 5.0) -> bool:
    """Remove a folder in which a thread of a dying server may still be writing. True when it is gone."""
    until = time.monotonic() + deadline_s
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
    return True


class WithoutToken:
    """A text stream that writes `...` where the token would stand.

    Jupyter's log masks tokens in the addresses of requests that succeed, but not of those that are refused.
    """

    def __init__(self, stream: TextIO, token: str) -> None:
        self._stream = stream
        self._token = token

    def write(self, text: str) -> int:
        """Write a text; what a logger writes is a whole line, so a token never comes in two parts."""
        return self._stream.write(text.replace(self._token, "..."))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class ParentWatch(threading.Thread):
    """Hands on the parent's commands; when its end of the pipe closes, ends this process and removes its folder.

    A thread and not a callback of the server's loop: a server that is busy must not outlive the run.
    """

    def __init__(self, descriptor: int, folder: Path) -> None:
        super().__init__(name="parent-watch", daemon=True)
        self.parent_gone = threading.Event()
        self.server_ended = threading.Event()
        self._descriptor = descriptor
        self._folder = folder
        self._server: Any = None
        self._take: Callable[[bytes], None] | None = None

    def attend(self, server: Any, take: Callable[[bytes], None]) -> None:
        """From now on there is a server that can be asked to stop, and `take` is given each command."""
        self._server = server
        self._take = take

    def run(self) -> None:  # noqa: D102
        while line := read_line(self._descriptor):
            # Nobody commands a server that has not answered yet, and half a line is the end of the parent.
            if self._take is not None and line.endswith(b"\n"):
                self._take(line)
        self.parent_gone.set()
        if self._server is not None:
            # The loop's add_callback is its one thread-safe door.
            self._server.io_loop.add_callback(self._server.stop)
            self.server_ended.wait(STOP_DEADLINE_S)
        remove_folder(self._folder)
        os._exit(0)


def _continue_when_the_parent_dies() -> None:
    """Let Linux wake this process when its parent dies, since a stopped one (SIGSTOP) would not see the pipe close.

    SIGCONT, because the kernel also sends it when only the thread that started us ends, and then it must do no harm.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGCONT), 0, 0, 0)


def _server_commands() -> Any:
    """The module beside this one, by its file: the server's Python may be one in which the package is not installed."""
    name = "server_commands"
    specification = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def main() -> None:
    """Serve until told to stop (SIGTERM) or until the parent is gone."""
    settings = json.loads(read_line(sys.stdin.fileno()))
    _continue_when_the_parent_dies()
    sys.stdout = WithoutToken(sys.stdout, settings["token"])
    sys.stderr = WithoutToken(sys.stderr, settings["token"])
    # Kernels that a person starts in the browser inherit standard input; ours must stay out of their hands.
    descriptor = os.dup(sys.stdin.fileno())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    watch = ParentWatch(descriptor, Path(settings["folder"]))
    watch.start()
    sys.modules.setdefault(_GRAMMARS, None)  # type: ignore[arg-type]  # says that it is not there
    try:
        from jupyter_server.serverapp import ServerApp

        server = ServerApp.instance()
        # These are traitlets' arguments, not the process': they appear in no list of processes.
        server.initialize([f"--IdentityProvider.token={settings['token']}"])
        commands = _server_commands().ServerCommands(server, Path(settings["folder"]) / ANSWERS)
        watch.attend(server, commands.take)
        server.start()
    finally:
        watch.server_ended.set()
        if watch.parent_gone.is_set():
            watch.join()


if __name__ == "__main__":
    main()
