"""The endpoints: what they answer, where, and that nothing is done for a request that is not the page's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from jupyter_rtc_locust.live.guard import HEADER, Guard
from jupyter_rtc_locust.live.web import Done, endpoints

BUTTONS = ("pause", "resume", "compare")


class Director:
    """Does nothing, and remembers what it was told to do."""

    def __init__(self) -> None:
        self.guard = Guard()
        self.pressed: list[str] = []
        self.asked = 0

    def as_json(self) -> dict[str, Any]:
        self.asked += 1
        return {"asked": self.asked, "text": "<script>\u202e\udc80"}

    def metrics(self) -> str:
        return "# TYPE x gauge\n"

    def difference(self, index: int) -> dict[str, Any] | None:
        return {"index": index} if index < 2 else None

    def pause(self) -> Done:
        return self._press("pause")

    def resume(self) -> Done:
        return self._press("resume")

    def compare_now(self) -> Done:
        return self._press("compare")

    def _press(self, button: str) -> Done:
        self.pressed.append(button)
        return Done(True, f"{button} it is")


def let_in(view: Callable[..., Response]) -> Callable[..., Any]:
    return view


@pytest.fixture
def director() -> Director:
    return Director()


@pytest.fixture
def client(director: Director) -> FlaskClient:
    return client_of(director)


def client_of(director: Director, base: str = "", protected: Any = let_in) -> FlaskClient:
    app = Flask("test")
    app.register_blueprint(endpoints(director, base, protected))
    return app.test_client()


def press(client: FlaskClient, button: str, token: str, **changes: Any) -> Any:
    headers = {HEADER: token, **changes.pop("headers", {})}
    return client.post(f"/rtc/{button}", **({"json": {}, "headers": headers} | changes))


def test_the_picture_is_json_that_no_browser_takes_for_a_page_or_keeps(client: FlaskClient) -> None:
    answer = client.get("/rtc/live.json")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {"asked": 1, "text": "<script>\u202e\udc80"}


def test_many_who_look_at_once_cost_as_much_as_one(client: FlaskClient, director: Director) -> None:
    for _ in range(20):
        client.get("/rtc/live.json")
    assert director.asked < 5


def test_after_a_press_the_picture_is_a_new_one(client: FlaskClient, director: Director) -> None:
    before = client.get("/rtc/live.json").json["asked"]
    press(client, "pause", director.guard.token)
    assert client.get("/rtc/live.json").json["asked"] > before


def test_the_metrics_are_text_of_the_version_that_prometheus_reads(client: FlaskClient) -> None:
    answer = client.get("/rtc/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.text == "# TYPE x gauge\n"


def test_a_difference_is_told_of_documents_of_the_run_alone(client: FlaskClient) -> None:
    assert client.get("/rtc/documents/1/difference").json == {"index": 1}
    missing = client.get("/rtc/documents/2/difference")
    assert (missing.status_code, missing.json) == (404, {"message": "The run has no document 2."})


@pytest.mark.parametrize("button", BUTTONS)
def test_a_press_on_the_page_does_what_it_says(client: FlaskClient, director: Director, button: str) -> None:
    answer = press(client, button, director.guard.token, headers={"Origin": "http://localhost"})
    assert (answer.status_code, answer.json) == (200, {"done": True, "message": f"{button} it is"})
    assert director.pressed == [button]


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize(
    "request_of_another",
    [
        {"headers": {}, "token": None},
        {"token": "guessed"},
        {"headers": {"Origin": "http://evil.example"}},
        {"headers": {"Referer": "http://evil.example/page"}},
        {"json": None, "data": "{}", "headers": {"Content-Type": "text/plain"}},
        {"json": None, "data": {"field": "of a form"}},
    ],
)
def test_a_press_of_another_page_is_refused_and_does_nothing(
    client: FlaskClient, director: Director, button: str, request_of_another: dict[str, Any]
) -> None:
    changes = {name: value for name, value in request_of_another.items() if name != "token"}
    token = request_of_another.get("token", director.guard.token) or ""
    answer = press(client, button, token, **changes)
    assert answer.status_code == 403
    assert answer.json["done"] is False and answer.json["message"]
    assert director.guard.token not in answer.text
    assert director.pressed == []


@pytest.mark.parametrize("button", BUTTONS)
def test_looking_at_the_address_of_a_button_does_not_press_it(
    client: FlaskClient, director: Director, button: str
) -> None:
    assert client.get(f"/rtc/{button}", headers={HEADER: director.guard.token}).status_code == 405
    assert director.pressed == []


def test_everything_stands_below_the_base_path_and_behind_the_login(director: Director) -> None:
    def let_nobody_in(_view: Callable[..., Response]) -> Callable[..., Any]:
        return lambda **_: Response("log in first", 302)

    assert client_of(director, "/base").get("/base/rtc/live.json").status_code == 200
    outside = client_of(director, protected=let_nobody_in)
    for path in ("live.json", "metrics", "documents/0/difference"):
        assert outside.get(f"/rtc/{path}").status_code == 302
    for button in BUTTONS:
        assert press(outside, button, director.guard.token).status_code == 302
    assert director.pressed == []
