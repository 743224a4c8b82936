"""Starts servers for the tests as child processes on 127.0.0.1: one function for each kind.

Each function returns a `ServerProcess` that already answers. It is a context manager; leaving it stops the process and
whatever the process had started. A token travels in the environment only, so that it stands in no process list. This
module knows how servers are launched, not what they say.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from servers.server_process import ServerDidNotStartError, ServerProcess

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
PYTHON_OF_JUPYTER_COLLABORATION_4 = REPOSITORY / ".venv-jupyter-collaboration-4" / "bin" / "python"
QUICK_START = HERE / "quick_start"
AT_FIRST = dict(os.environ)
"""As it was before any test: some change it for a moment, while runs of others are started beside them."""
NODE_SERVER = HERE / "node_modules" / "y-websocket" / "bin" / "server.cjs"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_without_jupyter(*python_path: Path, **more: str) -> dict[str, str]:
    """This process's environment without what would lead a server to other people's settings or to our test options."""
    python_path = (*python_path, QUICK_START)
    kept = {
        name: value
        for name, value in AT_FIRST.items()
        if not name.startswith(("JUPYTER", "IPYTHON", "PYTEST", "PYTHON", "LOCUST", "RTC_", "GITHUB_"))
    }
    return {**kept, "PYTHONPATH": os.pathsep.join(map(str, python_path)), **more}


def folders(folder: Path | None, prefix: str) -> tuple[Path, Path, bool]:
    """The server's own folder, the folder it serves, and whether the first is ours to remove."""
    home = Path(tempfile.mkdtemp(prefix=prefix)) if folder is None else folder
    root = home / "root"
    root.mkdir(parents=True, exist_ok=True)
    return home, root, folder is None


def jupyter_collaboration(
    python: Path | str = sys.executable,
    *,
    folder: Path | None = None,
    base_url: str = "/",
    cleanup_delay: float | None = None,
    save_delay: float | None = None,
    collaboration: bool = True,
    token: str | None = None,
    extra: tuple[str, ...] = (),
    fault: Mapping[str, object] | None = None,
) -> ServerProcess:
    """A Jupyter server with jupyter-collaboration, as installed beside `python` (this one: 5).

    Delays are in seconds, None leaves the server's default. `collaboration=False` gives a Jupyter server that knows
    nothing of rooms. `extra` holds more command line options, for example "--YDocExtension.file_poll_interval=0".
    With a `fault`, such as {"name": "delete-text", "at": 10}, it is started by `faults.sick_jupyter`.
    The served files are in `.root`; the update store and the settings lie beside it in `.home` and survive a restart.
    """
    home, root, remove_home = folders(folder, "jupyter-for-tests-")
    # Without its data folder the database of file ids cannot be made, and every session call answers 500.
    (home / "data").mkdir(exist_ok=True)
    port = free_port()
    secret = secrets.token_hex(16) if token is None else token
    # Only what is needed: other installed extensions double the time to start.
    extensions = {
        "jupyter_server_ydoc": collaboration,
        "jupyter_server_fileid": True,
        "jupyterlab": False,
        "jupyter_lsp": False,
        "notebook_shim": False,
        "jupyter_server_terminals": False,
        "nbdime": False,
    }
    options = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.open_browser=False",
        "--ServerApp.allow_root=True",
        f"--ServerApp.root_dir={root}",
        f"--ServerApp.base_url={base_url}",
        f"--ServerApp.jpserver_extensions={extensions!r}",
        # Not by ports: a kernel's are chosen free, and somebody of the many tests beside can take one before it does.
        "--KernelManager.transport=ipc",
    ]
    if cleanup_delay is not None:
        options.append(f"--YDocExtension.document_cleanup_delay={cleanup_delay}")
    if save_delay is not None:
        options.append(f"--YDocExtension.document_save_delay={save_delay}")
    server = ServerProcess(
        name="Jupyter server" if collaboration else "Jupyter server without collaboration",
        command=[str(python), "-m", "jupyter_server" if fault is None else "faults.sick_jupyter", *options, *extra],
        environment=environment_without_jupyter(
            *(() if fault is None else (HERE.parent,)),
            **({} if fault is None else {"FAULT_OF_THE_TESTS": json.dumps(fault)}),
            HOME=str(home),  # its own, because deleted documents go to the trash of the account
            JUPYTER_TOKEN=secret,
            JUPYTER_CONFIG_DIR=str(home / "config"),
            JUPYTER_DATA_DIR=str(home / "data"),
            JUPYTER_RUNTIME_DIR=str(home / "runtime"),
            IPYTHONDIR=str(home / "ipython"),
        ),
        port=port,
        home=home,
        root=root,
        base_url=base_url,
        token=secret,
        remove_home=remove_home,
    )
    return server.start()


def reason_without_node() -> str | None:
    """Why the Node server cannot be started, or None. Installs what the lock file names where that was not yet done."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    if NODE_SERVER.exists():
        return None
    done = subprocess.run(["npm", "ci"], cwd=HERE, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode != 0 or not NODE_SERVER.exists():
        return f"`npm ci` in {HERE.relative_to(REPOSITORY)} failed: {done.stderr[-500:]}"
    return None


def node_y_websocket(*, folder: Path | None = None) -> ServerProcess:
    """The y-websocket server of npm (2.1.0): rooms by path, no files, no token, a room lives as long as the process."""
    reason = reason_without_node()
    if reason is not None:
        raise ServerDidNotStartError(f"The Node server cannot be started: {reason}.")
    home, root, remove_home = folders(folder, "node-for-tests-")
    port = free_port()
    return ServerProcess(
        name="y-websocket server",
        command=["node", str(NODE_SERVER)],
        environment=environment_without_jupyter(HOST="127.0.0.1", PORT=str(port)),
        port=port,
        home=home,
        root=root,
        answers_at="",
        remove_home=remove_home,
    ).start()


def pycrdt_websocket(*, folder: Path | None = None, keep_rooms: bool = False) -> ServerProcess:
    """pycrdt-websocket as it comes, under hypercorn: rooms by path, no files, no token.

    A room and its content are gone when its last client leaves, unless `keep_rooms`.
    """
    home, root, remove_home = folders(folder, "pycrdt-for-tests-")
    port = free_port()
    command = [sys.executable, "-m", "servers.pycrdt_websocket_server", "--port", str(port)]
    return ServerProcess(
        name="pycrdt-websocket server",
        command=[*command, "--keep-rooms"] if keep_rooms else command,
        environment=environment_without_jupyter(HERE.parent),
        port=port,
        home=home,
        root=root,
        answers_at=None,
        remove_home=remove_home,
    ).start()


def sick_server(
    fault: str = "none",
    *,
    at: int | None = None,
    user: int | None = None,
    quiet: float | None = None,
    save_delay: float | None = None,
    folder: Path | None = None,
    token: str | None = None,
) -> ServerProcess:
    """Our own small server in the dialect of jupyter-collaboration, healthy or with one fault (see `faults.py`)."""
    home, root, remove_home = folders(folder, "sick-for-tests-")
    port = free_port()
    secret = secrets.token_hex(16) if token is None else token
    command = [sys.executable, "-m", "servers.sick_server", "--port", str(port), "--folder", str(root)]
    command += ["--fault", fault]
    for option, value in (("at", at), ("user", user), ("quiet", quiet)):
        if value is not None:
            command += [f"--fault-{option}", str(value)]
    if save_delay is not None:
        command += ["--save-delay", str(save_delay)]
    return ServerProcess(
        name=f"sick server ({fault})",
        command=command,
        environment=environment_without_jupyter(HERE.parent, JUPYTER_TOKEN=secret),
        port=port,
        home=home,
        root=root,
        token=secret,
        # A server that forbids everything forbids its status too.
        answers_at=None if fault in ("forbid", "http-flaky") else "api/status",
        remove_home=remove_home,
    ).start()
