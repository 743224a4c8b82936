"""Where people work: mostly each in a place of its own, sometimes where somebody else is; a probability model, as data.

A person chooses a place when a burst begins, and types on there until it ends: all edits of a burst go to one cell, and
near one point in it. In 14,000 Etherpad pads it was very rare that two people edited the same part at the same time;
most took turns, or worked in different places (CSCW 2018). The numbers below are chosen to be like that; that source
gives no shares.

Pure functions of seed, user and burst, and for turns of the time: nobody has to ask the others. Knows no documents.
"""

import random
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b

from jupyter_rtc_locust.editing.choices import WHERE, WHICH_CELL, Choice, choose
from jupyter_rtc_locust.editing.person_gaps import draw_two
from jupyter_rtc_locust.editing.weights import DEFAULT_WEIGHTS, Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """
    Which share of a person's bursts goes where, and who works at all.

    Raises ValueError for shares that are negative or do not add up to 1, or for a negative length of a turn.
    """

    own: float = 0.0
    """In the person's own part of the notebook, which differs from seat to seat."""
    elsewhere: float = 0.0
    """In any cell."""
    with_others: float = 0.0
    """Where somebody else was at work within the last second; where nobody was, in any cell."""
    shared: float = 0.0
    """In the one part that is everybody's, and where somebody is at work in it."""
    presenter: bool = False
    """Whether only seat 0 works, and the others watch."""
    turn_s: float = 0.0
    """Seconds for which one person works while the others of the document wait; 0: nobody waits."""

    def __post_init__(self) -> None:
        """Check the shares."""
        shares = (self.own, self.elsewhere, self.with_others, self.shared)
        if min(shares) < 0 or abs(sum(shares) - 1.0) > 1e-9:
            raise ValueError(
                f"own, elsewhere, with_others and shared are {shares}: give shares of 0 or more that add up to 1"
            )
        if self.turn_s < 0:
            raise ValueError(f"turn_s is {self.turn_s}: give the seconds of a turn, or 0 where nobody waits")

    def works(self, *, seed: int | str, document: int | str, seat: int, seats: int, now: float) -> bool:
        """Whether the user in this seat works at this moment, in seconds since the start of the run."""
        if self.presenter and seat != 0:
            return False
        if self.turn_s and seats > 1:
            round_, turn = divmod(int(max(now, 0.0) / self.turn_s), seats)
            return _order_of_turns(seed, document, round_, seats)[turn] == seat
        return True


OWN_CELLS = Places(own=0.8, elsewhere=0.17, with_others=0.03)
"""People with work of their own, who rarely meet: exercises, a report in parts."""

SAME_CELL = Places(shared=1.0)
"""Everybody in one cell at once: rare among people, and the hardest to merge."""

PRESENTER = Places(elsewhere=1.0, presenter=True)
"""A lecture: one works, the others watch."""

TURNS = Places(shared=0.5, elsewhere=0.5, turn_s=20.0)
"""One keyboard that goes round: each works for 20 s, in an order that differs from round to round."""


def person_choice(
    seed: int | str,
    user: int,
    number: int,
    *,
    burst: int,
    places: Places,
    seat: int = 0,
    seats: int = 1,
    document: int | str = 0,
    weights: Weights = DEFAULT_WEIGHTS,
    now: float = 0.0,
) -> Choice | None:
    """
    Choose what a person does in the edit of this number, at the place of its burst; None: it is not its turn.

    `burst` is the number of the burst's first edit (`Rhythm.burst`), `now` in seconds since the start of the run; the
    rest is as for `choose`, from which kind, text and amount come.

    Raises ValueError for a seat that is not among the seats, or for a negative number.
    """
    if not places.works(seed=seed, document=document, seat=seat, seats=seats, now=now):
        return None
    choice = choose(seed, user, number, seat=seat, seats=seats, document=document, weights=weights)
    place = place_of_burst(seed, user, burst, places=places, seat=seat, seats=seats, document=document)
    fractions = list(choice.fractions)
    fractions[WHICH_CELL], fractions[WHERE] = place.cell, place.where
    return replace(choice, fractions=tuple(fractions), meets_others=place.meets_others)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a burst goes, before anybody has looked at the document: fractions of it, 0 to 1."""

    cell: float
    where: float
    """Within the cell's text."""
    meets_others: bool
    """Whether to go where somebody else is at work just now, if there is anybody."""


def place_of_burst(
    seed: int | str, user: int, burst: int, *, places: Places, seat: int = 0, seats: int = 1, document: int | str = 0
) -> Place:
    """Return where a person works in the burst that begins with the edit, or the gesture, of this number."""
    what, cell = draw_two("cell", seed, user, burst)
    where, within = draw_two("caret", seed, user, burst)
    if what < places.own:
        # Seats divide the notebook into parts of one size.
        return Place((seat + within) / seats, where, meets_others=False)
    if what < places.own + places.shared:
        return Place(draw_two("shared cell", seed, f"document {document}", 0)[0], where, meets_others=True)
    return Place(cell, where, meets_others=what < places.own + places.shared + places.with_others)


@lru_cache(maxsize=1024)
def _order_of_turns(seed: int | str, document: int | str, round_: int, seats: int) -> tuple[int, ...]:
    # Sorted by random(), the one method whose sequence Python promises to keep from version to version.
    generator = random.Random(blake2b(f"turns|{seed}|{document}|{round_}".encode()).digest())
    return tuple(sorted(range(seats), key=lambda _: generator.random()))
