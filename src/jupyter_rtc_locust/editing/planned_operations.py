"""An operation with a place that outlives the moment it was made in, so that it can be done again in another document.

An operation (operations.py) names cells by index, which is right within one transaction and wrong a moment later. Here
it also has the id of the cell, and what a text lost by it. That is enough to do the same again where the document has
become another one meanwhile, and to tell where that cannot be done: its cell is gone, its place is beyond the end, or
what it would remove is not what was removed then. Nothing is ever bent to fit.

Places in texts stay as operations have them, in UTF-8 bytes: so to keep an insertion costs no look at the text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pycrdt import Map, Text

from jupyter_rtc_locust.documents.quick_handles import entry_at
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.operations import (
    AddOutput,
    PutCell,
    RemoveCell,
    RemoveMetadata,
    RemoveOutputs,
    ReplaceText,
    SetEntry,
    SetMetadata,
    SetState,
    WriteStructs,
)
from jupyter_rtc_locust.editing.situation import CODE, cell_id_at, entries_of, outputs_of

if TYPE_CHECKING:
    from jupyter_rtc_locust.documents.replica import Replica

Placeable = (
    ReplaceText | PutCell | RemoveCell | SetEntry | SetMetadata | RemoveMetadata | AddOutput | RemoveOutputs | SetState
)
"""Operations that can be done elsewhere: all but `WriteStructs`, which is of one replica. It is what a replay of an
editing trace writes, and that has its trace to be done again by."""

_OF_CODE_CELLS = ("execution_count", "execution_state")
"""Entries that no other cell may have, by the notebook format."""


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """An operation as it was done, and what names its place in any other document."""

    operation: Placeable
    """Its index is where the cell stood then: of cells with one id, the nearest to it is meant."""

    cell_id: str | None = None
    """The cell it is about; of `PutCell` the cell before the new one, None: the new one is the first.

    None elsewhere: the document as a whole.
    """

    removed: str = ""
    """What a text lost by it."""


def apply_and_note(edit: Edit, replica: "Replica") -> tuple[bool, tuple[PlannedOperation, ...]]:
    """Carry an edit out as `Edit.apply` does, and return what that does, and its operations with their places.

    Each is looked at in the moment before it is applied, since one that came before it may have moved what it names. As
    long as none does, the cell that the edit is about is known by its id already. Measured: 1 µs for each operation;
    the text is read only where something is removed from it.
    """
    operations = edit.operations
    moves = len(operations) > 1 and any(isinstance(one, (PutCell, RemoveCell)) for one in operations)
    here = None if moves else edit.cell_index
    noted = []
    for operation in operations:
        if not isinstance(operation, WriteStructs):
            noted.append(placed(operation, replica, here, edit.cell_id))
        operation.apply(replica)
    return bool(operations), tuple(noted)


def placed(
    operation: Placeable, replica: "Replica", here: int | None = None, cell_id: str | None = None
) -> PlannedOperation:
    """Return an operation that this replica could take now, with its place.

    `cell_id`: what the cell at `here` is called, as far as that is known.
    """
    if isinstance(operation, SetState):
        return PlannedOperation(operation)
    if isinstance(operation, PutCell):
        before = operation.index - 1
        return PlannedOperation(operation, None if before < 0 else cell_id_at(replica.cells, before))
    index = index_of(operation)
    if index is None:
        cell_id = None
    elif index != here or cell_id is None:
        cell_id = cell_id_at(replica.cells, index)
    if isinstance(operation, ReplaceText) and operation.removed:
        content = _text(replica, index, operation.output)
        assert content is not None, "an operation is made for a text that is there"
        stretch = str(content).encode()[operation.start : operation.start + operation.removed]
        return PlannedOperation(operation, cell_id, stretch.decode())
    return PlannedOperation(operation, cell_id)


def index_of(operation: Placeable) -> int | None:
    """Return the index that an operation names; None: the document as a whole."""
    if isinstance(operation, (PutCell, RemoveCell)):
        return operation.index
    return None if isinstance(operation, SetState) else operation.cell


def resolved(planned: Iterable[PlannedOperation], replica: "Replica") -> tuple[Placeable, ...] | None:
    """Return the operations of one edit as this replica takes them now; None: one of them cannot apply, so none does.

    All or nothing, because half of a move is a copy. Writes nothing; the result is to be applied in order, within the
    transaction this was called in.
    """
    document = _Foreseen(replica)
    operations = []
    for one in planned:
        operation = document.resolve(one)
        if operation is None:
            return None
        operations.append(operation)
    return tuple(operations)


class _Foreseen:
    """The document as it will be after the operations that were resolved so far, as far as later ones can ask."""

    def __init__(self, replica: "Replica") -> None:
        self._replica = replica
        # A number is a cell that is there, by its index; the others are new.
        self._cells: list[int | Mapping[str, Any]] = (
            list(range(len(replica.cells))) if replica.kind == "notebook" else []
        )
        self._taken_away: set[str] = set()
        self._texts: dict[tuple[object, int | None], bytes] = {}
        self._appended: dict[tuple[object, int | None], bytes] = {}
        """To texts that were not read."""
        self._other_outputs: set[object] = set()

    def resolve(self, planned: PlannedOperation) -> Placeable | None:
        """Return the operation with its index now, and foresee it; None: it cannot apply."""
        operation = planned.operation
        if isinstance(operation, SetState):
            return operation
        if isinstance(operation, PutCell):
            return self._put(operation, planned.cell_id)
        if planned.cell_id is None:
            return self._of_document(operation, planned.removed)
        index = self._find(planned.cell_id, near=index_of(operation) or 0)
        if index is None:
            return None
        if isinstance(operation, RemoveCell):
            self._taken_away.add(planned.cell_id)
            del self._cells[index]
            return RemoveCell(index)
        return self._of_cell(operation, self._cells[index], index, planned.removed)

    def _put(self, operation: PutCell, before: str | None) -> Placeable | None:
        found = -1 if before is None else self._find(before, near=operation.index - 1)
        if found is None or self._replica.kind != "notebook":
            return None
        cell_id = str(operation.cell.get("id", ""))
        if cell_id not in self._taken_away and self._find(cell_id, near=found + 1) is not None:
            return None  # a second cell of this id would be no notebook
        self._cells.insert(found + 1, operation.cell)
        return replace(operation, index=found + 1)

    def _of_document(self, operation: Placeable, removed: str) -> Placeable | None:
        if isinstance(operation, ReplaceText):
            return self._replace(operation, None, None, removed) if self._replica.kind == "text" else None
        if self._replica.kind != "notebook":
            return None
        if isinstance(operation, RemoveMetadata):
            there = entries_of(self._replica.meta.get("metadata"))
            return operation if operation.key in there else None
        return operation

    def _of_cell(
        self, operation: Placeable, cell: int | Mapping[str, Any], index: int, removed: str
    ) -> Placeable | None:
        assert not isinstance(operation, PutCell | RemoveCell | SetState), "these were resolved before"
        is_code = self._entry(cell, "cell_type") == CODE
        if isinstance(operation, ReplaceText):
            return self._replace(operation, cell, index, removed)
        if isinstance(operation, AddOutput | RemoveOutputs):
            outputs = self._entry(cell, "outputs")
            if not is_code or (isinstance(operation, RemoveOutputs) and not (outputs is not None and len(outputs))):
                return None
            self._other_outputs.add(_key(cell))
        elif isinstance(operation, RemoveMetadata):
            if operation.key not in entries_of(self._entry(cell, "metadata")):
                return None
        elif (operation.key in _OF_CODE_CELLS and not is_code) or (operation.key == "attachments" and is_code):
            return None
        return replace(operation, cell=index)

    def _replace(
        self, operation: ReplaceText, cell: int | Mapping[str, Any] | None, index: int | None, removed: str
    ) -> Placeable | None:
        if operation.output is not None and _key(cell) in self._other_outputs:
            return None  # which output is meant cannot be told any more
        resolved_one = replace(operation, cell=index, removed=len(removed.encode()))
        key = (_key(cell), operation.output)
        content = self._texts.get(key)
        if content is None:
            text = self._text(cell, operation.output)
            if text is None:
                return None
            appended = self._appended.get(key, b"")
            if operation.start == len(text) + len(appended) and not removed:
                # At the end, as a kernel prints: a long text need not be read.
                self._appended[key] = appended + operation.inserted.encode()
                return resolved_one
            content = (text if isinstance(text, bytes) else str(text).encode()) + appended
            if operation.start > len(content):
                return None
        end = operation.start + resolved_one.removed
        if content[operation.start : end] != removed.encode() or _within_character(content, operation.start):
            return None
        self._texts[key] = content[: operation.start] + operation.inserted.encode() + content[end:]
        return resolved_one

    def _text(self, cell: int | Mapping[str, Any] | None, output: int | None) -> Text | bytes | None:
        """What is there: shared text, or that of a new cell."""
        if isinstance(cell, Mapping):
            source = cell.get("source", "")
            return str(source).encode() if output is None and isinstance(source, str) else None
        return _text(self._replica, cell, output)

    def _entry(self, cell: int | Mapping[str, Any], key: str) -> Any:
        return cell.get(key) if isinstance(cell, Mapping) else self._replica.cells[cell].get(key)

    def _find(self, cell_id: str, *, near: int) -> int | None:
        """The index of the cell with this id, searched outward from where it stood; None: there is none."""
        count = len(self._cells)
        near = min(max(near, 0), count - 1)
        for distance in range(max(near + 1, count - near)):
            for index in dict.fromkeys((near + distance, near - distance)):
                if 0 <= index < count and self._id_at(index) == cell_id:
                    return index
        return None

    def _id_at(self, index: int) -> str:
        cell = self._cells[index]
        return str(cell.get("id", "")) if isinstance(cell, Mapping) else cell_id_at(self._replica.cells, cell)


def _key(cell: int | Mapping[str, Any] | None) -> object:
    return cell if cell is None or isinstance(cell, int) else ("new", id(cell))


def _within_character(content: bytes, place: int) -> bool:
    """Whether a place is not at the border of a code point: there pycrdt would insert at the end, silently."""
    return place < len(content) and content[place] & 0xC0 == 0x80


def _text(replica: "Replica", cell: int | None, output: int | None) -> Text | None:
    """The shared text at a place; None: there is none."""
    if cell is None:
        return replica.source
    found: Any = entry_at(replica.cells, cell, "source")
    if output is not None:
        outputs = outputs_of(replica.cells[cell])
        one = outputs[output] if outputs is not None and output < len(outputs) else None
        found = one.get("text") if isinstance(one, Map) else None
    return found if isinstance(found, Text) else None
