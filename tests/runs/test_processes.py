"""One process, forked processes and processes of their own give the same verdict; an early end gives one, too.

Nothing is left behind: no process, no document that the run made.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
import psutil
import pytest

from runs.histories import deliveries
from runs.locust_run import (
    FAILED,
    INCONCLUSIVE,
    LOCUSTFILES_OF_THE_TESTS,
    PASSED,
    LocustProcess,
    Run,
    run_locust,
)
from runs.shared_servers import SharedServers
from runs.together import Runs
from servers import processes
from servers.processes import free_port
from servers.server_process import ServerProcess

pytestmark = pytest.mark.run

TELLING = LOCUSTFILES_OF_THE_TESTS / "telling.py"
USERS = 6
LOAD = ("-u", str(USERS), "-r", "20", "--rtc-edit-rate", "3", "--rtc-documents", "2", "--rtc-seed", "42")
BRIEFLY = ("-t", "6s")
LONG = ("-t", "60s")
"""Longer than any test waits: such a run ends because it is told to."""
TELLING_ALL = ("--csv", "stats", "--rtc-history")

HISTORY, HISTORY_OF_A_WORKER = "history.jsonl.gz", "history-worker-*.jsonl.gz"

OPTIONS_REFUSED = 2

AGREEING = {"pass": PASSED, "fail": FAILED, "inconclusive": INCONCLUSIVE}


@dataclass
class Places:
    """Where the runs are made: their folders, and the servers they share."""

    folder: Path
    servers: SharedServers

    @property
    def server(self) -> ServerProcess:
        return self.servers["jupyter-collaboration 5"]

    def alone(self, name: str, *options: str) -> Run:
        return run_locust(TELLING, *LOAD, *options, folder=self.folder / name, server=self.server)

    def terminated(self, name: str, *options: str, sign: str, server: ServerProcess | None = None) -> Run:
        """A run that gets SIGTERM once it has said `sign`."""
        options = ("--headless", *LOAD, *LONG, *options)
        with LocustProcess(TELLING, *options, folder=self.folder / name, server=server or self.server) as locust:
            locust.wait_for(sign)
            locust.terminate()
            return locust.ended()

    def forked_and_one_killed(self, name: str) -> Run:
        options = ("--headless", *LOAD, "-t", "9s", "--processes", "2")
        with LocustProcess(TELLING, *options, folder=self.folder / name, server=self.server) as locust:
            locust.wait_for("is at work.", times=2)
            kill(locust.children()[0])
            return locust.ended()

    def apart(self, name: str, *options: str, then: Callable[[list[LocustProcess]], None] | None = None) -> Run:
        """A master and two workers; `then` is called with all three when both workers are at work."""
        port = str(free_port())
        master = ("--master", "--headless", "--expect-workers", "2", "--master-bind-host", "127.0.0.1")
        worker = ("--worker", "--master-host", "127.0.0.1", "--master-port", port)
        with contextlib.ExitStack() as stack:

            def start(part: str, *arguments: str) -> LocustProcess:
                folder = self.folder / f"{name}-{part}"
                return stack.enter_context(LocustProcess(TELLING, *arguments, folder=folder, server=self.server))

            parts = [start("master", *master, "--master-bind-port", port, *LOAD, *options)]
            parts += [start(f"worker-{number}", *worker) for number in (1, 2)]
            if then is not None:
                for part in parts[1:]:
                    part.wait_for("is at work.")
                then(parts)
            ended = parts[0].ended()
            for part in parts[1:]:
                part.ended(deadline=20)
            return ended

    def another_refused_and_terminated(self, name: str) -> Run:
        """A master and two workers. A third comes with a secret, and is refused; then the master is told to end."""

        def comes_and_goes(parts: list[LocustProcess]) -> None:
            parts[0].wait_for("All users spawned")
            port = parts[0].command[parts[0].command.index("--master-bind-port") + 1]
            where = ("--master-host", "127.0.0.1", "--master-port", port)
            folder, secret = self.folder / f"{name}-refused", {"LOCUST_RTC_SECRET": "of another master's workers"}
            with LocustProcess(TELLING, "--worker", *where, folder=folder, environment=secret) as refused:
                assert refused.ended(deadline=20).exit_code == OPTIONS_REFUSED
            parts[0].terminate()

        return self.apart(name, *LONG, then=comes_and_goes)

    def kept(self, name: str) -> Run:
        """A run that keeps its documents, which are looked at when the server may have gone with its folder."""
        run = self.alone(name, *BRIEFLY, "--rtc-keep")
        folder, *files = run.documents_left
        copied = self.folder / "documents-kept" / folder.name
        shutil.copytree(folder, copied)
        return replace(run, documents_left=(copied, *(copied / file.relative_to(folder) for file in files)))

    def embedded(self, name: str) -> Run:
        """Without --host a server of its own is started; what it started is gone when it has ended."""
        with LocustProcess(TELLING, "--headless", *LOAD, *BRIEFLY, folder=self.folder / name) as locust:
            locust.wait_for("is at work.")
            started = locust.children()
            assert started, locust.output
            ended = locust.ended()
            assert_all_end(started)
            return ended

    def embedded_killed(self, name: str) -> None:
        """A run that is killed by SIGKILL; what it started ends all the same."""
        with LocustProcess(TELLING, "--headless", *LOAD, *LONG, folder=self.folder / name) as locust:
            locust.wait_for("is at work.")
            started = locust.children()
            assert started, locust.output
            kill(psutil.Process(locust.process.pid))
            assert_all_end(started)

    def found_wanting(self, name: str) -> Run:
        """A run on a server that invents an edit, ended by SIGTERM."""
        with processes.sick_server("invent-edit", at=10) as server:
            return self.terminated(name, "--rtc-documents", "1", sign="is at work.", server=server)


def kill(process: psutil.Process) -> None:
    os.kill(process.pid, signal.SIGKILL)


def assert_all_end(started: list[psutil.Process]) -> None:
    """Waits until these processes are gone; a zombie is gone, too: whoever adopts it may take its time."""
    until = time.monotonic() + 10
    while alive := [one for one in started if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]:
        assert time.monotonic() < until, f"still running: {alive}"
        time.sleep(0.1)


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Run | None]]]:
    with SharedServers() as servers:
        here = Places(folder, servers)
        yield {
            "apart": lambda: here.apart("apart", *BRIEFLY, *TELLING_ALL),
            "apart, a worker killed": lambda: here.apart(
                "worker-killed", "-t", "9s", then=lambda parts: kill(psutil.Process(parts[1].process.pid))
            ),
            "apart, terminated": lambda: here.another_refused_and_terminated("master-terminated"),
            "forked": lambda: here.alone("forked", *BRIEFLY, *TELLING_ALL, "--processes", "2"),
            "forked, one killed": lambda: here.forked_and_one_killed("forked-one-killed"),
            "one": lambda: here.alone("one", *BRIEFLY, *TELLING_ALL),
            "one, terminated": lambda: here.terminated("terminated", sign="is at work."),
            "one, terminated at once": lambda: here.terminated("terminated-at-once", sign="All users spawned"),
            "one, terminated, sick": lambda: here.found_wanting("found-wanting"),
            "kept": lambda: here.kept("kept"),
            "embedded": lambda: here.embedded("embedded"),
            "embedded, killed": lambda: here.embedded_killed("embedded-killed"),
        }


WAYS = ("one", "forked", "apart")
KILLED = ("forked, one killed", "apart, a worker killed")
TERMINATED = ("one, terminated", "one, terminated at once", "one, terminated, sick", "apart, terminated")
ON_A_SERVER = (*WAYS, *KILLED, *TERMINATED)


@pytest.mark.parametrize("run", WAYS)
def test_the_same_run_has_the_same_verdict_on_the_same_documents_however_many_processes(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert (ended.exit_code, ended.verdict, ended.kinds) == (PASSED, "pass", set()), str(ended)
    folder = f"rtc-locust-{ended.told['run']['run_id']}"
    assert re.fullmatch(r"rtc-locust-[0-9a-f]{8}", folder)
    assert ended.told["run"]["documents"] == [f"{folder}/notebook-0.ipynb", f"{folder}/notebook-1.ipynb"], str(ended)
    assert ended.told["run"]["seed"] == 42, str(ended)
    assert ended.told["run"]["workers"] == (1 if run == "one" else 2), str(ended)
    assert ended.told["counts"]["users"] == ended.told["counts"]["users_seated"] == USERS, str(ended)
    assert ended.told["counts"]["edits"] > 10, str(ended)


@pytest.mark.parametrize("run", WAYS)
def test_the_timings_of_all_users_are_in_the_result(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    counts = ended.told["counts"]
    for name in ("session", "connect", "initial sync", "open document", "sync probe"):
        assert ended.count(name) == USERS, f"{name}\n{ended}"
    assert ended.count("update echo") == counts["edits"] == counts["updates_sent"], str(ended)
    assert all(timing["failures"] == 0 for timing in ended.told["timings"].values()), str(ended)
    echo = ended.told["timings"]["update echo"]
    assert 0 < echo["p50_ms"] <= echo["p95_ms"] <= echo["p99_ms"] <= echo["max_ms"] * 1.01, str(ended)
    assert ended.told["generator"]["processes"] == (1 if run == "one" else 2), str(ended)


@pytest.mark.parametrize("run", WAYS)
def test_an_edit_is_timed_at_every_other_user_of_its_document_in_the_same_process(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    files = list((ended.folder / "results").glob(HISTORY if run == "one" else HISTORY_OF_A_WORKER))
    assert len(files) == (1 if run == "one" else 2), files
    found = deliveries(files)
    assert found.certain <= set(found.told) <= found.possible, str(ended)
    assert ended.count("update delivery") == len(found.told) == len(set(found.told)), str(ended)
    if run == "one":
        # Three users in each of two documents, so each edit has two readers.
        assert len(found.possible) == 2 * ended.told["counts"]["edits"], str(ended)


@pytest.mark.parametrize("run", [way for way in WAYS if way != "one"])
def test_the_people_of_a_document_are_in_both_processes_and_what_goes_between_them_is_timed(
    run: str, runs: Runs
) -> None:
    ended: Run = runs[run]
    assert ended.told["counts"]["documents_apart"] == 2, str(ended)
    between = ended.told["between_workers"]
    # Whoever wrote, somebody in the other process reads it; what the server encoded anew is not timed.
    assert 0 < between["count"] <= ended.told["counts"]["edits"], str(ended)
    assert [one["problem"] for one in between["clocks"]] == [None, None], str(ended)
    assert all(one["exchanges"] > 4 for one in between["clocks"]), str(ended)


@pytest.mark.parametrize("run", WAYS)
def test_the_statistics_of_all_users_are_in_locusts_own_tables(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    of_ours = {name: count for (kind, name), count in ended.statistics.items() if kind == "RTC"}
    in_the_result = {name: timing["count"] for name, timing in ended.told["timings"].items() if timing["count"]}
    assert of_ours == in_the_result, str(ended)
    assert ended.statistics["CHECK", "final document equality"] == 1, str(ended)


@pytest.mark.parametrize("run", KILLED)
def test_a_run_that_lost_a_worker_is_inconclusive_and_says_so(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert (ended.exit_code, ended.verdict, ended.kinds) == (INCONCLUSIVE, "inconclusive", set()), str(ended)
    assert "did not answer at the end" in ended.told["reason"], str(ended)
    assert "\nINCONCLUSIVE: " in ended.output, str(ended)
    assert "\nPASS: " not in ended.output, str(ended)


@pytest.mark.parametrize("run", TERMINATED)
def test_a_run_that_is_told_to_end_ends_in_a_verdict_with_which_its_exit_code_agrees(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.exit_code == AGREEING[ended.verdict], str(ended)
    assert f"\n{ended.verdict.upper()}: " in ended.output, str(ended)
    assert ended.seconds < 40, str(ended)


@pytest.mark.parametrize(
    ("run", "verdict"), [("one, terminated", "pass"), ("apart, terminated", "pass"), ("one, terminated, sick", "fail")]
)
def test_a_run_that_is_told_to_end_in_the_middle_is_judged_by_what_was_done(run: str, verdict: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.verdict == verdict, str(ended)
    assert ended.told["counts"]["edits"] > 10, str(ended)


@pytest.mark.parametrize("run", ["apart, terminated"])
def test_a_worker_that_was_refused_in_mid_run_has_taken_nobody_along(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert "is refused: it has a LOCUST_RTC_SECRET" in ended.output, str(ended)
    assert "3 workers connected" in ended.output, str(ended)
    dealt_out = [line for line in ended.output.splitlines() if "Sending spawn jobs" in line]
    assert len(dealt_out) == 1, f"Users were dealt out anew: {dealt_out}\n{ended}"
    assert ended.told["counts"]["users_seated"] == USERS, str(ended)


@pytest.mark.parametrize("run", [*ON_A_SERVER, "kept", "embedded"])
def test_no_process_is_left_running(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.left_running == (), str(ended)


@pytest.mark.parametrize("run", ["embedded, killed"])
def test_a_server_of_our_own_ends_also_when_the_run_is_killed(run: str, runs: Runs) -> None:
    assert runs[run] is None  # it raises where something is left


@pytest.mark.parametrize("run", ["embedded"])
def test_a_run_without_a_host_passes_on_a_server_of_its_own(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert (ended.exit_code, ended.verdict) == (PASSED, "pass"), str(ended)


@pytest.mark.parametrize("run", ON_A_SERVER)
def test_the_documents_that_the_run_made_are_removed(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.told["run"]["documents"], str(ended)
    assert ended.documents_left == (), str(ended)


@pytest.mark.parametrize("run", ["kept"])
def test_documents_are_kept_where_that_was_asked_for(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    folder = ended.documents_left[0]
    files = [file for file in ended.documents_left if file.parent == folder and file.suffix == ".ipynb"]
    assert [f"{folder.name}/{file.name}" for file in files] == ended.told["run"]["documents"], str(ended)
    for file in files:
        nbformat.validate(nbformat.read(file, as_version=nbformat.NO_CONVERT))
