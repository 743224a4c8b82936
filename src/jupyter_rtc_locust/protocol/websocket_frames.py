"""WebSocket frames, sans-I/O (RFC 6455, the client's side): bytes in, messages out, and the other way.

websocket-client may open the connection, but it is read here, because its `recv` wants a greenlet for each one; a
callback on the event loop costs a third less for each message (measured: `make bench`). No extension is negotiated, so
reserved bits are an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

MESSAGE_LIMIT = 256 * 1024 * 1024
"""Bytes of one message that are believed; a declared length beyond it closes the connection."""

_LONG = 32 * 1024
"""Bytes of a frame's payload from which on it pays to keep its pieces apart from its head."""

_PIECES_LIMIT = 16 * 1024
_FRAGMENT_OVERHEAD = 64
"""Bytes that a fragment takes beside its payload: a message may not be drawn out by fragments of nothing."""

_MASKED_AT_ONCE = 64 * 1024

_LONG_LENGTH = 127
_MEDIUM_LENGTH = 126
_BINARY_FINAL = 0x82


class Opcode(IntEnum):
    """RFC 6455, section 5.2."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


class FrameError(ValueError):
    """The peer broke RFC 6455; the sentence says how."""


@dataclass(frozen=True, slots=True)
class Control:
    """A frame that is not a binary message: close, ping, pong, or a text message (which this protocol never sends)."""

    opcode: Opcode
    payload: bytes

    @property
    def close_code(self) -> int:
        """The code of a close frame; 1005 when it carries none (RFC 6455, section 7.1.5)."""
        return int.from_bytes(self.payload[:2], "big") if len(self.payload) >= 2 else 1005

    @property
    def close_reason(self) -> str:
        """The text of a close frame, whatever its bytes are."""
        return self.payload[2:].decode("utf-8", "replace")


class FrameReader:
    """Takes a byte stream apart into whole messages.

    A long message is copied once, one in fragments twice, however many pieces it arrives in. No memory is taken on
    the word of a declared length: of what has not come, nothing is there.
    """

    __slots__ = (
        "_fragment_bytes",
        "_fragments",
        "_fragments_are_text",
        "_have",
        "_long_frame",
        "_need",
        "_pieces",
        "saw_control",
    )

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._have = 0
        self._need = 2
        self._long_frame: int | None = None  # its first byte; of such a frame, the pieces are those of its payload
        self._fragments: list[bytes] | None = None
        self._fragment_bytes = 0
        self._fragments_are_text = False
        self.saw_control = False
        """Set when `feed` returns a control frame, so that the hot path need not look for one; the caller resets it."""

    @property
    def between_messages(self) -> bool:
        """Whether what was fed ended with a whole message, so that what comes next begins one."""
        return not self._pieces and self._fragments is None

    def feed(self, data: bytes) -> list[bytes | Control]:
        """The binary messages (as bytes) and control frames that `data` completes, in order.

        Raises:
            FrameError: when the peer broke the protocol; the connection is of no use afterwards.
        """
        if self._pieces:
            self._pieces.append(data)
            self._have += len(data)
            if self._have < self._need:
                if len(self._pieces) > _PIECES_LIMIT:  # a message that comes byte by byte
                    self._pieces = [b"".join(self._pieces)]
                return []
            if self._long_frame is not None:
                return self._end_long_frame()
            data = b"".join(self._pieces)
            self._pieces = []
        events: list[bytes | Control] = []
        position = 0
        end = len(data)
        while True:
            left = end - position
            if left < 2:
                need = 2
                break
            first = data[position]
            length = data[position + 1]
            start = position + 2
            if length >= _MEDIUM_LENGTH:
                if length > _LONG_LENGTH:
                    raise FrameError("the server sent a masked frame, which only clients may")
                start += 2 if length == _MEDIUM_LENGTH else 8
                need = start - position
                if left < need:
                    break
                length = int.from_bytes(data[position + 2 : start], "big")
                if length > MESSAGE_LIMIT:
                    raise FrameError(f"the server announced a frame of {length} bytes; the limit is {MESSAGE_LIMIT}")
            stop = start + length
            if stop > end:
                need = stop - position
                if length > _LONG:
                    self._long_frame = first
                    position, need = start, length
                break
            if first == _BINARY_FINAL and self._fragments is None:
                events.append(data[start:stop])
            else:
                self._take_uncommon(first, data[start:stop], events)
            position = stop
        if position < end or self._long_frame is not None:
            rest = data[position:] if position else data
            self._pieces = [rest]
            self._have = len(rest)
            self._need = need
        return events

    def _end_long_frame(self) -> list[bytes | Control]:
        """The payload is joined from its pieces alone, so that it is copied once and not twice."""
        first, pieces = self._long_frame, self._pieces
        assert first is not None
        self._long_frame, self._pieces = None, []
        behind = b""
        if beyond := self._have - self._need:
            behind = pieces[-1][-beyond:]
            pieces[-1] = pieces[-1][:-beyond]
        payload = b"".join(pieces)
        events: list[bytes | Control] = []
        if first == _BINARY_FINAL and self._fragments is None:
            events.append(payload)
        else:
            self._take_uncommon(first, payload, events)
        return events + self.feed(behind) if behind else events

    def _take_uncommon(self, first: int, payload: bytes, events: list[bytes | Control]) -> None:
        if first & 0x70:
            raise FrameError("the server set reserved bits, though no extension was negotiated")
        final = first & 0x80
        try:
            opcode = Opcode(first & 0x0F)
        except ValueError:
            raise FrameError(f"the server sent a frame of the unknown kind {first & 0x0F}") from None
        if opcode >= Opcode.CLOSE:
            if not final or len(payload) > 125:
                raise FrameError("the server sent a control frame that is fragmented or longer than 125 bytes")
            events.append(Control(opcode, payload))
            self.saw_control = True
        elif opcode is Opcode.CONTINUATION:
            if self._fragments is None:
                raise FrameError("the server continued a message that was never begun")
            self._fragments.append(payload)
            self._fragment_bytes += len(payload) + _FRAGMENT_OVERHEAD
            if self._fragment_bytes > MESSAGE_LIMIT:
                raise FrameError(f"the server sent a fragmented message beyond {MESSAGE_LIMIT} bytes")
            if final:
                whole = b"".join(self._fragments)
                self._fragments = None
                if self._fragments_are_text:
                    events.append(Control(Opcode.TEXT, whole))
                    self.saw_control = True
                else:
                    events.append(whole)
        elif self._fragments is not None:
            raise FrameError("the server began a message inside another one")
        elif not final:
            self._fragments = [payload]
            self._fragment_bytes = len(payload)
            self._fragments_are_text = opcode is Opcode.TEXT
        elif opcode is Opcode.TEXT:
            events.append(Control(opcode, payload))
            self.saw_control = True
        else:
            events.append(payload)


def encode_frame(opcode: Opcode, payload: bytes, mask: int) -> bytes | bytearray:
    """One final frame, masked as a client must; `mask` is a random number of 32 bits.

    A frame of more than 64 KiB is a bytearray, made in portions: it takes its own length of memory and no more.
    """
    length = len(payload)
    if length < _MEDIUM_LENGTH:
        head = bytes((0x80 | opcode, 0x80 | length))
    elif length < 0x10000:
        head = bytes((0x80 | opcode, 0x80 | _MEDIUM_LENGTH)) + length.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 0x80 | _LONG_LENGTH)) + length.to_bytes(8, "big")
    key = mask.to_bytes(4, "big")
    if length <= _MASKED_AT_ONCE:
        # One exclusive-or over the whole payload as an integer: 1 µs for 60 bytes, against 20 µs byte by byte.
        keys = (key * ((length + 3) // 4))[:length]
        return head + key + (int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")).to_bytes(length, "big")
    keys = key * (_MASKED_AT_ONCE // 4)
    start = len(head) + 4
    frame = bytearray(start + length)
    frame[:start] = head + key
    with memoryview(payload) as source:
        for position in range(0, length, _MASKED_AT_ONCE):
            portion = source[position : position + _MASKED_AT_ONCE]
            masked = int.from_bytes(portion, "big") ^ int.from_bytes(keys[: len(portion)], "big")
            frame[start + position : start + position + len(portion)] = masked.to_bytes(len(portion), "big")
    return frame


def frame_bytes(length: int, *, masked: bool) -> int:
    """How many bytes a message of this length is on the wire, in one frame; a client's frames are masked."""
    head = 2 if length < _MEDIUM_LENGTH else 4 if length < 0x10000 else 10
    return length + head + (4 if masked else 0)


def encode_close(code: int, mask: int) -> bytes | bytearray:
    """A close frame with this code."""
    return encode_frame(Opcode.CLOSE, code.to_bytes(2, "big"), mask)
