"""What is told to the judge and what it answers, as bytes: evidence in parts on the way in, JSON on the way out.

The judge (`judge`) is a process of its own, started by `coordination/judging.py`. Both ends of the line stand in here,
so that neither needs the other. Pure: whoever has a pipe reads and writes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator

import msgspec

from jupyter_rtc_locust.verdict.findings import Value, Verdict
from jupyter_rtc_locust.verdict.folder.writing import Kept

_LENGTH = struct.Struct(">Q")
END = _LENGTH.pack(0)
"""Says that all parts have been told; a pipe that closes before it was closed by a parent that died."""


class TalkError(ValueError):
    """Something was said that is not what was to be said; its text tells what."""


def told(parts: Iterable[bytes]) -> Iterator[bytes]:
    """What is to be written to the judge: each part with its length before it, and the end."""
    for part in parts:
        yield _LENGTH.pack(len(part))
        yield part
    yield END


def heard(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """The parts, from a function that reads so many bytes, or fewer where the pipe has ended.

    Raises:
        TalkError: the pipe ended before the end was told.
    """
    while length := int.from_bytes(_exactly(read, _LENGTH.size)):
        yield _exactly(read, length)


def verdict_line(verdict: Verdict) -> bytes:
    """The verdict as one line."""
    return msgspec.json.encode(verdict) + b"\n"


def read_verdict(line: bytes) -> Verdict:
    """The other way.

    Raises:
        TalkError: it is no verdict, or one that contradicts itself: what is no clear answer must not pass for one.
    """
    try:
        verdict = msgspec.json.decode(line, type=Verdict)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TalkError(str(error)) from None
    opinion = verdict.opinion
    if bool(opinion.findings) != (verdict.value is Value.FAIL) or (opinion.unknown and verdict.value is Value.PASS):
        raise TalkError(
            f"it says {verdict.value.value} with {len(opinion.findings)} findings and {len(opinion.unknown)} unknowns"
        )
    return verdict


def kept_line(kept: Kept) -> bytes:
    """What was kept of the evidence, as one line."""
    return msgspec.json.encode(kept) + b"\n"


def read_kept(line: bytes) -> Kept:
    """The other way.

    Raises:
        TalkError: it is something else.
    """
    try:
        return msgspec.json.decode(line, type=Kept)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TalkError(str(error)) from None


def _exactly(read: Callable[[int], bytes], count: int) -> bytes:
    data = read(count)
    if len(data) != count:
        raise TalkError(f"the evidence ended after {len(data)} of {count} bytes")
    return data
