"""A server's end of a line, and a room behind it, on gevent's loop of the test's own process.

Nothing is patched: the server's ends are gevent's sockets, the client's end is a plain one, as `open_websocket` hands
it over. The frames are written down from RFC 6455 here, and the room speaks pycrdt's own messages, so that no mistake
of the product hides in its tests.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from typing import Any

import gevent
import gevent.socket
from pycrdt import Array, Doc, Map, Text, create_sync_message, create_update_message, handle_sync_message, read_message

from jupyter_rtc_locust.errors import RoomError
from jupyter_rtc_locust.servers.base import Document, RoomAddress

BINARY, TEXT, CLOSE, PING, PONG = 2, 1, 8, 9, 10


def wait_until(condition: Callable[[], Any], *, deadline: float = 10.0, what: object = "") -> None:
    """Let the loop run until the condition holds."""
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, f"{what or 'the condition'} did not come true within {deadline} s"
        gevent.sleep(0.001)


def settle(seconds: float = 0.03) -> None:
    """Let the loop run for a moment: for what must not happen, where there is no condition to wait for."""
    gevent.sleep(seconds)


def frame(payload: bytes, opcode: int = BINARY, *, final: bool = True) -> bytes:
    """A frame as a server sends it."""
    length = len(payload)
    if length < 126:
        head = bytes((length,))
    elif length < 65536:
        head = b"\x7e" + length.to_bytes(2, "big")
    else:
        head = b"\x7f" + length.to_bytes(8, "big")
    return bytes(((0x80 if final else 0) | opcode,)) + head + payload


def frames_of_client(stream: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """What a client sent, taken apart: (opcode, payload) of each whole frame, and what is left over."""
    found: list[tuple[int, bytes]] = []
    position = 0
    while len(stream) - position >= 2:
        first, second = stream[position], stream[position + 1]
        assert first & 0xF0 == 0x80, (
            f"no final frame begins at byte {position}: {stream[position : position + 8].hex()}"
        )
        assert second & 0x80, "a client's frame is not masked"
        length, start = second & 0x7F, position + 2
        if length >= 126:
            wide = 2 if length == 126 else 8
            length, start = int.from_bytes(stream[start : start + wide], "big"), start + wide
        key, body = stream[start : start + 4], stream[start + 4 : start + 4 + length]
        if len(key) < 4 or len(body) < length:
            break
        masks = (key * (length // 4 + 1))[:length]
        payload = (int.from_bytes(body, "big") ^ int.from_bytes(masks, "big")).to_bytes(length, "big")
        found.append((first & 0x0F, payload))
        position = start + 4 + length
    return found, stream[position:]


class ServerEnd:
    """The server's end of one line. `heard` are the frames that came, `gone` is True once the client's is closed."""

    def __init__(self, opened: socket.socket, on_message: Callable[[ServerEnd, bytes], None] | None = None) -> None:
        self.socket = gevent.socket.socket(opened.family, opened.type, opened.proto, fileno=opened.detach())
        self.heard: list[tuple[int, bytes]] = []
        self.raw = bytearray()
        self.gone = False
        self.reset = False
        self._on_message = on_message
        self._greenlet: gevent.Greenlet[..., Any] | None = None

    @property
    def messages(self) -> list[bytes]:
        """The payloads of the binary frames that came."""
        return [payload for opcode, payload in self.heard if opcode == BINARY]

    @property
    def closes(self) -> list[bytes]:
        """The payloads of the close frames that came."""
        return [payload for opcode, payload in self.heard if opcode == CLOSE]

    def listen(self) -> ServerEnd:
        """Read from now on."""
        self._greenlet = gevent.spawn(self._listen)
        return self

    def _listen(self) -> None:
        rest = b""
        while True:
            try:
                data = self.socket.recv(65536)
            except OSError as error:
                self.gone = self.reset = True
                assert isinstance(error, ConnectionError) or self.socket.fileno() < 0, error
                return
            if not data:
                self.gone = True
                return
            self.raw += data
            found, rest = frames_of_client(rest + data)
            for opcode, payload in found:
                self.heard.append((opcode, payload))
                if opcode == BINARY and self._on_message is not None:
                    self._on_message(self, payload)

    def take_what_is_there(self) -> bytes:
        """All bytes that have arrived, read without letting the loop run. Not together with `listen`."""
        taken = b""
        with contextlib.suppress(BlockingIOError):
            while piece := self.socket._sock.recv(1 << 20):
                taken += piece
        return taken

    def send(self, *payloads: bytes, opcode: int = BINARY) -> None:
        """Send messages in one write."""
        self.send_raw(b"".join(frame(payload, opcode) for payload in payloads))

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are; a client that is gone is no error."""
        with contextlib.suppress(OSError):
            self.socket.sendall(data)

    def send_close(self, code: int, reason: str = "") -> None:
        """A close frame; the line stays open until `hang_up`."""
        self.send(code.to_bytes(2, "big") + reason.encode(), opcode=CLOSE)

    def hang_up(self) -> None:
        """Close the line without a word."""
        if self._greenlet is not None:
            self._greenlet.kill()
        self.socket.close()


def line(
    on_message: Callable[[ServerEnd, bytes], None] | None = None, *, tcp: bool = False
) -> tuple[socket.socket, ServerEnd]:
    """Both ends of a new line: the client's plain socket, and the server's end, which does not listen yet."""
    if tcp:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            client = socket.create_connection(listening.getsockname())
            server, _ = listening.accept()
    else:
        client, server = socket.socketpair()
    return client, ServerEnd(server, on_message)


class FakeRoom:
    """A room with one document, which speaks as jupyter-collaboration does: step 1 first, updates to everybody."""

    def __init__(self, kind: str = "notebook", *, cells: tuple[str, ...] = ("first cell",)) -> None:
        self.doc: Doc[Any] = Doc(client_id=1)
        self.state: Map[Any] = self.doc.get("state", type=Map)
        if kind == "notebook":
            self.cells: Array[Any] = self.doc.get("cells", type=Array)
            self.doc.get("meta", type=Map)
            for index, source in enumerate(cells):
                self.cells.append(_cell(f"cell-{index}", source))
        else:
            self.source: Text = self.doc.get("source", type=Text)
            self.source += "".join(cells)
        self.ends: list[ServerEnd] = []
        self.opened = 0
        self.speaks_first = True
        self.answers_step_1 = True
        self.echoes = True
        self.relays = True
        self.on_open: Callable[[ServerEnd], None] | None = None
        """Called for each new line, before anything is said."""
        self.refusals: list[BaseException] = []
        """Raised, one after the other, where a line would be opened."""
        self._updates: list[bytes] = []
        self._subscription = self.doc.observe(lambda event: self._updates.append(event.update))

    # -- in place of `open_websocket` -----------------------------------------------------------------------------

    def open_line(self, _address: RoomAddress, _timeout: float, _ca_file: str | None) -> socket.socket:
        """A line into the room."""
        self.opened += 1
        if self.refusals:
            raise self.refusals.pop(0)
        client, end = line(self._take)
        self.ends.append(end.listen())
        if self.on_open is not None:
            self.on_open(end)
        if self.speaks_first:
            end.send(create_sync_message(self.doc))
        return client

    # -- what the server does --------------------------------------------------------------------------------------

    @property
    def present(self) -> list[ServerEnd]:
        """The lines that are open."""
        return [end for end in self.ends if not end.gone and end.socket.fileno() >= 0]

    @property
    def sources(self) -> list[str]:
        """The sources of the server's cells."""
        return [str(cell["source"]) for cell in self.cells]

    def messages(self, first: int, second: int | None = None) -> list[bytes]:
        """What came from all lines, of one type (and of one kind of sync message)."""
        heard = [message for end in self.ends for message in end.messages if message[0] == first]
        return [message for message in heard if second is None or message[1] == second]

    def write(self, source: str) -> bytes:
        """Somebody elsewhere adds a cell; everybody here is sent the update."""
        self._updates.clear()
        self.cells.append(_cell(f"cell-of-{source}", source))
        update = self._updates.pop()
        self.broadcast(create_update_message(update))
        return update

    def broadcast(self, message: bytes, *, but: ServerEnd | None = None) -> None:
        """Send a message to everybody present."""
        for end in self.present:
            if end is not but:
                end.send(message)

    def drop_everybody(self) -> None:
        """Cut all lines without a word."""
        for end in self.present:
            end.hang_up()

    def _take(self, end: ServerEnd, message: bytes) -> None:
        if message[0] == 1:
            self.broadcast(message)
        elif message[0] == 0 and message[1] == 0:
            answer = handle_sync_message(message[1:], self.doc)
            if self.answers_step_1 and answer is not None:
                end.send(answer)
        elif message[0] == 0:
            self._updates.clear()
            self.doc.apply_update(read_message(message[2:]))
            if not self.relays:
                return
            if message[1] == 2:
                self.broadcast(message, but=None if self.echoes else end)
            else:
                for update in self._updates:
                    self.broadcast(create_update_message(update))


def _cell(identity: str, source: str) -> Map[Any]:
    return Map({"id": identity, "cell_type": "markdown", "source": Text(source), "metadata": Map({})})


class FakeServer:
    """As much of a kind of server as users ask for: rooms' addresses, or errors in their place."""

    name = "fake"
    stores_files = False

    def __init__(self) -> None:
        self.refusals: list[RoomError] = []
        self.asked: list[tuple[Document, int]] = []
        self.room_of_all: RoomAddress | None = None

    def open_room(self, document: Document, identity: int) -> RoomAddress:
        self.asked.append((document, identity))
        if self.refusals:
            raise self.refusals.pop(0)
        return RoomAddress("ws://test/room")

    def global_room(self, _identity: int) -> RoomAddress | None:
        return self.room_of_all
