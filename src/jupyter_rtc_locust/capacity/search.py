"""How many people come next: up until the promise breaks, down to see recovery, and between until a step is left.

The number of people is doubled from one step on, which is quick and finds anything in a few visits; but where the
server's core is known to be busy, only so many come as it has room for, because a server with twice its load may not
come back (jupyter-collaboration 5, whose store is a queue then, did not within half a minute). What broke is gone
back from, to the last number that was held, because a server that was overloaded has a backlog, and what is measured
meanwhile would be the backlog's. Then the gap is halved until it is one step. A number that broke once is tried once
more before it is believed: one hiccup of a machine shall not make a server small. So is a number at which the load
generator was not sound, or nothing was established; twice is believed.

A number to which was gone back, and which is not held then, was at the edge: it counts as broken where the server
recovers with fewer. Where it does not, it is the server that does not recover, and the search ends.

The latest visit to a number counts. The next visit follows from those before and from nothing else, so that it can be
read off from what was done.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from jupyter_rtc_locust.capacity.holding import Outcome
from jupyter_rtc_locust.capacity.limits import FULL_PERCENT

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_VISITS: Final = 40
"""From one person to a thousand it takes 11 visits up and 10 between; the rest is for going back, and for seconds."""


class Purpose(StrEnum):
    """Why so many people are there."""

    GROWING = "growing"
    NARROWING = "narrowing"
    AGAIN = "again"
    """What was seen once is to be seen twice."""
    RECOVERY = "recovery"
    """Back to a number that was held: does the server come back to what it was?"""


class End(StrEnum):
    """Why there is no further visit."""

    FOUND = "found"
    """So many are held, and a step more are not."""
    TOP = "top"
    """The most that were asked for are held."""
    NOTHING = "nothing"
    """Not even the least is held."""
    GENERATOR = "generator"
    """The load generator gave out first."""
    WRONG = "wrong"
    """A checkpoint found that documents cannot be trusted."""
    UNKNOWN = "unknown"
    """What was to be established could not be, twice."""
    UNRECOVERED = "unrecovered"
    """After an overload, the server did not come back to what it was: what lies between was not looked at."""
    TIME = "time"
    """The time that was given, or the number of visits, was over first."""


@dataclass(frozen=True, slots=True)
class Visit:
    """So many people are to be there."""

    people: int
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Visited:
    """So many were there, and this came of it."""

    people: int
    purpose: Purpose
    outcome: Outcome
    busy_percent: float | None = None
    """How busy the server's core was; None: nobody could look."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most people that were held (0: none), and the fewest above them at whom the promise broke (None: nobody)."""

    held: int
    broken: int | None


def bounds(visited: Sequence[Visited]) -> Bounds:
    """What is known after these visits."""
    known = visited[: len(visited) - len(_in_vain(visited))]
    latest = {one.people: one.outcome for one in known if one.outcome in (Outcome.HELD, Outcome.BROKEN)}
    broken = min((people for people, outcome in latest.items() if outcome is Outcome.BROKEN), default=None)
    held = [
        people for people, outcome in latest.items() if outcome is Outcome.HELD and (broken is None or people < broken)
    ]
    return Bounds(max(held, default=0), broken)


def _in_vain(visited: Sequence[Visited]) -> Sequence[Visited]:
    """The recoveries at the end that were none, or of which that is not known."""
    count = len(visited)
    while count and visited[count - 1].purpose is Purpose.RECOVERY and visited[count - 1].outcome is not Outcome.HELD:
        count -= 1
    return visited[count:]


def next_visit(visited: Sequence[Visited], step: int, most: int) -> Visit | End:
    """Who comes next, or why nobody does. `step` and `most` are numbers of people, 1 or more."""
    if not visited:
        return Visit(min(step, most), Purpose.GROWING)
    last, here = visited[-1], bounds(visited)
    if last.outcome is Outcome.WRONG:
        return End.WRONG
    if last.outcome is not Outcome.HELD:
        if last.purpose is Purpose.RECOVERY:
            return _further_back(visited, last, here)
        if _twice(visited, last) and last.outcome is not Outcome.BROKEN:
            return End.GENERATOR if last.outcome is Outcome.GENERATOR else End.UNKNOWN
    if len(visited) >= MOST_VISITS:
        return End.TIME
    if last.outcome is not Outcome.HELD:
        return Visit(here.held or 1, Purpose.RECOVERY)
    before = next(one for one in reversed(visited) if one.purpose is not Purpose.RECOVERY)
    if before.outcome in (Outcome.GENERATOR, Outcome.UNKNOWN):
        return Visit(before.people, Purpose.AGAIN)
    return _between(visited, here, step, most)


def _between(visited: Sequence[Visited], here: Bounds, step: int, most: int) -> Visit | End:
    if here.broken is None:
        return End.TOP if here.held >= most else Visit(min(most, _more(visited, here.held, step)), Purpose.GROWING)
    steps = -(-(here.broken - here.held) // step)
    if steps > 1:
        return Visit(here.held + step * (steps // 2), Purpose.NARROWING)
    if sum(_broke(one, here.broken) for one in visited) < 2:
        return Visit(here.broken, Purpose.AGAIN)
    return End.FOUND if here.held else End.NOTHING


def _more(visited: Sequence[Visited], held: int, step: int) -> int:
    """Twice as many, or as many as one core has room for, where these keep it busy; a step more at least."""
    busy = next((one.busy_percent for one in reversed(visited) if one.people == held), None) or 0.0
    room = 2.0 if busy <= FULL_PERCENT / 2 else FULL_PERCENT / busy
    return max(held + step, min(2 * held, int(held * room) // step * step))


def _broke(one: Visited, people: int) -> bool:
    return one.people == people and one.outcome is Outcome.BROKEN


def _twice(visited: Sequence[Visited], last: Visited) -> bool:
    same = [one for one in visited if one.people == last.people and one.outcome is last.outcome]
    return sum(one.purpose is not Purpose.RECOVERY for one in same) > 1


def _further_back(visited: Sequence[Visited], last: Visited, here: Bounds) -> Visit | End:
    """After a recovery that was none: with fewer people, once."""
    if len(_in_vain(visited)) < 2 and last.people > 1:
        fewer = [one.people for one in visited if one.outcome is Outcome.HELD and one.people < last.people]
        return Visit(max(fewer, default=1), Purpose.RECOVERY)
    if last.outcome is Outcome.BROKEN:
        return End.UNRECOVERED if here.held else End.NOTHING
    return End.GENERATOR if last.outcome is Outcome.GENERATOR else End.UNKNOWN
