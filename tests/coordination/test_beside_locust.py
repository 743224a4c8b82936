"""Parts of the coordination that import Locust, which patches its process: each file is tested in one of its own."""

import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from servers.processes import AT_FIRST

pytestmark = pytest.mark.run

HERE = Path(__file__).resolve().parent
PROGRAM = "import sys, locust, pytest; sys.exit(pytest.main(sys.argv[1:]))"
FILES = sorted(path.name for path in (HERE / "beside_locust").glob("*.py") if path.name != "conftest.py")


def run_beside_locust(file):
    environment = {name: value for name, value in AT_FIRST.items() if not name.startswith(("LOCUST_", "PYTEST"))}
    # Locust brings a plugin for pytest, which would rather be imported by pytest itself.
    quietly = ("-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
    command = [sys.executable, "-c", PROGRAM, *quietly, str(HERE / "beside_locust" / file)]
    return subprocess.run(
        command, cwd=HERE.parents[1], env=environment, capture_output=True, text=True, timeout=200, check=False
    )


@contextmanager
def make_runs(folder):
    """Each file, for the fixture `runs`."""
    yield {file: partial(run_beside_locust, file) for file in FILES}


@pytest.mark.parametrize("run", FILES)
def test_the_tests_of_this_file_pass(run, runs):
    done = runs[run]
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
