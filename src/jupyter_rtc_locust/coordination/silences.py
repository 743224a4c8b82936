"""Which servers do not answer the coordinator, since when, and for how long they did not: bookkeeping, times handed in.

Behind a hub each server has an owner, and silences of its own: of two that are silent in turn neither was silent for
both. A server without owners, and the hub itself, stand under "".
"""

from __future__ import annotations

from jupyter_rtc_locust.settings import HTTP_TRY_DEADLINE_S
from jupyter_rtc_locust.verdict.service_evidence import ServerSilence


class Silences:
    """The silences of one run's servers. Times are of `time.monotonic`."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._heard: dict[str, float] = {}
        """When the latest question was asked that was answered."""
        self._long: dict[tuple[str, float], float] = {}
        """By owner and beginning, how long silences were that reached the deadline."""

    @property
    def going_on(self) -> bool:
        """Whether any server is silent."""
        return bool(self._since)

    def answered(self, owner: str, asked: float) -> None:
        """What was asked at this moment was answered; a silence as long as the deadline is remembered."""
        self._heard[owner] = max(asked, self._heard.get(owner, asked))
        since = self._since.pop(owner, None)
        if since is not None and asked - since >= HTTP_TRY_DEADLINE_S:
            self._long[owner, since] = asked - since

    def not_answered(self, owner: str, asked: float) -> bool:
        """What was asked at this moment was not; whether a silence begins with it."""
        if owner in self._since or asked <= self._heard.get(owner, asked - 1.0):
            return False  # of two who ask, the later one may be answered before the earlier one gives up
        self._since[owner] = asked
        return True

    def since(self, owner: str) -> float | None:
        """Since when this server is silent; None: it is not."""
        return self._since.get(owner)

    def begin_anew(self, owner: str, now: float | None = None) -> None:
        """What there was of this silence was ours. With `now`, one begins now; else there is none."""
        self._since.pop(owner, None)
        if now is not None:
            self._since[owner] = now

    def taken_away(self, now: float) -> None:
        """The server is taken away on purpose now: silences end here, and were its own up to this moment."""
        for owner in list(self._since):
            self.lasts(owner, now)
        self._since.clear()

    def lasts(self, owner: str, now: float) -> bool:
        """Whether this silence has reached the deadline; it is remembered then, as long as it is."""
        since = self._since.get(owner)
        if since is None or now - since < HTTP_TRY_DEADLINE_S:
            return False
        self._long[owner, since] = now - since
        return True

    def lasting(self) -> list[tuple[str, float]]:
        """Whose silence goes on and has reached the deadline, and since when."""
        return [(owner, since) for owner, since in self._since.items() if (owner, since) in self._long]

    def evidence(self, started: float) -> tuple[ServerSilence, ...]:
        """Those that reached the deadline, in the order in which they began; `started` is the start of the run."""
        in_order = sorted(self._long.items(), key=lambda one: (one[0][1], one[0][0]))
        return tuple(ServerSilence(since - started, length, owner) for (owner, since), length in in_order)
