"""The steps of a workflow that run something, as GitHub would run them, in a folder of one's own.

What a runner has and a machine of the tests has not: the checkouts, which are there already; a network, without which
`python -m venv` and `pip install` only note what they were asked for; and, where a test says so, the programs that the
steps install. Everything else is run as it stands.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from servers.processes import AT_FIRST

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent
DEADLINE_S = 100.0

_PYTHON = """\
#!/bin/sh
# Makes environments without a network: pip notes what it is asked for, and refuses files that are not there.
if [ "$1 $2" != "-m venv" ]; then exec {python} "$@"; fi
mkdir -p "$3/bin"
ln -sf {programs}/* "$3/bin/"
rm -f "$3/bin/pip" "$3/bin/python"
cat > "$3/bin/pip" <<'END'
#!/bin/sh
echo "$@" >> {noted}
for one in "$@"; do
    case "$one" in */*) test -e "${{one%%\\[*}}" || {{ echo "$one is not there" >&2; exit 1; }} ;; esac
done
END
cat > "$3/bin/python" <<'END'
#!/bin/sh
if [ "$1 $2" = "-m pip" ]; then shift 2; exec "$(dirname "$0")/pip" "$@"; fi
exec {python} "$@"
END
chmod +x "$3/bin/pip" "$3/bin/python"
"""


@dataclass(frozen=True)
class Ended:
    """What the steps of a job came to."""

    exit_code: int
    """Of the first step that failed; 0 where none did."""
    output: str
    summary: str
    """What stands on the page of the job."""


@dataclass(frozen=True)
class Job:
    """One job of a workflow with one choice of its matrix."""

    name: str
    steps: tuple[Mapping[str, Any], ...]
    matrix: Mapping[str, Any] = field(default_factory=dict)

    def value(self, text: Any) -> str:
        """A text in which expressions of the matrix have their values: nothing, where this choice has none."""
        return re.sub(r"\$\{\{ matrix\.(\w+) \}\}", lambda found: str(self.matrix.get(found[1], "")), str(text))


def jobs(workflow: Path) -> Iterator[Job]:
    """Every job with every choice of its matrix."""
    told = yaml.safe_load(workflow.read_text("utf-8"))
    for name, job in told["jobs"].items():
        matrix = job.get("strategy", {}).get("matrix", {})
        choices = [*matrix.get("include", ())]
        choices += [{axis: value} for axis, values in matrix.items() if axis != "include" for value in values]
        for choice in choices or [{}]:
            yield Job(name, tuple(job["steps"]), choice)


class Runner:
    """A folder in which the steps of a job are run."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.noted = folder / "noted"
        self.noted.touch()
        self.summary = folder / "summary.md"
        self.summary.touch()
        self.program("python", _PYTHON.format(python=sys.executable, programs=PROGRAMS, noted=self.noted))

    def program(self, name: str, script: str, folder: Path | None = None) -> None:
        """Put a program before those of the machine; or into a folder of the workspace."""
        path = (folder or self.programs) / name
        path.unlink(missing_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    def run(self, job: Job, replaced: Mapping[str, str] | None = None, **environment: str) -> Ended:
        """Run the steps of a job that run something; `replaced` are values of their environment."""
        output = ""
        for step in job.steps:
            if "run" not in step:
                continue
            assert "${{" not in step["run"], "what comes from outside goes through the environment, never into a script"
            script = self.folder / "step.sh"
            script.write_text(step["run"])
            values = {name: job.value(value) for name, value in step.get("env", {}).items()}
            code, said = self._run_step(script, self._environment(values | dict(replaced or {}) | environment))
            output += said
            if code:
                return Ended(code, output, self.summary.read_text())
        return Ended(0, output, self.summary.read_text())

    def _run_step(self, script: Path, environment: Mapping[str, str]) -> tuple[int, str]:
        """As GitHub runs a step whose shell is bash; whatever it has started ends with it."""
        process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=DEADLINE_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return process.returncode, said

    def _environment(self, values: Mapping[str, str]) -> dict[str, str]:
        inherited = {
            name: value for name, value in AT_FIRST.items() if not name.startswith(("JUPYTER", "LOCUST", "GITHUB"))
        }
        path = f"{self.programs}{os.pathsep}{AT_FIRST['PATH']}"
        return inherited | {"PATH": path, "GITHUB_STEP_SUMMARY": str(self.summary), "CI": "true"} | dict(values)
