"""When the edits of a plan are due: as planned, each at its moment since the start of the run.

A rhythm like those of `rhythm.py`, of one user. Whoever comes later than planned is not late with what was due before:
that is due when the user comes, and everything after it as planned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jupyter_rtc_locust.editing.rhythm import Moment

_SLOT_S: Final = 1.0
"""Behind the last edit slots go on, for what could not be done when it was due, because its user was away."""


@dataclass(frozen=True, slots=True)
class AsPlanned:
    """The moments of one user's edits, in seconds since the start of the run, in the order of the edits."""

    moments: Sequence[float]
    begin: int = 0
    """Number of the first edit that is still to be made."""
    earliest: float = 0.0
    """When the user came."""
    since_start_of_run: bool = True

    def first(self, elapsed: float) -> Moment:
        """Return the first edit that is still to be made; it is not due before the user is there."""
        return self._moment(self.begin, max(elapsed, self.earliest))

    def after(self, moment: Moment) -> Moment:
        """Return the next edit, never before the one in front of it; behind the last one, a slot every second."""
        if moment.number + 1 < len(self.moments):
            return self._moment(moment.number + 1, moment.due)
        return Moment(moment.number + 1, moment.due + _SLOT_S)

    def burst(self, number: int) -> int:
        """Return the number itself: a plan knows no bursts."""
        return number

    def _moment(self, number: int, earliest: float) -> Moment:
        planned = self.moments[number] if number < len(self.moments) else earliest + _SLOT_S
        return Moment(number, max(planned, earliest))
