"""What a choice is resolved against: the document as one replica holds it now, and where others are at work.

Here is decided which cell an edit goes to, and what a new cell is called. What the edit then does is decided in the
modules named after its subject (text_edits.py, cell_edits.py and so on).

Everything in here reads within the transaction in which the edit will be applied, and writes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pycrdt import Array, Map, Text

from jupyter_rtc_locust.documents.quick_handles import entries_at, entry_at
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.editing.choices import WHICH_CELL, Choice
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.limits import DEFAULT_LIMITS, Limits
from jupyter_rtc_locust.editing.operations import Operation
from jupyter_rtc_locust.editing.recent_edits import RecentCell

CODE = "code"
MARKDOWN = "markdown"
RAW = "raw"


@dataclass(frozen=True, slots=True)
class Situation:
    """A choice, the replica it is resolved against, and the cells that others edited a moment ago, newest first."""

    choice: Choice
    replica: Replica
    others: tuple[RecentCell, ...] = ()
    limits: Limits = DEFAULT_LIMITS

    @property
    def cells(self) -> Array[Any]:
        """The cells of the notebook, as they stand."""
        return self.replica.cells

    def fraction_of(self, which: int, count: int) -> int:
        """Return a whole number from 0 to count - 1 by the fraction of this name; count is at least 1."""
        return int(self.choice.fractions[which] * count)

    def some_cell(self, wanted: Callable[[Map[Any]], bool] | None = None) -> int | None:
        """
        Return the index of the cell that the edit goes to, or None if there is none that is wanted.

        That is a cell another user is at work on, where the choice says so and there is one; else the cell at the
        choice's fraction, or the next one after it (round the end of the notebook) that is wanted.
        """
        cells = self.cells
        count = len(cells)
        if self.choice.meets_others:
            for other in self.others:
                index = index_of_cell(cells, other.cell_id, near=other.index)
                if index is not None and (wanted is None or wanted(cells[index])):
                    return index
        if not count:
            return None
        first = self.fraction_of(WHICH_CELL, count)
        if wanted is None:
            return first
        for step in range(count):
            index = (first + step) % count
            if wanted(cells[index]):
                return index
        return None

    def new_cell_id(self) -> str:
        """
        Return an id for a new cell, valid by nbformat 4.5 and held by no cell of this replica.

        Made of the replica's client id and the number of the edit, and so unlike the id that any other user gives at
        the same moment; a choice that is used again and again gets a counter behind it.
        """
        name = f"{self.replica.client_id:x}-{self.choice.number}"
        taken = set(map(str, entries_at(self.cells, "id")))
        candidate, again = name, 1
        while candidate in taken:
            again += 1
            candidate = f"{name}-{again}"
        return candidate

    def edit_of_cell(self, index: int, words: str, *operations: Operation) -> Edit:
        """Return an edit of the cell that has this index now; the words are completed by "cell" and its id."""
        cell_id = cell_id_at(self.cells, index)
        return Edit(self.choice.kind, f"{words} cell {cell_id}", operations, cell_id, index)


def index_of_cell(cells: Array[Any], cell_id: str, *, near: int = 0) -> int | None:
    """
    Return the index of the cell with this id, or None. Searched outward from `near`.

    Reading an id costs half a microsecond, so that a search from the start of a long notebook costs more than the
    rest of the edit.
    """
    count = len(cells)
    near = min(near, count - 1)
    for distance in range(max(near + 1, count - near)):
        for index in {near + distance, near - distance}:
            if 0 <= index < count and cell_id_at(cells, index) == cell_id:
                return index
    return None


def cell_id_of(cell: Map[Any]) -> str:
    """Return the id of a cell, or an empty string where a foreign writer gave it none."""
    found = cell.get("id")
    return found if isinstance(found, str) else ""


def cell_id_at(cells: Array[Any], index: int) -> str:
    """Return the id of the cell that has this index, or an empty string where a foreign writer gave it none."""
    found = entry_at(cells, index, "id")
    return found if isinstance(found, str) else ""


def is_code(cell: Map[Any]) -> bool:
    """Tell a cell that can have outputs."""
    return bool(cell.get("cell_type") == CODE)


def takes_attachments(cell: Map[Any]) -> bool:
    """Tell a cell that can have attachments."""
    return cell.get("cell_type") in (MARKDOWN, RAW)


def source_of(cell: Map[Any]) -> str:
    """Return the source of a cell; empty where a foreign writer left none."""
    source = cell.get("source")
    return str(source) if isinstance(source, Text) else ""


def outputs_of(cell: Map[Any]) -> Array[Any] | None:
    """Return the outputs of a cell, or None where there is no such array."""
    outputs = cell.get("outputs")
    return outputs if isinstance(outputs, Array) else None


def entries_of(value: Any) -> dict[str, Any]:
    """Return a Map, a dict or nothing as plain data: metadata and attachments are written as either."""
    if isinstance(value, Map):
        return value.to_py() or {}
    return dict(value) if isinstance(value, Mapping) else {}
