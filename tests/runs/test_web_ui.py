"""Locust's web UI: each start and stop is a run with a verdict of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from runs import asking
from runs.locust_run import UNREPORTED
from runs.together import Runs
from servers.processes import environment_without_jupyter

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.run

THE_PAGE, WITH_WORKERS = "the page", "the page with workers"
LONGEST = (THE_PAGE, WITH_WORKERS)
ON_THE_PAGE = pytest.mark.parametrize("run", [THE_PAGE])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def asked(method: str, address: str, **more: Any) -> requests.Response:
    """An answer of the page, by no proxy: other tests set some for this process while this run is under way."""
    with asking.session() as session:
        session.trust_env = False
        return session.request(method, address, **more)


class WebUi:
    """Locust with its web UI, and the embedded server, in a process of its own."""

    def __init__(self, address: str, results: Path, process: subprocess.Popen[bytes], log: Path) -> None:
        self.address = address
        self.results = results
        self.process = process
        self.log = log

    def start(self, **form: Any) -> dict[str, Any]:
        fields = {"user_count": 4, "spawn_rate": 4, "host": "", "rtc_documents": 2, "rtc_edit_rate": "4", **form}
        answer = asked("post", f"{self.address}/swarm", data=fields, timeout=30)
        assert answer.status_code == 200, answer.text[:300]
        return dict(answer.json())

    def stop(self) -> None:
        assert asked("post", f"{self.address}/stop", timeout=120).json()["success"]

    def statistics(self) -> dict[str, Any]:
        return dict(asked("get", f"{self.address}/stats/requests", timeout=30).json())

    def count(self, name: str) -> int:
        return counted(self.statistics(), name)

    def works(self, users: int, echoes: int) -> bool:
        """One answer for all: Locust keeps an answer for two seconds, so the run before may still be told of."""
        statistics = self.statistics()
        working = statistics["state"] == "running" and statistics["user_count"] == users
        return working and counted(statistics, "update echo") >= echoes

    def wait_until(self, condition: Any, what: str, deadline: float = 60) -> None:
        until = time.monotonic() + deadline
        while not condition():
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < until, (
                f"{what} did not happen within {deadline} s\n{self.log.read_text()[-3000:]}"
            )
            time.sleep(0.1)

    def picture(self) -> dict[str, Any]:
        """What the page is made of."""
        return dict(asked("get", f"{self.address}/rtc/live.json", timeout=30).json())

    def shows(self, users: int, edits: int) -> bool:
        """Whether the picture, which is some seconds old, has come to these users who edit."""
        picture = self.picture()
        figures = picture["figures"]
        return picture["run"]["state"] == "editing" and figures["users"] == users and figures["edits"] >= edits

    def states(self) -> set[str]:
        """Where the documents stand."""
        return {document["state"] for document in self.picture()["documents"]}

    def press(self, button: str, **headers: str) -> requests.Response:
        """Press a button, as the page does, or with other headers."""
        token = (self.log.parent / "guard.txt").read_text()
        headers = {"X-RTC-Guard": token, "Content-Type": "application/json", **headers}
        return asked("post", f"{self.address}/rtc/{button}", data="{}", headers=headers, timeout=30)

    def result(self) -> dict[str, Any]:
        return dict(json.loads((self.results / "result.json").read_text()))


def counted(statistics: dict[str, Any], name: str) -> int:
    return next((int(one["num_requests"]) for one in statistics["stats"] if one["name"] == name), 0)


NOTEBOOKS = ROOT / "locustfiles" / "notebook_editing.py"
GUARDED = ROOT / "tests" / "runs" / "locustfiles" / "guarded.py"


@contextmanager
def web_ui(folder: Path, locustfile: Path = NOTEBOOKS, *options: str) -> Iterator[WebUi]:
    port = free_port()
    log = folder / "locust.log"
    command = [
        *(sys.executable, "-m", "locust", "-f", str(locustfile), *options),
        *("--web-host", "127.0.0.1", "--web-port", str(port), "--rtc-results", str(folder / "results")),
    ]
    environment = environment_without_jupyter() | UNREPORTED
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, env=environment)
    page = WebUi(f"http://127.0.0.1:{port}", folder / "results", process, log)
    try:
        page.wait_until(lambda: answers(page.address), "an answer of the web UI")
        yield page
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        finally:
            process.kill()


def answers(address: str) -> bool:
    try:
        return asked("get", address, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def start_and_stop_twice(page: WebUi) -> None:
    results = []
    for users in (4, 6):
        assert page.start(user_count=users)["success"]
        page.wait_until(lambda users=users: page.works(users, 20), "twenty echoes")
        assert page.count("open document") <= users, "statistics of the run before were kept"
        page.wait_until(lambda users=users: page.shows(users, 20), "users and edits on the page")
        assert page.picture()["run"]["processes"] == 1
        page.stop()
        page.wait_until(lambda: page.statistics()["state"] in ("stopped", "ready"), "the end of the run")
        result = page.result()
        assert result["verdict"] == "pass", result["reason"]
        picture = page.picture()
        assert (picture["run"]["state"], picture["run"]["id"]) == ("over", result["run"]["run_id"])
        assert picture["agreement"]["equal"] == picture["agreement"]["documents"] == 2
        assert result["counts"]["users"] == users
        assert result["timings"]["update echo"]["count"] == result["counts"]["edits"] >= 20
        page.wait_until(lambda: page.count("final document equality") == 1, "one entry for the verdict")
        results.append(result)
    assert results[0]["run"]["run_id"] != results[1]["run"]["run_id"]
    assert results[0]["run"]["seed"] != results[1]["run"]["seed"]


def stop_twice_at_once(page: WebUi) -> None:
    before = page.result()["run"]["run_id"]
    assert page.start()["success"]
    page.wait_until(lambda: page.works(4, 5), "five echoes")
    assert not (page.results / "result.json").exists(), "the result of the run before could be taken for this one's"
    first = subprocess.Popen(
        [sys.executable, "-c", f"import urllib.request as u; u.urlopen('{page.address}/stop', b'', timeout=120)"],
        env=environment_without_jupyter(),
    )
    page.stop()
    assert first.wait(120) == 0
    page.wait_until(lambda: page.statistics()["state"] in ("stopped", "ready"), "the end of the run")
    result = page.result()
    assert result["run"]["run_id"] != before
    assert result["verdict"] == "pass", result["reason"]
    page.wait_until(lambda: page.count("final document equality") == 1, "one entry for the verdict")


def look_and_press_without_a_token(page: WebUi) -> None:
    assert asked("post", f"{page.address}/rtc/pause", timeout=10).status_code == 403
    assert "jupyter_rtc_locust_run_state" in asked("get", f"{page.address}/rtc/metrics", timeout=10).text


def fill_in_bad_values(page: WebUi) -> None:
    before = page.result()["run"]["run_id"]
    for field, value, named in (
        ("rtc_documents", "0", "--rtc-documents"),
        ("rtc_documents", "many", "--rtc-documents"),
        ("rtc_edit_rate", "-1", "--rtc-edit-rate"),
        ("rtc_server", "etherpad", "--rtc-server"),
        ("host", "ftp://127.0.0.1", "--host"),
        ("user_count", "0", "users"),
    ):
        answer = page.start(**{field: value})
        assert answer["success"] is False
        assert named in answer["message"], answer
    assert page.statistics()["user_count"] == 0
    assert page.result()["run"]["run_id"] == before


def pause_and_compare_with_workers(folder: Path) -> None:
    port = str(free_port())
    workers = ("--processes", "2", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port)
    with web_ui(folder, GUARDED, *workers) as page:
        assert page.picture()["run"]["state"] == "none"
        assert page.press("pause").json() == {"done": False, "message": "Editing was not paused: no run is under way."}
        page.wait_until(
            lambda: page.statistics()["total_rps"] == 0 and len(page.statistics()["workers"]) == 2, "workers"
        )
        assert page.start()["success"]
        page.wait_until(lambda: page.picture()["figures"]["edits"] >= 10, "ten edits")
        page.wait_until(lambda: len(page.picture()["generator"]["processes"]) == 2, "a word of both workers")
        assert page.picture()["run"]["processes"] == 2
        page.wait_until(lambda: "typing" in page.states(), "a document in which somebody types")

        assert page.press("resume").json()["done"] is False
        assert page.press("pause", Origin="http://evil.example").status_code == 403
        assert page.picture()["run"]["state"] == "editing"
        assert page.press("pause").json()["done"] is True
        assert page.press("pause").json()["done"] is False
        page.wait_until(lambda: page.states() == {"equal"}, "equal documents while nobody edits")
        edits = page.picture()["figures"]["edits"]
        difference = asked("get", f"{page.address}/rtc/documents/0/difference", timeout=30).json()
        assert difference["diff"] == "" and [len(group["users"]) for group in difference["groups"]] == [2]

        assert page.press("compare").json()["done"] is True
        page.wait_until(lambda: page.picture()["documents"][0]["checkpoint"] is not None, "a checkpoint", 90)
        assert {one["checkpoint"]["verdict"] for one in page.picture()["documents"]} == {"pass"}
        assert page.picture()["run"]["state"] == "paused", "a checkpoint ended a person's pause"
        assert page.picture()["figures"]["edits"] == edits

        assert page.press("resume").json()["done"] is True
        page.wait_until(lambda: page.picture()["figures"]["edits"] > edits, "edits after the pause")
        assert page.press("pause").json()["done"] is True
        page.stop()
        page.wait_until(lambda: page.picture()["run"]["state"] == "over", "the end of the run")
        result = page.result()
        assert result["verdict"] == "pass", result["reason"]
        assert [one["verdict"] for one in result["checkpoints"]] == ["pass"]
        (first, second) = result["run"]["pauses"]
        assert 0 < first["began_s"] < first["ended_s"] < second["began_s"] <= second["ended_s"]
        assert result["counts"]["edits_postponed"] > 0
        assert page.press("compare").json()["message"] == "Nothing was compared: the run is over."
        token = (folder / "guard.txt").read_text()
        answers = [asked("get", f"{page.address}/rtc/{path}", timeout=30).text for path in ("live.json", "metrics")]
        assert not any(token in text for text in (*answers, page.log.read_text()))


PARTS = (start_and_stop_twice, stop_twice_at_once, look_and_press_without_a_token, fill_in_bad_values)
"""One after the other on one page, because starting it takes longer than most of them."""


@contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], dict[str, Exception]]]]:
    """All parts, and the page of a master with workers: what is wrong with each, by its name."""
    yield {THE_PAGE: partial(play, folder / "page"), WITH_WORKERS: partial(play_with_workers, folder / "workers")}


def play(folder: Path) -> dict[str, Exception]:
    folder.mkdir(parents=True)
    wrong: dict[str, Exception] = {}
    with web_ui(folder) as page:
        for part in PARTS:
            try:
                part(page)
            except Exception as error:
                wrong[part.__name__] = error
    return wrong


def play_with_workers(folder: Path) -> dict[str, Exception]:
    folder.mkdir(parents=True)
    pause_and_compare_with_workers(folder)
    return {}


def done(part: Callable[[WebUi], None], runs: Runs) -> None:
    """Fails with what was wrong in this part."""
    if (wrong := runs[THE_PAGE].get(part.__name__)) is not None:
        raise wrong


@ON_THE_PAGE
def test_each_start_and_stop_has_a_verdict_and_statistics_of_its_own(run: str, runs: Runs) -> None:
    done(start_and_stop_twice, runs)


@ON_THE_PAGE
def test_a_second_stop_waits_for_the_verdict_instead_of_stopping_the_users_under_it(run: str, runs: Runs) -> None:
    done(stop_twice_at_once, runs)


@ON_THE_PAGE
def test_who_looks_needs_no_token_and_who_does_something_does(run: str, runs: Runs) -> None:
    done(look_and_press_without_a_token, runs)


@ON_THE_PAGE
def test_a_bad_value_in_the_form_is_answered_in_the_form_and_starts_nothing(run: str, runs: Runs) -> None:
    done(fill_in_bad_values, runs)


@pytest.mark.parametrize("run", [WITH_WORKERS])
def test_with_workers_the_picture_is_one_and_a_person_pauses_compares_and_goes_on(run: str, runs: Runs) -> None:
    assert runs[run] == {}
