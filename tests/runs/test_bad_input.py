"""What is wrong before a run begins is told in a sentence, soon, with the right exit code; nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from runs import asking
from runs.bad_input_cases import FORMS
from runs.bad_input_run import (
    BY_NAME,
    CASES,
    SECONDS,
    WITH_WORKERS,
    Outcome,
    Surroundings,
    run_case,
    run_with_processes,
    run_with_worker,
    snapshot,
    table,
)
from runs.locust_run import REPOSITORY, LocustProcess
from runs.together import Runs
from servers.processes import free_port

pytestmark = pytest.mark.run

DOCUMENT = REPOSITORY / "docs" / "bad-input.md"
NAMES = [case.name for case in CASES]
WEB_UI = "the web UI"
SURROUNDINGS = "the surroundings"
LONGEST = [WEB_UI, *(name for name in NAMES if "silent" in name or name in ("trickling", "https for http"))]
SHORT = ("--rtc-drain-timeout", "5", "--rtc-save-timeout", "5")
WAYS = {"worker": run_with_worker, "processes": run_with_processes}
APART = {f"{name} as {way}": (name, way) for name in WITH_WORKERS for way in WAYS}


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Any]]]:
    """Every case, in one process and with workers, the web UI, and what all of them were tried on."""
    with Surroundings(folder / "surroundings") as surroundings:
        before = [snapshot(server.root) for server in surroundings.servers]
        calls: dict[str, Callable[[], Any]] = {
            SURROUNDINGS: lambda: surroundings,
            WEB_UI: partial(fill_forms, surroundings, folder / "web"),
        }
        for number, name in enumerate(NAMES):
            calls[name] = partial(run_case, BY_NAME[name], surroundings, folder / str(number))
        for name, (case, way) in APART.items():
            calls[name] = partial(WAYS[way], BY_NAME[case], surroundings, folder / name.replace(" ", "-"))
        yield calls
        assert [snapshot(server.root) for server in surroundings.servers] == before, "something was left on a server"


def is_told_well(outcome: Outcome, name: str) -> None:
    case = BY_NAME[name]
    run = outcome.run
    assert run.exit_code == case.exit_code, run
    assert run.seconds < SECONDS, run
    assert "Traceback" not in run.output, run
    missing = [words for words in case.says if words not in outcome.sentence]
    assert not missing, f"The sentence {outcome.sentence!r} lacks {missing}.\n{run}"
    if case.exit_code == 2:
        assert run.result is None, f"An option was refused, but a result was written.\n{run}"
        assert outcome.sentence in run.output, run
    else:
        assert run.verdict == "inconclusive", run
        assert f"\nINCONCLUSIVE: {outcome.sentence}\n" in run.output, run


@pytest.mark.parametrize("run", NAMES)
def test_it_ends_soon_with_a_sentence_and_the_right_exit_code(run: str, runs: Runs) -> None:
    is_told_well(runs[run], run)


@pytest.mark.parametrize("run", APART)
def test_a_master_tells_it_as_one_process_does_and_its_workers_end_too(run: str, runs: Runs) -> None:
    outcome = runs[run]
    is_told_well(outcome, APART[run][0])
    for worker in outcome.others:
        assert worker.exit_code in (0, 1), worker
        assert worker.seconds < SECONDS, worker
        assert "Traceback" not in worker.output, worker


@dataclass(frozen=True)
class Page:
    """What the web UI answered to each bad form, and then to a good one."""

    answers: Mapping[str, tuple[int, dict[str, Any], str]]
    """Status, JSON, and the state of Locust afterwards."""
    good: tuple[int, dict[str, Any]]
    host: str
    result: dict[str, Any]
    output: str


def fill_forms(surroundings: Surroundings, folder: Path) -> Page:
    """Locust with its web UI, for a good server, and everything that is typed into its form."""
    address = f"http://127.0.0.1:{free_port()}"
    started = ("--web-host", "127.0.0.1", "--web-port", address.rpartition(":")[2], *SHORT)

    def send(fields: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        good = {"user_count": "2", "spawn_rate": "2", "rtc_documents": "1", "rtc_edit_rate": "5"}
        form = {**good, "host": surroundings.jupyter.url, **fields}
        answer = asking.post(f"{address}/swarm", data=form, timeout=SECONDS)
        return answer.status_code, answer.json()

    def statistics() -> dict[str, Any]:
        return dict(asking.get(f"{address}/stats/requests", timeout=10).json())

    def wait_until(condition: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + 2 * SECONDS
        while not condition():
            assert process.process.poll() is None, process.output
            assert time.monotonic() < until, f"{what} did not come\n{process.output}"
            time.sleep(0.1)

    def is_served() -> bool:
        try:
            return asking.get(address, timeout=5).ok
        except requests.ConnectionError:
            return False

    with LocustProcess("notebook_editing.py", *started, folder=folder, server=surroundings.jupyter) as process:
        wait_until(is_served, "the page")
        answers = {}
        for name, (fields, _) in FORMS.items():
            filled = {key: surroundings.filled(value) for key, value in fields.items()}
            answers[name] = (*send(filled), statistics()["state"])
        good = send({})
        wait_until(lambda: any(one["name"] == "update echo" for one in statistics()["stats"]), "an echo")
        assert asking.post(f"{address}/stop", timeout=2 * SECONDS).json()["success"]
        assert process.result is not None, process.output
        return Page(answers, good, surroundings.jupyter.url, process.result, process.output)


@pytest.mark.parametrize("run", [WEB_UI])
@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_answered_with_the_sentence_and_nothing_is_started(form: str, run: str, runs: Runs) -> None:
    status, answer, state = runs[run].answers[form]
    assert status == 200, answer
    assert answer["success"] is False, answer
    assert FORMS[form][1] in answer["message"], answer
    assert state in ("ready", "stopped")


@pytest.mark.parametrize("run", [WEB_UI])
def test_after_bad_forms_a_good_one_starts_a_run_with_a_verdict(run: str, runs: Runs) -> None:
    page = runs[run]
    assert page.good[0] == 200
    assert page.good[1]["success"] is True, page.good
    assert page.result["verdict"] == "pass", page.result
    assert page.result["run"]["host"] == page.host
    assert "Traceback" not in page.output, page.output


@pytest.mark.parametrize("run", [SURROUNDINGS])
def test_the_table_in_the_documents_says_what_is_said(run: str, runs: Runs) -> None:
    """Written anew with RTC_WRITE_TABLE=1; the seconds are those of that run."""
    if not set(NAMES) <= set(runs.wanted):
        pytest.skip("the table has every case, so the whole file has to be selected")
    rows = table({name: runs[name] for name in NAMES}, runs[run])
    text = DOCUMENT.read_text()
    head, begin, rest = text.partition("<!-- table -->\n")
    old, end, tail = rest.partition("<!-- end of table -->")
    assert begin, f"{DOCUMENT.name} has no place for the table"
    assert end, f"{DOCUMENT.name} does not say where the table ends"
    if os.environ.get("RTC_WRITE_TABLE"):
        DOCUMENT.write_text(head + begin + rows + end + tail)
        return
    assert without_seconds(rows) == without_seconds(old)


def without_seconds(rows: str) -> list[str]:
    return [re.sub(r"\| (\d) \| [\d.]+ \|", r"| \1 |", row) for row in rows.splitlines()]
