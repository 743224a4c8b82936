"""One walk through Locust's pages in Chromium: a refused form, a run, a pause, a difference, the end, and after.

What was noticed on the way is returned as data, step by step, for the tests to judge; pictures are taken where they
are wanted. A step that breaks off leaves its stack trace, and the walk goes on. It is one walk, and not a test each, so
that one server, one browser and one run are enough.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from browser.locust_page import Locust, StoredRun
from browser.pictures import take

DESKTOP = {"width": 1200, "height": 860}
ON_A_PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 1.5,
    "is_mobile": True,
    "has_touch": True,
}
PATIENCE_MS = 20_000


class Walk:
    """`seen` holds what each step noticed; `traffic` every request and answer, `complaints` what the browser minded."""

    def __init__(self, browser: Any, locust: Locust, folder: Path, pictures: Path) -> None:
        self.locust = locust
        self.folder = folder
        self.stored: dict[str, StoredRun] = {}
        self.pictures = pictures
        self.seen: dict[str, Any] = {}
        self.traffic: list[str] = []
        self.complaints: list[str] = []
        self._answers: list[Any] = []
        self._browser = browser
        self.desktop = self.page(viewport=DESKTOP)
        self.live = self.page(viewport=DESKTOP)

    def page(self, **options: Any) -> Any:
        """A page in a window of its own, whose requests, answers and complaints are noted."""
        page = self._browser.new_context(**options).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (self.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on(
            "request",
            lambda request: self.traffic.append(
                f"{request.method} {request.url} {request.headers} {request.post_data}"
            ),
        )
        page.on("response", self._answered)
        return page

    def _answered(self, answer: Any) -> None:
        self._answers.append(answer)

    def step(self, does: Callable[[Walk], Any]) -> None:
        """Take one step, and note what it noticed, how long it took, and what the browser was told meanwhile."""
        begun = time.monotonic()
        try:
            told = does(self)
        except Exception:
            told = {"broke_off": traceback.format_exc()}
        answers, self._answers[:] = list(self._answers), []
        for answer in answers:
            try:
                self.traffic.append(f"{answer.status} {answer.url} {answer.headers} {answer.text()}")
            except Exception as problem:  # pages that are gone, redirections, pictures
                self.traffic.append(f"{answer.status} {answer.url} {answer.headers} ({problem})")
        self.seen[does.__name__] = {**told, "seconds": round(time.monotonic() - begun, 1)}

    def make_reports(self) -> None:
        """Begin to make those of the stored runs, which `stored` then has."""
        self.stored = {name: StoredRun(name, self.folder) for name in ("pass", "fail")}

    def shot(self, page: Any, name: str, *, bottom: bool = False, **options: Any) -> None:
        """A picture for the documents, of the top of the page, or of its bottom."""
        page.evaluate(f"() => scrollTo(0, {'document.documentElement.scrollHeight' if bottom else 0})")
        take(page, self.pictures, name, **options)
