"""The kernel's own time of the packet that a read ends with (SO_TIMESTAMPNS of Linux), in which no delay of ours is.

Measured: such a read costs half a microsecond more than another. Elsewhere than on Linux, and over TLS, there is none.

The first socket of a machine that asks turns the stamping on, which the kernel gets round to a moment later
(`net_enable_timestamp` in Linux's net/core/dev.c). What comes before has the time at which it was read: late, never
early.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys

_SO_TIMESTAMPNS = 35 if sys.platform == "linux" else None
"""Of Linux's `asm-generic/socket.h`; Python's socket module does not have it."""
_STAMP = struct.Struct("@ll")
_NOTES_BYTES = socket.CMSG_SPACE(_STAMP.size)


def ask_for_times(opened: socket.socket) -> bool:
    """Have the kernel note when packets come to this socket; whether it does."""
    if _SO_TIMESTAMPNS is not None:
        with contextlib.suppress(OSError):
            opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            return True
    return False


def receive(opened: socket.socket, limit: int) -> tuple[bytes, float]:
    """Read as `recv` does; with when the last of its packets came, in seconds of the wall clock, 0 where not known."""
    data, notes, _, _ = opened.recvmsg(limit, _NOTES_BYTES)
    for level, kind, stamp in notes:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = _STAMP.unpack_from(stamp)
            return data, seconds + nanoseconds / 1e9
    return data, 0.0
