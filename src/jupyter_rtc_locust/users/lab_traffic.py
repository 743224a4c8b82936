"""A tab's requests beside its document, made when they are due, and the socket on which the server tells of events.

Each is a sample of `tab request`. What the server refuses (4xx) is answered, as far as timing goes, and counted: a real
tab, too, asks for terminals where there are none. One greenlet for each row of requests; a row that is still under way
when the next is due is not waited for, as in a browser.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import gevent
from gevent.pool import Group

from jupyter_rtc_locust.errors import ConnectionBroken, RoomError
from jupyter_rtc_locust.servers.lab_requests import REFRESH_S, SELDOM_REFRESH_S, LabRequest, LabRequests
from jupyter_rtc_locust.settings import HTTP_TRY_DEADLINE_S
from jupyter_rtc_locust.users.connection import Connection, open_websocket
from jupyter_rtc_locust.users.schedule import Heartbeat
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.swarm import Swarm

EVENTS_LATER_S = 5.0
"""A tab listens to events again so long after its rooms are back (recorded once: it tries ever more seldom)."""


class LabTraffic:
    """One tab's. Nothing here waits for an answer but the greenlets of its own."""

    def __init__(self, seat: Seat, swarm: Swarm) -> None:
        self._seat = seat
        self._swarm = swarm
        workspace = f"rtc-locust-{swarm.run_id}-{seat.user}-{seat.incarnation}"
        self._requests = LabRequests(seat.document, workspace)
        self._events: Connection | None = None
        self._refreshing: list[Heartbeat] = []
        self._file_browser: Heartbeat | None = None
        self._rows = Group()
        self._offline = False
        self._closed = False

    def open(self) -> None:
        """The page was loaded."""
        self._spawn(self._requests.of_opening())
        self._begin(self._subscribe)
        self._refreshing = [
            Heartbeat(REFRESH_S, lambda: self._spawn(self._requests.of_refresh())),
            Heartbeat(SELDOM_REFRESH_S, lambda: self._spawn(self._requests.of_seldom_refresh())),
        ]
        self._look_at_files_later()

    def document_changed(self) -> None:
        """The document was changed for the first time since it was saved."""
        self._spawn(self._requests.after_change())

    def document_saved(self) -> None:
        """The server told that it has saved the document."""
        self._spawn(self._requests.after_save())
        self._look_at_files_later()

    def _look_at_files_later(self) -> None:
        """The file browser's next look, of its own accord, is ten seconds after the last."""
        if self._file_browser is not None:
            self._file_browser.stop()
        self._file_browser = Heartbeat(REFRESH_S, lambda: self._spawn(self._requests.of_file_browser()))

    def saving_by_hand(self) -> None:
        """Ctrl+S was pressed."""
        self._spawn(self._requests.before_manual_save())

    def saved_by_hand(self) -> None:
        """The server answered it."""
        self._spawn(self._requests.after_manual_save())

    def set_offline(self, offline: bool) -> None:
        """Whether there is a network. Requests that are due without one are lost, as a tab's are."""
        self._offline = offline
        if offline and self._events is not None:
            self._events.abort()
            self._events = None
        elif not offline and self._events is None and not self._closed:
            self._begin(self._subscribe, EVENTS_LATER_S)

    def close(self) -> None:
        """The tab is closed; what it stored on the server is removed."""
        if self._closed:
            return
        self._closed = True
        for heartbeat in self._refreshing:
            heartbeat.stop()
        self._refreshing = []
        if self._file_browser is not None:
            self._file_browser.stop()
            self._file_browser = None
        self._rows.kill(block=False)
        if self._events is not None:
            self._events.close()
            self._events = None
        self._begin(self._ask_all, self._requests.of_closing(), among=self._swarm.farewells)

    def _spawn(self, row: Sequence[LabRequest]) -> None:
        if not self._closed and not self._offline:
            self._begin(self._ask_all, row)

    def _begin(self, work: Callable[..., None], *arguments: Any, among: Group | None = None) -> None:
        """In a greenlet of its own, whose death is told: an error in it is none of the server's, and nobody waits."""
        greenlets = self._rows if among is None else among
        greenlets.spawn(work, *arguments).link_exception(
            lambda dead: self._swarm.recorder.failed(
                "tab request", f"a row of requests died: {type(dead.exception).__name__}: {dead.exception}"
            )
        )

    def _ask_all(self, row: Sequence[LabRequest]) -> None:
        began = time.monotonic()
        for request in row:
            gevent.sleep(max(0.0, began + request.after_s - time.monotonic()))
            self._ask(request)

    def _ask(self, request: LabRequest) -> None:
        counts, recorder = self._swarm.counts, self._swarm.recorder
        started = time.monotonic()
        counts["tab_requests"] += 1
        try:
            answer = self._swarm.server.http.request(
                request.method, request.path, identity=self._seat.person, json=request.json
            )
        except ConnectionBroken as error:
            recorder.failed("tab request", f"{request.method} {_kind(request.path)} was not answered: {error}")
            return
        if answer.status_code >= 500:
            what = f"{request.method} {_kind(request.path)} was answered with {answer.status_code}"
            recorder.failed("tab request", what)
            return
        counts["tab_requests_refused"] += answer.status_code >= 400
        recorder.record("tab request", (time.monotonic() - started) * 1000)

    # -- events -------------------------------------------------------------------------------------------------

    def _subscribe(self, later_s: float = 0.0) -> None:
        gevent.sleep(later_s)
        settings = self._swarm.settings
        address = self._swarm.server.events(self._seat.person)
        if address is None or not self._may_listen():
            return
        ca_file = str(settings.ca_file) if settings.ca_file else None
        try:
            opened = open_websocket(address, HTTP_TRY_DEADLINE_S, ca_file)
        except RoomError as error:
            self._swarm.recorder.failed("tab request", f"the events could not be subscribed to: {error}")
            return
        if not self._may_listen():
            opened.close()
            return
        self._events = Connection(opened, self._hear, self._lost, texts=True)

    def _may_listen(self) -> bool:
        """Asked anew after the line was opened, which takes its time."""
        return not self._closed and not self._offline

    def _hear(self, messages: list[bytes]) -> None:
        self._swarm.counts["events_received"] += len(messages)

    def _lost(self, _error: Any) -> None:
        self._events = None
        if not self._closed and not self._swarm.ended:
            self._begin(self._subscribe, EVENTS_LATER_S)


def _kind(path: str) -> str:
    """A request's address without what differs from user to user, so that failures can be counted by it."""
    parts = path.partition("?")[0].split("/")
    return "/".join(parts[: 4 if parts[1] == "lab" else 3])
