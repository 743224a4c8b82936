"""Who edited which cell a moment ago, so that users can be sent to where others are at work.

Conflicts arise where two people type into one cell at once, and random users in a long notebook hardly ever meet.
Pure: the time is passed in (seconds of any steady clock), and nothing here knows replicas or connections.
"""

from dataclasses import dataclass

WINDOW = 1.0
"""Seconds for which a cell counts as being edited."""


@dataclass(frozen=True, slots=True)
class RecentCell:
    """A cell somebody edited a moment ago, and the index it had in that person's replica."""

    cell_id: str
    index: int
    """A hint for finding the cell; other people may have moved it."""


class RecentEdits:
    """
    The latest edit of each user of one document. One object for all users of a document in a process.

    Memory: one entry for each user; a call to `others` looks at those of the last second only.
    """

    __slots__ = ("_latest",)

    def __init__(self) -> None:
        # In order of time, because an entry is taken out and put in again: the newest is last.
        self._latest: dict[int, tuple[float, RecentCell]] = {}

    def note(self, user_index: int, cell_id: str | None, now: float, index: int | None = None) -> None:
        """Remember that a user edited a cell at `now`; an edit without a cell (notebook metadata) changes nothing."""
        if cell_id is None:
            return
        self._latest.pop(user_index, None)
        self._latest[user_index] = (now, RecentCell(cell_id, index or 0))

    def others(self, user_index: int, now: float) -> tuple[RecentCell, ...]:
        """Return the cells that users other than this one edited within the last second, newest first."""
        found: list[RecentCell] = []
        for user, (moment, cell) in reversed(self._latest.items()):
            if now - moment > WINDOW:
                break
            if user != user_index:
                found.append(cell)
        return tuple(found)

    def latest_of_others(self, user_index: int, now: float) -> str | None:
        """Return the id of the cell that another user edited last, or None if nobody did within the last second."""
        cells = self.others(user_index, now)
        return cells[0].cell_id if cells else None
