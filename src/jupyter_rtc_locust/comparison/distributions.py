"""Two distributions, computed and not drawn: what chance alone does to a difference, and to a percentile.

`beta_part` is the regularised incomplete beta function, by its continued fraction (Press et al., Numerical Recipes,
section 6.4), from which both follow.

Pure: numbers in, numbers out.
"""

from __future__ import annotations

import math
from typing import Final

_STEPS: Final = 20_000
"""More than the square root of any number of samples, which is about how many steps the fraction takes."""
_PRECISE: Final = 1e-13
_TINY: Final = 1e-300
_LARGEST_T: Final = 1e9


def beta_part(x: float, a: float, b: float) -> float:
    """The part of the beta distribution with parameters `a` and `b` that lies below `x`, from 0 to 1."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    # log1p: of a part near one, what it lacks is all that counts.
    weight = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    # The fraction converges quickly on one side of the mean; the other side is the first seen from the other end.
    if x < (a + 1.0) / (a + b + 2.0):
        return weight * _fraction(x, a, b) / a
    return 1.0 - weight * _fraction(1.0 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Lentz's way through the continued fraction."""
    c = 1.0
    d = 1.0 / _far_from_zero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for part in (even, odd):
            d = 1.0 / _far_from_zero(1.0 + part * d)
            c = _far_from_zero(1.0 + part / c)
            value *= c * d
        if abs(c * d - 1.0) < _PRECISE:
            break
    return value


def _far_from_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY


def beyond(t: float, freedom: float) -> float:
    """How likely a value of Student's t distribution is further from zero than `t`, on either side."""
    return beta_part(freedom / (freedom + t * t), freedom / 2.0, 0.5)


def reach(likelihood: float, freedom: float) -> float:
    """The value of Student's t distribution that is exceeded, on either side, with this likelihood."""
    low, high = 0.0, 1.0
    while beyond(high, freedom) > likelihood and high < _LARGEST_T:
        low, high = high, 2 * high
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle, freedom) > likelihood else (low, middle)
    return high
