"""Numbers and strings of variable length, as lib0 writes them: the letters that every Yjs message is made of.

Kept apart because messages, awareness, updates and state vectors all spell with them. It knows nothing about those.

Readers take the whole buffer and a position in bytes and give back the value and the position behind it. A buffer that
ends too early, a number that never ends or a string that is no UTF-8 raises `MalformedBytesError`; nothing is allocated
on the word of a declared length alone.
"""

from __future__ import annotations

# A JavaScript peer stops at 2**53 - 1; Rust peers hold 64 bits. What is longer is damage, and would let a peer make us
# build a number of any size.
_MOST_BITS = 64


class MalformedBytesError(ValueError):
    """The bytes are not what the Yjs protocol allows at this place."""


def read_variable_unsigned(buffer: bytes, position: int) -> tuple[int, int]:
    """Read a lib0 ``varUint``: seven bits a byte, lowest first, the top bit set while more follow."""
    try:
        byte = buffer[position]
        if byte < 0x80:
            return byte, position + 1
        value = byte & 0x7F
        shift = 7
        while True:
            position += 1
            byte = buffer[position]
            if byte < 0x80:
                value |= byte << shift
                break
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift >= _MOST_BITS:
                raise MalformedBytesError(f"a number at byte {position} is longer than {_MOST_BITS} bits")
    except IndexError:
        raise MalformedBytesError(f"the bytes end inside a number, at byte {position} of {len(buffer)}") from None
    if value >> _MOST_BITS:
        raise MalformedBytesError(f"a number at byte {position} is longer than {_MOST_BITS} bits")
    return value, position + 1


def write_variable_unsigned(value: int) -> bytes:
    """Write `value` (0 or greater, below 2**64) as a lib0 ``varUint``."""
    if 0 <= value < 0x80:
        return value.to_bytes(1)
    if value < 0 or value >> _MOST_BITS:
        raise ValueError(f"{value} cannot be written as an unsigned number of at most {_MOST_BITS} bits")
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def read_variable_signed(buffer: bytes, position: int) -> tuple[int, int]:
    """Read a lib0 ``varInt``: like ``varUint``, the sign in bit 0x40 of the first byte. Minus zero is read as 0."""
    if not 0 <= position < len(buffer):
        raise MalformedBytesError(f"the bytes end before a signed number, at byte {position} of {len(buffer)}")
    first = buffer[position]
    value = first & 0x3F
    position += 1
    if first & 0x80:
        rest, position = read_variable_unsigned(buffer, position)
        value |= rest << 6
    return (-value if first & 0x40 else value), position


def write_variable_signed(value: int) -> bytes:
    """Write `value` (absolute value below 2**64) as a lib0 ``varInt``."""
    size = abs(value)
    if size >> _MOST_BITS:
        raise ValueError(f"{value} cannot be written as a signed number of at most {_MOST_BITS} bits")
    first = (0x40 if value < 0 else 0) | (size & 0x3F)
    if size < 0x40:
        return first.to_bytes(1)
    return (first | 0x80).to_bytes(1) + write_variable_unsigned(size >> 6)


def read_bytes(buffer: bytes, position: int) -> tuple[bytes, int]:
    """Read a lib0 ``varUint8Array``: its length in bytes, then the bytes."""
    length, position = read_variable_unsigned(buffer, position)
    end = position + length
    if end > len(buffer):
        raise MalformedBytesError(
            f"{length} bytes are announced at byte {position}, {len(buffer) - position} are there"
        )
    return bytes(buffer[position:end]), end


def write_bytes(value: bytes) -> bytes:
    """Write `value` as a lib0 ``varUint8Array``."""
    return write_variable_unsigned(len(value)) + value


def read_string(buffer: bytes, position: int) -> tuple[str, int]:
    """Read a lib0 ``varString``: its length in bytes of UTF-8 (not in characters), then the bytes."""
    encoded, end = read_bytes(buffer, position)
    try:
        return encoded.decode(), end
    except UnicodeDecodeError as error:
        raise MalformedBytesError(f"the string before byte {end} is no UTF-8: {error.reason}") from None


def write_string(value: str) -> bytes:
    """Write `value` as a lib0 ``varString``.

    A lone surrogate, which no UTF-8 can hold, becomes U+FFFD, as a JavaScript peer's TextEncoder makes it.
    """
    try:
        encoded = value.encode()
    except UnicodeEncodeError:
        encoded = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
    return write_variable_unsigned(len(encoded)) + encoded
