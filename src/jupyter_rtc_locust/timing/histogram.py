"""Times in logarithmic buckets, so that a million samples cost a few hundred integers and still give percentiles.

Locust rounds a time below 100 ms to whole milliseconds, which says nothing about an echo of 0.4 ms. Here every bucket
is 2 % wide, so a percentile is at most 1 % away from the sample it stands for. Everything that is stored is an integer
(a time counts in whole nanoseconds), which makes merging exact: the figures of two processes merged are the figures of
one process that saw all the samples, in whatever order they are merged.

Knows nothing of clocks, names, Locust or where a sample comes from.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RELATIVE_ERROR = 0.01
"""How far a percentile may be from the sample it stands for, as a part of that sample, from 10 microseconds upwards."""

_GROWTH = 1.02
"""Each bucket ends 2 % above where it begins. Its middle is then less than 1 % from both ends, with a little to spare
for the rounding of a short time to whole nanoseconds."""

_NANOSECONDS = 1_000_000
"""Nanoseconds in a millisecond."""

_PER_E_FOLD = 1 / math.log(_GROWTH)
_MIDDLE = 2 * _GROWTH / (1 + _GROWTH)
_NOTHING_YET = 1 << 62

_log = math.log


def bucket_of(nanoseconds: int) -> int:
    """The number of the bucket that holds a time in nanoseconds. Zero and one share the first."""
    return int(_log(nanoseconds) * _PER_E_FOLD) if nanoseconds > 0 else 0


def bucket_value(bucket: int) -> float:
    """The time in milliseconds that stands for a bucket: equally far, relatively, from both of its ends."""
    return math.exp(bucket / _PER_E_FOLD) * _MIDDLE / _NANOSECONDS


class Histogram:
    """How often which time was measured.

    Exact: the number of samples, the shortest, the longest and the sum (to the nanosecond). Within `RELATIVE_ERROR`:
    every percentile of times from 10 microseconds upwards, with no upper end.
    """

    __slots__ = ("_buckets", "_longest", "_shortest", "_sum")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self._sum = 0
        self._shortest = _NOTHING_YET
        self._longest = -1

    def record(self, milliseconds: float) -> None:
        """Count one time, in milliseconds.

        A time below zero counts as zero: an edit that a timer sends a little early can be back before it was due.
        Measured: 0.3 to 0.4 microseconds a call.
        """
        nanoseconds = int(milliseconds * 1_000_000 + 0.5)
        # bucket_of, written out: a call would cost a fifth of the whole.
        if nanoseconds > 0:
            bucket = int(_log(nanoseconds) * _PER_E_FOLD)
        else:
            nanoseconds = bucket = 0
        buckets = self._buckets
        buckets[bucket] = buckets.get(bucket, 0) + 1
        self._sum += nanoseconds
        if nanoseconds > self._longest:
            self._longest = nanoseconds
        if nanoseconds < self._shortest:
            self._shortest = nanoseconds

    def merge(self, other: Histogram) -> None:
        """Add all samples of another histogram to this one."""
        buckets = self._buckets
        for bucket, count in other._buckets.items():
            buckets[bucket] = buckets.get(bucket, 0) + count
        self._sum += other._sum
        self._shortest = min(self._shortest, other._shortest)
        self._longest = max(self._longest, other._longest)

    def copy(self) -> Histogram:
        """An independent histogram with the same samples."""
        twin = Histogram()
        twin.merge(self)
        return twin

    def clear(self) -> None:
        """Forget all samples. The object stays the same, so methods bound to it stay good."""
        self._buckets.clear()
        self._sum = 0
        self._shortest = _NOTHING_YET
        self._longest = -1

    @property
    def count(self) -> int:
        """How many samples were recorded."""
        return sum(self._buckets.values())

    @property
    def sum_ms(self) -> float:
        """All samples together, in milliseconds."""
        return self._sum / _NANOSECONDS

    @property
    def min_ms(self) -> float | None:
        """The shortest sample in milliseconds; None without samples."""
        return self._shortest / _NANOSECONDS if self._buckets else None

    @property
    def max_ms(self) -> float | None:
        """The longest sample in milliseconds; None without samples."""
        return self._longest / _NANOSECONDS if self._buckets else None

    @property
    def mean_ms(self) -> float | None:
        """The mean of all samples in milliseconds; None without samples."""
        return self.sum_ms / self.count if self._buckets else None

    def percentile(self, fraction: float) -> float:
        """The time in milliseconds within which at least this fraction of the samples lies (nearest rank).

        With n samples in order it stands for number `ceil(fraction * n)`, counted from one; so 0.0 gives the exact
        minimum and 1.0 the exact maximum. It is never below the minimum or above the maximum. ValueError for a
        fraction outside [0, 1] and for a histogram without samples.
        """
        if not 0.0 <= fraction <= 1.0:
            raise ValueError(f"a percentile was asked for as {fraction!r}; it is a fraction from 0 to 1, 0.95 for p95")
        count = self.count
        if count == 0:
            raise ValueError("a percentile was asked of a histogram that has no samples; look at its count first")
        # 0.07 * 100 is a hair above 7 in floating point, and must not become the eighth sample.
        rank = max(1, math.ceil(fraction * count * (1 - 1e-12)))
        if rank == 1:
            return self._shortest / _NANOSECONDS
        if rank == count:
            return self._longest / _NANOSECONDS
        bucket = 0
        for bucket in sorted(self._buckets):
            rank -= self._buckets[bucket]
            if rank <= 0:
                break
        # The first bucket holds nothing but zero and one nanosecond.
        value = bucket_value(bucket) if bucket else 0.0
        return min(max(value, self._shortest / _NANOSECONDS), self._longest / _NANOSECONDS)

    def buckets(self) -> Iterator[tuple[float, int]]:
        """Each bucket that holds samples, shortest times first: the time in milliseconds that stands for it, and how
        many samples it holds."""
        return ((bucket_value(bucket), self._buckets[bucket]) for bucket in sorted(self._buckets))

    def as_dict(self) -> dict[str, Any]:
        """A plain form that JSON and msgpack both carry: integers only, under keys that are strings."""
        if not self._buckets:
            return {"buckets": {}, "sum_ns": 0, "min_ns": 0, "max_ns": 0}
        return {
            "buckets": {str(bucket): self._buckets[bucket] for bucket in sorted(self._buckets)},
            "sum_ns": self._sum,
            "min_ns": self._shortest,
            "max_ns": self._longest,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Histogram:
        """The histogram that `as_dict` wrote. ValueError when the form is not that: it comes from another process."""
        histogram = cls()
        try:
            buckets = {int(bucket): int(count) for bucket, count in plain["buckets"].items()}
            total, shortest, longest = int(plain["sum_ns"]), int(plain["min_ns"]), int(plain["max_ns"])
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            raise ValueError(
                f"a histogram could not be read: {problem!r} in {str(plain)[:200]}; all processes of a run need "
                "the same version of jupyter-rtc-locust"
            ) from problem
        if any(count < 1 or bucket < 0 for bucket, count in buckets.items()):
            raise ValueError("a histogram could not be read: it has a bucket or a count below its least value")
        if buckets:
            first, last = min(buckets), max(buckets)
            if shortest < 0 or bucket_of(shortest) != first or bucket_of(longest) != last:
                raise ValueError(
                    f"a histogram could not be read: its times run from {shortest} to {longest} ns, its buckets from "
                    f"{first} to {last}, and these do not belong together"
                )
            histogram._buckets, histogram._sum = buckets, total
            histogram._shortest, histogram._longest = shortest, longest
        return histogram

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same counts, sum, shortest and longest sample."""
        return self.as_dict() == other.as_dict() if isinstance(other, Histogram) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """A line for debugging and for failed tests."""
        return f"Histogram(count={self.count}, min_ms={self.min_ms}, max_ms={self.max_ms}, sum_ms={self.sum_ms})"
