"""The few things that edits do to a document, as data: an edit is a list of these.

Each operation but `WriteStructs` names its place by index in the replica it was made for, and is applied in the same
transaction in which it was made, so nothing can have moved in between. Types follow the schema of jupyter-ydoc 4
(document version 2.0.0).

Traps of pycrdt that are met here and nowhere else: a Text is bound to a name before it is changed, because
`cells[i]["source"] += x` assigns the Text anew and empties it for everybody; its indices count bytes (positions.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pycrdt import Array, Map, Text

from jupyter_rtc_locust.documents.cells import IDLE, make_cell, make_output
from jupyter_rtc_locust.documents.quick_handles import entry_at

if TYPE_CHECKING:
    from jupyter_rtc_locust.documents.replica import Replica


@dataclass(frozen=True, slots=True)
class ReplaceText:
    """Take bytes out of a text and put a string in their place; either may be nothing."""

    cell: int | None
    """Index of the cell; None: the source of a text file."""

    start: int
    removed: int
    """Both in UTF-8 bytes, at the borders of code points, and within the text."""

    inserted: str
    output: int | None = None
    """Index of the output whose stream text is meant; None: the source of the cell."""

    def apply(self, replica: "Replica") -> None:
        """Delete first, then insert, in the order of JupyterLab's editor."""
        if self.cell is None:
            text: Text = replica.source
        elif self.output is None:
            text = entry_at(replica.cells, self.cell, "source")
        else:
            text = replica.cells[self.cell]["outputs"][self.output]["text"]
        if self.removed:
            del text[self.start : self.start + self.removed]
        if self.inserted:
            text.insert(self.start, self.inserted)


@dataclass(frozen=True, slots=True)
class PutCell:
    """Insert a new cell, given as in the notebook format, so that it has this index afterwards."""

    index: int
    cell: Mapping[str, Any]
    has_state: bool = True
    """Whether a code cell has an execution state. Those that a tab makes or moves have none until they run."""

    def apply(self, replica: "Replica") -> None:
        """Insert new shared types; an execution state that the cell brings along is kept."""
        if not self.has_state:
            replica.cells.insert(self.index, make_cell(self.cell, execution_state=None))
            return
        replica.cells.insert(self.index, make_cell(self.cell))
        # A new cell is idle whatever it was made from.
        state = self.cell.get("execution_state", IDLE)
        if state != IDLE:
            replica.cells[self.index]["execution_state"] = state


@dataclass(frozen=True, slots=True)
class RemoveCell:
    """Delete the cell of this index."""

    index: int

    def apply(self, replica: "Replica") -> None:
        """Delete the cell with all it holds."""
        del replica.cells[self.index]


@dataclass(frozen=True, slots=True)
class SetEntry:
    """Set a key of a cell to a plain value (its execution count, its attachments)."""

    cell: int
    key: str
    value: Any

    def apply(self, replica: "Replica") -> None:
        """Overwrite the entry."""
        replica.cells[self.cell][self.key] = self.value


@dataclass(frozen=True, slots=True)
class SetMetadata:
    """Set a key in the metadata of a cell or of the notebook to a plain value, whole, as JupyterLab does."""

    cell: int | None
    """Index of the cell; None: the notebook."""

    key: str
    value: Any

    def apply(self, replica: "Replica") -> None:
        """Overwrite the entry."""
        _metadata(replica, self.cell)[self.key] = self.value


@dataclass(frozen=True, slots=True)
class RemoveMetadata:
    """Remove a key that is there from the metadata of a cell or of the notebook."""

    cell: int | None
    key: str

    def apply(self, replica: "Replica") -> None:
        """Delete the entry."""
        del _metadata(replica, self.cell)[self.key]


@dataclass(frozen=True, slots=True)
class AddOutput:
    """Append an output, given as in the notebook format, to a code cell."""

    cell: int
    output: Mapping[str, Any]

    def apply(self, replica: "Replica") -> None:
        """Append new shared types."""
        cell: Map[Any] = replica.cells[self.cell]
        outputs = cell.get("outputs")
        if not isinstance(outputs, Array):
            cell["outputs"] = outputs = Array()
        outputs.append(make_output(self.output))


@dataclass(frozen=True, slots=True)
class RemoveOutputs:
    """Delete all outputs of a code cell, which has at least one."""

    cell: int

    def apply(self, replica: "Replica") -> None:
        """Delete the outputs and keep the array, as JupyterLab does."""
        outputs: Array[Any] = entry_at(replica.cells, self.cell, "outputs")
        outputs.clear()


@dataclass(frozen=True, slots=True)
class SetState:
    """Set a key of the document's `state`, which is no content: what a tab notes there for other tabs."""

    key: str
    value: Any

    def apply(self, replica: "Replica") -> None:
        """Overwrite the entry."""
        replica.state[self.key] = self.value


@dataclass(frozen=True, slots=True)
class WriteStructs:
    """Write what was prepared as an update: structs that name what they stand beside by its id, not by its index."""

    update: bytes
    """Of the replica's own client id, from the next clock on; all that it names has to be there."""

    def apply(self, replica: "Replica") -> None:
        """As if it had been written here."""
        replica.doc.apply_update(self.update)


Operation = (
    ReplaceText
    | PutCell
    | RemoveCell
    | SetEntry
    | SetMetadata
    | RemoveMetadata
    | AddOutput
    | RemoveOutputs
    | SetState
    | WriteStructs
)


def _metadata(replica: "Replica", cell: int | None) -> Map[Any]:
    """The metadata as a shared Map; made one where a foreign writer left none or plain data."""
    holder: Map[Any] = replica.meta if cell is None else replica.cells[cell]
    metadata = holder.get("metadata")
    if not isinstance(metadata, Map):
        holder["metadata"] = metadata = Map(dict(metadata or {}))
    return metadata
