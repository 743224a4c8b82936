"""In a process that plays users: who waits for a seat, and what becomes of one that nobody sits on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import gevent
from gevent.event import AsyncResult

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.channel import Channel
from jupyter_rtc_locust.coordination.seats import Seat
from jupyter_rtc_locust.errors import SeatRefused, ServerUnusable

_TOO_LATE = "this process has told what its users did"


class AskingForSeats:
    """`send` takes a message to the coordinator; `has_told` tells whether all was told of a run here."""

    def __init__(self, send: Callable[[str, dict[str, Any]], None], has_told: Callable[[str], bool]) -> None:
        self._send = send
        self._has_told = has_told
        self._requests = count()
        self._waiting: dict[int, AsyncResult[dict[str, Any]]] = {}
        self._gave_up: set[int] = set()
        """Requests of users that failed because no answer came in time. Nobody stopped them, so they are missed."""

    def listen(self, channel: Channel) -> None:
        """Seats that the coordinator gives."""
        channel.register_message(messages.SEAT_GIVEN, self._on_seat_given)

    @property
    def under_way(self) -> int:
        """Users that have asked and do not sit yet."""
        return len(self._waiting)

    @contextmanager
    def asked(self, wanted: dict[str, Any], patience: float) -> Iterator[dict[str, Any]]:
        """What the coordinator gave for this, waited for `patience` seconds at most.

        Whoever leaves the context with an error does not sit, and the seat is given back.

        Raises:
            SeatRefused: the coordinator gives no seat, and has said why; or this process has told all meanwhile.
            ServerUnusable: the coordinator did not answer.
        """
        request = next(self._requests)
        answer: AsyncResult[dict[str, Any]] = AsyncResult()
        self._waiting[request] = answer
        self._send(messages.SEAT_WANTED, {"request": request, **wanted})
        try:
            yield self._given(answer, patience)
            if request not in self._waiting:
                raise SeatRefused(_TOO_LATE)
        except BaseException as error:
            if request in self._waiting:
                # Whoever is stopped has not opened it; of an error the log tells.
                failed = isinstance(error, Exception)
                if failed and not answer.ready():
                    self._gave_up.add(request)
                self._give_back_unused(answer, opens_none=not failed)
            raise
        finally:
            self._waiting.pop(request, None)

    def all_is_told(self) -> None:
        """Whoever was given a seat and does not sit yet will not any more: that is refused when it would."""
        for request in [one for one, answer in self._waiting.items() if answer.ready()]:
            self._give_back_unused(self._waiting.pop(request))

    def give_back(self, run_id: str, seat: Seat, *, never_opened: bool = False) -> None:
        """Tell the coordinator that nobody sits there any more."""
        left = {"run": run_id, "user": seat.user, "incarnation": seat.incarnation}
        self._send(messages.SEAT_LEFT, left | ({"never_opened": seat.client_id} if never_opened else {}))

    def _given(self, answer: AsyncResult[dict[str, Any]], patience: float) -> dict[str, Any]:
        try:
            given: dict[str, Any] = answer.get(timeout=patience) or {}
        except gevent.Timeout:
            raise ServerUnusable(f"the coordinator gave no seat within {patience:.0f} s.") from None
        if given.get("refused"):
            raise SeatRefused(given["refused"])
        return given

    def _give_back_unused(self, answer: AsyncResult[dict[str, Any]], *, opens_none: bool = True) -> None:
        """Whoever waits for this answer does not open its document; `opens_none`: and nobody is missed for it."""
        given: dict[str, Any] = (answer.get() if answer.ready() else None) or {}
        if "seat" in given:
            self.give_back(given["run"]["run_id"], Seat.from_message(given["seat"]), never_opened=opens_none)

    def _on_seat_given(self, msg: Any, **_: Any) -> None:
        given = msg.data
        waiting = self._waiting.get(given["request"])
        if "seat" in given and (waiting is None or self._has_told(given["run"]["run_id"])):
            # Whoever asked is gone, or gave up waiting, or would open it when all is told.
            seat, stopped = Seat.from_message(given["seat"]), given["request"] not in self._gave_up
            self.give_back(given["run"]["run_id"], seat, never_opened=stopped)
            given = {"refused": _TOO_LATE}
        if waiting is not None:
            waiting.set({**given, "heard": time.monotonic()})
