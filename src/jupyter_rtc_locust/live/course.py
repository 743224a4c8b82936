"""How a run has gone so far, in at most 120 slots of equal length: what a chart draws.

As `timing/course.py` keeps it for the result, and less of it: slots are a second long at first, and two neighbours
become one when there are too many. A slot's percentiles are computed once, and again only when something is added.

Pure: moments are handed in, in seconds since the start of the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jupyter_rtc_locust.live.looks import SAID
from jupyter_rtc_locust.timing.course import MOST_SLOTS
from jupyter_rtc_locust.timing.histogram import Histogram

PERCENTILES: Final = {"p50_ms": 0.50, "p95_ms": 0.95, "p99_ms": 0.99}


def percentiles(times: Histogram) -> dict[str, float | None]:
    """The percentiles that are told, in milliseconds to the microsecond; None without samples."""
    if not times.count:
        return dict.fromkeys(PERCENTILES)
    return {name: round(times.percentile(fraction), 3) for name, fraction in PERCENTILES.items()}


@dataclass(slots=True)
class _Slot:
    echoes: Histogram = field(default_factory=Histogram)
    counts: Counter[str] = field(default_factory=Counter)
    users: int | None = None
    unsaved_s: float | None = None
    told: dict[str, Any] | None = None
    """What `as_json` says of it, until something is added."""

    def follow(self, later: _Slot) -> None:
        self.echoes.merge(later.echoes)
        self.counts.update(later.counts)
        self.users = self.users if later.users is None else later.users
        self.unsaved_s = _longer(self.unsaved_s, later.unsaved_s)
        self.told = None


class LiveCourse:
    """The course of one run, as all processes together saw it."""

    def __init__(self, most_slots: int = MOST_SLOTS) -> None:
        self._most = most_slots
        self._seconds = 1
        self._slots: dict[int, _Slot] = {}

    def add(self, at: float, *, echoes: Histogram | None, counts: Mapping[str, int], users: int) -> None:
        """What a process told: echoes since its last look, what counts rose by; and how many users there are in all."""
        slot = self._slot_of(at)
        if echoes is not None:
            slot.echoes.merge(echoes)
        slot.counts.update(counts)
        slot.users = users

    def unsaved(self, at: float, seconds: float | None) -> None:
        """For how long at least some acknowledged edit has not been on disk now; None: none, or it is not known."""
        if seconds is not None:
            slot = self._slot_of(at)
            slot.unsaved_s = _longer(slot.unsaved_s, seconds)

    def as_json(self, now: float) -> dict[str, Any]:
        """Each slot that anything is known of, up to this moment; the latest is not over yet, and so its rates are
        those of the part that is."""
        return {"slot_s": self._seconds, "slots": [self._told(*each, now) for each in sorted(self._slots.items())]}

    def _told(self, number: int, slot: _Slot, now: float) -> dict[str, Any]:
        begin = number * self._seconds
        over = now >= begin + self._seconds + 1
        if slot.told is None or not over:
            length = self._seconds if over else min(max(now - begin, 1.0), self._seconds)
            slot.told = {
                "at_s": begin,
                "users": slot.users,
                "messages_per_s": round(sum(slot.counts[name] for name in SAID) / length, 2),
                "edits_per_s": round(slot.counts["edits"] / length, 2),
                **percentiles(slot.echoes),
                "unsaved_s": None if slot.unsaved_s is None else round(slot.unsaved_s, 3),
            }
        return slot.told

    def _slot_of(self, moment: float) -> _Slot:
        number = int(max(moment, 0.0) // self._seconds)
        while number >= self._most:
            self._double()
            number = int(moment // self._seconds)
        slot = self._slots.setdefault(number, _Slot())
        slot.told = None
        return slot

    def _double(self) -> None:
        slots: dict[int, _Slot] = {}
        for number, slot in sorted(self._slots.items()):
            slots.setdefault(number // 2, _Slot()).follow(slot)
        self._slots = slots
        self._seconds *= 2


def _longer(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else max(one, other)
