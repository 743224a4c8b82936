"""What was typed since the last save is taken back by a server that was killed and started again.

The store of updates has the words, the file has not. The room is made from the store, found to differ from the file
("out-of-sync with the ystore"), and set to what the file holds: a deletion that nobody asked for, for everybody.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import requests
from small_tab import Tab, raw_cell, saved_sources, verdict, wait_until, write_notebook

NAME = "restarted.ipynb"
SAVED, UNSAVED = "saved", "typed just before"


def main() -> int:
    """Add a cell and have it saved, add another, kill the server at once, start it again, come back."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        server: Any = SimpleNamespace(
            url=f"http://127.0.0.1:{port}", token=secrets.token_hex(16), root_folder=Path(folder) / "root"
        )
        first = started(server, Path(folder), port)
        write_notebook(server, NAME)
        tab = Tab(server, NAME)
        cells = tab.cells
        assert cells is not None
        tab.edit(lambda: cells.append(raw_cell(SAVED)))
        tab.wait(lambda: SAVED in saved_sources(server, NAME), "the save")
        tab.edit(lambda: cells.append(raw_cell(UNSAVED)))
        tab.holds_within(lambda: False, 0.3)  # it is saved a second after the last edit
        ended(first)
        second = started(server, Path(folder), port)
        try:
            tab.connect()
            tab.holds_within(lambda: False, 3.0)
            sources = [str(cell["source"]) for cell in cells]
            tab.close()
        finally:
            ended(second)
    return verdict(sources.count(UNSAVED) != 1, f"cells of a tab that came back: {sources}")


def started(server: Any, folder: Path, port: int) -> subprocess.Popen[bytes]:
    """A Jupyter server on this port that keeps everything in the folder; returns when it answers."""
    places = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    for place in (*places.values(), folder / "root"):
        Path(place).mkdir(exist_ok=True)
    options = [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder / 'root'}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", "--ServerApp.ip=127.0.0.1", "--allow-root", *options],
        cwd=folder,
        env={**os.environ, **places, "HOME": str(folder), "JUPYTER_TOKEN": server.token},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: answers(server.url), "the server to answer", 30.0)
    return process


def answers(url: str) -> bool:
    """Whether anything answers there."""
    try:
        return requests.get(f"{url}/api", timeout=2).ok
    except requests.ConnectionError:
        return False


def ended(process: subprocess.Popen[bytes]) -> None:
    """Kill it, as a crash does."""
    process.send_signal(signal.SIGKILL)
    process.wait(10)


if __name__ == "__main__":
    sys.exit(main())
