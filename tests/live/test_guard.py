"""Who may press a button: the page of this process, and nobody else."""

from __future__ import annotations

import pytest

from jupyter_rtc_locust.live.guard import HEADER, Guard

GUARD = Guard()
OWN = "127.0.0.1:8089"
GOOD = {HEADER: GUARD.token, "Content-Type": "application/json", "Origin": f"http://{OWN}"}


def refusal(changes: dict[str, str | None], host: str = OWN) -> str | None:
    headers = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return GUARD.refusal(headers.get, host)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Origin": None},
        {"Origin": None, "Referer": f"http://{OWN}/rtc/?tab=x"},
        {"Content-Type": "Application/JSON; charset=utf-8"},
        {"Origin": f"https://{OWN}"},
    ],
)
def test_the_page_itself_may(changes: dict[str, str | None]) -> None:
    assert refusal(changes) is None


def test_a_port_that_is_the_default_need_not_be_named() -> None:
    assert refusal({"Origin": "https://hub.example"}, "hub.example") is None
    assert refusal({"Origin": "https://hub.example"}, "hub.example:443") is None
    assert refusal({"Origin": "https://hub.example:8443"}, "hub.example") is not None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({HEADER: None}, HEADER),
        ({HEADER: ""}, HEADER),
        ({HEADER: GUARD.token[:-1]}, HEADER),
        ({HEADER: f"{GUARD.token} "}, HEADER),
        ({HEADER: "ключ"}, HEADER),
        ({"Origin": "http://evil.example"}, "Origin"),
        ({"Origin": "null"}, "Origin"),
        ({"Origin": ""}, "Origin"),
        ({"Origin": "http://127.0.0.1:8090"}, "Origin"),
        ({"Origin": f"http://{OWN}.evil.example"}, "Origin"),
        ({"Origin": "http://[broken"}, "Origin"),
        ({"Referer": "http://evil.example/?127.0.0.1:8089"}, "Referer"),
        ({"Content-Type": None}, "Content-Type"),
        ({"Content-Type": "text/plain"}, "Content-Type"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "Content-Type"),
        ({"Content-Type": "multipart/form-data; boundary=application/json"}, "Content-Type"),
    ],
)
def test_anybody_else_is_refused_with_a_sentence(changes: dict[str, str | None], named: str) -> None:
    told = refusal(changes)
    assert told is not None and named in told
    assert GUARD.token not in told


def test_each_process_has_a_token_of_its_own_that_shows_nowhere() -> None:
    assert len({Guard().token for _ in range(20)}) == 20
    assert GUARD.token not in repr(GUARD)
