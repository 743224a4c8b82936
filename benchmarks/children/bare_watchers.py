"""The least that watching can cost in Python: one epoll, frames taken apart in place, each update applied by itself.

No timings, no bookkeeping, no reconnecting, no Locust: the other half of the comparison in `receiving.py`.

Run as `python -m benchmarks.children.bare_watchers PORT GROUP WATCHERS`. Commands: `mark`, `synced`.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from typing import Any

from pycrdt import Array, Doc, Map

from benchmarks.children.commands import Lines, reply
from benchmarks.recording import AUTHOR_CLIENT_ID

READ_BYTES = 65536


def connect(port: int, group: str) -> tuple[socket.socket, bytes]:
    """Upgrade, and ask for the document; the socket, and what was read behind the answer to the upgrade."""
    opened = socket.create_connection(("127.0.0.1", port))
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.sendall(
        f"GET /{group} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    data = b""
    while b"\r\n\r\n" not in data:
        data += opened.recv(READ_BYTES)
    # Step 1 of an empty document, masked with zeros.
    opened.sendall(b"\x82\x84\x00\x00\x00\x00\x00\x00\x01\x00")
    opened.setblocking(False)
    return opened, data.partition(b"\r\n\r\n")[2]


def main() -> None:
    """Watch until the parent is gone."""
    port, group, watchers = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    poll = select.epoll()
    lines = Lines()
    standard_input = sys.stdin.fileno()
    poll.register(standard_input, select.EPOLLIN)
    sockets, documents, rests = {}, {}, {}
    for number in range(watchers):
        opened, rest = connect(port, group)
        document: Doc[Any] = Doc(client_id=AUTHOR_CLIENT_ID + 1 + number)
        document.get("cells", type=Array)
        document.get("meta", type=Map)
        document.get("state", type=Map)
        descriptor = opened.fileno()
        sockets[descriptor], documents[descriptor], rests[descriptor] = opened, document, rest
        poll.register(descriptor, select.EPOLLIN)
    received = 0
    while not lines.ended:
        for descriptor, _ in poll.poll():
            if descriptor == standard_input:
                for command in lines.read():
                    if command["do"] == "mark":
                        reply(cpu=time.process_time(), received=received)
                    else:
                        reply(synced=sum(len(each.get("cells", type=Array)) > 0 for each in documents.values()))
                continue
            data = sockets[descriptor].recv(READ_BYTES)
            if not data:
                return
            if rests[descriptor]:
                data = rests[descriptor] + data
            apply_update = documents[descriptor].apply_update
            position, end = 0, len(data)
            while end - position >= 2:
                length = data[position + 1]
                start = position + 2
                if length >= 126:
                    width = 2 if length == 126 else 8
                    start += width
                    if start > end:
                        break
                    length = int.from_bytes(data[start - width : start], "big")
                stop = start + length
                if stop > end:
                    break
                if data[start] == 0 and (kind := data[start + 1]):
                    body = start + 2
                    while data[body] > 0x7F:
                        body += 1
                    apply_update(data[body + 1 : stop])
                    received += kind == 2
                position = stop
            rests[descriptor] = data[position:]


if __name__ == "__main__":
    main()
