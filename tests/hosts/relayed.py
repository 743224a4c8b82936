"""Packets of one host's cable on their way through a program, which keeps them back or loses some (relay.py)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hosts.network import Network
from servers.server_process import LAUNCHER

RELAY = Path(__file__).with_name("relay.py")
_READY_S = 20.0


@contextmanager
def relayed(there: Network, host: str, way: str, *, delay: float, jitter: float, loss: float) -> Iterator[None]:
    """Until it is left, every packet of this host on this way is so many seconds late, more or less, or lost.

    Each way by itself; `loss` is a part of all packets. The order of packets is kept.
    """
    near = there.unplug(host, way)
    far = f"relay-{host[-1]}-{way[:4]}"
    there.add_port(f"back-{host[-1]}-{way[:4]}", far, way)
    arguments = [str(RELAY), near, far, str(delay), str(jitter), str(loss)]
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid())]
    inside = ["ip", "netns", "exec", there.switch, sys.executable, "-I", "-S"]
    relay = subprocess.Popen([*launcher, *inside, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert relay.stdout is not None and relay.stdout.readline() == "ready\n", "the relay did not start"
        there.quieten(way)
        yield
        assert relay.poll() is None, f"the relay ended with {relay.returncode} meanwhile"
    finally:
        relay.kill()
        relay.wait(_READY_S)
        assert relay.stdout is not None
        relay.stdout.close()
