"""What an item of a Yjs document can hold: text, values, shared types and the rest, each with its bytes.

Known here: how each kind is read, written, measured and cut. Not known: where an item stands, or what comes before it.

Lengths count UTF-16 units for text and members for values. Only text, values, JSON and deleted content can be longer
than one, and so be cut; a `slice` of the others is the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias

import msgspec

from jupyter_rtc_locust.protocol.any_values import Value, read_value
from jupyter_rtc_locust.protocol.variable_length import (
    MalformedBytesError,
    read_bytes,
    read_string,
    read_variable_unsigned,
    write_bytes,
    write_string,
    write_variable_unsigned,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Id(NamedTuple):
    """The name of one unit of content: who wrote it, and as its how-manieth."""

    client: int
    clock: int


def utf16_length(text: str) -> int:
    """Count the UTF-16 units of a text, which is how Yjs counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_slice(text: str, start: int, end: int) -> str:
    """Cut a text by UTF-16 units. Half a surrogate pair becomes U+FFFD, as where Yjs splits an item."""
    if text.isascii():
        return text[start:end]
    return text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end].decode("utf-16-le", "replace")


class DeletedContent(msgspec.Struct, frozen=True, gc=False):
    """Content that was deleted and is not kept; the item keeps its place."""

    reference: ClassVar[int] = 1
    length: int

    def slice(self, start: int, end: int) -> DeletedContent:
        """Give the part from `start` to `end`, counted from the beginning of this content."""
        return DeletedContent(end - start)

    def encode(self) -> bytes:
        """Give the bytes behind the item's head."""
        return write_variable_unsigned(self.length)


class JsonContent(msgspec.Struct, frozen=True, gc=False):
    """Values as JSON texts, written by old versions of Yjs; the text ``undefined`` stands for JavaScript's."""

    reference: ClassVar[int] = 2
    texts: tuple[str, ...]

    def slice(self, start: int, end: int) -> JsonContent:
        """Give the part from `start` to `end`, counted from the beginning of this content."""
        return JsonContent(self.texts[start:end])

    def encode(self) -> bytes:
        """Give the bytes behind the item's head."""
        return write_variable_unsigned(len(self.texts)) + b"".join(map(write_string, self.texts))


class StringContent(msgspec.Struct, frozen=True, gc=False):
    """A stretch of text."""

    reference: ClassVar[int] = 4
    text: str

    def slice(self, start: int, end: int) -> StringContent:
        """Give the part from `start` to `end`, counted from the beginning of this content."""
        return StringContent(utf16_slice(self.text, start, end))

    def encode(self) -> bytes:
        """Give the bytes behind the item's head."""
        return write_string(self.text)


class AnyContent(msgspec.Struct, frozen=True, gc=False):
    """Plain values of an array or a map, each in the bytes it came in, because one number has several encodings."""

    reference: ClassVar[int] = 8
    encoded: tuple[bytes, ...]

    @property
    def values(self) -> tuple[Value, ...]:
        """The values themselves, read anew each time."""
        return tuple(read_value(one, 0)[0] for one in self.encoded)

    def slice(self, start: int, end: int) -> AnyContent:
        """Give the part from `start` to `end`, counted from the beginning of this content."""
        return AnyContent(self.encoded[start:end])

    def encode(self) -> bytes:
        """Give the bytes behind the item's head."""
        return write_variable_unsigned(len(self.encoded)) + b"".join(self.encoded)


class _Single(msgspec.Struct, frozen=True, gc=False):
    """Content of length one, which cannot be cut."""

    def slice(self, start: int, end: int) -> Content:
        """Give the content itself; there is no smaller part."""
        del start, end
        return self  # type: ignore[return-value]  # every subclass is a Content


class BinaryContent(_Single, frozen=True, gc=False):
    """Bytes."""

    reference: ClassVar[int] = 3
    data: bytes

    def encode(self) -> bytes:
        """Give the bytes behind the item's head."""
        return write_bytes(self.data)


class EmbedContent(_Single, frozen=True, gc=False):
    """An object within a text, as JSON."""

    reference: ClassVar[int] = 5
    json_text: str

    def encode(self) -> bytes:
        """Give the bytes behind the item's head."""
        return write_string(self.json_text)


class FormatContent(_Single, frozen=True, gc=False):
    """Where a formatting of text begins or ends: an attribute and its value as JSON."""

    reference: ClassVar[int] = 6
    key: str
    json_text: str

    def encode(self) -> bytes:
        """Give the bytes behind the item's head."""
        return write_string(self.key) + write_string(self.json_text)


class TypeContent(_Single, frozen=True, gc=False):
    """A shared type that begins here: 0 array, 1 map, 2 text, 3 XML element, 4 fragment, 5 hook, 6 XML text."""

    reference: ClassVar[int] = 7
    type_reference: int
    name: str | None = None
    """The name of an XML element or hook."""

    def encode(self) -> bytes:
        """Give the bytes behind the item's head."""
        return write_variable_unsigned(self.type_reference) + (b"" if self.name is None else write_string(self.name))


class DocumentContent(_Single, frozen=True, gc=False):
    """A document within the document: its guid, and its options in the bytes they came in."""

    reference: ClassVar[int] = 9
    guid: str
    encoded_options: bytes

    def encode(self) -> bytes:
        """Give the bytes behind the item's head."""
        return write_string(self.guid) + self.encoded_options


Content: TypeAlias = (
    DeletedContent
    | JsonContent
    | BinaryContent
    | StringContent
    | EmbedContent
    | FormatContent
    | TypeContent
    | AnyContent
    | DocumentContent
)

Read: TypeAlias = tuple[Content, int, int]
"""A content, its length, and the position behind it."""


def _read_deleted(buffer: bytes, position: int) -> Read:
    length, position = read_variable_unsigned(buffer, position)
    return DeletedContent(length), length, position


def _read_json(buffer: bytes, position: int) -> Read:
    count, position = read_variable_unsigned(buffer, position)
    texts = []
    for _ in range(count):
        text, position = read_string(buffer, position)
        texts.append(text)
    return JsonContent(tuple(texts)), count, position


def _read_binary(buffer: bytes, position: int) -> Read:
    data, position = read_bytes(buffer, position)
    return BinaryContent(data), 1, position


def _read_string(buffer: bytes, position: int) -> Read:
    text, position = read_string(buffer, position)
    return StringContent(text), utf16_length(text), position


def _read_embed(buffer: bytes, position: int) -> Read:
    text, position = read_string(buffer, position)
    return EmbedContent(text), 1, position


def _read_format(buffer: bytes, position: int) -> Read:
    key, position = read_string(buffer, position)
    text, position = read_string(buffer, position)
    return FormatContent(key, text), 1, position


def _read_type(buffer: bytes, position: int) -> Read:
    reference, position = read_variable_unsigned(buffer, position)
    if reference > 6:
        raise MalformedBytesError(f"the shared type before byte {position} is of the unknown kind {reference}")
    if reference in (3, 5):
        name, position = read_string(buffer, position)
        return TypeContent(reference, name), 1, position
    return TypeContent(reference), 1, position


_SINGLE_BOOLEANS = {byte[0]: AnyContent((byte,)) for byte in (b"x", b"y")}
"""`True` and `False`: every edit marks unsaved changes, so that these two would be there once for each edit."""


def _read_any(buffer: bytes, position: int) -> Read:
    count, position = read_variable_unsigned(buffer, position)
    if count == 1 and (boolean := _SINGLE_BOOLEANS.get(buffer[position])) is not None:
        return boolean, 1, position + 1
    encoded = []
    for _ in range(count):
        _, end = read_value(buffer, position)
        encoded.append(buffer[position:end])
        position = end
    return AnyContent(tuple(encoded)), count, position


def _read_document(buffer: bytes, position: int) -> Read:
    guid, position = read_string(buffer, position)
    _, end = read_value(buffer, position)
    return DocumentContent(guid, buffer[position:end]), 1, end


READERS: dict[int, Callable[[bytes, int], Read]] = {
    DeletedContent.reference: _read_deleted,
    JsonContent.reference: _read_json,
    BinaryContent.reference: _read_binary,
    StringContent.reference: _read_string,
    EmbedContent.reference: _read_embed,
    FormatContent.reference: _read_format,
    TypeContent.reference: _read_type,
    AnyContent.reference: _read_any,
    DocumentContent.reference: _read_document,
}
"""How each kind of content is read, by the lowest five bits of an item's first byte."""
