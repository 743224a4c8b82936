"""Tests that need a process for themselves, or mostly wait for servers, have one for each file, in the queue of whole
runs, where all tests are run.

Whoever names such a file to pytest has its tests one by one, in pytest's own process.
"""

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

TESTS = Path(__file__).resolve().parent
FILES = (
    "coordination/test_judging.py",
    "coordination/test_reports.py",
    "demo/test_embedded_server.py",
    "test_command_line.py",
    "test_servers_of_the_tests.py",
)
LONGEST = FILES
DEADLINE_S = 220


def run_alone(file: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "alone", str(TESTS / file)]
    return subprocess.run(
        command,
        cwd=TESTS.parent,
        env=AT_FIRST,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        start_new_session=True,
    )


@contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], subprocess.CompletedProcess[str]]]]:
    """Each file, for the fixture `runs`."""
    yield {file: partial(run_alone, file) for file in FILES}


@pytest.mark.parametrize("run", FILES)
def test_the_tests_of_this_file_that_need_a_process_for_themselves_pass(run: str, runs: Runs) -> None:
    ended = runs[run]
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]


def test_no_file_of_such_tests_is_missing() -> None:
    marked = [path for path in TESTS.rglob("*.py") if "pytest.mark.alone" in path.read_text()]
    assert {str(path.relative_to(TESTS)) for path in marked if path != Path(__file__)} == set(FILES)
