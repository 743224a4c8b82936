"""Our pages beside Locust's own web UI. Locust patches its process, so they are tested in one of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from runs.together import Runs
from servers.processes import AT_FIRST

pytestmark = pytest.mark.run

HERE = Path(__file__).resolve().parent
PROGRAM = "import sys, locust, pytest; told, sys.argv = sys.argv[1:], ['locust']; sys.exit(pytest.main(told))"
"""Locust's form reads the command line of its process again, so that must hold nothing of pytest's."""
PAGES = "pages"


def run_beside_locust(file: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in AT_FIRST.items() if not name.startswith(("LOCUST_", "PYTEST"))}
    # Locust brings a plugin for pytest, which would rather be imported by pytest itself.
    quietly = ("-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
    command = [sys.executable, "-c", PROGRAM, *quietly, str(file)]
    return subprocess.run(
        command, cwd=HERE.parents[1], env=environment, capture_output=True, text=True, timeout=200, check=False
    )


@contextmanager
def make_runs(_folder: Path) -> Iterator[dict[str, Callable[[], subprocess.CompletedProcess[str]]]]:
    yield {PAGES: partial(run_beside_locust, HERE / "beside_locust" / "pages.py")}


@pytest.mark.parametrize("run", [PAGES])
def test_our_pages_do_what_they_should_beside_locusts(run: str, runs: Runs) -> None:
    done = runs[run]
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
