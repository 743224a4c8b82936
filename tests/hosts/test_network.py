"""The hosts themselves: who reaches whom, what a cut cable and a relay do, and that nothing is left of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hosts.network import MASTER, SERVER, WORKERS, Host, Network, network
from hosts.relayed import relayed

pytestmark = pytest.mark.hosts

ANSWERING = """
import socket
here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
here.bind(("0.0.0.0", 7))
print("ready", flush=True)
while True:
    here.sendto(*here.recvfrom(100))
"""
ASKING = """
import socket, sys, time
here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
here.settimeout(float(sys.argv[3]))
for number in range(int(sys.argv[2])):
    asked = time.monotonic()
    try:
        here.sendto(b"%d" % number, (sys.argv[1], 7))
        while here.recvfrom(100)[0] != b"%d" % number:
            pass
        print(time.monotonic() - asked)
    except OSError:
        pass
"""


@contextmanager
def _answering(host: Host) -> Iterator[None]:
    """A program on this host sends back what it is sent."""
    process = subprocess.Popen([*host.inside, sys.executable, "-c", ANSWERING], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        process.communicate(timeout=10)


def _answers(host: Host, address: str, times: int = 1, patience: float = 0.3) -> list[float]:
    """The seconds after which answers came, for each that did."""
    asking = [sys.executable, "-c", ASKING, address, str(times), str(patience)]
    done = subprocess.run([*host.inside, *asking], capture_output=True, text=True, timeout=60, check=True)
    return [float(line) for line in done.stdout.split()]


def _namespaces() -> set[str]:
    return {path.name for path in Path("/run/netns").glob("rtc-hosts-*")}


def _all_reached(there: Network, way: str) -> bool:
    host = there[WORKERS[0]]
    return bool(_answers(host, there[SERVER].service if way == "service" else there[MASTER].control, patience=2))


def test_either_way_is_cut_and_healed_by_itself() -> None:
    with network() as there, _answering(there[SERVER]), _answering(there[MASTER]):
        assert _all_reached(there, "service") and _all_reached(there, "control")
        there.cut(WORKERS[0], "control")
        worker = there[WORKERS[0]]
        assert _all_reached(there, "service") and not _answers(worker, there[MASTER].control)
        there.heal(WORKERS[0], "control")
        there.cut(SERVER)
        assert _all_reached(there, "control") and not _answers(worker, there[SERVER].service)
        there.heal(SERVER)
        assert _all_reached(there, "service")


def test_a_relay_keeps_packets_back_and_loses_some() -> None:
    with network() as there, _answering(there[SERVER]):
        with relayed(there, WORKERS[0], "service", delay=0.03, jitter=0.01, loss=0.2):
            times = _answers(there[WORKERS[0]], there[SERVER].service, 60)
            others = _answers(there[WORKERS[1]], there[SERVER].service, 20)
        assert min(times) >= 0.04 and 10 < len(times) < 60, times
        assert len(others) == 20 and min(others) < 0.04, others


def test_two_networks_at_once_do_not_meet() -> None:
    with network() as one, network() as other, _answering(one[SERVER]):
        assert _all_reached(one, "service")
        assert not _answers(other[WORKERS[0]], other[SERVER].service)


def test_nothing_is_left_after_a_failure_nor_of_who_was_killed() -> None:
    before = _namespaces()
    with pytest.raises(ZeroDivisionError), network():
        assert _namespaces() - before
        raise ZeroDivisionError
    assert _namespaces() == before
    ended = subprocess.Popen(["true"])
    ended.wait(10)
    left = f"rtc-hosts-{ended.pid}-1-server"
    subprocess.run(["ip", "netns", "add", left], check=True, timeout=20)
    with network():
        assert left not in _namespaces()
