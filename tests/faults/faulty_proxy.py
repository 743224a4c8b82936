"""A proxy in front of a real server: HTTP passes, WebSocket messages pass through the hands of a fault.

The server behind it is a released one, and well. Which message is struck is told by count and never by chance. A line
is one WebSocket connection; its user is counted in the order of first edits in its room, so that observers and
newcomers do not shift the count. It runs in a thread of the process that starts it, and knows nothing of the product.
"""
# ruff: noqa: ARG002 (a fault overrides whole questions, and reads what it needs of them)

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from urllib.parse import urlsplit

from tornado import httpserver, netutil, web, websocket
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httputil import HTTPHeaders

from faults.update_reader import encoded

SYNC, PRESENCE = 0, 1
STEP_1, STEP_2, UPDATE = 0, 1, 2
NOTHING = b"\0\0"
"""An update without structs and deletions."""

HOP_BY_HOP = {"connection", "host", "upgrade", "transfer-encoding", "content-length", "keep-alive", "te", "trailer"}
LARGEST = 2**30
ABRUPT = (None, 1005, 1006)
"""Ends of a line that no close frame announced."""

Sent = tuple[float, bytes]
"""Seconds to wait, and the message."""


def framed(kind: int, update: bytes) -> bytes:
    """A sync message of that kind (STEP_2, UPDATE) around an update."""
    return bytes([SYNC, kind]) + encoded(len(update)) + update


def update_of(message: bytes, kind: int = UPDATE) -> bytes | None:
    """The update in a sync message of that kind; None: it is none, or an empty one."""
    if message[:2] != bytes([SYNC, kind]):
        return None
    at = 2
    while message[at] > 0x7F:
        at += 1
    update = message[at + 1 :]
    return None if update == NOTHING else update


class Traffic:
    """One room as the proxy sees it: how many updates users sent, how many wrote, when the last one came."""

    def __init__(self) -> None:
        self.updates = 0
        self.writers = 0
        self.last_update = time.monotonic()


class Line:
    """One WebSocket connection through the proxy."""

    def __init__(self, room: Traffic, number: int, front: Front) -> None:
        self.room = room
        self.number = number
        self.writer_number: int | None = None
        self.opened_after_s = time.monotonic() - room.last_update
        """How long the room had been quiet when this line was opened, in s."""
        self.messages_up = 0
        self._front = front

    def cut(self) -> None:
        """End the line without a close frame, on both sides, as a broken network does."""
        self._front.cut()


class OnTheWay:
    """A fault of the network; this one is none. Questions are asked in the proxy's own loop, one after the other."""

    def __init__(self, *, at: int = 20, user: int = 1, times: int = 1) -> None:
        """`at`: from the how manieth update of the room on; `user`: whom it strikes; `times`: how often at most."""
        self.at = at
        self.user = user
        self.times = times
        self.struck = 0

    def due(self, line: Line) -> bool:
        return line.room.updates >= self.at

    def strikes(self, line: Line) -> bool:
        """Whether this line's user is the one, and the fault may strike (once more) now."""
        return line.writer_number == self.user and self.due(line) and self.struck < self.times

    def up(self, line: Line, message: bytes) -> Iterable[Sent]:
        """What reaches the server of a message that a user sent."""
        return [(0.0, message)]

    def down(self, line: Line, message: bytes) -> Iterable[Sent]:
        """What reaches a user of a message that the server sent."""
        return [(0.0, message)]

    def http(self, method: str, path: str) -> int | None:
        """A status to answer an HTTP request with instead of passing it on."""
        return None


class Front(websocket.WebSocketHandler):
    """One request: passed on, or upgraded on both sides."""

    line: Line | None = None
    upstream: websocket.WebSocketClientConnection | None = None
    pump: asyncio.Task[None] | None = None

    @property
    def proxy(self) -> FaultyProxy:
        proxy: FaultyProxy = self.settings["proxy"]
        return proxy

    @property
    def max_message_size(self) -> int:
        return LARGEST

    def check_origin(self, _origin: str) -> bool:
        return True

    def compute_etag(self) -> None:
        return None

    async def get(self, *args: str, **kwargs: str) -> None:
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            await self.pass_on()
            return
        url = "ws" + self.proxy.target.removeprefix("http") + (self.request.uri or "")
        headers = self._passed_on_headers()
        try:
            self.upstream = await websocket.websocket_connect(
                HTTPRequest(url, headers=headers, request_timeout=60), max_message_size=LARGEST
            )
        except HTTPClientError as error:
            self.set_status(error.code)
            self.finish(error.response.body if error.response is not None else b"")
            return
        except OSError as error:
            self.set_status(502)
            self.finish(str(error))
            return
        await super().get(*args, **kwargs)

    async def pass_on(self) -> None:
        method = self.request.method or "GET"
        status = self.proxy.fault.http(method, self.request.path)
        if status is not None:
            self.proxy.fault.struck += 1
            self.set_status(status)
            self.finish("planted")
            return
        body = self.request.body if method in ("PUT", "POST", "PATCH") else None
        request = HTTPRequest(
            self.proxy.target + (self.request.uri or ""),
            method=method,
            headers=self._passed_on_headers(),
            body=body,
            follow_redirects=False,
            decompress_response=False,
            request_timeout=60,
        )
        try:
            answer = await self.proxy.client.fetch(request, raise_error=False)
        except OSError as error:
            self.set_status(502)
            self.finish(str(error))
            return
        # 599 is tornado's own word for an answer that never came.
        self.set_status(502 if answer.code == 599 else answer.code, answer.reason)
        for name in ("Content-Type", "Server", "Date"):
            self.clear_header(name)
        for name, value in answer.headers.get_all():
            if name.lower() not in HOP_BY_HOP:
                self.add_header(name, value)
        self.finish(answer.body or None)

    put = post = patch = delete = head = options = pass_on  # type: ignore[assignment]

    def _passed_on_headers(self) -> HTTPHeaders:
        headers = HTTPHeaders()
        for name, value in self.request.headers.get_all():
            if name.lower() not in HOP_BY_HOP and not name.lower().startswith("sec-websocket"):
                headers.add(name, value)
        return headers

    def open(self, *_args: str, **_kwargs: str) -> None:
        self.set_nodelay(True)
        room = self.proxy.rooms.setdefault(self.request.path, Traffic())
        self.proxy.lines += 1
        self.line = Line(room, self.proxy.lines, self)
        self.pump = asyncio.get_running_loop().create_task(self._downwards())

    def on_message(self, message: str | bytes) -> None:
        assert self.line is not None
        if isinstance(message, str):
            self._write_up(message)
            return
        self.line.messages_up += 1
        if update_of(message) is not None:
            room = self.line.room
            if self.line.writer_number is None:
                room.writers += 1
                self.line.writer_number = room.writers
            room.updates += 1
            room.last_update = time.monotonic()
        for delay, sent in self.proxy.fault.up(self.line, message):
            self._later(delay, self._write_up, sent)

    async def _downwards(self) -> None:
        assert self.upstream is not None
        assert self.line is not None
        while (message := await self.upstream.read_message()) is not None:
            if isinstance(message, str):
                self._write_down(message)
                continue
            for delay, sent in self.proxy.fault.down(self.line, message):
                self._later(delay, self._write_down, sent)
        code, reason = self.upstream.close_code, self.upstream.close_reason
        if code in ABRUPT:
            self.cut()
        else:
            self.close(code, reason)

    @staticmethod
    def _later(delay: float, write: object, message: bytes) -> None:
        if delay:
            asyncio.get_running_loop().call_later(delay, write, message)
        else:
            write(message)  # type: ignore[operator]

    def _write_up(self, message: str | bytes) -> None:
        assert self.upstream is not None
        try:
            self.upstream.write_message(message, binary=isinstance(message, bytes))
        except websocket.WebSocketClosedError:
            pass

    def _write_down(self, message: str | bytes) -> None:
        try:
            self.write_message(message, binary=isinstance(message, bytes))
        except websocket.WebSocketClosedError:
            pass

    def cut(self) -> None:
        for side in (self.ws_connection, getattr(self.upstream, "protocol", None)):
            if side is not None and side.stream is not None:
                side.stream.close()

    def on_close(self) -> None:
        if self.upstream is not None:
            self.upstream.close(None if self.close_code in ABRUPT else self.close_code)


class FaultyProxy:
    """The proxy in a thread of its own. A context manager; `port` is where it listens on 127.0.0.1."""

    def __init__(self, target: str, fault: OnTheWay) -> None:
        """`target` is the server's address without a path, such as http://127.0.0.1:8888."""
        parts = urlsplit(target)
        self.target = f"{parts.scheme}://{parts.netloc}"
        self.fault = fault
        self.rooms: dict[str, Traffic] = {}
        self.lines = 0
        self.port = 0
        self.client: AsyncHTTPClient
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="faulty-proxy")

    @property
    def updates(self) -> int:
        """How many updates users have sent, in all rooms."""
        return sum(room.updates for room in list(self.rooms.values()))

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # told to whoever waits
            self._error = error
            self._ready.set()
            raise

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        self.client = AsyncHTTPClient(force_instance=True, defaults={"max_clients": 200})
        sockets = netutil.bind_sockets(0, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        server = httpserver.HTTPServer(web.Application([(r".*", Front)], proxy=self), max_body_size=LARGEST)
        server.add_sockets(sockets)
        self._ready.set()
        await self._end.wait()
        server.stop()
        await server.close_all_connections()
        self.client.close()

    def __enter__(self) -> FaultyProxy:
        self._thread.start()
        self._ready.wait(10)
        if self._error is not None or not self.port:
            raise RuntimeError("The proxy of the tests did not start.") from self._error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._loop is not None and self._end is not None:
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)
