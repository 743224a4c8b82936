"""When one tab had no line, and what it waits for at the end: bookkeeping without a clock or a line, times handed in.

By this the verdict tells a server that served nobody from a coordinator that was cut off (`verdict/served.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from jupyter_rtc_locust.verdict.service_evidence import WAITED_S, ServedEvidence


class ServiceRecord:
    """How one user is served. Times are of one clock, whichever."""

    def __init__(self) -> None:
        self._opened: float | None = None
        self._closed: float | None = None
        self._lost: float | None = None
        self._asked: float | None = None
        self._answered: float | None = None
        self._without_line: list[tuple[float, float]] = []
        self._in_vain: list[tuple[float, float]] = []
        self._offline_since: float | None = None
        self._offline: list[tuple[float, float]] = []

    @property
    def lost(self) -> float | None:
        """Since when the tab has looked for a line, and still does. None: it has one, or looks for none."""
        return self._lost

    def opened(self, now: float) -> None:
        """The tab has its document open: it was let in, and is in step."""
        self._opened = now

    def line_lost(self, now: float) -> None:
        """The line is gone, and not on purpose."""
        if self._lost is None:
            self._lost = now

    def line_back(self, now: float) -> None:
        """The tab has a line and is in step: the server has let it in."""
        self._waited(self._without_line, now)

    def closed(self, now: float) -> None:
        """The tab is closed, or has failed, and waits for nothing any more; of the server that says nothing."""
        self._waited(self._in_vain, now)
        if self._closed is None:
            self._closed = now

    def went_offline(self, now: float) -> None:
        """The line was taken from the tab on purpose, or it had none: until `came_online` it waits for no server."""
        self._waited(self._in_vain, now)
        if self._offline_since is None:
            self._offline_since = now

    def came_online(self, now: float) -> None:
        """There is a network again."""
        if self._offline_since is not None:
            self._offline.append((self._offline_since, now))
        self._offline_since = None

    def _waited(self, kept: list[tuple[float, float]], now: float) -> None:
        if self._lost is not None and now - self._lost >= WAITED_S:
            kept.append((self._lost, now))
        self._lost = self._asked = None

    def asked(self, now: float) -> None:
        """The server was asked what the replica lacks."""
        self._asked = now

    def answered(self, now: float) -> None:
        """It has said so."""
        self._asked, self._answered = None, now

    def evidence(self, now: float, heard: float | None, since: Callable[[float], float]) -> ServedEvidence:
        """What is known now. `heard`: when anything came last; `since` makes a moment one of the run."""
        offline = [*self._offline, *([] if self._offline_since is None else [(self._offline_since, now)])]
        return ServedEvidence(
            taken=since(now),
            opened=None if self._opened is None else since(self._opened),
            closed=None if self._closed is None else since(self._closed),
            heard=None if heard is None else since(heard),
            answered=None if self._answered is None else since(self._answered),
            waits_since=None if self._asked is None else since(self._asked),
            lost=None if self._lost is None else since(self._lost),
            without_line=tuple((since(lost), since(back)) for lost, back in self._without_line),
            in_vain=tuple((since(lost), since(closed)) for lost, closed in self._in_vain),
            offline=tuple((since(began), since(ended)) for began, ended in offline),
        )
