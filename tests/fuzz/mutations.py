"""How real bytes become hostile ones: a few changes, each of a kind that damage or malice makes.

Pure: the same generator gives the same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from jupyter_rtc_locust.protocol.variable_length import write_variable_unsigned

LONGEST = 1 << 18
"""Bytes of one input."""

_NUMBERS = (0, 1, 0x7F, 0x80, 0x3FFF, 0xFFFF, *(2**bits for bits in (20, 28, 31, 32, 53, 60)), 2**31 - 1, 2**64 - 1)
_LENGTHS = (*map(write_variable_unsigned, _NUMBERS), b"\xff" * 12)
_DEEP = (b"u\x01", b"v\x01\x00", b"[", b'{"":', b"v\xff\xff\x7f\x00", b"u\xff\xff\xff\x7f")


def mutated(chance: random.Random, original: bytes, others: Sequence[bytes]) -> bytes:
    """One to four changes, one in half of all; `others` are what parts are taken from."""
    changed = bytearray(original)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        chance.choice(_CHANGES)(chance, changed, others)
    return bytes(changed[:LONGEST])


def random_bytes(chance: random.Random) -> bytes:
    """Bytes of no form at all, most of them few."""
    return chance.randbytes(chance.choice((0, 1, 2, 3, 5, 8, 13, 34, 89, 233, 610)))


def _place(chance: random.Random, changed: bytearray) -> int:
    # Half of all changes near the beginning, where types, counts and lengths stand.
    return chance.randrange(min(len(changed), 12 if chance.random() < 0.5 else len(changed)) or 1)


def _flip(chance: random.Random, changed: bytearray, _others: Sequence[bytes]) -> None:
    if changed:
        changed[_place(chance, changed)] ^= 1 << chance.randrange(8)


def _replace(chance: random.Random, changed: bytearray, _others: Sequence[bytes]) -> None:
    if changed:
        changed[_place(chance, changed)] = chance.randrange(256)


def _truncate(chance: random.Random, changed: bytearray, _others: Sequence[bytes]) -> None:
    del changed[_place(chance, changed) :]


def _leave_out(chance: random.Random, changed: bytearray, _others: Sequence[bytes]) -> None:
    start = _place(chance, changed)
    del changed[start : start + chance.randrange(1, 9)]


def _insert(chance: random.Random, changed: bytearray, _others: Sequence[bytes]) -> None:
    start = _place(chance, changed)
    changed[start:start] = chance.randbytes(chance.randrange(1, 9))


def _change_a_length(chance: random.Random, changed: bytearray, _others: Sequence[bytes]) -> None:
    start = _place(chance, changed)
    changed[start : start + 1] = chance.choice(_LENGTHS)


def _double(chance: random.Random, changed: bytearray, _others: Sequence[bytes]) -> None:
    start = _place(chance, changed)
    part = changed[start : start + chance.randrange(1, 64)]
    changed[start:start] = part * chance.choice((1, 1, 1, 2, 8, 100))


def _splice(chance: random.Random, changed: bytearray, others: Sequence[bytes]) -> None:
    other = chance.choice(others)
    start = _place(chance, changed)
    begin = chance.randrange(len(other) or 1)
    changed[start : start + chance.randrange(64)] = other[begin : begin + chance.randrange(1, 256)]


def _deepen(chance: random.Random, changed: bytearray, _others: Sequence[bytes]) -> None:
    start = _place(chance, changed)
    # Rarely so deep that a reader which calls itself for each level would overflow its stack.
    depth = chance.choice((1, 3, 20, 300)) if chance.random() < 0.98 else chance.choice((3000, 60_000))
    changed[start:start] = chance.choice(_DEEP) * depth


_CHANGES: tuple[Callable[[random.Random, bytearray, Sequence[bytes]], None], ...] = (
    _flip,
    _flip,
    _replace,
    _replace,
    _truncate,
    _leave_out,
    _insert,
    _change_a_length,
    _change_a_length,
    _double,
    _splice,
    _deepen,
)
