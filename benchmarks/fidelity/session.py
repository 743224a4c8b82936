"""A simulated tab does what the recorded one did, at the same moments, and everything that it sends is counted.

The product's own classes are used as they are; only their connections are taken for ones that count.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any
from unittest.mock import patch

import gevent

from benchmarks.fidelity.counts import ALL_TABS, DOCUMENT, EVENTS, REQUESTS, Counts, kind_of
from jupyter_rtc_locust.demo.embedded_server import EmbeddedServer
from jupyter_rtc_locust.documents.templates import notebook_template
from jupyter_rtc_locust.editing.gestures import (
    AddCellBelow,
    ChangeCellType,
    Click,
    DeleteCell,
    Gesture,
    MoveCaret,
    MoveCell,
    OpenNotebook,
    Paste,
    PressBackspace,
    Redo,
    RunCell,
    TypeText,
    Undo,
)
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.jupyter_collaboration import JupyterCollaboration
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.timing.recorder import Recorder
from jupyter_rtc_locust.users.collaborator import Collaborator
from jupyter_rtc_locust.users.connection import Connection
from jupyter_rtc_locust.users.lab_traffic import LabTraffic
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.swarm import Swarm

FIRST, SECOND, NEW = "cell-1", "cell-2", "9d1c3e35-8b1f-4b52-a3ce-6a5b1d7f0c11"
SENTENCE = "The quick brown fox jumps over the lazy dog."
LINES = "\n".join(f"# pasted line {number}" for number in range(20))
CODE = "import time\nfor i in range(20):\n    print('line', i, flush=True); time.sleep(0.05)"
KEY_S = 0.2
BEFORE_NEWLINE = 12.5 / 14
"""In the first cell."""

Act = Callable[[Collaborator], object]
Plan = list[tuple[float, str, Act | None]]
"""When, from the opening on; the phase that begins then (empty: the one that is on goes on); what is done."""


def gestures(*several: Gesture) -> Act:
    """Do these with the hand, a key each `KEY_S`; what goes on by itself goes on."""

    def act(tab: Collaborator) -> None:
        hand = tab.writing.gestures
        for gesture in several:
            hand.begin(gesture, time.monotonic())
            while hand.busy:
                gevent.sleep(KEY_S)
                hand.go_on(time.monotonic())

    return act


WORKING: Plan = [
    (13.77, "caret", gestures(Click(FIRST))),
    (15.44, "type", gestures(TypeText(FIRST, SENTENCE))),
    (24.88, "type", gestures(PressBackspace(FIRST, 5))),
    (28.29, "caret", gestures(MoveCaret(FIRST, -5))),
    (30.45, "caret", gestures(MoveCaret(FIRST, -5, selecting=True))),
    (32.65, "type", gestures(MoveCaret(FIRST, -1), TypeText(FIRST, "hello"))),
    (36.35, "type", gestures(Paste(FIRST, LINES))),
    (38.94, "undo", gestures(Undo())),
    (41.03, "undo", gestures(Redo())),
    (43.11, "undo", gestures(Undo())),
    (45.20, "structure", None),
    (45.80, "", gestures(AddCellBelow(FIRST, NEW))),
    (48.37, "", gestures(DeleteCell(NEW, "none"))),
    (50.97, "", gestures(MoveCell(FIRST, 1))),
    (54.23, "", gestures(MoveCell(FIRST, -1))),
    (56.87, "", gestures(ChangeCellType(FIRST, "markdown"))),
    (59.00, "", gestures(ChangeCellType(FIRST, "code"))),
    (61.11, "caret", gestures(Click(SECOND))),
    (62.22, "run", gestures(Paste(SECOND, CODE))),
    (64.28, "", gestures(RunCell(SECOND))),
    (70.38, "", gestures(RunCell(SECOND))),
    (75.46, "save", lambda tab: gevent.spawn(tab.save)),
    (78.53, "idle", None),
    (140.53, "", None),
]
RECONNECTING: Plan = [
    (9.75, "", gestures(Click(FIRST, BEFORE_NEWLINE), TypeText(FIRST, "abc"))),
    (12.71, "reconnect", lambda tab: tab.go_offline()),
    (13.20, "", gestures(TypeText(FIRST, "XYZ"))),
    (17.99, "", lambda tab: tab.come_online()),
    (28.01, "", None),
]
LEAVING: Plan = [
    (5.01, "", gestures(Click(FIRST, BEFORE_NEWLINE), TypeText(FIRST, "abc"))),
    (8.00, "leave", lambda tab: tab.leave()),
    (11.35, "", None),
]
"""Sooner than recorded, where nothing depends on what went before."""


def play(plan: Plan, counts: Counts, *, opening: str = "") -> None:
    """Open a notebook in a tab, follow the plan, and count; `opening` names the phase until its first moment."""
    with EmbeddedServer.start() as embedded, _counted(counts):
        server = JupyterCollaboration(HttpClient(embedded.url, (embedded.token,)))
        document = server.create_document("f", "a.ipynb", notebook_template("a.ipynb", _notebook()))
        swarm = Swarm(
            run_id="fidelity",
            seed=1,
            settings=Settings(edit_rate=0.0, awareness="faithful", global_awareness="faithful", rest="faithful"),
            server=server,
            recorder=Recorder(),
            elapsed=0.0,
            user_failed=_failed,
        )
        tab = Collaborator(Seat(0, 0, 3_300_325_288, document, 0, 0, 1), swarm, lambda _number: None)
        counts.phase = opening
        began = time.monotonic()
        tab.open()
        tab.writing.play(OpenNotebook(tab.room_name))
        for moment, phase, act in plan:
            gevent.sleep(max(0.0, began + moment - time.monotonic()))
            counts.phase = phase or counts.phase
            if act is not None:
                act(tab)
        counts.phase = ""
        swarm.close([tab])


def _failed(_owner: object, error: BaseException) -> None:
    raise RuntimeError(f"the tab failed: {error}")


def _notebook() -> dict[str, Any]:
    cells = [
        {"id": FIRST, "cell_type": "code", "source": "# first cell\n"},
        {"id": SECOND, "cell_type": "code", "source": ""},
        {"id": "cell-3", "cell_type": "markdown", "source": "# Title"},
    ]
    for cell in cells:
        cell |= {"metadata": {}}  # type: ignore[dict-item]
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}  # type: ignore[dict-item]
    metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


class _counted:  # noqa: N801 (used as a function)
    """While it lasts, every connection and every request of a tab is counted."""

    def __init__(self, counts: Counts) -> None:
        users = "jupyter_rtc_locust.users"
        ask = LabTraffic._ask

        def counted_ask(traffic: LabTraffic, request: Any) -> None:
            counts.note(REQUESTS, 0)
            ask(traffic, request)

        self._patches: Iterable[Any] = [
            patch(f"{users}.collaborator.Connection", _counting(counts, DOCUMENT)),
            patch(f"{users}.global_room.Connection", _counting(counts, ALL_TABS)),
            patch(f"{users}.lab_traffic.Connection", _counting(counts, EVENTS)),
            patch.object(LabTraffic, "_ask", counted_ask),
        ]

    def __enter__(self) -> None:
        for one in self._patches:
            one.start()

    def __exit__(self, *_: object) -> None:
        for one in self._patches:
            one.stop()


def _counting(counts: Counts, room: str) -> type[Connection]:
    class Counting(Connection):
        """Counts what goes through it."""

        def __init__(self, opened: Any, receive: Any, closed: Any, **more: Any) -> None:
            def counted(messages: list[bytes]) -> None:
                for message in messages:
                    what = f"{EVENTS} received" if room == EVENTS else f"{room}: {kind_of(message)} received"
                    counts.note(what, len(message))
                receive(messages)

            super().__init__(opened, counted, closed, **more)

        def send(self, message: bytes) -> None:
            counts.note(f"{room}: {kind_of(message)} sent", len(message))
            super().send(message)

    return Counting
