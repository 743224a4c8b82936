"""Watchers as one would write them for Locust at first: websocket-client, with a greenlet for each.

Run as `python -m benchmarks.children.websocket_greenlets PORT GROUP WATCHERS`. Commands: `mark`, `synced`.
"""

# Everything that waits has to be gevent's before it is imported.
from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
import gevent.socket  # noqa: E402
import websocket  # noqa: E402
from pycrdt import Array, Doc, Map, handle_sync_message  # noqa: E402

from benchmarks.children.commands import Lines, reply  # noqa: E402

_SYNC = 0
_UPDATE = 2


class Watcher:
    """A connection, its document, and the loop that receives."""

    received = 0

    def __init__(self, port: int, group: str, number: int) -> None:
        self.document: Doc[Any] = Doc()
        self.document.get("cells", type=Array)
        self.document.get("meta", type=Map)
        self.document.get("state", type=Map)
        self._connection = websocket.create_connection(
            f"ws://127.0.0.1:{port}/{group}/{number}", skip_utf8_validation=True
        )
        self._connection.send_binary(b"\x00\x00\x01\x00")  # step 1 of an empty document
        gevent.spawn(self._receive)

    def _receive(self) -> None:
        while True:
            message = self._connection.recv()
            assert isinstance(message, bytes)
            if message and message[0] == _SYNC:
                answer = handle_sync_message(message[1:], self.document)
                if answer is not None:
                    self._connection.send_binary(answer)
                Watcher.received += message[1] == _UPDATE


def main() -> None:
    """Watch until the parent is gone."""
    port, group = int(sys.argv[1]), sys.argv[2]
    watchers = [Watcher(port, group, number) for number in range(int(sys.argv[3]))]
    lines = Lines()
    while not lines.ended:
        gevent.socket.wait_read(sys.stdin.fileno())
        for command in lines.read():
            if command["do"] == "mark":
                reply(cpu=time.process_time(), received=Watcher.received)
            else:
                reply(synced=sum(len(each.document.get("cells", type=Array)) > 0 for each in watchers))


if __name__ == "__main__":
    main()
