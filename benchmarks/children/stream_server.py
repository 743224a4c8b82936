"""A WebSocket server that pushes a recorded stream to whoever watches, and sends everything else back to its sender.

It keeps no document and applies nothing, so that what is measured is the client. The path of an address is the name of
a group of watchers. Each newcomer is told the recording's notebook by the rules of the protocol: step 1, and a step 2
in answer to its own.

Run as `python -m benchmarks.children.stream_server RECORDING`; it says on which port it listens. Commands: `stream`
(group, first, last, rate, together: updates a second, and how many of them in one piece), `count` (group).
Standard library only.
"""

from __future__ import annotations

import base64
import hashlib
import selectors
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.children.commands import Lines, reply
from benchmarks.recording import Recording

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_STEP_1, _STEP_2, _UPDATE = b"\x00\x00", b"\x00\x01", b"\x00\x02"
_PING = 0x9


def variable(number: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def message(kind: bytes, body: bytes) -> bytes:
    """A sync message: its kind, and its body with the length before it."""
    return kind + variable(len(body)) + body


def frame(payload: bytes) -> bytes:
    """A final binary frame as a server sends it, unmasked."""
    length = len(payload)
    if length < 126:
        return bytes((0x82, length)) + payload
    if length < 65536:
        return b"\x82\x7e" + length.to_bytes(2, "big") + payload
    return b"\x82\x7f" + length.to_bytes(8, "big") + payload


def accepted(head: bytes) -> tuple[bytes, str]:
    """The answer to the head of a request for a WebSocket, and the path that it asks for, without slashes around."""
    request, *lines = head.split(b"\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    accept = base64.b64encode(hashlib.sha1(headers[b"sec-websocket-key"] + _GUID).digest())
    answer = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    return answer, request.split()[1].decode().strip("/")


@dataclass(slots=True, eq=False)
class Client:
    """One connection; `group` is empty until the upgrade is done."""

    socket: socket.socket
    group: str = ""
    rest: bytes = b""


@dataclass(slots=True)
class Push:
    """A slice of the stream on its way to a group."""

    group: str
    first: int
    last: int
    together: int
    started: float
    interval: float
    """Seconds from one piece to the next."""
    pieces: int = 0

    @property
    def due(self) -> float:
        return self.started + self.pieces * self.interval

    @property
    def position(self) -> int:
        return self.first + self.pieces * self.together


class StreamServer:
    """The server; `run` returns when the parent is gone."""

    def __init__(self, recording: Recording) -> None:
        self._frames = [frame(message(_UPDATE, update)) for update in recording.updates]
        self._question = frame(message(_STEP_1, recording.state_vector))
        self._answer = frame(message(_STEP_2, recording.document))
        self._clients: dict[str, list[Client]] = {}
        self._push: Push | None = None
        self._streamed: set[str] = set()
        """Groups to which a stream was sent: what they tell on of it, no server would send to anybody."""
        self._lines = Lines()
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(sys.stdin, selectors.EVENT_READ, self._command)

    def run(self) -> None:
        reply(port=self._listener.getsockname()[1])
        while not self._lines.ended:
            push = self._push
            timeout = None if push is None else max(0.0, push.due - time.monotonic())
            for key, _ in self._selector.select(timeout):
                if isinstance(key.data, Client):
                    self._readable(key.data)
                else:
                    key.data()
            if push is not None and time.monotonic() >= push.due:
                self._send_piece(push)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(connection, selectors.EVENT_READ, Client(connection))

    def _command(self) -> None:
        for command in self._lines.read():
            if command["do"] == "stream":
                self._push = self._new_push(command)
            else:
                reply(count=len(self._clients.get(command["group"], [])))

    def _new_push(self, command: dict[str, Any]) -> Push:
        together = command["together"]
        self._streamed.add(command["group"])
        interval = together / command["rate"]
        return Push(command["group"], command["first"], command["last"], together, time.monotonic(), interval)

    def _send_piece(self, push: Push) -> None:
        end = min(push.position + push.together, push.last)
        piece = b"".join(self._frames[push.position : end])
        for client in self._clients.get(push.group, []):
            client.socket.sendall(piece)
        push.pieces += 1
        if end == push.last:
            self._push = None
            reply(done=True)

    def _readable(self, client: Client) -> None:
        try:
            if not self._answered(client):
                self._forget(client)
        except ConnectionError:
            self._forget(client)  # a client that is ended while it is answered

    def _answered(self, client: Client) -> bool:
        """Answer what a client sent; whether it is still there."""
        data = client.socket.recv(65536)
        if not data:
            return False
        client.rest += data
        if not client.group and not self._upgrade(client):
            return True
        while client.rest:
            opcode = client.rest[0] & 0xF
            payload = _take_frame(client)
            if payload is None:
                break
            if opcode == _PING:
                client.socket.sendall(b"\x8a" + frame(payload)[1:])
            elif payload[:2] == _STEP_1:
                client.socket.sendall(self._answer)
            elif payload[:2] != _STEP_2 and not (payload[:2] == _UPDATE and client.group in self._streamed):
                client.socket.sendall(frame(payload))
        return True

    def _upgrade(self, client: Client) -> bool:
        head, end, rest = client.rest.partition(b"\r\n\r\n")
        if not end:
            return False
        answer, path = accepted(head)
        client.socket.sendall(answer + self._question)
        client.group = path.split("/")[0]
        client.rest = rest
        self._clients.setdefault(client.group, []).append(client)
        return True

    def _forget(self, client: Client) -> None:
        self._selector.unregister(client.socket)
        client.socket.close()
        if client.group:
            self._clients[client.group].remove(client)


def _take_frame(client: Client) -> bytes | None:
    """The payload of the next whole frame of a client, unmasked."""
    data = client.rest
    if len(data) < 2:
        return None
    start, length = 2, data[1] & 0x7F
    if length >= 126:
        start = 4 if length == 126 else 10
        length = int.from_bytes(data[2:start], "big")
    stop = start + 4 + length
    if len(data) < stop:
        return None
    keys = (data[start : start + 4] * (length // 4 + 1))[:length]
    client.rest = data[stop:]
    return (int.from_bytes(data[start + 4 : stop], "big") ^ int.from_bytes(keys, "big")).to_bytes(length, "big")


if __name__ == "__main__":
    StreamServer(Recording.load(Path(sys.argv[1]))).run()
