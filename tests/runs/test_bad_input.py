"""What is wrong before a run begins is told in a sentence, soon, with the right exit code; nothing is left behind."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import requests

from runs.bad_input_run import (
    BY_NAME,
    CASES,
    FORMS,
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
from runs.locust_run import REPOSITORY, LocustProcess, Together
from servers.processes import free_port

pytestmark = pytest.mark.run

DOCUMENT = REPOSITORY / "docs" / "bad-input.md"
AT_ONCE = 4
NAMES = [case.name for case in CASES]
WAYS = {"worker": run_with_worker, "processes": run_with_processes}


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    with Surroundings(tmp_path_factory.mktemp("surroundings")) as started:
        started.before = [snapshot(server.root) for server in started.servers]  # type: ignore[attr-defined]
        yield started


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, surroundings: Surroundings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Together]:
    """The outcomes of the cases that were asked for, by name; all of them where the table is asked for."""
    folder = tmp_path_factory.mktemp("runs")
    mine = [item for item in request.session.items if item.path == request.path]
    wanted = {item.callspec.params["name"] for item in mine if "name" in getattr(item, "callspec", _NoParams).params}
    names = NAMES if any(item.name.startswith("test_the_table") for item in mine) else sorted(wanted & set(NAMES))
    # The slowest first, so that nobody waits for them at the end.
    names = sorted(names, key=lambda name: "silent" not in name and name not in ("trickling", "https for http"))
    calls: dict[str, Any] = {
        name: partial(run_case, BY_NAME[name], surroundings, folder / str(number)) for number, name in enumerate(names)
    }
    for name in sorted(wanted - set(NAMES)):
        case, _, way = name.partition(" as ")
        calls[name] = partial(WAYS[way], BY_NAME[case], surroundings, folder / name.replace(" ", "-"))
    together = Together(calls, AT_ONCE)
    try:
        yield together
    finally:
        together.close()


class _NoParams:
    params: dict[str, Any] = {}


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


@pytest.mark.parametrize("name", NAMES)
def test_it_ends_soon_with_a_sentence_and_the_right_exit_code(name: str, outcomes: Together) -> None:
    is_told_well(outcomes[name], name)


@pytest.mark.parametrize("name", [f"{name} as {way}" for name in WITH_WORKERS for way in WAYS])
def test_a_master_tells_it_as_one_process_does_and_its_workers_end_too(name: str, outcomes: Together) -> None:
    outcome = outcomes[name]
    is_told_well(outcome, name.partition(" as ")[0])
    for worker in outcome.others:
        assert worker.exit_code in (0, 1), worker
        assert worker.seconds < SECONDS, worker
        assert "Traceback" not in worker.output, worker


@pytest.fixture(scope="module")
def page(surroundings: Surroundings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebUi]:
    """Locust with its web UI, for a good server."""
    port = free_port()
    with LocustProcess(
        "notebook_editing.py",
        *("--web-host", "127.0.0.1", "--web-port", str(port)),
        folder=tmp_path_factory.mktemp("page") / "run",
        server=surroundings.jupyter,
    ) as process:
        page = WebUi(f"http://127.0.0.1:{port}", process)
        page.wait_until(page.answers, "an answer of the web UI")
        yield page


class WebUi:
    """Locust's web UI: what is typed into its form, and what it answers."""

    def __init__(self, address: str, process: LocustProcess) -> None:
        self.address = address
        self.process = process

    def send(self, **fields: str) -> tuple[int, dict[str, Any]]:
        """The answer to a form: that of a good run, but for these fields."""
        form = {"user_count": "2", "spawn_rate": "2", "rtc_documents": "1", "rtc_edit_rate": "5", **fields}
        answer = requests.post(f"{self.address}/swarm", data=form, timeout=SECONDS)
        return answer.status_code, answer.json()

    def state(self) -> str:
        return str(requests.get(f"{self.address}/stats/requests", timeout=10).json()["state"])

    def answers(self) -> bool:
        try:
            return requests.get(self.address, timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + 2 * SECONDS
        while not condition():
            assert self.process.process.poll() is None, self.process.output
            assert time.monotonic() < until, f"{what} did not come\n{self.process.output}"
            time.sleep(0.05)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_answered_with_the_sentence_and_nothing_is_started(
    form: str, page: WebUi, surroundings: Surroundings
) -> None:
    fields, words = FORMS[form]
    host = {"host": surroundings.jupyter.url}
    status, answer = page.send(**{**host, **{key: surroundings.filled(value) for key, value in fields.items()}})
    assert status == 200, answer
    assert answer["success"] is False, answer
    assert words in answer["message"], answer
    assert page.state() in ("ready", "stopped")


def test_after_bad_forms_a_good_one_starts_a_run_with_a_verdict(page: WebUi, surroundings: Surroundings) -> None:
    page.send(host=surroundings.places["nothing"])
    page.send(host=surroundings.jupyter.url, rtc_edit_rate="fast")
    status, answer = page.send(host=surroundings.jupyter.url)
    assert (status, answer["success"]) == (200, True), answer
    page.wait_until(lambda: "update echo" in requests.get(f"{page.address}/stats/requests", timeout=10).text, "an echo")
    assert requests.post(f"{page.address}/stop", timeout=2 * SECONDS).json()["success"]
    assert page.process.result is not None
    assert page.process.result["verdict"] == "pass", page.process.result
    assert page.process.result["run"]["host"] == surroundings.jupyter.url
    assert "Traceback" not in page.process.output


def test_nothing_was_left_on_any_server(outcomes: Together, surroundings: Surroundings) -> None:
    """Of the cases, and of the forms that were sent before."""
    for name in outcomes.names():
        outcomes[name]
    before = surroundings.before  # type: ignore[attr-defined]
    assert [snapshot(server.root) for server in surroundings.servers] == before


def test_the_table_in_the_documents_says_what_is_said(outcomes: Together, surroundings: Surroundings) -> None:
    """Written anew with RTC_WRITE_TABLE=1; the seconds are those of that run."""
    rows = table({name: outcomes[name] for name in NAMES}, surroundings)
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
