"""Evidence as bytes and back: between processes, into the judge, onto disk. One form for all of them (MessagePack).

Field by field, as the classes of `evidence` say, so that a new field needs no line here. What does not fit is
refused: a worker of another version, or a file that was cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import msgspec

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, RunEvidence

Shape = TypeVar("Shape")


class EvidenceError(ValueError):
    """Bytes that are no evidence of the shape asked for; its text says where they differ."""


def encode_evidence(value: Any) -> bytes:
    """Any of the classes of `evidence`, or plain data that holds them."""
    try:
        return msgspec.msgpack.encode(value, enc_hook=_plain)
    except (UnicodeEncodeError, OverflowError):
        return msgspec.msgpack.encode(_encodable(value), enc_hook=_plain)


def decode_evidence(data: bytes, shape: type[Shape]) -> Shape:
    """The other way.

    Raises:
        EvidenceError: it is something else.
    """
    try:
        return msgspec.msgpack.decode(data, type=shape, dec_hook=_made)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise EvidenceError(f"these bytes are no {shape.__name__}: {error}") from None


def parts_of_run(run: RunEvidence) -> Iterator[bytes]:
    """The evidence of a run in parts, each made when it is asked for: what concerns the run, then each document."""
    yield encode_evidence(replace(run, documents=()))
    for document in run.documents:
        yield encode_evidence(document)


def run_of_parts(parts: Iterable[bytes]) -> RunEvidence:
    """The other way.

    Raises:
        EvidenceError: there is no part, or one is something else.
    """
    first, *others = list(parts) or [b""]
    run = decode_evidence(first, RunEvidence)
    return replace(run, documents=tuple(decode_evidence(part, DocumentEvidence) for part in others))


def _plain(value: Any) -> Any:
    """Clock ranges as `[[client, start, end], …]`."""
    if isinstance(value, ClockRanges):
        return list(value)
    raise NotImplementedError(f"evidence cannot hold a {type(value).__name__}")


def _made(shape: type, value: Any) -> Any:
    if shape is ClockRanges:
        return ClockRanges.of((client, start, end) for client, start, end in value)
    raise NotImplementedError(f"evidence cannot hold a {shape.__name__}")


def _encodable(value: Any) -> Any:
    """A copy of what a file held that this form has no place for: half characters as `\\ud800`, numbers beyond 64 bits
    as floats, which is how every document holds them."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    if isinstance(value, msgspec.Struct):
        return {name: _encodable(getattr(value, name)) for name in value.__struct_fields__}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _encodable(getattr(value, field.name)) for field in fields(value)}
    return value
