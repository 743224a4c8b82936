"""Carries packets between two devices, each late by some time, some of them never. A program of its own.

    relay.py NEAR FAR DELAY_S JITTER_S LOSS
    relay.py DEVICE     only leaves nothing to hardware at this one

netem, which is made for this, is not in every kernel. Packets keep their order, as on most ways: none overtakes
the one ahead of it. What devices leave to hardware that is not there (checksums, cutting large segments) is
switched off on both, and has to be at the far ends of their cables as well.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import random
import select
import socket
import struct
import sys
import time

_EVERYTHING = 0x0003
"""ETH_P_ALL."""
_SIOCETHTOOL = 0x8946
_OFFLOADS = (0x15, 0x17, 0x1F, 0x24, 0x2C)
"""ETHTOOL_S: receive checksums, transmit checksums, TSO, GSO, GRO."""
_PACKET_OUTGOING = 4
_MOST_BYTES = 65_536
_READS_A_TURN = 64


def leave_nothing_to_hardware(device: str) -> None:
    """What `ethtool -K DEVICE rx off tx off tso off gso off gro off` does, which need not be installed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for command in _OFFLOADS:
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            request = struct.pack("16sP", device.encode(), ctypes.addressof(value))
            fcntl.ioctl(any_socket, _SIOCETHTOOL, request)


def carry(near: str, far: str, delay: float, jitter: float, loss: float) -> None:
    """For ever."""
    lines = []
    for device in (near, far):
        leave_nothing_to_hardware(device)
        line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING))
        line.bind((device, _EVERYTHING))
        line.setblocking(False)
        lines.append(line)
    dice = random.Random(8)
    waiting: list[tuple[float, int, int, bytes]] = []
    latest = [0.0, 0.0]
    number = 0
    print("ready", flush=True)
    while True:
        patience = max(waiting[0][0] - time.monotonic(), 0.0) if waiting else None
        readable, _, _ = select.select(lines, [], [], patience)
        for line in readable:
            side = lines.index(line)
            for _ in range(_READS_A_TURN):
                try:
                    packet, address = line.recvfrom(_MOST_BYTES)
                except BlockingIOError:
                    break
                if address[2] == _PACKET_OUTGOING or dice.random() < loss:
                    continue
                due = max(time.monotonic() + delay + dice.uniform(-jitter, jitter), latest[side])
                latest[side] = due
                number += 1
                heapq.heappush(waiting, (due, number, 1 - side, packet))
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, side, packet = heapq.heappop(waiting)
            try:
                lines[side].send(packet)
            except OSError:
                pass  # a cable that is cut, or a device that is full, loses packets


if __name__ == "__main__":
    if len(sys.argv) == 2:
        leave_nothing_to_hardware(sys.argv[1])
        sys.exit()
    carry(sys.argv[1], sys.argv[2], *map(float, sys.argv[3:6]))
