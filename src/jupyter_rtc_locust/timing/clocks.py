"""How far a process's clock is from the master's, with a bound: what is timed between hosts rests on it.

A process asks the master what time it is. The answer was read at some moment between asking and hearing, so each
exchange says in which interval the distance lies: the shorter the round trip, the narrower, and never a wrong one
however crooked the way was. Between exchanges two clocks may drift apart, by no more than `MOST_DRIFT` where they are
kept as they usually are; so every exchange says something of the moments around it, and what all of them allow is what
is known. Exchanges that contradict each other mean that a clock was set, was turned by more, or stood still, and then
nothing is known. What comes and goes between two exchanges nobody sees.

The clocks are monotonic ones. That the time of day is wrong on a host, or is set while a run goes on, changes nothing.

Pure: moments are handed in, in seconds. The interval is that of Marzullo's algorithm, as NTP has it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Final, NamedTuple

MOST_DRIFT: Final = 1_000e-6
"""Seconds a second by which two clocks drift apart at most. By its frequency Linux lets nobody turn a clock by more
than half of that (MAXFREQ in `include/linux/timex.h`), but two may be turned against each other; a crystal by itself is
ten times better. A daemon that changes the length of a tick (chrony, for some seconds, when a clock was far off) turns
further."""


class Exchange(NamedTuple):
    """One question: when it was asked and when the answer was heard, by the own clock, and what it said."""

    asked: float
    told: float
    heard: float


class Span(NamedTuple):
    """A number that lies between these two, inclusive."""

    least: float
    most: float

    @property
    def middle(self) -> float:
        """The one that is off least at most."""
        return (self.least + self.most) / 2

    @property
    def bound(self) -> float:
        """By how much the middle is off at most."""
        return (self.most - self.least) / 2


class ClockError(Exception):
    """Nothing is known of a clock; the text says why."""


class Clock:
    """One process's clock, compared with the master's."""

    __slots__ = ("_drift", "_moments", "_spans", "exchanges", "round_trip")

    def __init__(self, exchanges: Iterable[Sequence[float]], most_drift: float = MOST_DRIFT) -> None:
        """From exchanges (`asked`, `told`, `heard`), in whatever order.

        Raises:
            ClockError: there are none, one was answered before it was asked, or they contradict each other.
        """
        told = sorted(Exchange(*map(float, one)) for one in exchanges)
        if not all(isfinite(moment) for one in told for moment in one):
            raise ClockError("it told moments that are no numbers")
        if not told:
            raise ClockError("it never heard what time the master has")
        if any(one.heard < one.asked for one in told):
            raise ClockError("it heard an answer before it had asked")
        self.exchanges = len(told)
        self.round_trip = min(one.heard - one.asked for one in told)
        """The shortest, in seconds."""
        self._drift = most_drift
        self._moments = [one.asked for one in told]
        spans = [
            Span(one.told - one.heard - most_drift * (one.heard - one.asked), one.told - one.asked) for one in told
        ]
        for order in (range(1, len(told)), range(len(told) - 2, -1, -1)):
            step = order.step
            for at in order:
                spans[at] = _both(
                    spans[at], self._widened(spans[at - step], self._moments[at] - self._moments[at - step])
                )
        self._spans = spans

    def ahead(self, moment: float) -> Span:
        """What has to be added to this moment of the own clock, in seconds, to have the master's."""
        behind = bisect_right(self._moments, moment)
        near = [at for at in (behind - 1, behind) if 0 <= at < len(self._moments)]
        spans = [self._widened(self._spans[at], moment - self._moments[at]) for at in near]
        return spans[0] if len(spans) == 1 else _both(*spans)

    def at_master(self, moment: float) -> Span:
        """When this moment of the own clock was, by the master's."""
        ahead = self.ahead(moment)
        return Span(moment + ahead.least, moment + ahead.most)

    @property
    def drift(self) -> float:
        """What the master's clock gained on this one, in seconds a second, from the first exchange to the last."""
        length = self._moments[-1] - self._moments[0]
        return (self._spans[-1].middle - self._spans[0].middle) / length if length else 0.0

    @property
    def bound(self) -> float:
        """By how much the distance is off at most, at the best-known moment, in seconds."""
        return min(span.bound for span in self._spans)

    def _widened(self, span: Span, seconds: float) -> Span:
        more = self._drift * abs(seconds)
        return Span(span.least - more, span.most + more)


def delivery(due: float, author: Clock, arrived: float, receiver: Clock) -> Span:
    """How long an edit was on its way, in seconds: due by its author's clock, arrived by the receiver's."""
    begun, ended = author.at_master(due), receiver.at_master(arrived)
    return Span(ended.least - begun.most, ended.most - begun.least)


def surely_off(exchanges: Iterable[Sequence[float]]) -> float:
    """By how many seconds a clock was off when it was off most, as far as any exchange leaves no doubt of it.

    Whatever clocks do in between: each exchange speaks for itself.
    """
    told = (Exchange(*map(float, one)) for one in exchanges)
    return max((max(one.told - one.heard, one.asked - one.told) for one in told), default=0.0)


_ROUNDING_S: Final = 1e-6
"""What moments lose in a sum; below it nothing contradicts anything."""


def _both(one: Span, other: Span) -> Span:
    least, most = max(one.least, other.least), min(one.most, other.most)
    if least > most + _ROUNDING_S:
        raise ClockError(
            "its clock and the master's moved against each other in a way that clocks do not: one was set, or a "
            "machine stood still"
        )
    return Span(min(least, most), max(least, most))
