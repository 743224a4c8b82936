#!/usr/bin/env python
"""Is the process of this container well? Exit code 0: yes; 1: no, with a sentence.

One check for every role of both images. Without an argument the role is read from the commands that run here. It asks
only what the role needs to do its work: a Jupyter server answers, a hub answers through its proxy, a master listens for
its workers, a worker has a line to its master, a process that does all by itself is there.

It knows nothing of the run, and needs no token.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import psutil

SERVER_PORT = int(os.environ.get("HEALTH_SERVER_PORT", "8888"))
HUB_PORT = int(os.environ.get("HEALTH_HUB_PORT", "8000"))
MASTER_PORT = int(os.environ.get("HEALTH_MASTER_PORT", "5557"))
WEB_PORT = int(os.environ.get("HEALTH_WEB_PORT", "8089"))
ROLES = ("server", "hub", "master", "web", "worker", "alone")
PATIENCE_S = 4.0


def role_of(commands: Iterable[list[str]]) -> str:
    """The role of a container in which these commands run; the first that tells one says it."""
    for command in commands:
        names = {Path(word).name for word in command[:2]}
        if "--worker" in command:
            return "worker"
        if "--master" in command:
            return "master"
        if names & {"jupyter-server", "jupyter-lab"} or command[1:3] == ["-m", "jupyter_server"]:
            return "server"
        if "jupyterhub" in names:
            return "hub"
        if names & {"locust", "jupyter-rtc-locust"}:
            return "alone"
    return ""


def answers(port: int, path: str) -> bool:
    """Whether a web server on this machine says 200 there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_S) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def listens(port: int) -> bool:
    """Whether anything here waits for connections on a port."""
    lines = psutil.net_connections("tcp")
    return any(line.laddr and line.laddr.port == port and line.status == "LISTEN" for line in lines)


def has_line_to(port: int) -> bool:
    """Whether anything here has an open line to such a port of whichever host."""
    lines = psutil.net_connections("tcp")
    return any(line.raddr and line.raddr.port == port and line.status == "ESTABLISHED" for line in lines)


def trouble(role: str) -> str:
    """What is wrong, in a sentence; empty where nothing is."""
    match role:
        case "server":
            return "" if answers(SERVER_PORT, "/api") else f"The Jupyter server does not answer on port {SERVER_PORT}."
        case "hub":
            return "" if answers(HUB_PORT, "/hub/api") else f"No hub answers through the proxy on port {HUB_PORT}."
        case "master":
            return "" if listens(MASTER_PORT) else f"The master does not listen for workers on port {MASTER_PORT}."
        case "web":
            return "" if answers(WEB_PORT, "/") else f"The web UI does not answer on port {WEB_PORT}."
        case "worker":
            return "" if has_line_to(MASTER_PORT) else f"The worker has no line to port {MASTER_PORT} of its master."
        case "alone":
            return ""
    return f"No process here has a known role; one of {', '.join(ROLES)} can be named."


def running_commands() -> Iterable[list[str]]:
    """The commands of all processes of the container, the oldest first."""
    for process in psutil.process_iter(["cmdline"]):
        if process.pid != os.getpid():
            yield process.info["cmdline"] or []


def main() -> int:
    """Check the role that is named, or that is found."""
    role = sys.argv[1] if len(sys.argv) > 1 else role_of(running_commands())
    found = trouble(role)
    if found:
        print(found)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
