"""Whether two updates say the same, told without reading both.

Replicas that hold the same give the same bytes, but for one thing: objects within plain values (`{"a": 1, "b": 2}` in
metadata, in an output) have their entries in another order each time pycrdt writes them. So one update is walked
through to see where such values stand; of every other one, the bytes between them are compared, and values only where
they differ. Reading them all would take most of the time of a run's end (measured: `make bench`).
"""

from __future__ import annotations

from jupyter_rtc_locust.protocol.any_values import Value, read_value, same_value
from jupyter_rtc_locust.protocol.contents import READERS, AnyContent, StringContent
from jupyter_rtc_locust.protocol.variable_length import MalformedBytesError, read_variable_unsigned

_KIND, _ORIGIN, _RIGHT_ORIGIN, _KEYED = 0x1F, 0x80, 0x40, 0x20
_GC, _SKIP = 0, 10
_LIST, _OBJECT, _TRUE = 117, 118, 120
"""As `updates` and `any_values` read them."""


class KnownStructs:
    """The structs of an update, as bytes without a delete set, to compare others with.

    Delete sets are no part of it: their order is any. Whatever is malformed equals only the same bytes.
    """

    __slots__ = ("_between", "_spans", "_structs", "_values")

    def __init__(self, structs: bytes) -> None:
        self._structs = structs
        self._spans: list[tuple[int, int]] | None = None
        self._between: list[bytes] = []
        self._values: dict[tuple[int, int], Value] = {}

    def equals(self, structs: bytes) -> bool:
        """Whether these structs are the same, with the same content."""
        if structs == self._structs:
            return True
        if len(structs) != len(self._structs):
            return False
        if self._spans is None:
            self._spans = spans_of_objects(self._structs)
            self._between = _between(self._structs, self._spans)
        if _between(structs, self._spans) != self._between:
            return False
        return all(self._same_value(span, structs[span[0] : span[1]]) for span in self._spans)

    def _same_value(self, span: tuple[int, int], other: bytes) -> bool:
        ours = self._structs[span[0] : span[1]]
        if ours == other:
            return True
        try:
            if span not in self._values:
                self._values[span] = read_value(ours, 0)[0]
            theirs, end = read_value(other, 0)
        except MalformedBytesError:
            return False
        return end == len(other) and same_value(self._values[span], theirs)


def spans_of_objects(structs: bytes) -> list[tuple[int, int]]:
    """Where plain values stand that may hold objects: (start, end) of each, ascending. None where it is no update."""
    spans: list[tuple[int, int]] = []
    try:
        _walk(structs, spans)
    except (IndexError, MalformedBytesError):
        return []
    return spans


def _walk(structs: bytes, spans: list[tuple[int, int]]) -> None:
    read = read_variable_unsigned
    clients, position = read(structs, 0)
    for _ in range(clients):
        count, position = read(structs, position)
        position = _behind_numbers(structs, position, 2)
        for _ in range(count):
            information = structs[position]
            position += 1
            kind = information & _KIND
            if information in (_GC, _SKIP):
                position = _behind_numbers(structs, position, 1)
                continue
            numbers = (2 if information & _ORIGIN else 0) + (2 if information & _RIGHT_ORIGIN else 0)
            if numbers:
                position = _behind_numbers(structs, position, numbers)
            else:
                if structs[position] == 1:
                    position = _behind_string(structs, position + 1)
                else:
                    position = _behind_numbers(structs, position, 3)
                if information & _KEYED:
                    position = _behind_string(structs, position)
            if kind == StringContent.reference:
                position = _behind_string(structs, position)
            elif kind == AnyContent.reference:
                position = _walk_values(structs, position, spans)
            elif (reader := READERS.get(kind)) is not None:
                position = reader(structs, position)[2]
            else:
                raise MalformedBytesError(f"byte {position} names the unknown kind of struct {kind}")


def _walk_values(structs: bytes, position: int, spans: list[tuple[int, int]]) -> int:
    count, position = read_variable_unsigned(structs, position)
    for _ in range(count):
        start, tag = position, structs[position]
        if tag == _TRUE:
            position += 1
            continue
        position = read_value(structs, position)[1]
        if tag in (_LIST, _OBJECT):
            spans.append((start, position))
    return position


def _behind_numbers(structs: bytes, position: int, count: int) -> int:
    """Behind so many numbers of variable length, without reading them."""
    while count:
        if structs[position] < 128:
            count -= 1
        position += 1
    return position


def _behind_string(structs: bytes, position: int) -> int:
    length = structs[position]
    if length < 128:
        return position + 1 + length
    length, position = read_variable_unsigned(structs, position)
    return position + length


def _between(structs: bytes, spans: list[tuple[int, int]]) -> list[bytes]:
    pieces, reached = [], 0
    for start, end in spans:
        pieces.append(structs[reached:start])
        reached = end
    pieces.append(structs[reached:])
    return pieces
