"""Environments for the versions of a server: made with venv and pip, and kept in a cache folder for the next time.

An environment counts as made when its list of packages lies in it; one that was given up halfway is made anew. What
pip says is shown only where it fails, its last lines, without what may be a secret in them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.verdict.neutralising import neutralised_lines
from jupyter_rtc_locust.versions.requirements import SERVER, Wanted, normalised

INSTALL_DEADLINE_S: Final = 900.0
LIST_DEADLINE_S: Final = 60.0
LINES_SHOWN: Final = 15
MADE: Final = "packages.json"
"""Lies in an environment that is whole: names and versions of its packages, as they were when it was made."""

_SECRET: Final = ("TOKEN", "PASSWORD", "SECRET", "JUPYTER", "LOCUST")


@dataclass(frozen=True, slots=True)
class Made:
    """An environment: its Python, the packages in it, and whether it was there already."""

    python: Path
    packages: Mapping[str, str]
    kept: bool


def cache_folder() -> Path:
    """Where environments are kept unless somebody says otherwise."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jupyter-rtc-locust" / "environments"


def installed_here() -> dict[str, str]:
    """Names and versions of the packages beside the load generator."""
    return {normalised(one.name): one.version for one in metadata.distributions()}


def made(side: str, what: Wanted, cache: Path, *, fresh: bool = False, program: str = sys.executable) -> Made:
    """The environment of a version; made where it is not there, or `fresh` is asked for. `program` is the Python of it.

    Raises:
        OptionsError: it could not be made, with the last lines of what was said.
    """
    folder = cache / what.digest(sys.version.split()[0])
    python = folder / "bin" / "python"
    if not fresh and (packages := _packages(folder)) is not None and python.exists():
        return Made(python, packages, kept=True)
    until = time.monotonic() + INSTALL_DEADLINE_S
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        constraints = folder / "constraints.txt"
        constraints.write_text(what.constraints, "utf-8")
    except OSError as error:
        raise OptionsError(f"--cache {cache}: the environment of {side} could not be made: {error.strerror}.") from None
    _run(side, [program, "-m", "venv", str(folder)], until)
    _run(side, _pip(python, "install", "-c", str(constraints), *SERVER, *what.asked), until)
    said = _run(side, _pip(python, "list", "--format", "json"), time.monotonic() + LIST_DEADLINE_S)
    packages = {normalised(one["name"]): str(one["version"]) for one in json.loads(said)}
    (folder / MADE).write_text(json.dumps(packages, indent=1), "utf-8")
    return Made(python, packages, kept=False)


def _pip(python: Path, command: str, *arguments: str) -> list[str]:
    return [str(python), "-m", "pip", command, "--disable-pip-version-check", "--no-input", *arguments]


def _packages(folder: Path) -> dict[str, str] | None:
    try:
        found = json.loads((folder / MADE).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _run(side: str, command: list[str], until: float) -> str:
    """Run a program, and return what it wrote on standard output.

    Raises:
        OptionsError: it failed, or was not done in time.
    """
    # An installation is somebody else's code: it is given no secret that a run has.
    environment = {name: value for name, value in os.environ.items() if not any(word in name for word in _SECRET)}
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=max(1.0, until - time.monotonic()),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OptionsError(
            f"The environment of {side} could not be made: {command[2]} was not done within {INSTALL_DEADLINE_S:.0f} s."
        ) from None
    if done.returncode:
        raise OptionsError(
            f"The environment of {side} could not be made: {command[2]} ended with {done.returncode}. Its last words:\n"
            f"{last_lines(done.stdout + done.stderr)}"
        )
    return done.stdout


def last_lines(text: str) -> str:
    """The last lines of what a program said, indented, without what may be a secret and what acts on a terminal."""
    lines = [line.rstrip() for line in str(redact(text, ())).splitlines() if line.strip()]
    return neutralised_lines("\n".join(f"    {line}" for line in lines[-LINES_SHOWN:]) or "    (nothing)")
