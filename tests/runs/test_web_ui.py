"""Locust's web UI: each start and stop is a run with a verdict of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.run


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class WebUi:
    """Locust with its web UI, and the embedded server, in a process of its own."""

    def __init__(self, address: str, results: Path, process: subprocess.Popen[bytes], log: Path) -> None:
        self.address = address
        self.results = results
        self.process = process
        self.log = log

    def start(self, **form: Any) -> dict[str, Any]:
        fields = {"user_count": 4, "spawn_rate": 4, "host": "", "rtc_documents": 2, "rtc_edit_rate": "4", **form}
        answer = requests.post(f"{self.address}/swarm", data=fields, timeout=30)
        assert answer.status_code == 200, answer.text[:300]
        return dict(answer.json())

    def stop(self) -> None:
        assert requests.post(f"{self.address}/stop", timeout=120).json()["success"]

    def statistics(self) -> dict[str, Any]:
        return dict(requests.get(f"{self.address}/stats/requests", timeout=30).json())

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

    def result(self) -> dict[str, Any]:
        return dict(json.loads((self.results / "result.json").read_text()))


def counted(statistics: dict[str, Any], name: str) -> int:
    return next((int(one["num_requests"]) for one in statistics["stats"] if one["name"] == name), 0)


@contextmanager
def web_ui(folder: Path) -> Iterator[WebUi]:
    port = free_port()
    log = folder / "locust.log"
    command = [
        *(sys.executable, "-m", "locust", "-f", str(ROOT / "locustfiles" / "notebook_editing.py")),
        *("--web-host", "127.0.0.1", "--web-port", str(port), "--rtc-results", str(folder / "results")),
    ]
    environment = {name: value for name, value in os.environ.items() if name != "JUPYTER_TOKEN"}
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
        return requests.get(address, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebUi]:
    with web_ui(tmp_path_factory.mktemp("web")) as started:
        yield started


def test_each_start_and_stop_has_a_verdict_and_statistics_of_its_own(page: WebUi) -> None:
    results = []
    for users in (4, 6):
        assert page.start(user_count=users)["success"]
        page.wait_until(lambda users=users: page.works(users, 20), "twenty echoes")
        assert page.count("open document") <= users, "statistics of the run before were kept"
        page.stop()
        page.wait_until(lambda: page.statistics()["state"] in ("stopped", "ready"), "the end of the run")
        result = page.result()
        assert result["verdict"] == "pass", result["reason"]
        assert result["counts"]["users"] == users
        assert result["timings"]["update echo"]["count"] == result["counts"]["edits"] >= 20
        page.wait_until(lambda: page.count("final document equality") == 1, "one entry for the verdict")
        results.append(result)
    assert results[0]["run"]["run_id"] != results[1]["run"]["run_id"]
    assert results[0]["run"]["seed"] != results[1]["run"]["seed"]


def test_a_second_stop_waits_for_the_verdict_instead_of_stopping_the_users_under_it(page: WebUi) -> None:
    before = page.result()["run"]["run_id"]
    assert page.start()["success"]
    page.wait_until(lambda: page.works(4, 5), "five echoes")
    assert not (page.results / "result.json").exists(), "the result of the run before could be taken for this one's"
    first = subprocess.Popen(
        [sys.executable, "-c", f"import requests; requests.post('{page.address}/stop', timeout=120)"]
    )
    page.stop()
    assert first.wait(120) == 0
    page.wait_until(lambda: page.statistics()["state"] in ("stopped", "ready"), "the end of the run")
    result = page.result()
    assert result["run"]["run_id"] != before
    assert result["verdict"] == "pass", result["reason"]
    page.wait_until(lambda: page.count("final document equality") == 1, "one entry for the verdict")


def test_a_bad_value_in_the_form_is_answered_in_the_form_and_starts_nothing(page: WebUi) -> None:
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
