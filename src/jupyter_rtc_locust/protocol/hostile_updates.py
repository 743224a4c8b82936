"""Updates that pycrdt must not be given, because they would end the process or take memory that they do not hold.

Shown by a script (docs/issues.md): some ten thousand lists within each other overflow the stack of pycrdt's Rust core,
which is no panic but the end of the process; and for each client and each entry of an object that an update announces,
memory is taken before the first one was read. Eight bytes can so take half a gigabyte.

Nearly all updates are let through by two looks that take a fraction of a microsecond. Where these see anything odd, the
bytes are gone through as `decode_update` does, but nothing is built and no text is copied: a microsecond a struct. Not
everything that is no update is refused: what is merely damaged, pycrdt refuses by itself.
"""

from __future__ import annotations

import re
from itertools import islice

from jupyter_rtc_locust.protocol.any_values import DEEPEST
from jupyter_rtc_locust.protocol.variable_length import MalformedBytesError, read_variable_unsigned

_MANY_LEVELS = 4000
"""Lists and objects within each other that pycrdt bears in any case: a third of what a stack of 8 MB does."""

_LONG_OBJECT = re.compile(rb"v[\x80-\xff]{2}")
"""An object (tag 118) that announces more than 16,383 entries; also letters of a text, which is looked into then."""

_LIST_WITH_A_MEMBER = re.compile(rb"u[\x80-\xff]*[\x00-\x7f](?=[\x74-\x7f])")
"""A list (tag 117), how many members it announces, and the tag of the first. Of the letters u in a text one in five is
followed by such bytes; what is an object (tag 118) cannot be told so easily, but v is a rare letter."""

_REMEMBERED = 1000
_gone_through: set[tuple[int, int]] = set()

_LEAST_BYTES_OF_A_CLIENT = 3
_SKIPPED, _DELETED, _JSON, _BINARY, _STRING, _EMBED, _FORMAT, _TYPE, _ANY, _DOCUMENT = 10, 1, 2, 3, 4, 5, 6, 7, 8, 9
_FIXED_SIZES = {120: 0, 121: 0, 122: 8, 123: 8, 124: 4, 126: 0, 127: 0}
_INTEGER, _BYTES_OR_TEXT, _LIST, _OBJECT = 125, (116, 119), 117, 118


def reason_to_refuse(update: bytes) -> str:
    """Why these bytes must not reach pycrdt: a part of a sentence. Empty where they may."""
    try:
        if update[:1] >= b"\x80":
            clients, _ = read_variable_unsigned(update, 0)
            if clients * _LEAST_BYTES_OF_A_CLIENT > len(update):
                return f"an update of {len(update)} bytes says that it has structs of {clients} clients"
        if not _may_be_deep(update) and _LONG_OBJECT.search(update) is None:
            return ""
        # Everybody who opens a document that rests is sent the same bytes, which need not be kept for that.
        seen = (len(update), hash(update))
        if seen in _gone_through:
            return ""
        _go_through(update)
        if len(_gone_through) >= _REMEMBERED:
            _gone_through.clear()
        _gone_through.add(seen)
    except IndexError:
        return f"an update of {len(update)} bytes ends too early"
    except MalformedBytesError as error:
        return f"an update of {len(update)} bytes cannot be read: {error}"
    return ""


def _may_be_deep(update: bytes) -> bool:
    """Whether there could be as many lists and objects in each other as pycrdt may not bear."""
    if len(update) < _MANY_LEVELS or update.count(b"u") + update.count(b"v") < _MANY_LEVELS:
        return False
    enough = _MANY_LEVELS - update.count(b"v")
    return enough <= 0 or next(islice(_LIST_WITH_A_MEMBER.finditer(update), enough - 1, None), None) is not None


def _go_through(update: bytes) -> None:
    """Up to the delete set, for which nothing is taken in advance."""
    read = read_variable_unsigned
    clients, position = read(update, 0)
    for _ in range(clients):
        count, position = read(update, position)
        _, position = read(update, position)
        _, position = read(update, position)
        for _ in range(count):
            information = update[position]
            position += 1
            if information in (0, _SKIPPED):
                _, position = read(update, position)
                continue
            for bit in (0x80, 0x40):  # origin and right origin
                if information & bit:
                    _, position = read(update, position)
                    _, position = read(update, position)
            if not information & 0xC0:
                by_name, position = read(update, position)
                if by_name == 1:
                    position = _behind_bytes(update, position)
                else:
                    _, position = read(update, position)
                    _, position = read(update, position)
                if information & 0x20:
                    position = _behind_bytes(update, position)
            position = _behind_content(update, position, information & 0x1F)


def _behind_content(update: bytes, position: int, kind: int) -> int:
    if kind in (_STRING, _BINARY, _EMBED):
        return _behind_bytes(update, position)
    if kind == _ANY:
        count, position = read_variable_unsigned(update, position)
        for _ in range(count):
            position = _behind_value(update, position)
        return position
    if kind == _DELETED:
        return read_variable_unsigned(update, position)[1]
    if kind == _TYPE:
        reference, position = read_variable_unsigned(update, position)
        return _behind_bytes(update, position) if reference in (3, 5) else position
    if kind == _FORMAT:
        return _behind_bytes(update, _behind_bytes(update, position))
    if kind == _DOCUMENT:
        return _behind_value(update, _behind_bytes(update, position))
    if kind == _JSON:
        count, position = read_variable_unsigned(update, position)
        for _ in range(count):
            position = _behind_bytes(update, position)
        return position
    raise MalformedBytesError(f"a struct before byte {position} is of the unknown kind {kind}")


def _behind_bytes(update: bytes, position: int) -> int:
    length, position = read_variable_unsigned(update, position)
    if position + length > len(update):
        raise MalformedBytesError(f"{length} bytes are announced before byte {position}, which are not there")
    return position + length


def _behind_value(update: bytes, position: int) -> int:
    """Without recursion: how many members of each open list or object are still to come stands in a list."""
    open_ones: list[tuple[int, bool]] = []
    while True:
        tag = update[position]
        position += 1
        if tag in _FIXED_SIZES:
            position += _FIXED_SIZES[tag]
        elif tag in _BYTES_OR_TEXT:
            position = _behind_bytes(update, position)
        elif tag == _INTEGER:
            while update[position] >= 0x80:
                position += 1
            position += 1
        elif tag in (_LIST, _OBJECT):
            count, position = read_variable_unsigned(update, position)
            if count > len(update) - position:
                raise MalformedBytesError(f"{count} members are announced before byte {position}, which are not there")
            if len(open_ones) >= DEEPEST:
                raise MalformedBytesError(f"the value at byte {position} lies more than {DEEPEST} levels deep")
            open_ones.append((count, tag == _OBJECT))
        else:
            raise MalformedBytesError(f"byte {position - 1} should name a kind of value and is {tag}")
        while open_ones and open_ones[-1][0] == 0:
            open_ones.pop()
        if not open_ones:
            return position
        left, is_object = open_ones[-1]
        open_ones[-1] = (left - 1, is_object)
        if is_object:
            position = _behind_bytes(update, position)
