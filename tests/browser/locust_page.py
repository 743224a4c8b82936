"""Locust with its web UI, and a Jupyter server that goes wrong for one user, as processes of a walk."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runs import asking
from servers.processes import environment_without_jupyter, free_port, jupyter_collaboration
from servers.server_process import ServerProcess

ROOT = Path(__file__).resolve().parents[2]

TOKEN = "a-t0ken+with/marks=&%"
"""Some of its letters are written otherwise in an address, and in a page."""

USERS = 21
DOCUMENTS = 5
FAULT = {"name": "drop-last-relay-to-one", "at": 12, "user": 5}
"""From the twelfth update of a document on, its fifth author gets nothing of others. Of 21 users in five documents
only one document has five."""

HOSTILE = (
    '</script><script>window.ran = 1</script><img src=x onerror="window.ran = 2"> " onfocus="window.ran = 3" \' '
    "<b>bold</b> \u202eturned\u2066 \x1b[31mred\x07 &amp; <!-- \u05e9\u05dc\u05d5\u05dd {{ 7 * 7 }}"
)
"""What a document, its name, or a server could hold to break a page."""


def hostile_notebook() -> dict[str, Any]:
    """A notebook of which every text tries to be more than text."""
    cells: list[dict[str, Any]] = [
        {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": f"{HOSTILE}\n# {number}"}
        for number, kind in enumerate(("markdown", "raw", "markdown"))
    ]
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": HOSTILE, "text/plain": HOSTILE}}
    code = {"cell_type": "code", "id": "cell-9", "metadata": {}, "source": HOSTILE, "execution_count": 1}
    cells.append({**code, "outputs": [output]})
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@dataclass(frozen=True)
class Locust:
    """Where its page is, and the process behind it."""

    address: str
    results: Path
    process: subprocess.Popen[bytes]
    log: Path
    server_log: Path

    def fault_struck(self) -> bool:
        """Whether the server has begun to go wrong."""
        return " struck " in self.server_log.read_text(errors="replace")

    def get(self, path: str) -> Any:
        """What `path` answers, as JSON."""
        answer = asking.get(f"{self.address}{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    def wait_until(self, condition: Any, what: str, deadline: float = 60) -> None:
        """Wait for something that Locust does; its last words where it does not."""
        until = time.monotonic() + deadline
        while not condition():
            if self.process.poll() is not None or time.monotonic() > until:
                raise TimeoutError(f"{what} did not happen within {deadline} s\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)


class StoredRun:
    """A copy of the results of an earlier run (tests/reporting/results), whose report is being made."""

    def __init__(self, name: str, folder: Path) -> None:
        self.folder = folder / name
        shutil.copytree(Path(__file__).resolve().parents[1] / "reporting" / "results" / name, self.folder)
        command = [sys.executable, "-m", "jupyter_rtc_locust", "report", str(self.folder)]
        self._making = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def report(self) -> Path:
        """The report, once it is made."""
        if self._making.wait(60) != 0:
            raise RuntimeError(f"the report in {self.folder} was not made")
        return self.folder / "report.html"


@contextlib.contextmanager
def locust_and_server(folder: Path) -> Iterator[Locust]:
    """Both, ready for a run to be started from the form."""
    template = folder / "hostile.ipynb"
    template.write_text(json.dumps(hostile_notebook()))
    with jupyter_collaboration(token=TOKEN, fault=FAULT) as server, _locust(folder, template, server) as locust:
        yield locust


@contextlib.contextmanager
def _locust(folder: Path, template: Path, server: ServerProcess) -> Iterator[Locust]:
    port, log, results = free_port(), folder / "locust.log", folder / "results"
    command = [
        *(sys.executable, "-m", "locust", "-f", str(ROOT / "locustfiles" / "notebook_editing.py")),
        *("--web-host", "127.0.0.1", "--web-port", str(port), "--host", server.url, "-u", str(USERS), "-r", str(USERS)),
        *("--rtc-results", str(results), "--rtc-template", str(template), "--rtc-documents", str(DOCUMENTS)),
        *("--rtc-edit-rate", "1.5", "--rtc-drain-timeout", "20", "--rtc-save-timeout", "15", "--rtc-seed", "7"),
    ]
    environment = environment_without_jupyter(JUPYTER_TOKEN=TOKEN)
    del environment["PYTHONPATH"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, env=environment)
    locust = Locust(f"http://127.0.0.1:{port}", results, process, log, server.log)
    try:
        locust.wait_until(lambda: _answers(locust), "an answer of the web UI")
        yield locust
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        finally:
            process.kill()


def _answers(locust: Locust) -> bool:
    try:
        locust.get("/stats/requests")
    except OSError:
        return False
    return True


def in_ci() -> bool:
    """Whether nothing may be left out."""
    return bool(os.environ.get("CI"))
