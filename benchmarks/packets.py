"""What a capture of a TCP port says: when an update left a client, and when it came back. Pure: frames in, times out.

Knows Ethernet, IPv4, TCP and WebSocket frames as far as a capture of the loopback needs them: nothing is lost there or
out of order, and every message is one frame.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from jupyter_rtc_locust.protocol.messages import UPDATE_PREFIX, MessageError, read_update_body

_ETHERNET = 14
_TCP = 6
_UPGRADED = b"HTTP/1.1 101"
_ASKS_FOR_UPGRADE = re.compile(rb"\r\nupgrade: *websocket\r\n", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class CaptureError(ValueError):
    """The capture has a gap, or something that is none of what it should hold."""


@dataclass(slots=True)
class Stream:
    """One direction of a connection: bytes in order, and the frames they make up."""

    next_byte: int | None = None
    http: bytes = b""
    """Of HTTP messages, as long as the line is not upgraded and the last of them is not complete."""
    upgraded: bool = False
    rest: bytearray = field(default_factory=bytearray)

    def feed(self, sequence: int, payload: bytes) -> list[bytes]:
        """The messages that a packet's bytes complete; bytes that came before are left out.

        Raises:
            CaptureError: bytes are missing.
        """
        if self.next_byte is None:
            self.next_byte = sequence
        behind = (self.next_byte - sequence) & 0xFFFFFFFF
        if behind >= 1 << 31:
            raise CaptureError(f"the capture lost {(1 << 32) - behind} bytes of a connection")
        payload = payload[behind:]
        self.next_byte = (self.next_byte + len(payload)) & 0xFFFFFFFF
        if not self.upgraded:
            payload = self._after_the_upgrade(payload)
        self.rest += payload
        return self._frames()

    def _after_the_upgrade(self, payload: bytes) -> bytes:
        """What comes after the line was upgraded; other requests, and answers, may have been before that."""
        self.http += payload
        while (end := self.http.find(b"\r\n\r\n") + 4) >= 4:
            head = self.http[:end]
            if head.startswith(_UPGRADED) or _ASKS_FOR_UPGRADE.search(head):
                self.upgraded = True
                return self.http[end:]
            length = _LENGTH.search(head)
            end += int(length[1]) if length else 0
            if len(self.http) < end:
                break
            self.http = self.http[end:]
        return b""

    def _frames(self) -> list[bytes]:
        messages = []
        while len(self.rest) >= 2:
            length, masked = self.rest[1] & 0x7F, bool(self.rest[1] & 0x80)
            start = 2 + (2 if length == 126 else 8 if length == 127 else 0)
            if length > 125:
                length = int.from_bytes(self.rest[2:start], "big")
            key = bytes(self.rest[start : start + 4]) if masked else b""
            start += len(key)
            if len(self.rest) < start + length:
                break
            payload = bytes(self.rest[start : start + length])
            if key:
                keys = (key * (length // 4 + 1))[:length]
                payload = (int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")).to_bytes(length, "big")
            messages.append(payload)
            del self.rest[: start + length]
        return messages


class Echoes:
    """When updates left clients of a server's port, and when each came back on the line on which it had left."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: dict[tuple[int, int], Stream] = {}
        self._left: dict[tuple[int, bytes], float] = {}
        self.times: dict[bytes, tuple[float, float]] = {}
        """For each update, both moments: of the packets that completed it."""

    def packet(self, frame: bytes, moment: float) -> None:
        """Take in one captured frame. Moments are seconds of the capture's clock.

        Raises:
            CaptureError: bytes are missing.
        """
        if frame[12:14] != b"\x08\x00" or frame[_ETHERNET + 9] != _TCP:
            return
        segment = _ETHERNET + (frame[_ETHERNET] & 0x0F) * 4
        end = _ETHERNET + int.from_bytes(frame[_ETHERNET + 2 : _ETHERNET + 4], "big")
        source, destination = (int.from_bytes(frame[segment + at : segment + at + 2], "big") for at in (0, 2))
        sequence = int.from_bytes(frame[segment + 4 : segment + 8], "big")
        payload = frame[segment + (frame[segment + 12] >> 4) * 4 : max(end, segment)]
        if self._port not in (source, destination) or not payload:
            return
        stream = self._streams.setdefault((source, destination), Stream())
        for message in stream.feed(sequence, payload):
            if message[:2] != UPDATE_PREFIX:
                continue
            try:
                update = bytes(read_update_body(message))
            except MessageError:
                continue
            if destination == self._port:
                self._left.setdefault((source, update), moment)
            elif (left := self._left.pop((destination, update), None)) is not None:
                self.times[update] = (left, moment)
