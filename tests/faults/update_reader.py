"""Where things stand in a Yjs update (version 1), so that a fault can alter some of them and leave the rest as it is.

Written from the format alone and sharing nothing with the product's own reader, which is among what is tested. It
finds byte positions; it knows nothing of documents. Format: yjs, src/utils/UpdateEncoder.js and src/structs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

GC, DELETED, JSON, BINARY, STRING, EMBED, FORMAT, TYPE, ANY, DOCUMENT, SKIP = range(11)
HAS_ORIGIN, HAS_RIGHT_ORIGIN, HAS_KEY = 0x80, 0x40, 0x20
XML_ELEMENT, XML_HOOK = 3, 5
WITHOUT_BYTES = (127, 126, 121, 120)
"""undefined, null, false, true."""
BYTES_OF = {124: 4, 123: 8, 122: 8}
"""float32, float64, bigint64."""


@dataclass
class Contents:
    """What was found: all positions count bytes of the update."""

    clients: list[int] = field(default_factory=list)
    structs: int = 0
    clock: int = 0
    """Of the last client: how many structs it has there, and the clock of the first."""
    texts: list[range] = field(default_factory=list)
    """The characters of each piece of a shared text."""
    values: list[range] = field(default_factory=list)
    """The characters of each string that is a value, or in one: ids, metadata, outputs."""
    deletions: int = 0
    """Where the delete set begins; it goes to the end."""
    deleted: int = 0
    """The most clocks that the delete set deletes in one piece; an overwritten entry of a map is 1."""


class _Reader:
    def __init__(self, update: bytes) -> None:
        self.update = update
        self.at = 0
        self.found = Contents()

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.update[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def string(self) -> range:
        length = self.number()
        start = self.at
        self.at += length
        if self.at > len(self.update):
            raise IndexError("a string goes beyond the end")
        return range(start, self.at)

    def any_value(self) -> None:
        tag = self.update[self.at]
        self.at += 1
        if tag == 125:  # an integer with a sign: read like a number, its value does not matter
            self.number()
        elif tag == 119:
            self.found.values.append(self.string())
        elif tag == 118:
            for _ in range(self.number()):
                self.string()
                self.any_value()
        elif tag == 117:
            for _ in range(self.number()):
                self.any_value()
        elif tag == 116:
            self.string()
        elif tag in BYTES_OF:
            self.at += BYTES_OF[tag]
        elif tag not in WITHOUT_BYTES:
            raise ValueError(f"{tag} is no kind of value")

    def struct(self) -> None:
        info = self.update[self.at]
        self.at += 1
        kind = info & 0x1F
        if kind in (GC, SKIP):
            self.number()
            return
        for flag in (HAS_ORIGIN, HAS_RIGHT_ORIGIN):
            if info & flag:
                self.number(), self.number()
        if not info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN):
            if self.number():
                self.string()
            else:
                self.number(), self.number()
            if info & HAS_KEY:
                self.string()
        self.content(kind)

    def content(self, kind: int) -> None:
        if kind == DELETED:
            self.number()
        elif kind == JSON:
            for _ in range(self.number()):
                self.string()
        elif kind in (BINARY, EMBED):
            self.string()
        elif kind == STRING:
            self.found.texts.append(self.string())
        elif kind == FORMAT:
            self.string(), self.string()
        elif kind == TYPE:
            if self.number() in (XML_ELEMENT, XML_HOOK):
                self.string()
        elif kind == ANY:
            for _ in range(self.number()):
                self.any_value()
        elif kind == DOCUMENT:
            self.string()
            self.any_value()
        else:
            raise ValueError(f"{kind} is no kind of struct")


def encoded(number: int) -> bytes:
    """A number as updates have it: seven bits a byte, the lowest first."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


def read_update(update: bytes) -> Contents:
    """Read a whole update; raises IndexError or ValueError where it is none."""
    reader = _Reader(update)
    for _ in range(reader.number()):
        reader.found.structs = reader.number()
        reader.found.clients.append(reader.number())
        reader.found.clock = reader.number()
        for _ in range(reader.found.structs):
            reader.struct()
    reader.found.deletions = reader.at
    for _ in range(reader.number()):
        reader.number()
        for _ in range(reader.number()):
            reader.number()
            reader.found.deleted = max(reader.found.deleted, reader.number())
    if reader.at != len(update):
        raise ValueError("something stands behind the update")
    return reader.found


def altered(update: bytes, places: list[range]) -> bytes | None:
    """The update with one letter (of ASCII, so that all lengths stay) replaced by another; None: there is no letter."""
    for place in places:
        for position in place:
            letter = update[position : position + 1]
            if letter.isalpha():
                other = b"q" if letter != b"q" else b"w"
                return update[:position] + other + update[position + 1 :]
    return None


def without_deletions(update: bytes) -> bytes:
    """The update with an empty delete set."""
    return update[: read_update(update).deletions] + b"\0"
