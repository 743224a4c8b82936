"""Adding, deleting, moving, splitting and merging cells, and changing their type.

Recorded: adding a cell is two updates, `state.dirty` first and then the cell; deleting, moving and a change of type are
one each. A move and a change of type delete the cell and insert another one with the same id, so that what others type
into it meanwhile is lost; that is what a tab does. Splitting and merging were not recorded: one transaction each is
assumed, which deletes and inserts as well, under new ids.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_rtc_locust.editing.caret import Caret
from jupyter_rtc_locust.editing.cell_edits import new_cell
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.gestures.step import ByHand, CaretStep, EditStep, Step
from jupyter_rtc_locust.editing.gestures.tab import Tab, find_source
from jupyter_rtc_locust.editing.gestures.undoing import mark_dirty
from jupyter_rtc_locust.editing.operations import PutCell, RemoveCell
from jupyter_rtc_locust.editing.positions import place_at
from jupyter_rtc_locust.editing.situation import CODE, entries_of

if TYPE_CHECKING:
    from jupyter_rtc_locust.documents.replica import Replica

BETWEEN_MERGED = "\n\n"
"""What JupyterLab puts between the sources of cells that it merges."""


@dataclass(frozen=True, slots=True)
class AddCellBelow(ByHand):
    """Add an empty cell below this one (key b), and select it: what is typed next goes there."""

    cell_id: str
    new_cell_id: str
    """A tab takes a UUID: 36 characters."""
    cell_type: str = CODE

    def steps(self) -> Iterator[Step]:
        """The mark, the cell. The caret is told of when somebody goes into the cell, and not before (recorded)."""
        yield EditStep(self._mark)
        yield EditStep(self._add)

    def _mark(self, replica: "Replica", tab: Tab) -> Edit | None:
        return None if tab.index_of(replica, self.cell_id) is None else mark_dirty(replica, tab)

    def _add(self, replica: "Replica", tab: Tab) -> Edit | None:
        index = tab.index_of(replica, self.cell_id)
        if index is None:
            return None
        tab.caret = Caret(self.new_cell_id)
        # A cell that a tab makes is trusted: nobody else wrote what will stand below it.
        metadata = {"trusted": True} if self.cell_type == CODE else {}
        cell = new_cell(self.new_cell_id, self.cell_type, metadata=metadata)
        words = f"added {self.cell_type} cell {self.new_cell_id} below cell {self.cell_id}"
        return Edit(
            "add_cell",
            words,
            (PutCell(index + 1, cell, has_state=False),),
            self.new_cell_id,
            index + 1,
            marks_dirty=False,
        )


@dataclass(frozen=True, slots=True)
class DeleteCell(ByHand):
    """Delete a cell (keys dd); the last one is replaced by an empty one, as JupyterLab does."""

    cell_id: str
    new_cell_id: str
    """For the empty cell, where it is needed."""

    def steps(self) -> Iterator[Step]:
        """One edit."""
        yield EditStep(self._delete)

    def _delete(self, replica: "Replica", tab: Tab) -> Edit | None:
        index = tab.index_of(replica, self.cell_id)
        if index is None:
            return None
        if len(replica.cells) > 1:
            return Edit("delete_cell", f"deleted cell {self.cell_id}", (RemoveCell(index),), self.cell_id, index)
        words = f"deleted cell {self.cell_id}, the last one, and began cell {self.new_cell_id}"
        empty = new_cell(self.new_cell_id, CODE, metadata={"trusted": True})
        return Edit("delete_cell", words, (RemoveCell(0), PutCell(0, empty, has_state=False)), self.new_cell_id, 0)


@dataclass(frozen=True, slots=True)
class MoveCell(ByHand):
    """Move a cell so many places down, or up where the number is below 0, at most to the end."""

    cell_id: str
    by: int

    def steps(self) -> Iterator[Step]:
        """One edit."""
        yield EditStep(self._move)

    def _move(self, replica: "Replica", tab: Tab) -> Edit | None:
        index = tab.index_of(replica, self.cell_id)
        if index is None:
            return None
        destination = min(max(index + self.by, 0), len(replica.cells) - 1)
        if destination == index:
            return Edit("move_cell", f"moved cell {self.cell_id} nowhere", ())
        cell = cell_content(replica, index)
        words = f"moved cell {self.cell_id} from {index} to {destination}"
        return Edit(
            "move_cell",
            words,
            (RemoveCell(index), PutCell(destination, cell, has_state=False)),
            self.cell_id,
            destination,
        )


@dataclass(frozen=True, slots=True)
class ChangeCellType(ByHand):
    """Change the type of a cell to `code`, `markdown` or `raw` (keys y, m, r); its outputs go."""

    cell_id: str
    to: str

    def steps(self) -> Iterator[Step]:
        """One edit; nothing where the cell has this type."""
        yield EditStep(self._change)

    def _change(self, replica: "Replica", tab: Tab) -> Edit | None:
        index = tab.index_of(replica, self.cell_id)
        if index is None:
            return None
        old = cell_content(replica, index)
        if old["cell_type"] == self.to:
            return Edit("change_cell_type", f"left cell {self.cell_id} as {self.to}", ())
        metadata = {key: value for key, value in old["metadata"].items() if key != "trusted"}
        if self.to == CODE:
            metadata["trusted"] = True
        cell = new_cell(self.cell_id, self.to, old["source"], metadata=metadata)
        if self.to != CODE and old.get("attachments"):
            cell["attachments"] = old["attachments"]
        words = f"changed cell {self.cell_id} from {old['cell_type']} to {self.to}"
        return Edit(
            "change_cell_type", words, (RemoveCell(index), PutCell(index, cell, has_state=False)), self.cell_id, index
        )


@dataclass(frozen=True, slots=True)
class SplitCell(ByHand):
    """Split a cell at a fraction of its source; the outputs stay with the lower half."""

    cell_id: str
    at: float
    upper_id: str
    lower_id: str

    def steps(self) -> Iterator[Step]:
        """One edit, and the caret goes to the beginning of the lower half."""
        yield EditStep(self._split)
        yield CaretStep(self._caret)

    def _split(self, replica: "Replica", tab: Tab) -> Edit | None:
        index = tab.index_of(replica, self.cell_id)
        if index is None:
            return None
        old = cell_content(replica, index)
        source = old["source"]
        at = min(place_at(source, self.at), len(source))
        upper_source, lower_source = source[:at].strip("\n"), source[at:].strip("\n")
        upper = new_cell(self.upper_id, old["cell_type"], upper_source, metadata=old["metadata"])
        lower = new_cell(self.lower_id, old["cell_type"], lower_source, metadata=old["metadata"])
        if old["cell_type"] == CODE:
            lower["outputs"] = old.get("outputs") or []
        elif old.get("attachments"):
            upper["attachments"] = lower["attachments"] = old["attachments"]
        words = f"split cell {self.cell_id} at {at} into {self.upper_id} and {self.lower_id}"
        operations = (
            RemoveCell(index),
            PutCell(index, upper, has_state=False),
            PutCell(index + 1, lower, has_state=False),
        )
        return Edit("split_cell", words, operations, self.lower_id, index + 1)

    def _caret(self, replica: "Replica", tab: Tab) -> Caret | None:
        source = find_source(replica, self.lower_id, tab)
        return None if source is None else Caret(self.lower_id, content=source.content)


@dataclass(frozen=True, slots=True)
class MergeWithNextCell(ByHand):
    """Merge a cell with the one below it; the outputs of both go, and the type is that of the upper."""

    cell_id: str
    new_cell_id: str

    def steps(self) -> Iterator[Step]:
        """One edit."""
        yield EditStep(self._merge)

    def _merge(self, replica: "Replica", tab: Tab) -> Edit | None:
        index = tab.index_of(replica, self.cell_id)
        if index is None:
            return None
        if index + 1 >= len(replica.cells):
            return Edit("merge_cells", f"found no cell below cell {self.cell_id}", ())
        upper, lower = cell_content(replica, index), cell_content(replica, index + 1)
        metadata = dict(upper["metadata"])
        if upper["cell_type"] == CODE:
            metadata["trusted"] = True
        source = upper["source"] + BETWEEN_MERGED + lower["source"]
        cell = new_cell(self.new_cell_id, upper["cell_type"], source, metadata=metadata)
        if upper["cell_type"] != CODE:
            attachments = (upper.get("attachments") or {}) | (lower.get("attachments") or {})
            cell |= {"attachments": attachments} if attachments else {}
        words = f"merged cell {self.cell_id} with cell {lower['id']} as {self.new_cell_id}"
        operations = (RemoveCell(index + 1), RemoveCell(index), PutCell(index, cell, has_state=False))
        return Edit("merge_cells", words, operations, self.new_cell_id, index)


def cell_content(replica: "Replica", index: int) -> dict[str, Any]:
    """Return all that a cell holds as plain data, but for its execution state: a tab does not copy that."""
    content = entries_of(replica.cells[index])
    content.pop("execution_state", None)
    return {"id": "", "cell_type": "raw", "source": "", **content, "metadata": entries_of(content.get("metadata"))}
