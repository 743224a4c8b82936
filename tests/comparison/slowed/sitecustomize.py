"""Makes the embedded server slower on purpose, for `make comparison ARGS=--real`.

Python imports a module of this name when it starts, where its folder stands in PYTHONPATH. In the server's process, and
in no other, each message of a WebSocket is handled so many microseconds later (SLOWED_BY_US); the processor is kept
busy meanwhile, as by code that takes longer.
"""

import os
import sys
import time

_SERVER = "server_process.py"

if any(argument.endswith(_SERVER) for argument in sys.orig_argv):
    from tornado.websocket import WebSocketProtocol13

    _handle = WebSocketProtocol13._handle_message
    _seconds = int(os.environ["SLOWED_BY_US"]) / 1_000_000

    def _handle_later(self, opcode, data):
        until = time.perf_counter() + _seconds
        while time.perf_counter() < until:
            pass
        return _handle(self, opcode, data)

    WebSocketProtocol13._handle_message = _handle_later
