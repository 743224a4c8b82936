"""Values in lib0's ``Any`` encoding: what maps, arrays and awareness of Yjs hold where they hold no shared types.

One number has several encodings: Yjs writes whole numbers as integers (tag 125), pycrdt writes Python's as float32
(tag 124). Reading forgets which; whoever must write the same bytes again keeps them, as `AnyContent` does. That two
encodings mean the same is said by `same_value`.
"""

from __future__ import annotations

import enum
import struct
from typing import TypeAlias

from jupyter_rtc_locust.protocol.variable_length import (
    MalformedBytesError,
    read_bytes,
    read_string,
    read_variable_signed,
    read_variable_unsigned,
    write_bytes,
    write_string,
    write_variable_signed,
    write_variable_unsigned,
)


class Undefined(enum.Enum):
    """JavaScript's ``undefined``, which is not ``null``."""

    UNDEFINED = "undefined"


Value: TypeAlias = "bool | int | float | str | bytes | Undefined | list[Value] | dict[str, Value] | None"

DEEPEST = 200
"""Levels of lists and objects within each other that are read: far beyond notebooks, far below Python's own limit."""

_BYTES, _LIST, _OBJECT, _STRING, _TRUE, _FALSE = 116, 117, 118, 119, 120, 121
_BIG_INTEGER, _FLOAT64, _FLOAT32, _INTEGER, _NULL, _UNDEFINED = 122, 123, 124, 125, 126, 127

_SIMPLE: dict[int, Value] = {_UNDEFINED: Undefined.UNDEFINED, _NULL: None, _TRUE: True, _FALSE: False}
_FIXED = {_FLOAT32: struct.Struct(">f"), _FLOAT64: struct.Struct(">d"), _BIG_INTEGER: struct.Struct(">q")}


def read_value(buffer: bytes, position: int, depth: int = 0) -> tuple[Value, int]:
    """Read the value at a position in bytes; give it and the position behind it. Raises `MalformedBytesError`."""
    if position >= len(buffer):
        raise MalformedBytesError(f"the bytes end before a value, at byte {position}")
    tag = buffer[position]
    position += 1
    if tag == _STRING:
        return read_string(buffer, position)
    if tag in _SIMPLE:
        return _SIMPLE[tag], position
    if tag == _INTEGER:
        return read_variable_signed(buffer, position)
    if tag in _FIXED:
        form = _FIXED[tag]
        if position + form.size > len(buffer):
            raise MalformedBytesError(f"the bytes end inside a number of {form.size} bytes, at byte {position}")
        return form.unpack_from(buffer, position)[0], position + form.size
    if tag == _BYTES:
        return read_bytes(buffer, position)
    if tag not in (_LIST, _OBJECT):
        raise MalformedBytesError(f"byte {position - 1} should name a kind of value (116 to 127) and is {tag}")
    if depth >= DEEPEST:
        raise MalformedBytesError(f"the value at byte {position} lies more than {DEEPEST} levels deep")
    # The count is only a promise: each turn consumes at least one byte or raises.
    count, position = read_variable_unsigned(buffer, position)
    if tag == _LIST:
        members: list[Value] = []
        for _ in range(count):
            member, position = read_value(buffer, position, depth + 1)
            members.append(member)
        return members, position
    entries: dict[str, Value] = {}
    for _ in range(count):
        key, position = read_string(buffer, position)
        entries[key], position = read_value(buffer, position, depth + 1)
    return entries, position


def write_value(value: Value) -> bytes:
    """Write a value; ints as integers (beyond 2**53 as big integers), floats as float32 where that is exact."""
    for tag, simple in _SIMPLE.items():
        if value is simple:
            return tag.to_bytes(1)
    if isinstance(value, str):
        return _STRING.to_bytes(1) + write_string(value)
    if isinstance(value, int):
        if abs(value) <= 2**53:
            return _INTEGER.to_bytes(1) + write_variable_signed(value)
        return _BIG_INTEGER.to_bytes(1) + value.to_bytes(8, signed=True)
    if isinstance(value, float):
        return _write_float(value)
    if isinstance(value, bytes):
        return _BYTES.to_bytes(1) + write_bytes(value)
    if isinstance(value, list):
        return _LIST.to_bytes(1) + write_variable_unsigned(len(value)) + b"".join(map(write_value, value))
    if isinstance(value, dict):
        entries = b"".join(write_string(key) + write_value(member) for key, member in value.items())
        return _OBJECT.to_bytes(1) + write_variable_unsigned(len(value)) + entries
    raise TypeError(f"{type(value).__name__} has no lib0 encoding")


def _write_float(value: float) -> bytes:
    try:
        narrow = _FIXED[_FLOAT32].pack(value)
        if _FIXED[_FLOAT32].unpack(narrow)[0] == value:
            return _FLOAT32.to_bytes(1) + narrow
    except OverflowError:
        pass
    return _FLOAT64.to_bytes(1) + _FIXED[_FLOAT64].pack(value)


def same_value(left: Value, right: Value) -> bool:
    """Say whether two values mean the same: 1 and 1.0 do, whatever the tag; True and 1 do not; NaN means itself."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right or (left != left and right != right)
    if type(left) is not type(right):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_value, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_value(member, right[key]) for key, member in left.items())
    return left == right
