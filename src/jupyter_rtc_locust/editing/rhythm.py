"""When edits are due: three rhythms, each a pure function of who edits and of the number of the edit.

`steady` takes turns: with `seats` users of a document and a rate of `rate`, the user in seat `s` is due at
`(number + (s + shift) / seats) / rate` seconds after the start of the run; the shift, less than one place, differs from
document to document. So a document's deck of edits is dealt in order, and the load is spread evenly instead of leaving
in one batch. Measured: 400 users, each alone in a document, one edit a second: echo p50 64 to 175 ms without the shift,
1.3 ms with it. On a quick server, edits that take turns never cross each other on their way, and nothing is seen of
what becomes of those that do. So in every fifth round two neighbours are due at the same moment.

`person` types in bursts with pauses between them (person_gaps.py); `poisson` edits at random moments that know nothing
of each other. Both begin when their user does.

A rate scales time: at rate 2 a person types twice as fast, and pauses half as long. Knows no clock: moments are in
seconds since a start that the caller knows.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from jupyter_rtc_locust.editing.person_gaps import NATURAL_RATE, begins_burst, draw_two, gap_s

_GOLDEN_RATIO = (math.sqrt(5) - 1) / 2
"""Its multiples modulo 1 are spread evenly, however many there are."""
_ROUNDS_UNTIL_TOGETHER = 5

RHYTHM_KINDS = ("person", "steady", "poisson")
"""What `rhythm_of` knows."""

EDITS_OF_A_LIFE = 1_000_000
"""Who opens the document anew goes on with the next million of numbers, so that nobody does the same things again."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When the edit of a number is due, in seconds since the start."""

    number: int
    due: float


class Rhythm(Protocol):
    """When one user's edits are due. Frozen: where a user stands is kept by the caller, as a moment."""

    @property
    def since_start_of_run(self) -> bool:
        """Whether moments count from the start of the run; else from the user's own start."""

    def first(self, elapsed: float) -> Moment:
        """Return the first edit that is due when so many seconds have passed since the start, or later."""

    def after(self, moment: Moment) -> Moment:
        """Return the edit after this one."""

    def burst(self, number: int) -> int:
        """Return the number of the edit that began the burst in which the edit of this number is made."""


@dataclass(frozen=True, slots=True)
class Steady:
    """Turns by seat, `rate` edits a second each. Knows no bursts: every edit is one of its own."""

    rate: float
    seat: int = 0
    seats: int = 1
    document: int = 0
    since_start_of_run: bool = True

    def first(self, elapsed: float) -> Moment:
        """Return the first slot that is not past; its number says how long the run has gone on."""
        number = max(0, math.ceil((elapsed - self._phase) * self.rate))
        moment = Moment(number, self._due(number))
        return self.after(moment) if moment.due < elapsed else moment

    def after(self, moment: Moment) -> Moment:
        """Return the next slot of this seat."""
        return Moment(moment.number + 1, self._due(moment.number + 1))

    def burst(self, number: int) -> int:
        """Return the number itself."""
        return number

    @property
    def _place(self) -> int:
        return self.seat % max(self.seats, 1)

    @property
    def _phase(self) -> float:
        # Less than one place, so that the turns of a document stay as they are.
        shift = self.document * _GOLDEN_RATIO % 1.0
        return (self._place + shift) / max(self.seats, 1) / self.rate

    def _due(self, number: int) -> float:
        due = self._phase + number / self.rate
        together = (number + self.document) % _ROUNDS_UNTIL_TOGETHER == _ROUNDS_UNTIL_TOGETHER - 1
        # The second of two neighbours comes as early as the first.
        return due - 1.0 / self.rate / self.seats if together and self._place % 2 == 1 else due


@dataclass(frozen=True, slots=True)
class Person:
    """Bursts and pauses, `rate` edits a second on average, pauses included."""

    rate: float
    seed: int | str = 0
    user: int = 0
    from_number: int = 0
    since_start_of_run: bool = False

    def first(self, elapsed: float) -> Moment:
        """Return the first edit that is not past. Who has just come (0 s) begins with a pause, and then a burst."""
        return _first_not_past(self, self.from_number, elapsed)

    def after(self, moment: Moment) -> Moment:
        """Return the next edit: within the burst, or after a pause."""
        number = moment.number + 1
        gap = gap_s(self.seed, self.user, number, first=self.from_number)
        return Moment(number, moment.due + gap * NATURAL_RATE / self.rate)

    def burst(self, number: int) -> int:
        """Return the number of the burst's first edit, searched backward over fifteen edits on average."""
        return _begin_of_burst(self.seed, self.user, number, self.from_number)


@dataclass(frozen=True, slots=True)
class Poisson:
    """Exponential gaps with a mean of 1 / `rate` s. Knows no bursts: every edit is one of its own."""

    rate: float
    seed: int | str = 0
    user: int = 0
    from_number: int = 0
    since_start_of_run: bool = False

    def first(self, elapsed: float) -> Moment:
        """Return the first edit that is not past."""
        return _first_not_past(self, self.from_number, elapsed)

    def after(self, moment: Moment) -> Moment:
        """Return the next edit."""
        number = moment.number + 1
        share, _ = draw_two("poisson", self.seed, self.user, number)
        return Moment(number, moment.due - math.log(share) / self.rate)

    def burst(self, number: int) -> int:
        """Return the number itself."""
        return number


def rhythm_of(
    name: str,
    rate: float,
    *,
    seed: int | str = 0,
    user: int = 0,
    incarnation: int = 0,
    seat: int = 0,
    seats: int = 1,
    document: int = 0,
) -> Rhythm:
    """
    Make the rhythm of this name for one user: `rate` edits a second, above 0.

    `incarnation` is how often the user has opened the document before. Raises ValueError for a name nobody knows.
    """
    if name == "steady":
        return Steady(rate, seat, seats, document)
    from_number = incarnation * EDITS_OF_A_LIFE
    if name == "person":
        return Person(rate, seed, user, from_number)
    if name == "poisson":
        return Poisson(rate, seed, user, from_number)
    raise ValueError(f"{name!r} is no rhythm: choose one of {', '.join(RHYTHM_KINDS)}")


def _first_not_past(rhythm: Rhythm, from_number: int, elapsed: float) -> Moment:
    moment = rhythm.after(Moment(from_number - 1, 0.0))
    while moment.due < elapsed:
        moment = rhythm.after(moment)
    return moment


@lru_cache(maxsize=4096)
def _begin_of_burst(seed: int | str, user: int, number: int, first: int) -> int:
    while not begins_burst(seed, user, number, first=first):
        number -= 1
    return number
