"""A server in a thread that says, on each connection, what a test wrote down, and remembers what it was asked."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import socket
import ssl
import threading
from collections.abc import Sequence

HANG = b"hang"
"""Instead of an answer: none, and the connection stays."""
ACCEPT = b"accept"
"""Instead of an answer: the upgrade to a WebSocket, accepted."""

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def answer(status: str, *headers: str, body: bytes = b"", length: bool = True) -> bytes:
    """An answer of HTTP/1.1."""
    rows = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {len(body)}"] if length else []), "", ""]
    return "\r\n".join(rows).encode() + body


class ScriptedServer:
    """`scripts`: for each connection, an answer to each request; then it is closed. The last one is repeated."""

    def __init__(self, *scripts: Sequence[bytes], context: ssl.SSLContext | None = None) -> None:
        self.requests: list[list[bytes]] = []
        """Of each connection, what was asked."""
        self.after_acceptance = b""
        self._scripts = list(scripts)
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def base(self) -> str:
        return f"{'http' if self._context is None else 'https'}://127.0.0.1:{self._listening.getsockname()[1]}"

    @property
    def asked(self) -> list[bytes]:
        """The first line of every request."""
        return [request.split(b"\r\n")[0] for of_one in self.requests for request in of_one]

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for line in self._held:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        assert not self._thread.is_alive()
        for line in self._held:
            line.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            with contextlib.suppress(OSError):
                line.settimeout(10)
                if self._context is not None:
                    line = self._context.wrap_socket(line, server_side=True)
                if self._talk(line, script):
                    self._held.append(line)
                    continue
            line.close()

    def _talk(self, line: socket.socket, script: Sequence[bytes]) -> bool:
        """Whether the connection stays."""
        self.requests.append([])
        for says in script:
            request = b""
            while b"\r\n\r\n" not in request or len(request) < _whole(request):
                piece = line.recv(4096)
                if not piece:
                    return False
                request += piece
            self.requests[-1].append(request)
            if says == HANG:
                return True
            if says == ACCEPT:
                key = re.search(rb"Sec-WebSocket-Key: (\S+)", request)
                assert key is not None
                digest = base64.b64encode(hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
                accepted = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + digest
                line.sendall(b"HTTP/1.1 101 Switching Protocols\r\n" + accepted + b"\r\n\r\n" + self.after_acceptance)
                return True
            line.sendall(says)
        return False


def _whole(request: bytes) -> int:
    head = request.index(b"\r\n\r\n") + 4
    length = re.search(rb"(?i)content-length: (\d+)", request[:head])
    return head + (int(length[1]) if length else 0)
