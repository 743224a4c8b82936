"""Where things stand in an update, without reading it: what is behind the structs, which bytes have no fixed order, and
how far clocks go.

Nothing is made of what is passed, so that it takes a fraction of the time of reading. Knows nothing of what structs
mean, and takes for an update what `updates` would refuse (texts that are no UTF-8, clocks beyond all bounds).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, cast

from jupyter_rtc_locust.protocol.any_values import DEEPEST
from jupyter_rtc_locust.protocol.contents import (
    READERS,
    AnyContent,
    DeletedContent,
    JsonContent,
    StringContent,
    TypeContent,
    utf16_length,
)
from jupyter_rtc_locust.protocol.variable_length import MalformedBytesError, read_variable_unsigned

if TYPE_CHECKING:
    from collections.abc import Callable

_KIND, _KEYED, _RIGHT_ORIGIN, _ORIGIN = 0x1F, 0x20, 0x40, 0x80
_GC, _SKIP = 0, 10
"""As `updates` reads them."""
_BYTES, _LIST, _OBJECT, _STRING, _TRUE, _FALSE = 116, 117, 118, 119, 120, 121
_BIG_INTEGER, _FLOAT64, _FLOAT32, _INTEGER, _NULL, _UNDEFINED = 122, 123, 124, 125, 126, 127
"""As `any_values` reads them."""
_SIZES = {_TRUE: 0, _FALSE: 0, _NULL: 0, _UNDEFINED: 0, _FLOAT32: 4, _FLOAT64: 8, _BIG_INTEGER: 8}
_MARK = bytes([1, _TRUE])
"""One value, `True`: every edit marks unsaved changes, so that no other content is there as often."""
_XML = (3, 5)
"""Shared types that have a name."""

_BEHIND = [
    cast("Callable[[bytes, int], re.Match[bytes]]", re.compile(form % many, re.DOTALL).match)
    for form in [rb"(?:[\x80-\xff]*+[\x00-\x7f]){%d}|.*"]
    for many in range(6)
]
"""Matches so many numbers of variable length; where the bytes end before, all there are. Byte by byte in Python, it was
most of the time."""

_NUMBERS = [
    1 if first in (_GC, _SKIP) else numbers and numbers + (first & _KIND == DeletedContent.reference)
    for first in range(256)
    for numbers in [(2 if first & _ORIGIN else 0) + (2 if first & _RIGHT_ORIGIN else 0)]
]
"""By the first byte of a struct, how many numbers follow: origins, and the length of what is deleted. 0: a parent."""


class Walked(NamedTuple):
    """What was found on the way."""

    spans: list[tuple[int, int]]
    """Plain values with an object of two entries or more, which any order of its entries means: (start, end) of each,
    ascending."""
    end: int
    """Behind the structs: where the delete set begins."""


def walk_structs(update: bytes) -> Walked:
    """Walk through the structs of an update. Raises `MalformedBytesError` where it is none, as far as that is seen."""
    try:
        walked = _walk(update)
    except IndexError:
        raise MalformedBytesError(
            f"walking through an update of {len(update)} bytes: they end inside a struct"
        ) from None
    if walked.end >= len(update):
        raise MalformedBytesError(f"walking through an update of {len(update)} bytes: it has no delete set")
    return walked


def _walk(update: bytes) -> Walked:
    spans: list[tuple[int, int]] = []
    behind, numbers_behind = _BEHIND, _NUMBERS
    string, values, deleted = StringContent.reference, AnyContent.reference, DeletedContent.reference
    clients, position = read_variable_unsigned(update, 0)
    for _ in range(clients):
        count, position = read_variable_unsigned(update, position)
        position = behind[2](update, position).end()
        for _ in range(count):
            first = update[position]
            kind = first & _KIND
            if numbers := numbers_behind[first]:
                position = behind[numbers](update, position + 1).end()
            else:
                # As in `_behind_parent`, without the call: half of a notebook's structs name their parent.
                if update[position + 1] == 1:
                    position = _behind_string(update, position + 2)
                else:
                    position = behind[3](update, position + 1).end()
                if first & _KEYED:
                    position = _behind_string(update, position)
                if kind == deleted:
                    position = behind[1](update, position).end()
            if kind == string:
                if (length := update[position]) < 128:
                    position += 1 + length
                else:
                    position = _behind_string(update, position)
            elif kind == values:
                if update[position : position + 2] == _MARK:
                    position += 2
                else:
                    position = _behind_values(update, position, spans)
            elif kind != deleted and first not in (_GC, _SKIP):
                position = _behind_content(update, position, kind)
    return Walked(spans, position)


def clock_ends(update: bytes) -> dict[int, int]:
    """For each client that wrote something in an update, the clock behind the last of it.

    As `decode_update(update).clock_ranges()` tells, in half the time. Raises `MalformedBytesError` where it is none, as
    far as that is seen.
    """
    try:
        return _clock_ends(update)
    except (IndexError, UnicodeDecodeError):
        raise MalformedBytesError(f"an update of {len(update)} bytes ends inside a struct, or holds no text") from None


def _clock_ends(update: bytes) -> dict[int, int]:
    ends: dict[int, int] = {}
    clients, position = read_variable_unsigned(update, 0)
    for _ in range(clients):
        count, position = read_variable_unsigned(update, position)
        client, position = read_variable_unsigned(update, position)
        clock, position = read_variable_unsigned(update, position)
        end = ends.get(client, 0)
        for _ in range(count):
            first = update[position]
            if first in (_GC, _SKIP):
                length, position = read_variable_unsigned(update, position + 1)
            else:
                length, position = _length(update, _behind_head(update, position), first & _KIND)
            clock += length
            if length and first != _SKIP and clock > end:
                end = ends[client] = clock
    if position >= len(update):
        raise IndexError
    return ends


def _behind_head(update: bytes, position: int) -> int:
    first = update[position]
    numbers = (2 if first & _ORIGIN else 0) + (2 if first & _RIGHT_ORIGIN else 0)
    if numbers:
        return _BEHIND[numbers](update, position + 1).end()
    return _behind_parent(update, position + 1, keyed=first & _KEYED != 0)


def _length(update: bytes, position: int, kind: int) -> tuple[int, int]:
    """Of a content, in clocks, and the position behind it."""
    if kind == StringContent.reference:
        end = _behind_string(update, position)
        return utf16_length(update[_BEHIND[1](update, position).end() : end].decode()), end
    if kind == DeletedContent.reference:
        return read_variable_unsigned(update, position)
    if kind == AnyContent.reference:
        return read_variable_unsigned(update, position)[0], _behind_values(update, position, [])
    if kind == JsonContent.reference:
        return READERS[kind](update, position)[1:]
    return 1, _behind_content(update, position, kind)


def _behind_parent(update: bytes, position: int, *, keyed: bool) -> int:
    if update[position] == 1:
        position = _behind_string(update, position + 1)
    else:
        position = _BEHIND[3](update, position).end()
    return _behind_string(update, position) if keyed else position


def _behind_content(update: bytes, position: int, kind: int) -> int:
    if kind == TypeContent.reference and update[position] not in _XML:
        return position + 1
    reader = READERS.get(kind)
    if reader is None:
        raise MalformedBytesError(f"before byte {position} is the unknown kind of struct {kind}")
    return reader(update, position)[2]


def _behind_values(update: bytes, position: int, spans: list[tuple[int, int]]) -> int:
    count, position = read_variable_unsigned(update, position)
    for _ in range(count):
        start = position
        position, ordered = behind_value(update, position)
        if not ordered:
            spans.append((start, position))
    return position


def behind_value(data: bytes, position: int, depth: int = 0) -> tuple[int, bool]:
    """The position behind a plain value, and whether its bytes have one order: no object in it has two entries.

    Raises `MalformedBytesError` or IndexError where there is none; a string may reach beyond the end.
    """
    tag = data[position]
    position += 1
    if tag in (_STRING, _BYTES):
        return _behind_string(data, position), True
    if (size := _SIZES.get(tag)) is not None:
        return position + size, True
    if tag == _INTEGER:
        return _BEHIND[1](data, position).end(), True
    if tag not in (_LIST, _OBJECT):
        raise MalformedBytesError(f"byte {position - 1} should name a kind of value (116 to 127) and is {tag}")
    if depth >= DEEPEST:
        raise MalformedBytesError(f"the value at byte {position} lies more than {DEEPEST} levels deep")
    count, position = read_variable_unsigned(data, position)
    ordered = tag == _LIST or count < 2
    for _ in range(count):
        if tag == _OBJECT:
            position = _behind_string(data, position)
        position, inner = behind_value(data, position, depth + 1)
        ordered = ordered and inner
    return position, ordered


def value_in_order(data: bytes, position: int = 0, depth: int = 0) -> tuple[bytes, int]:
    """A plain value with the entries of all its objects in the order of their bytes, and the position behind it.

    Raises `MalformedBytesError` or IndexError where there is none, and where an object has a key twice.
    """
    tag, start = data[position], position
    if depth >= DEEPEST:
        raise MalformedBytesError(f"the value at byte {position} lies more than {DEEPEST} levels deep")
    if tag not in (_LIST, _OBJECT):
        end, _ = behind_value(data, position)
        return data[position:end], end
    count, position = read_variable_unsigned(data, position + 1)
    head = data[start:position]
    members, keys = [], set()
    for _ in range(count):
        start = position
        if tag == _OBJECT:
            position = _behind_string(data, position)
            keys.add(data[start:position])
        if data[position] in (_LIST, _OBJECT):
            value, end = value_in_order(data, position, depth + 1)
            members.append(data[start:position] + value)
        else:
            end, _ = behind_value(data, position)
            members.append(data[start:end])
        position = end
    if tag == _OBJECT:
        if len(keys) < count:
            raise MalformedBytesError(f"an object before byte {position} has a key twice")
        members.sort()
    return head + b"".join(members), position


def _behind_string(data: bytes, position: int) -> int:
    length = data[position]
    if length < 128:
        return position + 1 + length
    length, position = read_variable_unsigned(data, position)
    return position + length
