"""How long a person waits before the next edit: bursts of typing and pauses, as fitted to recordings.

Pure functions of seed, user and edit number, so that a gap depends neither on what was drawn before nor on which
process asks. The parameters are data. They lie in the middle of the ranges that recordings of people who typed gave
(docs/profiles.md), and were chosen so that a person makes one edit a second on average, pauses included.

Knows nothing of clocks, documents, or what is typed.
"""

import math
import struct
from hashlib import blake2b
from statistics import NormalDist

SHORTEST_GAP_S = 0.01
"""Below it, recordings hold what an editor reported as several edits for one key."""

PAUSE_FROM_S = 2.0
"""A gap of this length or more is a pause; the edit after it begins a burst."""

LONGEST_PAUSE_S = 300.0
"""Who stays away longer has left, and that is for the day to say (users/day.py); so no test waits for ever."""

PAUSE_SHARE = 0.0685
"""Of all gaps, so many are pauses. Bursts are 1 / 0.0685 = 14.6 edits long on average."""

TYPING_MU, TYPING_SIGMA = math.log(0.168), 0.94
"""Gaps inside a burst: lognormal in seconds, cut off at SHORTEST_GAP_S and PAUSE_FROM_S."""

PAUSE_MEDIAN_S, PAUSE_P90_S = 4.5, 24.0
"""Pauses: PAUSE_FROM_S and a lognormal beyond it that has these quantiles, cut off at LONGEST_PAUSE_S."""

_NORMAL = NormalDist()
_EXCESS_MU = math.log(PAUSE_MEDIAN_S - PAUSE_FROM_S)
_EXCESS_SIGMA = math.log((PAUSE_P90_S - PAUSE_FROM_S) / (PAUSE_MEDIAN_S - PAUSE_FROM_S)) / _NORMAL.inv_cdf(0.9)
_TWO_NUMBERS = struct.Struct(">2Q")


def _below(limit: float, mu: float, sigma: float) -> float:
    """The share of a lognormal that lies below a limit."""
    return _NORMAL.cdf((math.log(limit) - mu) / sigma)


_TYPING_FROM, _TYPING_TO = (_below(limit, TYPING_MU, TYPING_SIGMA) for limit in (SHORTEST_GAP_S, PAUSE_FROM_S))
_EXCESS_TO = _below(LONGEST_PAUSE_S - PAUSE_FROM_S, _EXCESS_MU, _EXCESS_SIGMA)


def _mean(mu: float, sigma: float, least: float, most: float) -> float:
    """The mean of a lognormal cut off at both sides; `least` may be 0."""
    below = _below(least, mu, sigma) if least else 0.0
    weighted_below = _below(least, mu + sigma**2, sigma) if least else 0.0
    share = _below(most, mu, sigma) - below
    return math.exp(mu + sigma**2 / 2) * (_below(most, mu + sigma**2, sigma) - weighted_below) / share


MEAN_TYPING_GAP_S = _mean(TYPING_MU, TYPING_SIGMA, SHORTEST_GAP_S, PAUSE_FROM_S)
MEAN_PAUSE_S = PAUSE_FROM_S + _mean(_EXCESS_MU, _EXCESS_SIGMA, 0.0, LONGEST_PAUSE_S - PAUSE_FROM_S)

NATURAL_RATE = 1.0 / ((1.0 - PAUSE_SHARE) * MEAN_TYPING_GAP_S + PAUSE_SHARE * MEAN_PAUSE_S)
"""Edits a second that a person makes on average, pauses included: a result of the parameters above."""


def begins_burst(seed: int | str, user: int, number: int, *, first: int = 0) -> bool:
    """
    Tell whether a pause comes before the edit of this number.

    One comes before the `first` that a person makes: whoever opens a document looks at it before typing.
    """
    return number <= first or draw_two("person", seed, user, number)[0] < PAUSE_SHARE


def gap_s(seed: int | str, user: int, number: int, *, first: int = 0) -> float:
    """Return the seconds from the edit before to the one of this number; for the `first`, from the start."""
    which, share = draw_two("person", seed, user, number)
    if number <= first or which < PAUSE_SHARE:
        return PAUSE_FROM_S + math.exp(_EXCESS_MU + _EXCESS_SIGMA * _NORMAL.inv_cdf(share * _EXCESS_TO))
    return math.exp(TYPING_MU + TYPING_SIGMA * _NORMAL.inv_cdf(_TYPING_FROM + share * (_TYPING_TO - _TYPING_FROM)))


def draw_two(what: str, seed: int | str, user: int | str, number: int) -> tuple[float, float]:
    """Return two numbers above 0 and below 1 for this purpose, user and edit number: the same in every process."""
    digest = blake2b(f"{what}|{seed}|{user}|{number}".encode(), digest_size=_TWO_NUMBERS.size).digest()
    first, second = _TWO_NUMBERS.unpack(digest)
    return ((first >> 12) + 0.5) * 2.0**-52, ((second >> 12) + 0.5) * 2.0**-52
