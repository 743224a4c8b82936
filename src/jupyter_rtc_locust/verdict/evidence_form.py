"""Evidence as bytes and back: between processes, into the judge, onto disk. One form for all of them (MessagePack).

Field by field, as the dataclasses of `evidence` say, so that a new field needs no line here. What does not fit is
refused: a worker of another version, or a file that was cut.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges

Shape = TypeVar("Shape")


class EvidenceError(ValueError):
    """Bytes that are no evidence of the shape asked for; its text says where they differ."""


def encode_evidence(value: Any) -> bytes:
    """Any of the dataclasses of `evidence`, or plain data that holds them."""
    return msgspec.msgpack.encode(value, enc_hook=_plain)


def decode_evidence(data: bytes, shape: type[Shape]) -> Shape:
    """The other way.

    Raises:
        EvidenceError: it is something else.
    """
    try:
        return msgspec.msgpack.decode(data, type=shape, dec_hook=_made)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise EvidenceError(f"these bytes are no {shape.__name__}: {error}") from None


def _plain(value: Any) -> Any:
    """Clock ranges as `[[client, start, end], …]`."""
    if isinstance(value, ClockRanges):
        return list(value)
    raise NotImplementedError(f"evidence cannot hold a {type(value).__name__}")


def _made(shape: type, value: Any) -> Any:
    if shape is ClockRanges:
        return ClockRanges.of((client, start, end) for client, start, end in value)
    raise NotImplementedError(f"evidence cannot hold a {shape.__name__}")
