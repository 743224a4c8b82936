"""Five hosts in network namespaces, joined by two bridges in a sixth, which is nobody's host.

One bridge is the way to the server, the other that between master and workers: so either can be broken alone. Every
namespace has a name with this process's number and a count, so that two networks at once do not meet. Leaving the
context removes them, and what a killed process left is removed by the next.

It knows addresses and cables, not what runs on the hosts.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PREFIX = "rtc-hosts"
_SERVICE, _CONTROL = "192.0.2", "198.51.100"
"""Kept for documentation (RFC 5737), so that no address is anybody's."""
SERVER, MASTER = "server", "master"
WORKERS = ("worker-1", "worker-2", "worker-3")
_HOSTS = (SERVER, MASTER, *WORKERS)
_COMMAND_S = 20.0
_RELAY = Path(__file__).with_name("relay.py")
_count = itertools.count(1)


@dataclass(frozen=True)
class Host:
    """A host: its namespace, and its address on either way."""

    name: str
    namespace: str
    number: int

    @property
    def service(self) -> str:
        """Its address on the way to the server."""
        return f"{_SERVICE}.{self.number}"

    @property
    def control(self) -> str:
        """Its address between master and workers."""
        return f"{_CONTROL}.{self.number}"

    @property
    def inside(self) -> tuple[str, ...]:
        """What runs the command behind it on this host."""
        return ("ip", "netns", "exec", self.namespace)


class Network:
    """The hosts of one run; see `network()`."""

    def __init__(self, prefix: str) -> None:
        self.switch = f"{prefix}-switch"
        self.hosts = {name: Host(name, f"{prefix}-{name}", number) for number, name in enumerate(_HOSTS, 1)}

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    def make(self) -> None:
        """All of it. What is made before a failure is removed by `remove`."""
        _ip("netns", "add", self.switch)
        for bridge in ("service", "control"):
            self._on_switch("link", "add", bridge, "type", "bridge", "forward_delay", "0", "stp_state", "0")
            self._on_switch("link", "set", bridge, "up")
        for host in self.hosts.values():
            _ip("netns", "add", host.namespace)
            _ip("-n", host.namespace, "link", "set", "lo", "up")
            for bridge, address in (("service", host.service), ("control", host.control)):
                if host.name == SERVER and bridge == "control":
                    continue
                port = _port(host.name, bridge)
                ends = ("link", "add", port, "type", "veth", "peer", "name", bridge, "netns", host.namespace)
                self._on_switch(*ends)
                self._on_switch("link", "set", port, "master", bridge, "up")
                _ip("-n", host.namespace, "address", "add", f"{address}/24", "dev", bridge)
                _ip("-n", host.namespace, "link", "set", bridge, "up")

    def remove(self) -> None:
        """Everything, however much of it there is. Processes in it end by themselves, or were ended before."""
        for namespace in (*(host.namespace for host in self.hosts.values()), self.switch):
            _ip("netns", "delete", namespace, check=False)

    def cut(self, host: str, *ways: str) -> None:
        """No packet passes any more, to or from this host; on one way only (`service`, `control`) if it is named."""
        for port in self._ports(host, ways):
            self._on_switch("link", "set", port, "down")

    def heal(self, host: str, *ways: str) -> None:
        """The end of a cut."""
        for port in self._ports(host, ways):
            self._on_switch("link", "set", port, "up")

    def port(self, host: str, way: str) -> str:
        """The end of a host's cable on the switch."""
        return _port(host, way)

    def unplug(self, host: str, way: str) -> str:
        """Take the end of a host's cable out of its bridge, for who puts something between; it has no master then."""
        port = _port(host, way)
        self._on_switch("link", "set", port, "nomaster")
        return port

    def add_port(self, name: str, peer: str, way: str) -> None:
        """One more port on a bridge, whose other end, `peer`, lies free on the switch."""
        self._on_switch("link", "add", name, "type", "veth", "peer", "name", peer)
        self._on_switch("link", "set", name, "master", way, "up")
        self._on_switch("link", "set", peer, "up")

    def quieten(self, way: str) -> None:
        """Nobody leaves anything to hardware on this way, as who carries packets by hand needs it: else they come with
        checksums that are still to be made."""
        for host in self.hosts.values():
            if way == "service" or host.name != SERVER:
                self._leave_nothing_to_hardware(host.inside, way)
                self._leave_nothing_to_hardware(("ip", "netns", "exec", self.switch), _port(host.name, way))

    def _leave_nothing_to_hardware(self, inside: Sequence[str], device: str) -> None:
        command = [*inside, sys.executable, "-I", "-S", str(_RELAY), device]
        subprocess.run(command, check=True, timeout=_COMMAND_S)

    def _ports(self, host: str, ways: Sequence[str]) -> list[str]:
        every = ("service",) if host == SERVER else ("service", "control")
        return [_port(host, way) for way in ways or every]

    def _on_switch(self, *arguments: str) -> None:
        _ip("-n", self.switch, *arguments)


def reason_without_namespaces() -> str | None:
    """Why there can be no hosts here, in a sentence; None: there can."""
    if shutil.which("ip") is None:
        return "Hosts of their own need the program `ip` (Debian: iproute2), and it is not installed."
    name = f"{_PREFIX}-{os.getpid()}-trial"
    tried = subprocess.run(
        ["ip", "netns", "add", name], capture_output=True, text=True, timeout=_COMMAND_S, check=False
    )
    if tried.returncode != 0:
        return f"Hosts of their own need network namespaces, and none can be made here: {tried.stderr.strip()}."
    _ip("netns", "delete", name)
    return None


@contextmanager
def network() -> Iterator[Network]:
    """The hosts, joined and up; gone afterwards, whatever happened.

    Raises:
        RuntimeError: a command of `ip` failed; the text has the command and what it said.
    """
    _remove_what_others_left()
    made = Network(f"{_PREFIX}-{os.getpid()}-{next(_count)}")
    try:
        made.make()
        yield made
    finally:
        made.remove()


def _remove_what_others_left() -> None:
    for path in Path("/run/netns").glob(f"{_PREFIX}-*"):
        owner = path.name.removeprefix(f"{_PREFIX}-").partition("-")[0]
        if owner.isdecimal() and not Path("/proc", owner).exists():
            _ip("netns", "delete", path.name, check=False)


def _port(host: str, way: str) -> str:
    # A name of a device has at most 15 characters.
    return f"{host}-{way[:4]}"


def _ip(*arguments: str, check: bool = True) -> None:
    command = ["ip", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_COMMAND_S, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"`{' '.join(command)}` ended with {done.returncode}: {done.stderr.strip()}")
