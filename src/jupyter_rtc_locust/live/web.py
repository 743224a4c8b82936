"""The endpoints of the picture, and of the buttons beside it, for the Flask app of Locust's web UI (docs/ui.md).

Everything is answered behind Locust's own login, where there is one. What changes a run is guarded (`guard.py`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from flask import Blueprint, Response, request

from jupyter_rtc_locust.live.guard import Guard

KEPT_S = 0.5
"""An answer is made anew at most so often, however many people look."""

View: TypeAlias = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a press of a button."""

    done: bool
    message: str
    """A sentence for the person who pressed it."""


class Director(Protocol):
    """Whose picture it is, and who does what the buttons say."""

    guard: Guard

    def as_json(self) -> dict[str, Any]:
        """The picture."""

    def metrics(self) -> str:
        """The figures as Prometheus reads them."""

    def difference(self, index: int) -> dict[str, Any] | None:
        """What differs between the copies of a document now; None: there is no such document."""

    def pause(self) -> Done:
        """Let nobody edit until `resume`."""

    def resume(self) -> Done:
        """Let everybody go on."""

    def compare_now(self) -> Done:
        """Hold a checkpoint."""


def endpoints(director: Director, base: str, protected: Callable[[View], Callable[..., Any]]) -> Blueprint:
    """All of them, below `base`; `protected` lets only those in who are logged in."""
    blueprint = Blueprint("rtc-live", __name__, url_prefix=f"{base}/rtc")
    kept: list[tuple[float, str]] = []

    def picture() -> Response:
        now = time.monotonic()
        if not kept or now - kept[0][0] >= KEPT_S:
            kept[:] = [(now, _written(director.as_json()))]
        return _answer(kept[0][1])

    def metrics() -> Response:
        return _answer(director.metrics(), mimetype="text/plain; version=0.0.4; charset=utf-8")

    def difference(index: int) -> Response:
        found = director.difference(index)
        if found is None:
            return _answer(_written({"message": f"The run has no document {index}."}), 404)
        return _answer(_written(found))

    def press(button: Callable[[], Done]) -> Callable[[], Response]:
        def pressed() -> Response:
            if (refusal := director.guard.refusal(request.headers.get, request.host)) is not None:
                return _answer(_written({"done": False, "message": refusal}), 403)
            did = button()
            kept.clear()
            return _answer(_written({"done": did.done, "message": did.message}))

        return pressed

    views: list[tuple[str, str, View, str]] = [
        ("/live.json", "picture", picture, "GET"),
        ("/metrics", "metrics", metrics, "GET"),
        ("/documents/<int:index>/difference", "difference", difference, "GET"),
        ("/pause", "pause", press(director.pause), "POST"),
        ("/resume", "resume", press(director.resume), "POST"),
        ("/compare", "compare", press(director.compare_now), "POST"),
    ]
    for path, name, view, method in views:
        blueprint.add_url_rule(path, name, protected(view), methods=[method])
    return blueprint


def _written(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _answer(text: str, status: int = 200, mimetype: str = "application/json") -> Response:
    # Lone surrogates of a document are no UTF-8.
    answer = Response(text.encode("utf-8", "backslashreplace"), status)
    answer.headers["Content-Type"] = mimetype
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
