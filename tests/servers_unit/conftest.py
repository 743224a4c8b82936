"""A tiny HTTP server in a thread that answers by a table and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from jupyter_rtc_locust.servers.http import HttpClient


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    json: Any
    """A form is told as it came."""


@dataclass
class Answers:
    """What is answered to (method, path): one answer for ever, or a list of answers of which the last stays."""

    base: str = ""
    table: dict[tuple[str, str], list[tuple[int, Any, dict[str, str]]]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def on(self, method: str, path: str, status: int, body: Any = None, **headers: str) -> Answers:
        """Add an answer; a string goes as it is, what a function says of the request or anything else as JSON."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.table.setdefault((method, path), []).append((status, body, named))
        return self

    def next(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        self.requests.append(request)
        planned = self.table.get((request.method, request.path))
        if planned is None:
            return 404, {"message": "no such route"}, {}
        return planned.pop(0) if len(planned) > 1 else planned[0]

    def knows_tokens(self, names: dict[str, str]) -> None:
        """A hub that says, by token, whose each is: a person's, who manages nobody."""

        def whose(request: Request) -> dict[str, Any]:
            return {"name": names[request.headers["Authorization"].removeprefix("token ")], "scopes": []}

        self.on("GET", "/hub/api/user", 200, whose)

    def asked(self) -> list[tuple[str, str]]:
        return [(request.method, request.path) for request in self.requests]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answers: Answers

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_form = self.headers.get_content_type() == "application/x-www-form-urlencoded"
        told = body.decode() if is_form else json.loads(body) if body else None
        request = Request(self.command, self.path, dict(self.headers), told)
        status, content, headers = self.answers.next(request)
        content = content(request) if callable(content) else content
        data = b"" if content is None else (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if status != 204:
            self.wfile.write(data)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    answers = Answers()
    handler = type("Handler", (_Handler,), {"answers": answers})
    listening = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    listening.daemon_threads = True
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    answers.base = f"http://127.0.0.1:{listening.server_address[1]}"
    yield answers
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def client_of(server):
    """Makes clients of the server, and closes what they kept open."""
    made = []

    def make(*tokens, base=None):
        made.append(HttpClient(base or server.base, tokens))
        return made[-1]

    yield make
    for one in made:
        one._session.close()
