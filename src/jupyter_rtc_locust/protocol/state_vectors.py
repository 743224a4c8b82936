"""State vectors: for each client, the next clock that the sender of a sync step 1 expects.

They say nothing about deletions, and nothing about structs that came out of order and wait. Their bytes differ between
equal documents: compare what they hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_rtc_locust.protocol.variable_length import read_variable_unsigned, write_variable_unsigned

if TYPE_CHECKING:
    from collections.abc import Mapping


def decode_state_vector(state_vector: bytes) -> dict[int, int]:
    """Read client to next clock (UTF-16 units). Raises `MalformedBytesError` when the bytes end too early.

    What stands behind the vector is not looked at, and of a client named twice the last clock holds, as in Yjs.
    """
    count, position = read_variable_unsigned(state_vector, 0)
    clocks: dict[int, int] = {}
    for _ in range(count):
        client, position = read_variable_unsigned(state_vector, position)
        clocks[client], position = read_variable_unsigned(state_vector, position)
    return clocks


def encode_state_vector(clocks: Mapping[int, int]) -> bytes:
    """Write client to next clock, the highest client first, as Yjs does."""
    written = bytearray(write_variable_unsigned(len(clocks)))
    for client in sorted(clocks, reverse=True):
        written += write_variable_unsigned(client)
        written += write_variable_unsigned(clocks[client])
    return bytes(written)
