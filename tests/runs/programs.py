"""Programs of the tests that make whole runs, as processes: what they print goes to nobody else's standard output."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from servers.processes import environment_without_jupyter

TESTS = Path(__file__).resolve().parents[1]
DEADLINE_S = 200.0


def run_program(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m name` with these arguments, in the folder of the tests.

    Raises:
        subprocess.TimeoutExpired: it is not over after `DEADLINE_S`, and was killed.
    """
    return subprocess.run(
        [sys.executable, "-m", name, *arguments],
        cwd=TESTS,
        env=environment_without_jupyter(),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
