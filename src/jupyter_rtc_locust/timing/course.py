"""How a run went, from slot to slot: times, people and counts of at most 120 equal pieces of it, however long it is.

The whole run's percentiles do not say when it was slow, or what happened then. Slots are a second long at first; when
there are too many of them, two neighbours become one, again and again. So their length in seconds is a power of two,
and what several processes kept can be added up after the shorter ones were made as long as the longest.

A time is put where it was noticed, up to a second after it ended. Knows nothing of clocks: moments are handed in, in
seconds since the start of the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jupyter_rtc_locust.timing.histogram import Histogram

MOST_SLOTS: Final = 120
"""As many points as a picture needs side by side; in an hour they take five megabytes in each process (measured)."""

COUNTED: Final = ("edits", "updates_received", "disconnects", "reconnects")
"""The counts of a run of which each slot has its share."""

_PERCENTILES: Final = {"p50_ms": 0.50, "p95_ms": 0.95, "p99_ms": 0.99}


@dataclass(slots=True)
class _Slot:
    times: dict[str, Histogram] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    users: int | None = None
    """How many were connected when somebody last looked; None: nobody did."""

    def take_in(self, other: _Slot, *, later: bool) -> None:
        """Add another slot: that of the next moment, or that of another process at this one."""
        for name, histogram in other.times.items():
            self.times.setdefault(name, Histogram()).merge(histogram)
        self.counts.update(other.counts)
        if other.users is not None:
            self.users = other.users if later else (self.users or 0) + other.users


class Course:
    """The course of one run, as one process saw it, or all of them together."""

    def __init__(self, most_slots: int = MOST_SLOTS) -> None:
        self._most = most_slots
        self._seconds = 1
        self._slots: dict[int, _Slot] = {}
        self._counted: dict[str, int] = dict.fromkeys(COUNTED, 0)

    @property
    def seconds(self) -> int:
        """How long a slot is."""
        return self._seconds

    def times(self, moment: float, increments: Mapping[str, Histogram]) -> None:
        """What was measured since the last time, by name."""
        slot = self._slot_of(moment)
        for name, histogram in increments.items():
            slot.times.setdefault(name, Histogram()).merge(histogram)

    def look(self, moment: float, users: int, counts: Mapping[str, int]) -> None:
        """How many users are connected now, and what the counts of the run have come to."""
        slot = self._slot_of(moment)
        slot.users = users
        for name in COUNTED:
            now = counts.get(name, 0)
            if now > self._counted[name]:
                slot.counts[name] += now - self._counted[name]
                self._counted[name] = now

    def as_evidence(self) -> dict[str, Any]:
        """In a plain form that JSON and msgpack carry."""
        return {
            "seconds": self._seconds,
            "slots": {
                str(number): {
                    "times": {name: each.as_dict() for name, each in slot.times.items()},
                    "counts": dict(slot.counts),
                    "users": slot.users,
                }
                for number, slot in self._slots.items()
            },
        }

    def merge(self, evidence: Mapping[str, Any]) -> None:
        """Add what `as_evidence` of another process said.

        Raises:
            ValueError: it cannot be read; nothing was added.
        """
        other = Course(self._most)
        try:
            other._seconds = int(evidence["seconds"])
            for number, plain in evidence["slots"].items():
                other._slots[int(number)] = _Slot(
                    {str(name): Histogram.from_dict(each) for name, each in plain["times"].items()},
                    Counter({str(name): int(count) for name, count in plain["counts"].items()}),
                    None if plain["users"] is None else int(plain["users"]),
                )
        except (AttributeError, KeyError, TypeError) as problem:
            raise ValueError(
                f"the course of a run in another process could not be read: {problem!r} in {str(evidence)[:200]}; all "
                "processes of a run need the same version of jupyter-rtc-locust"
            ) from problem
        while other._seconds < self._seconds:
            other._double()
        while self._seconds < other._seconds:
            self._double()
        for number, slot in sorted(other._slots.items()):
            self._slots.setdefault(number, _Slot()).take_in(slot, later=False)

    def as_result(self) -> dict[str, Any]:
        """For the result file: each slot that anything is known of, with its percentiles (units: s, ms)."""
        return {
            "slot_s": self._seconds,
            "slots": [
                {
                    "at_s": number * self._seconds,
                    "users": slot.users,
                    **{name: slot.counts[name] for name in COUNTED},
                    "timings": {name: _figures(each) for name, each in sorted(slot.times.items()) if each.count},
                }
                for number, slot in sorted(self._slots.items())
            ],
        }

    def _slot_of(self, moment: float) -> _Slot:
        number = int(max(moment, 0.0) // self._seconds)
        while number >= self._most:
            self._double()
            number = int(moment // self._seconds)
        return self._slots.setdefault(number, _Slot())

    def _double(self) -> None:
        slots: dict[int, _Slot] = {}
        for number, slot in sorted(self._slots.items()):
            slots.setdefault(number // 2, _Slot()).take_in(slot, later=True)
        self._slots = slots
        self._seconds *= 2


def _figures(times: Histogram) -> dict[str, Any]:
    return {
        "count": times.count,
        **{key: round(times.percentile(fraction), 6) for key, fraction in _PERCENTILES.items()},
        "max_ms": times.max_ms,
    }
