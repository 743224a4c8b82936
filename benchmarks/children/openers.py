"""Opens documents on a server, one after the other, as users of the package do.

Run as `python -m benchmarks.children.openers`. Command: `open` (kind: which kind of server, base: its address, token,
documents: how many, sharing: how many users open each).
"""

# Locust patches the standard library and wants to be first.
import locust  # noqa: F401, I001

import sys
import time
from typing import Any

import gevent.socket

from benchmarks.children.commands import Lines, reply
from benchmarks.children.locust_process import LocustProcess, StreamServerAddress
from benchmarks.recording import notebook
from jupyter_rtc_locust.servers.base import Server
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.jupyter_collaboration import JupyterCollaboration

KINDS: dict[str, type[Server]] = {"jupyter-collaboration": JupyterCollaboration, "stream server": StreamServerAddress}


def open_documents(kind: str, base: str, token: str, users: int, sharing: int) -> dict[str, Any]:
    """CPU and time of each user's opening; the first is left out, since it makes the first connection of all."""
    server = KINDS[kind](HttpClient(base, (token,) if token else ()))
    documents = [
        server.create_document("opening", f"{number}.ipynb", notebook()) for number in range(users // sharing + 1)
    ]
    process = LocustProcess(server, documents.__getitem__, sharing, sharing)
    agent = process.agent
    agent.seat_user(lambda _: None, owner=None)
    cpu, times = [], []
    for _ in range(users):
        started, used = time.monotonic(), time.process_time()
        agent.seat_user(lambda _: None, owner=None)
        cpu.append(time.process_time() - used)
        times.append(time.monotonic() - started)
    process.check()
    recorded = agent.recorder.histograms()
    parts = {name: recorded[name].percentile(0.5) for name in ("session", "connect", "initial sync")}
    for one in agent.swarm.collaborators():
        one.leave()
    return {"cpu": cpu, "times": times, "parts": parts}


def main() -> None:
    """Open what is asked for until the parent is gone."""
    lines = Lines()
    while not lines.ended:
        gevent.socket.wait_read(sys.stdin.fileno())
        for command in lines.read():
            command.pop("do")
            try:
                reply(**open_documents(**command))
            except Exception as error:
                reply(error=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
