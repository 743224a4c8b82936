"""Cells that run in real kernels: what is in the document, whose it is, and that no kernel outlives the run."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_rtc_locust.protocol.variable_length import write_variable_unsigned
from runs import asking
from runs.locust_run import LOCUSTFILES_OF_THE_TESTS, PASSED, LocustProcess, Run, run_locust
from runs.shared_servers import SharedServers
from runs.together import Runs
from servers.server_process import ServerProcess

pytestmark = pytest.mark.run

IN_A_KERNEL = LOCUSTFILES_OF_THE_TESTS / "in_a_kernel.py"
WORDS_IN_A_KERNEL = LOCUSTFILES_OF_THE_TESTS / "words_in_a_kernel.py"
REAL = ("--rtc-kernels", "real", "--rtc-evidence", "always")

SHARED = "three people share a kernel"
WORDS = "words that people typed"
TERMINATED = "told to end while a cell runs"
RUNS = (SHARED, WORDS, TERMINATED)

RECORDED_UPDATES, RECORDED_BYTES = 24, 814
"""Of a cell that prints 20 lines, in a tab of JupyterLab; `PRINTING` prints what the code there did."""
BYTES_OF_A_MESSAGE = 3
"""What a message has before its update."""
BYTES_OF_A_CLIENT_ID = 5
"""Of 15 ids in 16. Those below 2**28 take less, twice or oftener in each update: of 814 bytes as many as 110."""

LEFT: dict[str, tuple[list[Any], list[Any], list[Path]]] = {}
"""For each run: sessions and kernels of the server after it, and what a shell would have made."""


def asked(server: ServerProcess, path: str) -> Any:
    answer = asking.get(f"{server.url}{path}", headers={"Authorization": f"token {server.token}"}, timeout=10)
    answer.raise_for_status()
    return answer.json()


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Run]]]:
    with contextlib.ExitStack() as servers:

        def run(name: str, play: Callable[[Path, ServerProcess], Run]) -> Callable[[], Run]:
            def and_look() -> Run:
                # A server for each, so that sessions of another run are not taken for this one's.
                server = servers.enter_context(SharedServers())["jupyter-collaboration 5"]
                ended = play(folder / name.replace(" ", "-"), server)
                made = list(server.home.rglob("made-by-a-shell"))
                LEFT[name] = asked(server, "/api/sessions"), asked(server, "/api/kernels"), made
                return ended

            return and_look

        yield {
            SHARED: run(SHARED, shared),
            WORDS: run(WORDS, words),
            TERMINATED: run(TERMINATED, terminated),
        }


def shared(folder: Path, server: ServerProcess) -> Run:
    return run_locust(IN_A_KERNEL, "-u", "3", "-r", "10", "-t", "80s", *REAL, folder=folder, server=server)


def words(folder: Path, server: ServerProcess) -> Run:
    two = ("-u", "4", "-r", "20", "-t", "8s", "--rtc-documents", "2", "--processes", "2")
    return run_locust(WORDS_IN_A_KERNEL, *two, *REAL, "--rtc-seed", "11", folder=folder, server=server)


def terminated(folder: Path, server: ServerProcess) -> Run:
    options = ("--headless", "-u", "1", "-t", "80s", *REAL)
    with LocustProcess(
        LOCUSTFILES_OF_THE_TESTS / "asleep_in_a_kernel.py", *options, folder=folder, server=server
    ) as run:
        run.wait_for("the cell is asleep")
        run.terminate()
        return run.ended()


def cells_of(ended: Run) -> dict[str, dict[str, Any]]:
    saved = next((ended.folder / "results" / "evidence").rglob("saved-file.json"))
    return {cell["id"]: cell for cell in json.loads(saved.read_text())["cells"]}


def edits_of(ended: Run) -> list[dict[str, Any]]:
    edits = next((ended.folder / "results" / "evidence").rglob("edits.jsonl"))
    return [json.loads(line) for line in edits.read_text().splitlines()]


def update_of(ended: Run, edit: dict[str, Any]) -> bytes:
    updates = next((ended.folder / "results" / "evidence").rglob("edits.bin")).read_bytes()
    return updates[edit["at"] : edit["at"] + edit["bytes"]]


def size_whoever_wrote_it(update: bytes, client_id: int) -> int:
    """The bytes of an update if its author's client id were one of the long ones, as almost all are."""
    written = write_variable_unsigned(client_id)
    return len(update) + update.count(written) * (BYTES_OF_A_CLIENT_ID - len(written))


def text_of(cell: dict[str, Any]) -> str:
    return "".join("".join(output.get("text", "")) for output in cell["outputs"])


@pytest.mark.parametrize("run", [SHARED, WORDS])
def test_what_kernels_say_is_in_every_copy_and_in_the_file(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert (ended.exit_code, ended.verdict, ended.kinds) == (PASSED, "pass", set()), str(ended)
    assert all(timing["failures"] == 0 for timing in ended.told["timings"].values()), str(ended)
    assert ended.count("run cell") > 0, str(ended)


@pytest.mark.parametrize("run", RUNS)
def test_no_session_and_no_kernel_of_a_run_is_left_and_no_shell_was_started(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert LEFT[run] == ([], [], []), str(ended)
    assert not ended.documents_left, str(ended)


@pytest.mark.parametrize("run", [TERMINATED])
def test_a_run_that_is_told_to_end_while_a_cell_runs_has_its_verdict(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.verdict == "pass", str(ended)
    assert ended.told["counts"].get("cells_run", 0) == 0, str(ended)


@pytest.mark.parametrize("run", [SHARED])
def test_outputs_of_every_kind_are_below_their_cells(run: str, runs: Runs) -> None:
    cells = cells_of(runs[run])
    for user in range(3):
        assert text_of(cells[f"printing-{user}"]) == "".join(f"line {number}\n" for number in range(20))
        assert text_of(cells[f"clearing-{user}"]) == "stays\n"
        assert cells[f"shell-{user}"]["outputs"] == []
    for user in (1, 2):
        shown, result = cells[f"displaying-{user}"]["outputs"]
        assert (shown["output_type"], "".join(shown["data"]["text/plain"])) == ("display_data", "shown")
        assert (result["output_type"], "".join(result["data"]["text/plain"])) == ("execute_result", "42")
    raised = cells["raising"]["outputs"][-1]
    assert (raised["output_type"], raised["ename"]) == ("error", "ZeroDivisionError")
    assert text_of(cells["raising"]) == "before\n"


@pytest.mark.parametrize("run", [SHARED])
def test_people_who_run_one_cell_both_write_its_outputs(run: str, runs: Runs) -> None:
    edits = [edit for edit in edits_of(runs[run]) if edit["cell"] == "displaying-0"]
    showed = Counter(edit["user"] for edit in edits if re.match("(displayed|showed) ", edit["description"]))
    assert showed == {0: 4, 1: 2, 2: 2}


@pytest.mark.parametrize("run", [SHARED])
def test_who_ran_a_cell_writes_its_outputs_and_nobody_else(run: str, runs: Runs) -> None:
    edits = edits_of(runs[run])
    for user in range(3):
        assert {edit["user"] for edit in edits if edit["cell"] == f"printing-{user}"} == {user}


@pytest.mark.parametrize("run", [SHARED])
def test_an_interrupted_cell_shows_it_and_a_kernel_that_was_started_again_has_forgotten(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    cells = cells_of(ended)
    assert cells["sleeping"]["outputs"][-1]["ename"] == "KeyboardInterrupt", str(ended)
    assert text_of(cells["afterwards"]) == "False\n"
    assert cells["afterwards"]["execution_count"] == 1


@pytest.mark.parametrize("run", [SHARED])
def test_twenty_lines_are_as_many_updates_and_bytes_as_a_tab_was_recorded_to_send(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    edits = edits_of(ended)
    for user in range(3):
        running = [edit for edit in edits if edit["cell"] == f"printing-{user}"][2:]  # after it was added, and pasted
        assert len(running) == RECORDED_UPDATES
        sizes = [size_whoever_wrote_it(update_of(ended, edit), edit["client_id"]) for edit in running]
        size = sum(sizes) + BYTES_OF_A_MESSAGE * len(running)
        assert abs(size - RECORDED_BYTES) <= RECORDED_BYTES / 10, (size, sizes)
