"""Updates of Yjs (version 1 of the encoding) read into structs and written again, in Python alone.

The verdict needs what no CRDT library tells: who authored which struct, what a server added, what is missing. It reads
damaged and hostile bytes as well, so whatever it is given ends in an `Update` or an `UpdateError`.

Apart from this module: choosing and uniting parts of updates (`selection`), finding parents that are not written
(`lineage`), and merging bytes without reading them (`merging`).

The encoding is Yjs's own (yjs/src/utils/encoding.js and UpdateEncoder.js), checked against Yjs 13.6 and pycrdt 0.14.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from sys import intern
from typing import TYPE_CHECKING

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import READERS, Id
from jupyter_rtc_locust.protocol.structs import GC, Item, Struct, without_overlaps
from jupyter_rtc_locust.protocol.variable_length import (
    MalformedBytesError,
    read_string,
    read_variable_unsigned,
    write_string,
    write_variable_unsigned,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_KIND, _KEYED, _RIGHT_ORIGIN, _ORIGIN = 0x1F, 0x20, 0x40, 0x80
_GC_KIND, _SKIP_KIND = 0, 10

# Yjs counts in JavaScript's numbers. Beyond them nothing is a clock, and what we read could not be written again.
_CLOCK_LIMIT = 2**53

_NOTHING_DELETED = ClockRanges()


class UpdateError(MalformedBytesError):
    """The bytes are no update."""


@dataclass(frozen=True, slots=True)
class Update:
    """Structs of some clients, and what is deleted."""

    structs: dict[int, tuple[Struct, ...]]
    """For each client, ascending by clock and disjoint. A gap is what a Skip is in bytes."""
    deletions: ClockRanges

    def __iter__(self) -> Iterator[Struct]:
        """Give all structs, client by client, ascending by clock."""
        for structs in self.structs.values():
            yield from structs

    def __bool__(self) -> bool:
        """Say whether there is anything in it."""
        return bool(self.structs) or bool(self.deletions)

    def clock_ranges(self) -> ClockRanges:
        """Give the clocks of the structs in it (items and GCs)."""
        return ClockRanges.of((struct.client, struct.clock, struct.end) for struct in self)

    def with_deletions(self, deletions: ClockRanges) -> Update:
        """Give the same structs with this delete set in place of their own."""
        return replace(self, deletions=deletions)

    def without_deletions(self) -> Update:
        """Give the same structs with nothing deleted."""
        return self.with_deletions(_NOTHING_DELETED)


def decode_update(update: bytes) -> Update:
    """Read an update. Raises `UpdateError` for whatever is none.

    Bytes behind the delete set are not looked at, as Yjs and pycrdt do not look at them. Where one client occurs twice
    with overlapping structs, those that stand first hold.
    """
    try:
        return _read_update(update)
    except IndexError:
        raise UpdateError(f"reading an update of {len(update)} bytes: they end inside a struct") from None
    except MalformedBytesError as error:
        raise UpdateError(f"reading an update of {len(update)} bytes: {error}") from error


def _read_update(update: bytes) -> Update:
    read_unsigned = read_variable_unsigned
    clients, position = read_unsigned(update, 0)
    sections: dict[int, list[Struct]] = {}
    repeated: set[int] = set()
    for _ in range(clients):
        count, position = read_unsigned(update, position)
        client, position = read_unsigned(update, position)
        clock, position = read_unsigned(update, position)
        structs = sections.get(client)
        if structs is None:
            structs = sections[client] = []
        else:
            repeated.add(client)
        for _ in range(count):
            information = update[position]
            position += 1
            kind = information & _KIND
            if information in (_GC_KIND, _SKIP_KIND):
                length, position = read_unsigned(update, position)
                if kind == _GC_KIND:
                    structs.append(GC(client, clock, length))
            else:
                reader = READERS.get(kind)
                if reader is None:
                    raise MalformedBytesError(f"byte {position - 1} names the unknown kind of struct {information}")
                origin = right_origin = parent = key = None
                if information & _ORIGIN:
                    origin_client, position = read_unsigned(update, position)
                    origin_clock, position = read_unsigned(update, position)
                    # Equal numbers as one object: of large evidence, they are a fifth of the memory.
                    origin = Id(client if origin_client == client else origin_client, origin_clock)
                if information & _RIGHT_ORIGIN:
                    origin_client, position = read_unsigned(update, position)
                    origin_clock, position = read_unsigned(update, position)
                    right_origin = Id(client if origin_client == client else origin_client, origin_clock)
                if not information & (_ORIGIN | _RIGHT_ORIGIN):
                    parent, position = _read_parent(update, position)
                    if information & _KEYED:
                        key, position = read_string(update, position)
                        key = intern(key)
                content, length, position = reader(update, position)
                keyed = information & _KEYED != 0
                structs.append(Item(client, clock, length, origin, right_origin, parent, key, keyed, content))
            clock += length
            if clock > _CLOCK_LIMIT:
                raise MalformedBytesError(f"before byte {position} a clock passes 2**53")
    for client in repeated:
        sections[client] = list(without_overlaps(enumerate(sections[client])))
    deletions = decode_deletions(update, position)
    return Update({client: tuple(structs) for client, structs in sections.items() if structs}, deletions)


def _read_parent(update: bytes, position: int) -> tuple[str | Id, int]:
    is_root, position = read_variable_unsigned(update, position)
    if is_root == 1:
        name, position = read_string(update, position)
        return intern(name), position
    client, position = read_variable_unsigned(update, position)
    clock, position = read_variable_unsigned(update, position)
    return Id(client, clock), position


def decode_deletions(update: bytes, position: int) -> ClockRanges:
    """Read the delete set that begins at a position of an update: its last part. Raises `MalformedBytesError`."""
    clients, position = read_variable_unsigned(update, position)
    if not clients:
        return _NOTHING_DELETED
    ranges = []
    for _ in range(clients):
        client, position = read_variable_unsigned(update, position)
        count, position = read_variable_unsigned(update, position)
        for _ in range(count):
            start, position = read_variable_unsigned(update, position)
            length, position = read_variable_unsigned(update, position)
            if start + length > _CLOCK_LIMIT:
                raise MalformedBytesError(f"before byte {position} a deletion passes 2**53")
            ranges.append((client, start, start + length))
    return ClockRanges.of(ranges)


def encode_update(update: Update) -> bytes:
    """Write an update: the highest client first, and a Skip for each gap between structs of one client.

    Raises ValueError for structs that overlap or descend, and for an item with neither an origin nor a parent.
    """
    clients = sorted((client for client, structs in update.structs.items() if structs), reverse=True)
    written = bytearray(write_variable_unsigned(len(clients)))
    for client in clients:
        structs = update.structs[client]
        count = len(structs)
        body = bytearray()
        clock = structs[0].clock
        for struct in structs:
            if struct.clock != clock:
                if struct.clock < clock:
                    raise ValueError(f"the structs of client {client} overlap or descend at clock {struct.clock}")
                body.append(_SKIP_KIND)
                body += write_variable_unsigned(struct.clock - clock)
                count += 1
            _write_struct(struct, body)
            clock = struct.clock + struct.length
        written += write_variable_unsigned(count)
        written += write_variable_unsigned(client)
        written += write_variable_unsigned(structs[0].clock)
        written += body
    _write_deletions(update.deletions, written)
    return bytes(written)


def _write_struct(struct: Struct, written: bytearray) -> None:
    if isinstance(struct, GC):
        written.append(_GC_KIND)
        written += write_variable_unsigned(struct.length)
        return
    origin, right_origin, parent = struct.origin, struct.right_origin, struct.parent
    information = struct.content.reference
    if origin is not None:
        information |= _ORIGIN
    if right_origin is not None:
        information |= _RIGHT_ORIGIN
    if struct.keyed:
        information |= _KEYED
    written.append(information)
    if origin is not None:
        written += write_variable_unsigned(origin.client)
        written += write_variable_unsigned(origin.clock)
    if right_origin is not None:
        written += write_variable_unsigned(right_origin.client)
        written += write_variable_unsigned(right_origin.clock)
    if origin is None and right_origin is None:
        if parent is None or struct.keyed != (struct.parent_key is not None):
            raise ValueError(
                f"the item {struct.client}:{struct.clock} has no origin, so its parent and key must be known"
            )
        if isinstance(parent, str):
            written.append(1)
            written += write_string(parent)
        else:
            written.append(0)
            written += write_variable_unsigned(parent.client)
            written += write_variable_unsigned(parent.clock)
        if struct.parent_key is not None:
            written += write_string(struct.parent_key)
    written += struct.content.encode()


def _write_deletions(deletions: ClockRanges, written: bytearray) -> None:
    clients = sorted(deletions.clients(), reverse=True)
    written += write_variable_unsigned(len(clients))
    for client in clients:
        spans = deletions.of_client(client)
        written += write_variable_unsigned(client)
        written += write_variable_unsigned(len(spans))
        for start, end in spans:
            written += write_variable_unsigned(start)
            written += write_variable_unsigned(end - start)
