"""How a child of the benchmarks is spoken to: a line of JSON in, a line of JSON out. Standard library only."""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
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


def many_descriptors() -> None:
    """Let this process open as many sockets as the machine lets it: shells often give 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def waited_for_core_s(process: int | str = "self") -> float:
    """Seconds that a process's first thread was ready to run while others had the core; 0 where no Linux tells it.

    On a machine with neighbours this is what they, and not we, made late.
    """
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
