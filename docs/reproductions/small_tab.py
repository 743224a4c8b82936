"""One open document, for the scripts beside this one: a replica, a line to the server, nothing else.

It reads only when it is asked to wait. It sends what pycrdt writes and forgives nothing, so that what the scripts show
is the server's doing or pycrdt's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import requests
import websocket
from pycrdt import Array, Doc, Map, Text

from jupyter_rtc_locust.demo.embedded_server import EmbeddedServer
from jupyter_rtc_locust.protocol.messages import (
    RawMessage,
    SyncStep1,
    SyncStep2,
    UpdateMessage,
    decode_message,
    encode_save_request,
    encode_sync_step_1,
    encode_sync_step_2,
    encode_update,
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


class Tab:
    """A notebook, or with `text=True` a text file, opened on a server."""

    def __init__(self, server: EmbeddedServer, path: str, *, text: bool = False, client_id: int = 1) -> None:
        self.server = server
        self.doc: Doc[Any] = Doc(client_id=client_id)
        self.cells: Array[Any] | None = None if text else self.doc.get("cells", type=Array)
        self.source: Text | None = self.doc.get("source", type=Text) if text else None
        self.state: Map[Any] = self.doc.get("state", type=Map)
        self.answers: list[dict[str, Any]] = []
        session = http(
            server,
            "PUT",
            f"/api/collaboration/session/{path}",
            {"format": "text", "type": "file"} if text else {"format": "json", "type": "notebook"},
        )
        session.raise_for_status()
        known = session.json()
        room = f"{known['format']}:{known['type']}:{known['fileId']}"
        address = server.url.replace("http", "ws", 1)
        self._url = f"{address}/api/collaboration/room/{room}?sessionId={known['sessionId']}"
        self.connect()

    def connect(self) -> None:
        """Open the line and come into step, both ways, as a tab does."""
        header = [f"Authorization: token {self.server.token}"]
        self.line = websocket.create_connection(self._url, header=header, timeout=10, suppress_origin=True)
        self.synced = False
        self._send(encode_sync_step_1(self.doc.get_state()))
        self.wait(lambda: self.synced, "the first sync")

    def edit(self, change: Callable[[], object]) -> None:
        """Make one edit with the mark of unsaved changes, as JupyterLab does, and send it."""
        before = self.doc.get_state()
        with self.doc.transaction():
            change()
            self.state["dirty"] = True
        self._send(encode_update(self.doc.get_update(before)))

    def save(self, number: int = 1) -> str:
        """Ask for a save by hand; the status that the server answers."""
        self._send(encode_save_request(number))
        self.wait(lambda: any(one.get("responseTo") == number for one in self.answers), "an answer to the save")
        return str(next(one["status"] for one in self.answers if one.get("responseTo") == number))

    def close(self) -> None:
        """Leave the document."""
        self.line.close()

    def wait(self, condition: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
        """Read until the condition holds; TimeoutError, saying what was awaited, when it does not in time."""
        if not self.holds_within(condition, seconds):
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")

    def holds_within(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Read until the condition holds, or so many seconds have passed; whether it holds."""
        until = time.monotonic() + seconds
        while not condition():
            left = until - time.monotonic()
            if left <= 0:
                return False
            self.line.settimeout(min(left, 0.1))
            try:
                frame = self.line.recv()
            except websocket.WebSocketTimeoutException:
                continue
            self._take(decode_message(frame if isinstance(frame, bytes) else frame.encode()))
        return True

    def _take(self, message: object) -> None:
        if isinstance(message, SyncStep1):
            self._send(encode_sync_step_2(self.doc.get_update(message.state_vector)))
        elif isinstance(message, SyncStep2 | UpdateMessage):
            self.doc.apply_update(message.update)
            self.synced |= isinstance(message, SyncStep2)
        elif isinstance(message, RawMessage):
            self.answers.append(json.loads(message.text))

    def _send(self, message: bytes) -> None:
        self.line.send_binary(message)


def raw_cell(source: str) -> Map[Any]:
    """A whole cell: one without metadata could not be saved."""
    return Map({"id": "new", "cell_type": "raw", "source": Text(source), "metadata": Map({})})


def http(server: EmbeddedServer, method: str, path: str, body: object = None) -> requests.Response:
    """One request with the server's token."""
    headers = {"Authorization": f"token {server.token}"}
    return requests.request(method, server.url + path, json=body, headers=headers, timeout=10)


def write_notebook(server: EmbeddedServer, path: str, notebook: dict[str, Any] = NOTEBOOK) -> None:
    """Put a notebook into the folder that the server serves."""
    (server.root_folder / path).write_text(json.dumps(notebook))


def saved_sources(server: EmbeddedServer, path: str) -> list[str]:
    """The sources of the cells in the file; empty while it is being written."""
    try:
        cells = json.loads((server.root_folder / path).read_text())["cells"]
        return ["".join(cell["source"]) for cell in cells]
    except ValueError:
        return []


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
