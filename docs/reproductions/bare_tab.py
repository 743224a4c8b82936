"""A server that can be restarted, and one open notebook, for the scripts beside this one.

Made of pycrdt's own messages and a plain WebSocket: nothing in here, or in the scripts that import only this, is shared
with the project, so that a mistake of the project cannot look like one of the server.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
import websocket
from pycrdt import (
    Array,
    Doc,
    Map,
    Text,
    YMessageType,
    YSyncMessageType,
    create_sync_message,
    create_update_message,
    handle_sync_message,
)

NOTEBOOK: dict[str, Any] = {
    "cells": [
        {"cell_type": "code", "id": "one", "source": "1", "metadata": {}, "outputs": [], "execution_count": None},
        {"cell_type": "markdown", "id": "two", "source": "two", "metadata": {}},
    ],
    "metadata": {"kernelspec": {"name": "x", "display_name": "x"}, "language_info": {"name": "x"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


class BareServer:
    """A Jupyter server on 127.0.0.1 that keeps everything in a folder. It is ended by `kill`, as by a crash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.token = secrets.token_hex(16)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.root.mkdir()

    def start(self) -> None:
        """Start it, or start it again; returns when it answers."""
        places = {f"JUPYTER_{name}_DIR": str(self.folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
        for place in places.values():
            Path(place).mkdir(exist_ok=True)
        options = [f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={self.root}"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", "--ServerApp.ip=127.0.0.1", "--allow-root", *options],
            cwd=self.folder,
            env={**os.environ, **places, "HOME": str(self.folder), "JUPYTER_TOKEN": self.token},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, "the server to answer", 30.0)

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait(10)

    def lose_store(self) -> None:
        """Delete the store of updates of a server that does not run."""
        for path in self.folder.glob(".jupyter_ystore.db*"):
            path.unlink()

    def write_notebook(self, name: str) -> None:
        """Put the notebook into the folder that the server serves."""
        (self.root / name).write_text(json.dumps(NOTEBOOK))

    def saved_sources(self, name: str) -> list[str]:
        """The sources of the cells in the file; empty while it is being written."""
        try:
            return ["".join(cell["source"]) for cell in json.loads((self.root / name).read_text())["cells"]]
        except ValueError:
            return []

    def request(self, method: str, path: str, body: object = None) -> requests.Response:
        """One request with the server's token."""
        headers = {"Authorization": f"token {self.token}"}
        return requests.request(method, self.url + path, json=body, headers=headers, timeout=10)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/api", timeout=2).ok
        except requests.ConnectionError:
            return False


class BareTab:
    """A notebook opened on the server. It reads only when it is asked to wait, and keeps its document when cut off."""

    def __init__(self, server: BareServer, name: str, client_id: int) -> None:
        self.server = server
        self.doc: Doc[Any] = Doc(client_id=client_id)
        self.cells: Array[Any] = self.doc.get("cells", type=Array)
        self.state: Map[Any] = self.doc.get("state", type=Map)
        path = f"/api/collaboration/session/{name}"
        known = server.request("PUT", path, {"format": "json", "type": "notebook"}).json()
        room = f"json:notebook:{known['fileId']}"
        address = server.url.replace("http", "ws", 1)
        self._url = f"{address}/api/collaboration/room/{room}?sessionId={known['sessionId']}"
        self.connect()

    @property
    def sources(self) -> list[str]:
        """The sources of the cells, as this tab shows them."""
        return [str(cell["source"]) for cell in self.cells]

    def connect(self) -> None:
        """Open the line and come into step, both ways, as a tab does, also one that comes back."""
        header = [f"Authorization: token {self.server.token}"]
        self._line = websocket.create_connection(self._url, header=header, timeout=10, suppress_origin=True)
        self._synced = False
        self._line.send_binary(create_sync_message(self.doc))
        self.read_until(lambda: self._synced, "the first sync")

    def edit(self, change: Callable[[], object]) -> None:
        """Make one edit with the mark of unsaved changes, as JupyterLab does, and send it."""
        before = self.doc.get_state()
        with self.doc.transaction():
            change()
            self.state["dirty"] = True
        self._line.send_binary(create_update_message(self.doc.get_update(before)))

    def cut(self) -> None:
        """Lose the line, with the document still open."""
        self._line.shutdown()

    def read_until(self, condition: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
        """Read until the condition holds; TimeoutError, saying what was awaited, when it does not in time."""
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError(f"waited {seconds:.0f} s for {what}")
            self._read_once()

    def read_for(self, seconds: float) -> None:
        """Read whatever comes for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._read_once()

    def _read_once(self) -> None:
        self._line.settimeout(0.1)
        try:
            message = self._line.recv()
        except websocket.WebSocketTimeoutException:
            return
        if isinstance(message, bytes) and message and message[0] == YMessageType.SYNC:
            self._synced |= message[1] == YSyncMessageType.SYNC_STEP2
            reply = handle_sync_message(message[1:], self.doc)
            if reply is not None:
                self._line.send_binary(reply)


def raw_cell(source: str) -> Map[Any]:
    """A whole cell: one without metadata could not be saved."""
    return Map({"id": "new", "cell_type": "raw", "source": Text(source), "metadata": Map({})})


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
    """Wait for something outside a document; TimeoutError, saying what was awaited, when it does not come."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.05)


def verdict(problem_is_there: bool, what_is_seen: str) -> int:
    """Print what was seen, then `shown` or `not shown`; the exit code."""
    print(what_is_seen)
    print("shown" if problem_is_there else "not shown: the problem is gone, and its entry can go, too")
    return 0 if problem_is_there else 1
