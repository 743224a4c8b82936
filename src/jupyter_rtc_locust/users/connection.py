"""One WebSocket on gevent's event loop: a callback when bytes can be read, no greenlet, no switch for each message.

`users/opening.py` opens it where that is plain, websocket-client where it is not, with proxies and whatever else there
is; this module then takes the socket over. What it does for every message is in `_readable`; everything else is rare.

Rules it lives by, each learnt the hard way: an exception in a callback of the loop stops its watcher without a word,
so everything is caught and told; one callback reads at most 16 KiB and hands on at most `MESSAGES_A_TURN` messages, so
that nobody starves; what a peer does not read waits within a bound; watchers are closed before their socket, because
descriptors are used again at once.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import random
import socket
import ssl
import termios
import time
from collections.abc import Callable
from typing import Any

import gevent
import gevent.monkey
import websocket

from jupyter_rtc_locust.errors import ConnectionBroken, LeftUnread, RoomRefused, ServerEnded
from jupyter_rtc_locust.protocol.websocket_frames import (
    Control,
    FrameError,
    FrameReader,
    Opcode,
    encode_close,
    encode_frame,
)
from jupyter_rtc_locust.servers.base import RoomAddress, of_a_server_that_ended
from jupyter_rtc_locust.timing.traffic import Traffic
from jupyter_rtc_locust.users import packet_time
from jupyter_rtc_locust.users.opening import open_quickly

READ_BYTES = 16 * 1024
SHARED_READ_BYTES = 2048
"""The longest read that is kept for the other lines of its room: thirty updates of one letter."""
MESSAGES_A_TURN = 128
"""Messages handed on in one turn of the loop, the answers to pings included; what else was read waits for the next.

A read of 16 KiB can hold seven hundred updates of one letter, which take 5 ms to apply.
"""

WRITE_BYTES = 256 * 1024
"""Bytes offered to the kernel in one turn of what waits to be sent."""

SEND_QUEUE_LIMIT = 64 * 1024 * 1024
"""Bytes a peer may leave unread before the connection is given up. A single message may be longer."""

_PLAIN_SOCKET: type[socket.socket] = gevent.monkey.get_original("socket", "socket")

_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

REFUSING_CLOSE_CODES = {
    1003: "the session is unknown to the server, or has expired",
    1008: "the server refused on policy",
    4400: "the server could not read the document",
    4404: "the server has no such document",
}
"""Close codes after which the same room would be refused again (jupyter-server-ydoc 2 and 3; RFC 6455)."""

_REDIRECTS = (301, 302, 303, 307, 308)


def open_websocket(address: RoomAddress, timeout: float, ca_file: str | None) -> socket.socket:
    """Upgrade to a WebSocket, blocking this greenlet at most `timeout` seconds, and hand over the socket.

    Raises:
        RoomRefused: the server answered with a status that trying again will not change.
        ServerEnded: a hub answered in the place of the person's server.
        ConnectionBroken: nothing answered, or the server has trouble of its own.
    """
    where = address.url.split("?")[0]
    try:
        with gevent.Timeout(timeout, ConnectionBroken(f"{where}: no upgrade to a WebSocket within {timeout:.0f} s.")):
            quick = open_quickly(address, timeout, ca_file)
            if isinstance(quick, int):
                raise _refusal(address, where, quick)
            if quick is not None:
                return quick
            opened = websocket.create_connection(
                address.url,
                header=list(address.headers),
                timeout=timeout,
                skip_utf8_validation=True,
                redirect_limit=0,  # the token in the headers would go along, to wherever the server points
                sslopt={"ca_certs": ca_file} if ca_file else None,
            )
    except websocket.WebSocketBadStatusException as error:
        raise _refusal(address, where, error.status_code) from None
    except websocket.WebSocketException as error:
        if "Redirect" in str(error):
            raise _refusal(address, where, 302) from None
        raise ConnectionBroken(f"{where}: {str(error)[:200] or type(error).__name__}.") from None
    except (OSError, ValueError) as error:
        raise ConnectionBroken(f"{where}: {str(error)[:200] or type(error).__name__}.") from None
    taken = opened.sock
    assert taken is not None
    opened.sock = None  # so that the object, when collected, does not close what it handed over
    return taken


STAMPED_S = 0.1
"""For so long after something was sent that is timed, reads have the kernel's time of the packet that they end with.
An answer that takes longer is timed well enough by the loop's look at the sockets, and such a read costs more."""


def _refusal(address: RoomAddress, where: str, status: int) -> RoomRefused | ConnectionBroken:
    """What an upgrade that was answered so means."""
    if address.owner and of_a_server_that_ended(status):
        said = "a redirect (3xx)" if status in _REDIRECTS else status
        return ServerEnded(
            f"{where}: the upgrade to a WebSocket was answered with {said}, as a hub does in the place of a server "
            f"that has ended, or that its proxy does not know. The hub's log tells what became of the server of "
            f"{address.owner}."
        )
    if status in _REDIRECTS:
        return RoomRefused(
            f"{where}: the upgrade to a WebSocket was answered with a redirect (3xx), as a server does that asks "
            f"for a login. Is the token right, and is --host the whole address?"
        )
    sentence = f"{where}: the upgrade to a WebSocket was answered with {status}."
    if address.owner:
        sentence += f" It is not the hub that says so: the server of {address.owner} does, or a proxy before it."
    if status >= 500 or status == 429:
        return ConnectionBroken(sentence)
    if address.owner:
        return RoomRefused(sentence)
    return RoomRefused(f"{sentence} A token that is missing or wrong is answered so, and a path that does not exist.")


class LatestRead:
    """What one of a room's lines was sent last, where it was whole binary messages and nothing else.

    A server tells everybody in a room the same, so that most reads of its other lines are these same bytes: they are
    compared (0.05 µs), and not taken apart again. The messages are the same list then, which nobody may change.
    """

    __slots__ = ("data", "messages")

    def __init__(self) -> None:
        self.data = b""
        self.messages: list[bytes] = []


class Connection:
    """A WebSocket that calls `receive(messages)` with the binary messages of each read, and `closed(error)` once.

    `texts`: whether text messages are expected, too; they are given as they come, in UTF-8. `traffic` counts the bytes.
    `latest`: shared by the lines of one room; where a read is that of another line, so is its list of messages, which
    `receive` may not change.
    """

    __slots__ = (
        "_between_messages",
        "_closed",
        "_latest",
        "_loop",
        "_next_turn",
        "_pending",
        "_progressed",
        "_queue",
        "_read_watcher",
        "_reader",
        "_receive",
        "_recv",
        "_socket",
        "_stamped_until",
        "_texts",
        "_traffic",
        "_waiting",
        "_write_watcher",
        "arrived",
        "open",
    )

    def __init__(
        self,
        opened: socket.socket,
        receive: Callable[[list[bytes]], None],
        closed: Callable[[BaseException], None],
        *,
        texts: bool = False,
        traffic: Traffic | None = None,
        latest: LatestRead | None = None,
    ) -> None:
        if not isinstance(opened, ssl.SSLSocket):
            # Nothing here ever waits, so gevent's socket would only add its own Python to each read and write.
            opened = _PLAIN_SOCKET(fileno=opened.detach())
        opened.settimeout(0)
        self._socket = opened
        self._recv: Callable[[int], bytes] = opened.recv
        # TLS may hold decrypted bytes of which the kernel's socket, and so the loop, knows nothing.
        self._pending: Callable[[], int] | None = getattr(opened, "pending", None)
        self._receive = receive
        self._closed = closed
        self._texts = texts
        self._traffic = traffic or Traffic()
        self._reader = FrameReader()
        self._waiting: list[bytes | Control] = []  # read, and handed on at the next turns, before more is read
        self._next_turn: Any = None
        self._between_messages = True
        self._latest = LatestRead() if latest is None else latest
        self._queue = bytearray()
        self._progressed = 0.0
        self._loop: Any = gevent.get_hub().loop
        self._write_watcher: Any = None
        self.arrived = 0.0
        """When the last packet of the latest read came (wall clock, by the kernel); 0: only the loop knows."""
        self._stamped_until: float | None = None
        self.open = True
        self._read_watcher: Any = self._loop.io(opened.fileno(), 1)
        self._read_watcher.start(self._readable)
        if self._pending is not None and self._pending():
            self._go_on_at_the_next_turn()  # bytes that were decrypted with the upgrade's answer

    def send(self, message: bytes) -> None:
        """Send one binary message, or queue what the kernel does not take now. A closed connection drops it."""
        if self.open:
            self._send_bytes(encode_frame(Opcode.BINARY, message, random.getrandbits(32)))

    def expect_answer(self, now: float) -> None:
        """Something that is timed has left: have the kernel's time of what comes next. Not over TLS."""
        if not self.open or self._pending is not None:
            return
        if self._stamped_until is None and not packet_time.ask_for_times(self._socket):
            return
        self._stamped_until = now + STAMPED_S
        self._recv = self._recv_stamped

    def _recv_stamped(self, limit: int) -> bytes:
        self.arrived = 0.0
        if self._stamped_until is None or time.monotonic() > self._stamped_until:
            self._recv = self._socket.recv
            return self._recv(limit)
        data, self.arrived = packet_time.receive(self._socket, limit)
        return data

    def backlog(self) -> int:
        """Bytes that the kernel holds for this line, and that nobody has read yet."""
        waiting = array.array("i", [0])
        if self.open:
            fcntl.ioctl(self._socket, termios.FIONREAD, waiting)
        return waiting[0]

    def close(self) -> None:
        """Say goodbye as far as the kernel takes it, and close; `closed` is not called."""
        if self.open:
            if not self._queue:
                with contextlib.suppress(OSError):
                    self._socket.send(encode_close(1000, random.getrandbits(32)))
            self._release()

    def abort(self) -> None:
        """Cut the line: the server gets a reset instead of a close frame; `closed` is not called."""
        if self.open:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            self._release()

    def unread(self, now: float) -> tuple[int, float]:
        """How many bytes wait because the peer reads nothing, and for how many seconds it has taken none of them."""
        return (len(self._queue), now - self._progressed) if self._queue else (0, 0.0)

    def _readable(self) -> None:
        # Attributes that are called go into variables first: Python calls a slot in one step only from there.
        recv, receive, latest = self._recv, self._receive, self._latest
        try:
            try:
                data = recv(READ_BYTES)
            except _WOULD_BLOCK:
                return
            if not data:
                raise ConnectionBroken("the server closed the connection without a word")
            self._traffic.received += len(data)
            if data == latest.data and self._between_messages:
                receive(latest.messages)
            else:
                self._take(data)
            if self.open and (self._waiting or (self._pending is not None and self._pending())):
                self._go_on_at_the_next_turn()
        except (KeyboardInterrupt, SystemExit):
            raise  # Ctrl-C may strike in the middle of a callback, and is not this connection's
        except BaseException as error:
            self.fail(error)

    def _take(self, data: bytes) -> None:
        """Take a read apart, and hand on what is in it."""
        reader, latest, began = self._reader, self._latest, self._between_messages
        messages = reader.feed(data)
        self._between_messages = reader.between_messages
        if len(messages) > MESSAGES_A_TURN:
            self._waiting = messages
            self._read_watcher.stop()
            messages = self._next_messages()
        elif began and self._between_messages and not reader.saw_control and len(data) <= SHARED_READ_BYTES:
            latest.data, latest.messages = data, messages  # type: ignore[assignment]
        if messages:
            self._hand_on(messages)

    def _hand_on(self, messages: list[bytes | Control]) -> None:
        if self._reader.saw_control:
            self._reader.saw_control = bool(self._waiting)
            messages = self._without_controls(messages)
        if messages and self.open:  # the answer to a ping may have found the line gone
            self._receive(messages)  # type: ignore[arg-type]

    def _next_messages(self) -> list[bytes | Control]:
        messages, self._waiting = self._waiting[:MESSAGES_A_TURN], self._waiting[MESSAGES_A_TURN:]
        return messages

    def _go_on_at_the_next_turn(self) -> None:
        # A timer, because callbacks of the loop (`run_callback`) that call for each other keep timers and sockets away.
        if self._next_turn is None:
            self._next_turn = self._loop.timer(0)
        self._next_turn.start(self._go_on)

    def _go_on(self) -> None:
        self._next_turn.stop()
        if not self._waiting:
            self._readable()
            return
        try:
            self._hand_on(self._next_messages())
            if not self.open:
                return
            if not self._waiting:
                self._read_watcher.start(self._readable)
            if self._waiting or (self._pending is not None and self._pending()):
                self._go_on_at_the_next_turn()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self.fail(error)

    def _without_controls(self, messages: list[bytes | Control]) -> list[bytes | Control]:
        for index, message in enumerate(messages):
            if not isinstance(message, Control):
                continue
            self._traffic.note_received("other", len(message.payload))
            if message.opcode is Opcode.PING:
                self._traffic.note_sent("other", len(message.payload))
                self._send_bytes(encode_frame(Opcode.PONG, message.payload, random.getrandbits(32)))
            elif message.opcode is Opcode.CLOSE:
                before = [earlier for earlier in messages[:index] if not isinstance(earlier, Control)]
                if before:
                    self._receive(before)
                if not self._queue:  # never into the middle of a message
                    with contextlib.suppress(OSError):
                        self._socket.send(encode_frame(Opcode.CLOSE, message.payload[:2], random.getrandbits(32)))
                raise _closing_error(message)
            elif message.opcode is Opcode.TEXT and self._texts:
                messages[index] = message.payload
            elif message.opcode is Opcode.TEXT:
                raise FrameError("the server sent a text message, which this protocol does not have")
        return [message for message in messages if not isinstance(message, Control)]

    def _send_bytes(self, frame: bytes | bytearray) -> None:
        self._traffic.sent += len(frame)
        if self._queue:
            if len(self._queue) + len(frame) > SEND_QUEUE_LIMIT:
                self.fail(LeftUnread(*self.unread(time.monotonic())))
                return
            self._queue += frame
            return
        try:
            sent = self._socket.send(frame)
        except _WOULD_BLOCK:
            sent = 0
        except OSError as error:
            self.fail(error)
            return
        if sent < len(frame):
            # A long frame is a bytearray, of which the beginning goes without a copy of the rest.
            self._queue = frame if isinstance(frame, bytearray) else bytearray(frame)
            del self._queue[:sent]
            self._progressed = time.monotonic()
            self._write_watcher = self._loop.io(self._socket.fileno(), 2)
            self._write_watcher.start(self._writable)

    def _writable(self) -> None:
        try:
            try:
                with memoryview(self._queue) as queue:
                    sent = self._socket.send(queue[:WRITE_BYTES])
            except _WOULD_BLOCK:
                return
            del self._queue[:sent]
            self._progressed = time.monotonic()
            if not self._queue:
                self._write_watcher.stop()
                self._write_watcher.close()
                self._write_watcher = None
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Give the line up, and tell `closed` why."""
        if self.open:
            self._release()
            self._closed(error)

    def _release(self) -> None:
        self.open = False
        for watcher in (self._read_watcher, self._write_watcher, self._next_turn):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self._write_watcher = self._next_turn = None
        self._waiting = []
        self._queue = bytearray()
        with contextlib.suppress(OSError):
            self._socket.close()


def _closing_error(close: Control) -> Exception:
    code = close.close_code
    said = f": {close.close_reason[:200]}" if close.close_reason else ""
    if code in REFUSING_CLOSE_CODES:
        return RoomRefused(f"the server closed the room with {code} ({REFUSING_CLOSE_CODES[code]}){said}.")
    return ConnectionBroken(f"the server closed the connection with {code}{said}.")
