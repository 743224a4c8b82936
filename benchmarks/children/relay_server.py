"""A WebSocket server that sends whatever comes into a room to everybody in it, the sender included, as it came.

It reads nothing of a document: what a newcomer is told is the document of a recording, and behind it everything that
was sent since. That is enough for users of one process and of several, and costs less than any real server, so that
clients are what is measured; it tells of its own CPU, so that nobody has to believe it. The path of an address is the
name of a room. What a client does not read waits for it, without a bound: a client that gives out is a result.

Run as `python -m benchmarks.children.relay_server RECORDING`; it says on which port it listens. Commands: `mark`.
Standard library only.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from pathlib import Path

from benchmarks.children.commands import Lines, many_descriptors, reply, waited_for_core_s
from benchmarks.children.stream_server import accepted, frame, message
from benchmarks.recording import Recording

READ_BYTES = 65536
_STEP_1, _STEP_2, _UPDATE = b"\x00\x00", b"\x00\x01", b"\x00\x02"
_CLOSE, _PING = 0x8, 0x9


class Client:
    """One connection; without a room until the upgrade is done."""

    __slots__ = ("descriptor", "rest", "room", "socket", "waiting")

    def __init__(self, opened: socket.socket) -> None:
        self.socket = opened
        self.descriptor = opened.fileno()
        self.room: Room | None = None
        self.rest = b""
        self.waiting = bytearray()
        """What the kernel did not take yet."""


class Room:
    """Who is there, and what was sent since the beginning."""

    __slots__ = ("clients", "kept")

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self.kept: list[bytes] = []


class RelayServer:
    """The server; `run` returns when the parent is gone."""

    def __init__(self, recording: Recording) -> None:
        self._question = frame(message(_STEP_1, recording.state_vector))
        self._answer = frame(message(_STEP_2, recording.document))
        self._rooms: dict[str, Room] = {}
        self._clients: dict[int, Client] = {}
        self._received = self._sent = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.setblocking(False)
        self._poll = select.epoll()
        self._poll.register(self._listener, select.EPOLLIN)
        self._poll.register(sys.stdin, select.EPOLLIN)
        self._lines = Lines()

    def run(self) -> None:
        listener, commands = self._listener.fileno(), sys.stdin.fileno()
        reply(port=self._listener.getsockname()[1])
        while not self._lines.ended:
            for descriptor, events in self._poll.poll():
                client = self._clients.get(descriptor)
                if client is not None:
                    if events & select.EPOLLOUT:
                        self._send_waiting(client)
                    if events & ~select.EPOLLOUT:
                        self._readable(client)
                elif descriptor == listener:
                    self._accept()
                elif descriptor == commands:
                    for _ in self._lines.read():
                        waiting = sum(len(one.waiting) for one in self._clients.values())
                        reply(
                            cpu=time.process_time(),
                            at=time.monotonic(),
                            received=self._received,
                            sent=self._sent,
                            waiting=waiting,
                            waited=waited_for_core_s(),
                        )

    def _accept(self) -> None:
        opened, _ = self._listener.accept()
        opened.setblocking(False)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._clients[opened.fileno()] = Client(opened)
        self._poll.register(opened, select.EPOLLIN)

    def _readable(self, client: Client) -> None:
        try:
            data = client.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self._forget(client)
            return
        data = client.rest + data if client.rest else data
        if client.room is None:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                client.rest = head
                return
            self._enter(client, head)
        position, end_of_data = 0, len(data)
        while end_of_data - position >= 6:
            length, start = data[position + 1] & 0x7F, position + 2
            if length >= 126:
                width = 2 if length == 126 else 8
                start += width
                if start > end_of_data:
                    break
                length = int.from_bytes(data[start - width : start], "big")
            stop = start + 4 + length
            if stop > end_of_data:
                break
            key = data[start : start + 4]
            masked = int.from_bytes(data[start + 4 : stop], "big")
            mask = int.from_bytes((key * (length // 4 + 1))[:length], "big")
            self._take(client, data[position] & 0xF, (masked ^ mask).to_bytes(length, "big"))
            position = stop
        client.rest = data[position:]

    def _enter(self, client: Client, head: bytes) -> None:
        answer, path = accepted(head)
        client.room = self._rooms.setdefault(path, Room())
        client.room.clients.append(client)
        self._send(client, answer + self._question)

    def _take(self, client: Client, opcode: int, payload: bytes) -> None:
        room = client.room
        assert room is not None
        if opcode == _PING:
            self._send(client, b"\x8a" + frame(payload)[1:])
        elif payload[:2] == _STEP_1:
            self._send(client, self._answer + b"".join(room.kept))
        elif opcode != _CLOSE and payload[:2] != _STEP_2:
            self._received += 1
            out = frame(payload)
            if payload[:2] == _UPDATE:
                room.kept.append(out)
            for one in room.clients:
                self._send(one, out)
            self._sent += len(room.clients)

    def _send(self, client: Client, data: bytes) -> None:
        if client.waiting:
            client.waiting += data
            return
        try:
            taken = client.socket.send(data)
        except BlockingIOError:
            taken = 0
        except ConnectionError:
            return  # its end is read as well, and it is forgotten then
        if taken < len(data):
            client.waiting += data[taken:]
            self._poll.modify(client.descriptor, select.EPOLLIN | select.EPOLLOUT)

    def _send_waiting(self, client: Client) -> None:
        try:
            taken = client.socket.send(client.waiting)
        except BlockingIOError:
            return
        except ConnectionError:
            taken = len(client.waiting)
        del client.waiting[:taken]
        if not client.waiting:
            self._poll.modify(client.descriptor, select.EPOLLIN)

    def _forget(self, client: Client) -> None:
        self._poll.unregister(client.socket)
        del self._clients[client.descriptor]
        client.socket.close()
        if client.room is not None:
            client.room.clients.remove(client)


if __name__ == "__main__":
    many_descriptors()
    RelayServer(Recording.load(Path(sys.argv[1]))).run()
