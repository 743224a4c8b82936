"""The users' parts of a plan that is played again, and how far each has come.

A user takes its edits one after the other, in the order of the plan. How far it has come is remembered for the process,
not for its tab: who closes the document and opens it anew goes on where it was. A user that was played by another
process before goes on with what is due from then on, because nobody here knows what has been done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jupyter_rtc_locust.editing.plan_rhythm import AsPlanned
from jupyter_rtc_locust.editing.plans import Plan, PlannedEdit


class PlannedUser:
    """One user's edits of a plan."""

    def __init__(self, edits: Sequence[PlannedEdit]) -> None:
        self._edits = edits
        self._next = 0

    def skip_what_was_due(self, elapsed: float) -> None:
        """Leave out what was due before this many seconds since the start of the run."""
        while self._next < len(self._edits) and self._edits[self._next].at < elapsed:
            self._next += 1

    def rhythm(self, elapsed: float) -> AsPlanned:
        """When the rest is due for a user who comes so many seconds after the start of the run."""
        return AsPlanned([edit.at for edit in self._edits], self._next, elapsed)

    def take(self, number: int) -> PlannedEdit | None:
        """Return the next edit whose turn it is in the slot of this number, or None: all of them were taken."""
        if self._next > number or self._next >= len(self._edits):
            return None
        self._next += 1
        return self._edits[self._next - 1]


class PlannedUsers:
    """All users of a plan, as this process plays them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._users: dict[int, PlannedUser] = {}
        self._names: dict[int, dict[str, str]] = {}

    def name_cells(self, document: int, names: Mapping[str, str]) -> None:
        """Tell what cells of the plan are called in a document of this run, where it has other names for them."""
        self._names[document] = dict(names)

    def as_here(self, edit: PlannedEdit) -> PlannedEdit:
        """Return an edit of the plan with the names that cells have in this run."""
        return edit.named(self._names.get(edit.document) or {})

    def as_planned(self, edit: PlannedEdit) -> PlannedEdit:
        """Return an edit that was made in this run with the names that cells have in the plan."""
        names = self._names.get(edit.document)
        return edit.named({here: then for then, here in names.items()}) if names else edit

    def user(self, user: int, incarnation: int, elapsed: float) -> PlannedUser:
        """The user of this index, who comes so many seconds after the start of the run for so many-th time."""
        known = self._users.get(user)
        if known is None:
            known = self._users[user] = PlannedUser(self._plan.edits.get(user, ()))
            if incarnation:
                known.skip_what_was_due(elapsed)
        return known
