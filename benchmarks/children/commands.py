"""How a child of the benchmarks is spoken to: a line of JSON in, a line of JSON out. Standard library only."""

from __future__ import annotations

import json
import os
import sys
from typing import Any


class Lines:
    """The whole lines of what was read so far from standard input."""

    def __init__(self) -> None:
        self._rest = b""
        self.ended = False

    def read(self) -> list[dict[str, Any]]:
        """Read once; call it when standard input can be read. Sets `ended` when the parent is gone."""
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            self.ended = True
            return []
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [json.loads(line) for line in lines]


def reply(**answer: Any) -> None:
    """Answer the last command."""
    print(json.dumps(answer), flush=True)
