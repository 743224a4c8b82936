"""Whether people are gone whom nobody sent away. Pure: moments are handed in, in seconds since the start of the run.

How many are wanted changes with a load shape, with a search for a capacity, or by hand. So those who are there are
compared with the most who have been there since it last changed: who has not come yet is not gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REPORTED_S: Final = 4.0
"""For so long whoever has moved may be counted twice: workers tell how many they play every three seconds."""
GONE_S: Final = 10.0
"""A worker that leaves in order, or that others take over from, may leave a gap of some seconds."""


@dataclass(frozen=True, slots=True)
class Gone:
    """So many of those who had come were not there at the end, and had begun to be fewer at this moment."""

    people: int
    of: int
    since: float


class Shortfall:
    """Looked at now and then in the course of one run."""

    def __init__(self) -> None:
        self._wanted = 0
        self._most = 0
        """So many were there for as long as it takes to tell."""
        self._lately: list[tuple[float, int]] = []
        """How many were there, at each look of the last `REPORTED_S`."""
        self._missing = 0
        self._since: float | None = None
        """When the first of those who are missing was."""
        self._latest = 0.0

    def look(self, moment: float, wanted: int, there: int) -> None:
        """So many people are wanted just now, and so many there; who left by plan counts as there."""
        if wanted != self._wanted:
            self._wanted, self._most, self._since, self._lately = wanted, 0, None, []
        self._lately.append((moment, there))
        if moment - self._lately[0][0] >= REPORTED_S:
            self._most = max(self._most, min(count for _, count in self._lately))
            self._lately = [look for look in self._lately if moment - look[0] < REPORTED_S]
        self._missing = min(self._wanted, self._most) - there
        self._latest = moment
        if self._missing <= 0:
            self._since = None
        elif self._since is None:
            self._since = moment

    @property
    def gone(self) -> Gone | None:
        """Who is missing, where that is no short gap; None: nobody."""
        if self._since is None or self._latest - self._since < GONE_S:
            return None
        return Gone(self._missing, min(self._wanted, self._most), self._since)
