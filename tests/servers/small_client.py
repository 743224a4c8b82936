"""A small collaborator to test the servers of the tests with: a replica and a line, no timing, no threads.

It shares no code with the product, so that a mistake there cannot hide in the servers that the product is tested on.
"""

from __future__ import annotations

import contextlib
import json
import select
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import websocket
from pycrdt import (
    Array,
    Awareness,
    Decoder,
    Doc,
    Map,
    Text,
    TransactionEvent,
    YMessageType,
    YSyncMessageType,
    create_awareness_message,
    create_sync_message,
    create_update_message,
    handle_sync_message,
    read_message,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from servers.server_process import ServerProcess


class SmallClient:
    """One user in one notebook, or in one text file; on a server without files, in one room, as in a notebook.

    It reads only when told to.
    """

    def __init__(
        self, server: ServerProcess, path: str, client_id: int, *, with_files: bool = True, text_file: bool = False
    ) -> None:
        self.server = server
        self.path = path
        self.with_files = with_files
        self.text_file = text_file
        self.doc: Doc[Any] = Doc(client_id=client_id)
        self.cells: Array[Map[Any]] = self.doc.get("cells", type=Array)
        self.state: Map[Any] = self.doc.get("state", type=Map)
        self.doc.get("meta", type=Map)
        if text_file:
            self.text: Text = self.doc.get("source", type=Text)
        self.synced = False
        self.sent: list[bytes] = []
        self.received: list[bytes] = []
        self.answers: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None
        self._receiving = False
        self.doc.observe(self._changed)
        self.open()

    def open(self) -> None:
        """Opens the line, or another one after a loss, and asks for what is missing."""
        url = f"{self.server.websocket_url}/{self.path}"
        if self.with_files:
            asked = {"format": "text", "type": "file"} if self.text_file else {"format": "json", "type": "notebook"}
            status, session = self.server.request("PUT", f"api/collaboration/session/{quote(self.path)}", asked)
            assert status in (200, 201), (status, session)
            assert isinstance(session, dict)
            room = f"{asked['format']}:{asked['type']}:{session['fileId']}"
            url = f"{self.server.websocket_url}/api/collaboration/room/{room}?sessionId={session['sessionId']}"
        headers = {"Authorization": f"token {self.server.token}"} if self.server.token else {}
        self.synced = False
        self.closed = None
        self.line = websocket.create_connection(url, header=headers, timeout=10, suppress_origin=True)
        self._send(create_sync_message(self.doc))

    def announce(self) -> None:
        """Tells the others of this user's presence."""
        awareness = Awareness(self.doc)
        awareness.set_local_state({"user": {"name": "small"}})
        self._send(create_awareness_message(awareness.encode_awareness_update([self.doc.client_id])))

    @contextlib.contextmanager
    def edit(self) -> Iterator[SmallClient]:
        """One edit in one transaction, with the dirty mark that JupyterLab sets; sent when the block ends."""
        with self.doc.transaction():
            yield self
            if self.with_files:
                self.state["dirty"] = True

    def type(self, cell: int, text: str) -> None:
        """Appends text to a cell, or to the text file."""
        with self.edit():
            source: Text = self.text if self.text_file else self.cells[cell]["source"]
            source.insert(len(str(source).encode()), text)

    def append_cell(self, identity: str, source: str) -> None:
        with self.edit():
            cell = {"id": identity, "cell_type": "markdown", "source": Text(source), "metadata": Map({})}
            self.cells.append(Map(cell))

    def save(self) -> None:
        """Asks the server to save now; its answer goes to `answers`."""
        self._send(b"\x02\x04save\x01")

    @property
    def content(self) -> list[dict[str, Any]]:
        content: list[dict[str, Any]] = self.cells.to_py()  # type: ignore[assignment]
        return content

    @property
    def sources(self) -> list[str]:
        """The sources of all cells; of a text file its only text."""
        if self.text_file:
            return [str(self.text)]
        return [str(cell.get("source")) for cell in self.cells]

    @property
    def echoes(self) -> int:
        """How many of the sent updates came back."""
        return sum(self.has_echo_of(update) for update in self.sent)

    def has_echo_of(self, update: bytes) -> bool:
        """Whether an update came back. Its bytes may have changed: of two marks of `dirty` that were set at the same
        time one is overwritten, and the server relays the later one with a deletion added.
        """
        return _first_struct(update) in map(_first_struct, self.received)

    def receive(self) -> None:
        """Reads and handles one message that has arrived, or the end of the line."""
        try:
            code, data = self.line.recv_data()
        except (websocket.WebSocketException, OSError) as error:
            self.closed = self.closed or (1006, str(error))
            self.line.shutdown()
            return
        if code == websocket.ABNF.OPCODE_CLOSE:
            self.closed = (int.from_bytes(data[:2], "big"), data[2:].decode())
            self.line.shutdown()
        elif data[0] == YMessageType.SYNC:
            self._on_sync(data)
        elif data[0] == 2:
            text = data[2:] if data[1] < 128 else data[3:]
            self.answers.append(json.loads(text))

    def close(self) -> None:
        """Says goodbye, and waits at most 0.2 s for the answer, which a sick server may owe."""
        self.line.close(timeout=0.2)
        self.line.shutdown()  # after the other side's close frame, close() leaves the socket open

    def _on_sync(self, data: bytes) -> None:
        if data[1] == YSyncMessageType.SYNC_UPDATE:
            self.received.append(read_message(data[2:]))
        self._receiving = True
        try:
            answer = handle_sync_message(data[1:], self.doc)
        finally:
            self._receiving = False
        if answer is not None:
            self._send(answer)
        self.synced = self.synced or data[1] == YSyncMessageType.SYNC_STEP2

    def _changed(self, event: TransactionEvent) -> None:
        if not self._receiving:
            self.sent.append(event.update)
            self._send(create_update_message(event.update))

    def _send(self, message: bytes) -> None:
        if self.closed is None:
            try:
                self.line.send_binary(message)
            except OSError as error:
                self.closed = (1006, str(error))
                self.line.shutdown()


def _first_struct(update: bytes) -> tuple[int, ...]:
    """(client id, clock) of the first struct of an update; () of one that only deletes."""
    decoder = Decoder(update)
    if decoder.read_var_uint() == 0:
        return ()
    decoder.read_var_uint()  # how many structs follow
    return decoder.read_var_uint(), decoder.read_var_uint()


def wait_until(condition: Callable[[], bool], *clients: SmallClient, deadline: float = 15.0) -> None:
    """Lets the clients receive until the condition holds; fails with their contents after `deadline` seconds."""
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, ([client.content for client in clients], [client.closed for client in clients])
        lines = {client.line.sock: client for client in clients if client.closed is None and client.line.sock}
        for line in select.select(list(lines), [], [], 0.02)[0]:
            lines[line].receive()
