"""Workers that were lost in a run, from its result file, and what that takes away from the figures of the others. Pure.

What their users did is in no figure, and a sentence that is silent of it says what did not happen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jupyter_rtc_locust.reporting.report import words

NOT_TESTED: Final = "Not tested, so nothing is said about"
NOT_TESTED_AS_FAR_AS_TOLD: Final = "Not tested as far as was told, so nothing is said about"


@dataclass(frozen=True, slots=True)
class Losses:
    """The workers that told nothing at the end."""

    processes: Sequence[Mapping[str, Any]]
    """As `processes_lost` of the result file has them."""
    everybody: bool
    """Whether no other played users."""

    @property
    def users(self) -> tuple[int, ...]:
        """Whom they played."""
        return tuple(sorted({user for one in self.processes for user in one["users"]}))

    @property
    def workers(self) -> str:
        """`the worker that was lost`, `the 2 workers that were lost`."""
        number = len(self.processes)
        return "the worker that was lost" if number == 1 else f"the {number} workers that were lost"

    @property
    def people(self) -> str:
        """`users 0, 1 and 4 of the worker that was lost`; `and others` where it is not known of every worker."""
        if not self.users:
            return f"the users of {self.workers}"
        others = "" if all(one["users"] for one in self.processes) else " and others"
        return f"{words.users(self.users)}{others} of {self.workers}"


def losses(run: Mapping[str, Any]) -> Losses | None:
    """Of a run, as its result file tells of it (`run`); None: no worker was lost."""
    lost = run.get("processes_lost") or ()
    return Losses(lost, len(lost) >= int(run.get("workers") or 1)) if lost else None


def not_tested(run: Mapping[str, Any]) -> str:
    """How the sentence begins that tells what a pass says nothing about."""
    return NOT_TESTED if losses(run) is None else NOT_TESTED_AS_FAR_AS_TOLD
