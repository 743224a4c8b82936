"""Our pages beside Locust's: what they answer, to whom, and what a browser is told to allow them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from locust.env import Environment
from locust.web import WebUI

from jupyter_rtc_locust.web import pages
from web.pictures import document, picture

GUARD = "a-guard-of-the-tests"
BASES = pytest.mark.parametrize("base", ["", "/load"])


class Site:
    """Locust's web UI with our pages, asked without a socket."""

    def __init__(self, base: str, *, login: bool = False) -> None:
        self.results: Path | None = None
        environment = Environment()
        environment.create_local_runner()
        self.web_ui = WebUI(
            environment, "127.0.0.1", 0, web_base_path=base or None, web_login=login, delayed_start=True
        )
        pages.add_to_web_ui(
            self.web_ui,
            base,
            picture=lambda: picture([document(0), document(1, "differs")]),
            results_folder=lambda: self.results,
            guard=GUARD,
        )
        assert self.web_ui.app is not None
        self.client: FlaskClient = self.web_ui.app.test_client()
        self.base = base

    def get(self, path: str) -> Any:
        return self.client.get(self.base + path)


@BASES
def test_the_live_page_allows_nothing_inline_and_nothing_from_elsewhere(base: str) -> None:
    answer = Site(base).get("/rtc/")
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style", answer.text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", answer.text)


@BASES
def test_everything_the_live_page_asks_for_is_there(base: str) -> None:
    site = Site(base)
    asked = set(re.findall(r'(?:src|href)="(assets/[^"]+)"', site.get("/rtc/").text))
    asked |= {f"assets/{name}" for name in pages.ASSETS}
    for name in asked:
        answer = site.get(f"/rtc/{name}")
        assert answer.status_code == 200, name
        for imported in re.findall(r'from "\./([^"]+)"', answer.text):
            assert imported in pages.ASSETS, f"{name} imports {imported}"
    assert site.get("/rtc/assets/live.html").status_code == 404
    assert site.get("/rtc/assets/../pages.py").status_code == 404


def test_no_script_makes_markup_of_text() -> None:
    site = Site("")
    for name in pages.ASSETS:
        found = re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function",
            site.get(f"/rtc/assets/{name}").text,
        )
        assert not found, (name, found)


def test_only_the_live_page_knows_the_guard_and_only_pages_of_ours_may_read_it() -> None:
    site = Site("")
    answer = site.client.get("/rtc/", headers={"Origin": "http://elsewhere.example"})
    assert f'content="{GUARD}"' in answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost"
    for path in ("/", "/rtc/assets/live.js", "/rtc/assets/additions.js", "/stats/requests"):
        assert GUARD not in site.get(path).text


@BASES
def test_the_form_is_in_groups_and_the_page_has_the_script(base: str) -> None:
    told = Site(base).get("/").text
    assert told.count('src="./rtc/assets/additions.js"') == 1
    arguments = json.loads(re.search(r"window\.templateArgs = (.*)", told)[1])  # type: ignore[index]
    assert [tab["key"] for tab in arguments["extended_tabs"]] == ["convergence"]
    links = [one["href"] for one in arguments["extended_csv_files"]]
    assert links[0] == "./rtc/" and "./rtc/results/report.html" in links


@BASES
def test_the_tab_has_a_row_for_each_document_and_locusts_answer_stays_its_own(base: str) -> None:
    site = Site(base)
    for _ in range(2):  # the second is the one that Locust kept
        told = site.get("/stats/requests").get_json()
        assert told["state"] == "ready"
        assert [one["key"] for one in told["extended_stats"]] == ["convergence"]
        assert [row["state"] for row in told["extended_stats"][0]["data"]] == ["differs", "equal"]


def test_before_a_run_has_ended_there_is_nothing_to_download() -> None:
    site = Site("")
    for name in ("report.html", "result.json", "evidence.zip", "junit.xml"):
        answer = site.get(f"/rtc/results/{name}")
        assert answer.status_code == 404
        assert "no run of this process has ended" in answer.text


def test_results_are_sent_as_what_they_are_and_can_run_nothing(tmp_path: Path) -> None:
    site = Site("")
    site.results = tmp_path
    (tmp_path / "report.html").write_text("<script>alert(1)</script>")
    (tmp_path / "result.json").write_text("{}")
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "one.txt").write_text("1")
    for name, kind in (("report.html", "text/html"), ("result.json", "application/json")):
        answer = site.get(f"/rtc/results/{name}")
        assert answer.status_code == 200
        assert answer.mimetype == kind
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    archive = site.get("/rtc/results/evidence.zip")
    assert archive.mimetype == "application/zip" and archive.data.startswith(b"PK")


@pytest.mark.parametrize(
    "name", ["..%2fsecret", "..%2F..%2Fetc%2Fpasswd", "evidence", "history.jsonl.gz", "%00", "report.html%00"]
)
def test_no_other_file_can_be_asked_for(tmp_path: Path, name: str) -> None:
    site = Site("")
    site.results = tmp_path / "results"
    site.results.mkdir()
    (tmp_path / "secret").write_text("the secret")
    (site.results / "history.jsonl.gz").write_text("the history")
    answer = site.get(f"/rtc/results/{name}")
    assert answer.status_code == 404
    assert "the secret" not in answer.text and "the history" not in answer.text


def test_where_a_login_is_asked_for_nothing_of_ours_is_told_without_it() -> None:
    site = Site("", login=True)
    assert site.web_ui.app is not None
    site.web_ui.app.secret_key = "of the tests"
    site.web_ui.login_manager.user_loader(lambda _: None)
    for path in (
        "/rtc/",
        "/rtc/assets/live.js",
        "/rtc/results/report.html",
        "/rtc/results/evidence.zip",
        "/stats/requests",
        "/",
    ):
        answer = site.get(path)
        assert answer.status_code == 302, path
        assert GUARD not in answer.text and "notebook-0" not in answer.text
