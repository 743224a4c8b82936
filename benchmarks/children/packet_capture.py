"""Captures what travels over the loopback to and from a port, with the kernel's time of each packet.

Run as `python -m benchmarks.children.packet_capture PORT`; it needs the right to capture (root, or CAP_NET_RAW).
Command: `echoes`, answered with the moments (seconds of the wall clock) of each update that came back, under the digest
of its bytes. A process of its own, so that a busy load generator cannot be late to its own witness.
"""

from __future__ import annotations

import ctypes
import hashlib
import select
import socket
import struct
import sys

from benchmarks.children.commands import Lines, reply
from benchmarks.packets import CaptureError, Echoes

_SO_TIMESTAMPNS = 35
_SO_RCVBUFFORCE = 33
_SO_ATTACH_FILTER = 26
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_ALL = 3
_TO_US = 0
"""Each packet of the loopback passes twice, on its way out and on its way in."""
_BUFFER = 64 * 1024 * 1024
_LONGEST = 70_000


def main() -> None:
    """Capture until the parent is gone."""
    port = int(sys.argv[1])
    capture = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL))
    capture.bind(("lo", 0))
    capture.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    capture.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    _only_port(capture, port)
    capture.setblocking(False)
    echoes, lines, problem = Echoes(port), Lines(), ""
    reply(ready=True)
    while not lines.ended:
        ready, _, _ = select.select([capture, sys.stdin], [], [])
        if capture in ready:
            try:
                _take(capture, echoes)
            except CaptureError as error:
                problem = str(error)
        elif lines.read():
            dropped = struct.unpack("II", capture.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))[1]
            problem = f"the kernel dropped {dropped} packets of the capture" if dropped else problem
            times = {hashlib.sha1(update).hexdigest(): both for update, both in echoes.times.items()}
            reply(**({"error": problem} if problem else {"echoes": times}))


def _take(capture: socket.socket, echoes: Echoes) -> None:
    """Everything that has come so far."""
    while True:
        try:
            frame, notes, _, sender = capture.recvmsg(_LONGEST, 128)
        except BlockingIOError:
            return
        if sender[2] != _TO_US:
            continue
        for level, kind, data in notes:
            if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
                seconds, nanoseconds = struct.unpack("qq", data[:16])
                echoes.packet(frame, seconds + nanoseconds / 1e9)


def _only_port(capture: socket.socket, port: int) -> None:
    """Have the kernel leave out everything but IPv4 and TCP of this port, without options in the IP head."""
    program = [
        (0x28, 0, 0, 12),  # the kind of the Ethernet frame
        (0x15, 0, 6, 0x0800),
        (0x30, 0, 0, 23),  # the protocol
        (0x15, 0, 4, 6),
        (0x28, 0, 0, 34),  # the port it comes from
        (0x15, 3, 0, port),
        (0x28, 0, 0, 36),  # the port it goes to
        (0x15, 1, 0, port),
        (0x06, 0, 0, 0),
        (0x06, 0, 0, _LONGEST),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    capture.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", len(program), ctypes.addressof(code)))


if __name__ == "__main__":
    main()
