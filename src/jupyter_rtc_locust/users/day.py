"""A day of a course: people arrive in a wave, work, go to lunch and come back, and leave in a wave.

The curve is data, and a pure function of how much of the day is over. Knows neither Locust nor clocks; a load shape
(locustfiles/course_day_shape.py) asks it once a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Day:
    """How many of the people are there, as points: (share of the day that is over, share of the people there).

    Between two points the number changes as in a wave: slowly, quickly, slowly.
    Raises ValueError for points that do not lead from 0 to 1 in order, or shares that are none.
    """

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        """Check the points."""
        moments = [moment for moment, _ in self.points]
        if moments[:1] != [0.0] or moments[-1:] != [1.0] or sorted(set(moments)) != moments:
            raise ValueError(f"the points of a day lead from 0 to 1, each later than the one before, not {moments}")
        if not all(0 <= there <= 1 for _, there in self.points):
            raise ValueError(f"the shares of people of a day lie between 0 and 1, not {self.points}")

    def people_at(self, over: float, people: int) -> int:
        """Return how many of so many people are there when this share of the day is over; 0 before and after it."""
        if not 0.0 <= over < 1.0:
            return 0
        for (begin, before), (end, after) in pairwise(self.points):
            if over < end:
                way = (over - begin) / (end - begin)
                return round(people * (before + (after - before) * way * way * (3.0 - 2.0 * way)))
        return 0


COURSE_DAY = Day(((0.0, 0.1), (0.2, 1.0), (0.45, 1.0), (0.53, 0.2), (0.58, 0.2), (0.66, 1.0), (0.85, 1.0), (1.0, 0.1)))
"""One in ten is early and one in ten stays to the end; a fifth works through lunch. Chosen, not measured."""
