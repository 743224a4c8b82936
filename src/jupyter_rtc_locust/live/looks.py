"""What one process tells of its users once a second: a look, as data and as a message.

Totals of the run travel as totals, so that a look that comes late costs nothing; times as what was measured since the
look before. Of the documents only those are told that changed, and now and then all of them.

Pure: whoever has users fills it in (`users/live_looks.py`), whoever wants to know puts looks together (`picture.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jupyter_rtc_locust.timing.histogram import Histogram

SAID: Final = ("updates_sent", "updates_received", "awareness_sent", "awareness_received")
"""The counts of a run that are messages on the lines to documents, in both directions."""

COUNTED: Final = ("edits", *SAID, "disconnects", "reconnects", "failures")
"""The counts that a look tells: how often since the start of the run."""


@dataclass(frozen=True, slots=True)
class DocumentLook:
    """What one process sees of one document. Moments are seconds since the start of the run; None: never, or nobody."""

    index: int
    """Its place among the documents of the run."""
    users: int = 0
    """Who is connected here."""
    on_the_way: int = 0
    """Who is opening it here, or coming back to it."""
    edits: int = 0
    """How many were made here so far."""
    unacknowledged: int = 0
    """How many of these did not come back yet."""
    edited_at: float | None = None
    """When the latest edit made here was due."""
    heard_at: float | None = None
    """When the latest document message reached anybody here."""
    waits_s: float | None = None
    """For how long the oldest unacknowledged edit of those who are there had waited; None: none did."""
    copies: tuple[tuple[bytes, int], ...] | None = None
    """What the copies of the connected users hold, and how many of them hold it; None: not compared since something
    happened."""

    def as_message(self) -> list[Any]:
        """In a plain form for msgpack: times in whole milliseconds, since there are many."""
        return [
            self.index,
            self.users,
            self.on_the_way,
            self.edits,
            self.unacknowledged,
            *(None if seconds is None else round(seconds * 1000) for seconds in self._seconds()),
            None if self.copies is None else [list(each) for each in self.copies],
        ]

    def _seconds(self) -> tuple[float | None, ...]:
        return self.edited_at, self.heard_at, self.waits_s

    @classmethod
    def from_message(cls, told: Any) -> DocumentLook:
        """The other way. ValueError, TypeError where it is something else."""
        index, users, on_the_way, edits, unacknowledged, *moments, copies = told
        edited_at, heard_at, waits_s = (None if moment is None else moment / 1000 for moment in moments)
        return cls(
            int(index),
            int(users),
            int(on_the_way),
            int(edits),
            int(unacknowledged),
            edited_at,
            heard_at,
            waits_s,
            None if copies is None else tuple((bytes(held), int(count)) for held, count in copies),
        )


@dataclass(frozen=True, slots=True)
class Strain:
    """How a process fared since the look before: how late its loop and its edits were (ms), and the CPU it used."""

    loop_lag: Histogram = field(default_factory=Histogram)
    schedule_lag: Histogram = field(default_factory=Histogram)
    cpu_sum: float = 0.0
    """Percents of a core, added up over `cpu_count` samples that cover equal times."""
    cpu_count: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """What one process sees at one moment (`at`, in seconds since the start of the run)."""

    process: str
    """What a person would look for, such as a worker's id."""
    at: float
    counts: Mapping[str, int] = field(default_factory=dict)
    """`COUNTED`, since the start of the run."""
    times: Mapping[str, Histogram] = field(default_factory=dict)
    """By the names of `timing/recorder.py`, what was measured since the look before."""
    strain: Strain = field(default_factory=Strain)
    documents: tuple[DocumentLook, ...] = ()
    """Those of which something changed since they were told last."""
    last: bool = False
    """Whether this process tells nothing any more: its users are about to leave, or have left."""

    def as_message(self) -> dict[str, Any]:
        """In a plain form that msgpack carries."""
        return {
            "process": self.process,
            "at": self.at,
            "counts": dict(self.counts),
            "times": {name: each.as_dict() for name, each in self.times.items()},
            "loop_lag": self.strain.loop_lag.as_dict(),
            "schedule_lag": self.strain.schedule_lag.as_dict(),
            "cpu": [self.strain.cpu_sum, self.strain.cpu_count],
            "documents": [each.as_message() for each in self.documents],
            "last": self.last,
        }

    @classmethod
    def from_message(cls, told: Mapping[str, Any]) -> Look:
        """The other way.

        ValueError where it cannot be read: all processes of a run need the same version of this package.
        """
        try:
            cpu_sum, cpu_count = told["cpu"]
            return cls(
                str(told["process"]),
                float(told["at"]),
                {name: int(told["counts"].get(name, 0)) for name in COUNTED},
                {str(name): Histogram.from_dict(each) for name, each in told["times"].items()},
                Strain(
                    Histogram.from_dict(told["loop_lag"]),
                    Histogram.from_dict(told["schedule_lag"]),
                    float(cpu_sum),
                    int(cpu_count),
                ),
                tuple(DocumentLook.from_message(each) for each in told["documents"]),
                bool(told["last"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            raise ValueError(
                f"what a process sees of its users could not be read: {problem!r}; all processes of a run need the "
                "same version of jupyter-rtc-locust"
            ) from problem
