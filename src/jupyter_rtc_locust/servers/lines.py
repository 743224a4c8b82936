"""One line to a server on which a session is asked for, and then the upgrade to a WebSocket: one connection for both.

Opening a document is what a class does all at once, and with requests and websocket-client it takes twice the CPU
(measured: `make bench`): requests for all it can do, websocket-client for reading the answer byte by byte. h11 knows
HTTP here, and is a sixth of what is left. What is plain is done here; whatever is not is `Unusual`, and the caller
leaves it to those libraries, whose errors are told: proxies, certificates of the environment, TLS that fails, addresses
and tokens to be rewritten, answers that are no HTTP.

Blocking calls with deadlines, which Locust has patched; nothing of gevent, rooms or documents is known here.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import os
import re
import socket
import ssl
import sys
import time
import urllib.request
from dataclasses import dataclass
from http.client import RemoteDisconnected

import h11
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

_ADDRESS = re.compile(
    r"(?P<scheme>https?|wss?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
    # What nobody rewrites on its way: no dots for a folder, nothing to be quoted.
    r"(?P<target>(?:/(?!\.)[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?)"
)
_PROXIES = tuple(name for one in ("http_proxy", "https_proxy", "all_proxy") for name in (one, one.upper()))
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "WEBSOCKET_CLIENT_CA_BUNDLE")
_SOCKET_OPTIONS = tuple(
    (level, getattr(socket, name), value)
    for level, name, value in (
        (socket.IPPROTO_TCP, "TCP_NODELAY", 1),
        (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
        (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 30),
        (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 10),
        (socket.IPPROTO_TCP, "TCP_KEEPCNT", 3),
    )
    if hasattr(socket, name)
)
"""As websocket-client sets them."""

_READ_BYTES = 64 * 1024
_LARGEST_BODY = 1024 * 1024
_ACCEPTING = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""
_HEAD_ENDS = b"\r\n\r\n"


class Unusual(Exception):
    """What is left to the libraries that know all of HTTP's world. It holds no words of the server and no token."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line leads."""

    secure: bool
    host: str
    """Without the brackets of IPv6."""
    port: int

    @property
    def header(self) -> str:
        """The value of `Host`: the port is left out where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of HTTP, read to its end."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def place_and_target(url: str) -> tuple[Place, str]:
    """Where an address of http, https, ws or wss leads, and what is asked for there.

    Raises:
        Unusual: it needs more than to be taken apart.
    """
    found = _ADDRESS.fullmatch(url)
    if found is None:
        raise Unusual
    secure = found["scheme"] in ("https", "wss")
    port = int(found["port"] or (443 if secure else 80))
    target = found["target"]
    if not 0 < port < 65536 or not target.startswith("/"):
        raise Unusual
    return Place(secure, found["host"].strip("[]").lower(), port), target


class Line:
    """A connection that speaks HTTP, until it is upgraded and its socket handed over. It closes itself when dropped.

    `opening_s`: seconds that TCP and TLS took.
    """

    __slots__ = ("_http", "_socket", "opening_s", "place")

    def __init__(self, place: Place, opened: socket.socket, opening_s: float) -> None:
        self.place = place
        self.opening_s = opening_s
        self._socket: socket.socket | None = opened
        self._http = h11.Connection(h11.CLIENT)

    @classmethod
    def open(cls, place: Place, until: float, ca_file: str | None) -> Line:
        """Connect, by `time.monotonic()` at the latest at `until`.

        Raises:
            Unusual: not to be reached without a proxy or certificates that the environment names, or TLS failed.
            OSError: not to be reached.
        """
        if _led_elsewhere(place.secure and ca_file is None):
            raise Unusual
        started = time.monotonic()
        opened = _connected(place, until)
        try:
            for option in _SOCKET_OPTIONS:
                opened.setsockopt(*option)
            if place.secure:
                opened.settimeout(_left(until))
                opened = _context(ca_file).wrap_socket(opened, server_hostname=place.host)
        except ssl.SSLError:
            opened.close()
            raise Unusual from None
        except BaseException:
            opened.close()
            raise
        return cls(place, opened, time.monotonic() - started)

    def request(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes, until: float) -> Answer:
        """Ask, and read the whole answer; the line is closed if it cannot be used again.

        Raises:
            Unusual: the answer is no HTTP, or is encoded or large; or the headers cannot be sent as they are.
            OSError: no answer.
        """
        try:
            self._send(h11.Request(method=method, target=target, headers=headers), body, until)
            head: h11.Response | None = None
            parts = bytearray()
            while True:
                event = self._event(until)
                if isinstance(event, h11.Response):
                    head = event
                elif isinstance(event, h11.Data):
                    parts += event.data
                    if len(parts) > _LARGEST_BODY:
                        raise Unusual
                elif isinstance(event, h11.EndOfMessage):
                    break
                elif not isinstance(event, h11.InformationalResponse):
                    raise Unusual
            assert head is not None
            answer = _answer(head, bytes(parts))
            if any(name == "content-encoding" for name, _ in answer.headers):
                raise Unusual
            if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
                self._http.start_next_cycle()
            else:
                self.close()
        except (h11.ProtocolError, UnicodeError, ssl.SSLError):
            self.close()
            raise Unusual from None
        except BaseException:
            self.close()
            raise
        return answer

    @property
    def usable(self) -> bool:
        """Whether something can be asked for on it."""
        return self._socket is not None

    def upgrade(self, target: str, headers: list[tuple[str, str]], until: float) -> socket.socket | int:
        """Ask for a WebSocket; the socket, with all that was said after the acceptance unread, or another status.

        Raises:
            Unusual: the answer is no HTTP, or an acceptance that is none.
            OSError: no answer.
        """
        key = base64.b64encode(os.urandom(16))
        scheme = "https" if self.place.secure else "http"
        asked = [
            ("Host", self.place.header),
            ("Upgrade", "websocket"),
            ("Origin", f"{scheme}://{self.place.header}"),
            ("Sec-WebSocket-Key", key.decode()),
            ("Sec-WebSocket-Version", "13"),
            ("Connection", "Upgrade"),
            *headers,
        ]
        try:
            self._send(h11.Request(method="GET", target=target, headers=asked), b"", until)
            while True:
                event = self._event(until, sparing=True)
                if isinstance(event, h11.Response):
                    return event.status_code
                if not isinstance(event, h11.InformationalResponse):
                    raise Unusual
                if event.status_code == 101:
                    break
            if self._http.trailing_data[0] or not _is_acceptance(_answer(event, b""), key, asked):
                raise Unusual
            assert self._socket is not None
            handed_over, self._socket = self._socket, None
            return handed_over
        except RemoteDisconnected:
            raise ConnectionResetError("Connection to remote host was lost") from None
        except (h11.ProtocolError, UnicodeError, ssl.SSLError):
            raise Unusual from None
        finally:
            self.close()

    def close(self) -> None:
        """Close it, unless its socket was handed over."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __del__(self) -> None:
        self.close()

    def _send(self, request: h11.Request, body: bytes, until: float) -> None:
        assert self._socket is not None
        whole = self._http.send(request) or b""
        if body:
            whole += self._http.send(h11.Data(body)) or b""
        whole += self._http.send(h11.EndOfMessage()) or b""
        self._socket.settimeout(_left(until))
        self._socket.sendall(whole)

    def _event(self, until: float, *, sparing: bool = False) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """The next thing the server says; `sparing` leaves in the socket whatever comes after a head."""
        assert self._socket is not None
        tail = b""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._socket.settimeout(_left(until))
            said = self._within_head(self._socket, tail) if sparing else self._socket.recv(_READ_BYTES)
            if not said and self._http.their_state is h11.SEND_RESPONSE and not self._http.trailing_data[0]:
                raise RemoteDisconnected("Remote end closed connection without response")
            tail = (tail + said)[-3:]
            self._http.receive_data(said)
        return event

    @staticmethod
    def _within_head(opened: socket.socket, tail: bytes) -> bytes:
        """Some of a head of which `tail` was read last, and nothing of what follows it."""
        if isinstance(opened, ssl.SSLSocket):
            # TLS shows nothing without giving it away, so no more is taken than what surely belongs to the head.
            begun = next((length for length in (3, 2, 1) if tail.endswith(_HEAD_ENDS[:length])), 0)
            return opened.recv(len(_HEAD_ENDS) - begun)
        shown = opened.recv(_READ_BYTES, socket.MSG_PEEK)
        end = (tail + shown).find(_HEAD_ENDS)
        return opened.recv(len(shown) if end < 0 else end + len(_HEAD_ENDS) - len(tail)) if shown else b""


def _answer(head: h11.Response | h11.InformationalResponse, body: bytes) -> Answer:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers)
    return Answer(head.status_code, head.reason.decode("latin-1").strip(), headers, body)


def _is_acceptance(answer: Answer, key: bytes, asked: list[tuple[str, str]]) -> bool:
    """Whether this is the WebSocket that was asked for (RFC 6455, section 4.1): of no extension, of no subprotocol but
    one that was asked for.
    """
    headers = dict(answer.headers)
    subprotocols = [value for name, value in asked if name.lower() == "sec-websocket-protocol"]
    chosen = headers.get("sec-websocket-protocol")
    options = {option.strip().lower() for option in headers.get("connection", "").split(",")}
    accepted = base64.b64encode(hashlib.sha1(key + _ACCEPTING, usedforsecurity=False).digest()).decode()
    return (
        headers.get("upgrade", "").strip().lower() == "websocket"
        and "upgrade" in options
        and headers.get("sec-websocket-accept", "").strip() == accepted
        and "sec-websocket-extensions" not in headers
        and (chosen is None or chosen.strip() in subprotocols)
    )


def _led_elsewhere(certificates_of_environment: bool) -> bool:
    """Whether the environment, or the system, names a proxy, or certificates where those are asked for."""
    if sys.platform != "linux" and urllib.request.getproxies():
        return True
    names = _PROXIES + _CERTIFICATES if certificates_of_environment else _PROXIES
    return any(os.environ.get(name) for name in names)


def _connected(place: Place, until: float) -> socket.socket:
    try:
        socket.inet_pton(socket.AF_INET, place.host)
    except OSError:
        return socket.create_connection((place.host, place.port), _left(until))
    # A number needs no resolver, which gevent keeps in a thread.
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        opened.settimeout(_left(until))
        opened.connect((place.host, place.port))
    except BaseException:
        opened.close()
        raise
    return opened


@functools.lru_cache(maxsize=8)
def _context(ca_file: str | None) -> ssl.SSLContext:
    """Made once, because reading all certificates takes longer than a handshake; the same that requests makes."""
    context = create_urllib3_context()
    try:
        context.load_verify_locations(ca_file or DEFAULT_CA_BUNDLE_PATH)
    except OSError:
        raise Unusual from None
    context.set_alpn_protocols(["http/1.1"])
    return context


def _left(until: float) -> float:
    """Seconds until then.

    Raises:
        TimeoutError: it has passed.
    """
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left
