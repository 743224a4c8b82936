"""Every command of the documents works: run in one shell for each scenario, as a reader would, and several at once.

What is replaced (a server's address, times, ports) stands in `SUBSTITUTIONS` of commands_of_documents.py; everything
else is run as it is written.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from runs import asking
from runs.commands_of_documents import (
    CHANGED_OUTSIDE,
    REPOSITORY,
    REPRODUCTIONS,
    SAVE_NOT_DONE,
    SCENARIOS,
    WORDS_TAKEN_BACK,
    Scenario,
    blocks,
    substituted,
)
from runs.locust_run import UNREPORTED
from runs.together import Runs
from servers import processes
from servers.first_room import with_a_store
from servers.processes import AT_FIRST, environment_without_jupyter, free_port
from servers.server_process import ServerProcess

pytestmark = pytest.mark.run

DEADLINE_S = 100.0
PROGRAMS = Path(sys.executable).parent
NOTEBOOK = {
    "cells": [{"cell_type": "markdown", "id": "first", "metadata": {}, "source": "# Shared"}],
    "metadata": {"kernelspec": {"name": "x", "display_name": "x"}, "language_info": {"name": "x"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
BY_CHANCE = (
    SAVE_NOT_DONE,
    "first_rooms_take_the_store.py",
    "old_line_after_a_restart.py",
    "opened_as_the_room_is_dropped.py",
    "room_kept_when_all_leave_at_once.py",
)
"""Races in a released server, which it may win on a given day: `make races` runs them, and no other target does."""
WITH_A_PAGE = ("the web UI", "make web")
WITH_WORKERS = "master and workers"
LONGEST = (WORDS_TAKEN_BACK,)


@dataclass(frozen=True)
class Ended:
    """A scenario that has ended."""

    exit_code: int
    output: str
    result: dict[str, Any] | None


class Shell:
    """A command line in a folder of its own, with what the documents take for granted: a checkout, an environment."""

    def __init__(self, folder: Path, server: ServerProcess) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        (folder / "locustfiles").symlink_to(REPOSITORY / "locustfiles")
        (folder / "docs").symlink_to(REPOSITORY / "docs")
        (folder / "students.py").write_text(next(blocks(REPOSITORY / "docs" / "use.md", "python")))
        (folder / "tokens.txt").write_text(f"{server.token}\n")
        (folder / "notebooks").mkdir()
        for name in ("first.ipynb", "second.ipynb"):
            (folder / "notebooks" / name).write_text(json.dumps(NOTEBOOK))
        self.port = free_port()
        master_port = str(free_port())
        self.environment = environment_without_jupyter(
            REPOSITORY=str(REPOSITORY),
            PROGRAMS=str(PROGRAMS),
            PATH=f"{PROGRAMS}{os.pathsep}{AT_FIRST['PATH']}",
            HOST_OF_THE_TESTS=server.url,
            TOKEN_OF_THE_TESTS=server.token,
            PORT_OF_THE_TESTS=str(self.port),
            LOCUST_WEB_PORT=str(self.port),
            LOCUST_MASTER_BIND_PORT=master_port,
            LOCUST_MASTER_PORT=master_port,
            LOCUST_MASTER_NODE_PORT=master_port,
            PYTHONUNBUFFERED="1",
            **UNREPORTED,
        )

    @contextlib.contextmanager
    def started(self, *commands: str, name: str = "output") -> Iterator[subprocess.Popen[bytes]]:
        """The commands in one shell, which ends with the first that fails; all that is left of it is killed."""
        script = "set -eu\n" + "\n".join(substituted(command) for command in commands)
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                ["bash", "-c", script],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def ended(self, exit_code: int) -> Ended:
        output = "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))
        result = self.folder / "results" / "result.json"
        return Ended(exit_code, output, json.loads(result.read_text()) if result.exists() else None)


def run(folder: Path, server: ServerProcess, scenario: Scenario) -> Ended:
    """The commands one after the other."""
    shell = Shell(folder, server)
    with shell.started(*scenario.commands) as process:
        return shell.ended(process.wait(DEADLINE_S))


def run_with_a_page(folder: Path, server: ServerProcess, scenario: Scenario) -> Ended:
    """Start the page, start a run there, stop it, and end the program as Ctrl-C does."""
    shell = Shell(folder, server)
    address = f"http://127.0.0.1:{shell.port}"
    with shell.started(*scenario.commands) as process:
        until = time.monotonic() + DEADLINE_S
        while not _answers(address):
            assert process.poll() is None and time.monotonic() < until, shell.ended(-1).output
            time.sleep(0.1)
        form = {"user_count": 4, "spawn_rate": 4, "host": "", "rtc_documents": 2}
        assert asking.post(f"{address}/swarm", data=form, timeout=30).json()["success"]
        while _echoes(address) < 4:
            assert time.monotonic() < until, shell.ended(-1).output
            time.sleep(0.2)
        assert asking.post(f"{address}/stop", timeout=120).json()["success"]
        os.killpg(process.pid, signal.SIGINT)
        return shell.ended(process.wait(DEADLINE_S))


def run_with_workers(folder: Path, server: ServerProcess, scenario: Scenario) -> Ended:
    """The master, and as many workers as it expects, each in a shell of its own."""
    shell = Shell(folder, server)
    master, worker = scenario.commands
    with contextlib.ExitStack() as stack:
        process = stack.enter_context(shell.started(master, name="master"))
        workers = [stack.enter_context(shell.started(worker, name=f"worker-{number}")) for number in range(2)]
        exit_code = process.wait(DEADLINE_S)
        for one in workers:
            one.wait(30)
        return shell.ended(exit_code)


def reproduce(folder: Path, server: ServerProcess, script: Path) -> Ended:
    """One script of docs/reproductions, as docs/issues.md says."""
    return run(folder, server, Scenario("docs/issues.md", (f"python docs/reproductions/{script.name}",)))


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Ended]]]:
    """Every scenario and every reproduction, by name."""
    with processes.jupyter_collaboration(folder=folder / "server") as server:
        with_a_store(server)
        (server.root / "shared.ipynb").write_text(json.dumps(NOTEBOOK))
        calls: dict[str, Callable[[], Ended]] = {}
        for name, scenario in SCENARIOS.items():
            how = run_with_a_page if name in WITH_A_PAGE else run_with_workers if name == WITH_WORKERS else run
            calls[name] = partial(how, folder / name.replace(" ", "-"), server, scenario)
        for script in REPRODUCTIONS:
            calls[script.name] = partial(reproduce, folder / script.stem, server, script)
        yield calls


@pytest.mark.parametrize("run", [name for name, scenario in SCENARIOS.items() if scenario.passes])
def test_the_run_passes(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.result is not None, ended.output[-3000:]
    assert ended.result["verdict"] == "pass", ended.output[-3000:]
    assert ended.exit_code in SCENARIOS[run].exit_codes, ended.output[-3000:]


def marked(names: Iterable[str]) -> list[Any]:
    """The names, with a mark on those that are races."""
    return [pytest.param(name, marks=pytest.mark.race) if name in BY_CHANCE else name for name in names]


@pytest.mark.parametrize("run", marked(name for name, scenario in SCENARIOS.items() if not scenario.passes))
def test_the_commands_do_what_they_should(run: str, runs: Runs) -> None:
    needed = {"a clone": "git", "a secret": "openssl"}.get(run)
    if needed is not None and shutil.which(needed) is None:
        pytest.skip(f"{needed} is not installed")
    if run == "a clone" and not (REPOSITORY / ".git").exists():
        pytest.skip("this is no checkout")
    ended: Ended = runs[run]
    assert ended.exit_code in SCENARIOS[run].exit_codes, ended.output[-3000:]


@pytest.mark.parametrize("run", marked(script.name for script in REPRODUCTIONS))
def test_the_problem_is_shown(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.exit_code == 0, ended.output[-3000:]
    assert ended.output.rstrip().endswith("\nshown"), ended.output[-3000:]


FAILS = {
    WORDS_TAKEN_BACK: ("lost-edit", r"store of updates was kept .*For a newcomer, what edit .* is gone"),
    CHANGED_OUTSIDE: ("lost-edit", r"After the file of document 0 was changed .*For a newcomer, what edit .* is gone"),
    SAVE_NOT_DONE: (
        "save-not-done",
        r"User \d saved by hand .* 10 s later the file still lacked .* acknowledged edits",
    ),
}
"""Each run of issues.md: the kind of finding that it ends with, and words of one such finding."""


@pytest.mark.parametrize("run", marked(FAILS))
def test_a_known_problem_ends_in_a_fail_that_names_what_happened_and_to_whom(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.result is not None, ended.output[-3000:]
    kind, words = FAILS[run]
    found = [one for one in ended.result["findings"] if one["kind"] == kind and re.search(words, one["detail"])]
    assert found, ended.output[-3000:]
    assert all(one["users"] for one in found)
    assert all(fault["outcome"] == "done" for fault in ended.result["run"]["faults"])
    assert "server-lost" not in {one["kind"] for one in ended.result["findings"]}


@pytest.mark.parametrize("run", ["one's own server"])
def test_only_the_documents_of_the_runs_are_removed_from_ones_own_server(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.result is not None
    folder = ended.result["run"]["documents"][0].split("/")[0]
    assert folder.startswith("rtc-locust-")
    assert ended.result["run"]["options"]["keep"] is False


@pytest.mark.parametrize("run", ["a notebook that exists"])
def test_the_named_notebook_is_the_only_document(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.result is not None
    assert ended.result["run"]["documents"] == ["shared.ipynb"]


@pytest.mark.parametrize("run", ["only watching"])
def test_who_only_watches_edits_nothing(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.result is not None
    assert ended.result["counts"]["edits"] == 0


@pytest.mark.parametrize("run", ["two processes", WITH_WORKERS])
def test_users_are_spread_over_two_processes(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.result is not None
    assert ended.result["run"]["workers"] == 2


def _answers(address: str) -> bool:
    try:
        return asking.get(address, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def _echoes(address: str) -> int:
    rows = asking.get(f"{address}/stats/requests", timeout=30).json()["stats"]
    return sum(row["num_requests"] for row in rows if row["name"] == "update echo")
