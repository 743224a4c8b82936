"""A server in a thread that answers a WebSocket's upgrade as a test wants it to, with TLS if wanted."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import ssl
import threading
from collections.abc import Callable

ACCEPTED = object()
"""The answer that accepts the upgrade."""


class UpgradeServer:
    """Answers each connection with `answer`: `ACCEPTED`, or bytes; then `converse(socket)` has the line."""

    def __init__(self, answer: object = ACCEPTED, converse: Callable[[socket.socket], None] | None = None) -> None:
        self.answer = answer
        self.converse = converse
        self.chosen = ""
        """Another header of the acceptance, as a server sends that chose a subprotocol."""
        self.requests: list[str] = []
        self.context: ssl.SSLContext | None = None
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._lines: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        scheme = "ws" if self.context is None else "wss"
        return f"{scheme}://127.0.0.1:{self._listening.getsockname()[1]}"

    def stop(self) -> None:
        """Close everything and wait for the thread."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for line in self._lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            self._lines.append(line)
            with contextlib.suppress(OSError):
                if self.context is not None:
                    line = self.context.wrap_socket(line, server_side=True)
                    self._lines.append(line)
                self._answer(line)
            for one in self._lines:
                one.close()

    def _answer(self, line: socket.socket) -> None:
        line.settimeout(10)
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            piece = line.recv(4096)
            if not piece:
                return
            request += piece
        self.requests.append(request.decode())
        extra = b""
        if self.answer is ACCEPTED:
            key = next(
                row.split(": ")[1] for row in request.decode().split("\r\n") if row.startswith("Sec-WebSocket-Key")
            )
            digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
            extra = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            extra += b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n"
            extra += f"{self.chosen}\r\n\r\n".encode() if self.chosen else b"\r\n"
        else:
            assert isinstance(self.answer, bytes)
            extra = self.answer
        line.sendall(extra + getattr(self, "at_once", b""))
        if self.converse is not None:
            self.converse(line)
