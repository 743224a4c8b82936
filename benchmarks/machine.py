"""What a figure was measured on: machine, versions, command."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("jupyter-rtc-locust", "locust", "gevent", "greenlet", "pycrdt", "websocket-client", "requests")


def machine() -> dict[str, str | int]:
    """The hardware and the system."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
        "system": f"{platform.system()} {platform.release()}",
        "load_before": f"{os.getloadavg()[0]:.2f}",
    }


def versions() -> dict[str, str]:
    """Python and the packages that do the work."""
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def command(module: str = "benchmarks") -> str:
    """What was typed."""
    return shlex.join(["python", "-m", module, *sys.argv[1:]])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
