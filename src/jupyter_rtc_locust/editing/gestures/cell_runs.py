"""What a tab writes into a cell that runs, one edit each: whether a kernel says it, or a gesture makes it up.

Only the first edit marks the document dirty (recorded; see running.py for the figures). Each is resolved against the
document as it stands, and gives None where the cell is gone or is no code cell any more.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pycrdt import Map, Text

from jupyter_rtc_locust.documents.cells import IDLE
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.gestures.tab import Tab
from jupyter_rtc_locust.editing.operations import (
    AddOutput,
    Operation,
    RemoveOutputs,
    ReplaceText,
    SetEntry,
    SetMetadata,
    SetState,
)
from jupyter_rtc_locust.editing.output_edits import LARGEST_EXECUTION_COUNT, RUNNING
from jupyter_rtc_locust.editing.situation import CODE, entries_of, outputs_of, source_of

if TYPE_CHECKING:
    from jupyter_rtc_locust.documents.replica import Replica

Make = Callable[["Replica", Tab], Edit | None]


@dataclass(frozen=True, slots=True)
class CellRun:
    """The edits in one cell, by its id."""

    cell_id: str

    def code(self, replica: "Replica", tab: Tab) -> str | None:
        """Return the source as it stands; None where there is no such code cell. Not within a transaction."""
        index = self._index(replica, tab)
        return None if index is None else source_of(replica.cells[index])

    def start(self, replica: "Replica", tab: Tab) -> Edit | None:
        """What was there from an earlier run goes, and the cell is trusted: the person's own tab runs it."""
        index = self._index(replica, tab)
        if index is None:
            return None
        cell = replica.cells[index]
        operations = list(_cleared(cell, index))
        if not _is_trusted(cell):
            operations.append(SetMetadata(index, "trusted", value=True))
        words = f"started cell {self.cell_id}"
        if operations:
            return Edit("run_cell", words, tuple(operations), self.cell_id, index)
        # Only the mark: an edit without operations would be none.
        return Edit("run_cell", words, (SetState("dirty", value=True),), self.cell_id, index, marks_dirty=False)

    def clear(self, replica: "Replica", tab: Tab) -> Edit | None:
        """Clear by hand: outputs and count, in one update; nothing where there is nothing to clear."""
        index = self._index(replica, tab)
        if index is None:
            return None
        cell = replica.cells[index]
        operations = list(_cleared(cell, index))
        if cell.get("execution_state") == RUNNING:
            operations.append(SetEntry(index, "execution_state", IDLE))
        if operations and not _is_trusted(cell):
            operations.append(SetMetadata(index, "trusted", value=True))
        words = f"cleared the outputs of cell {self.cell_id}"
        return Edit("clear_outputs", words, tuple(operations), self.cell_id, index)

    def state(self, state: str) -> Make:
        """The state that others see: running or idle."""
        return self._quietly(lambda index, _cell: (SetEntry(index, "execution_state", state),), f"{state}: cell")

    def printed(self, stream: str, text: str) -> Make:
        """More of a stream: into the last output where that is the same stream, else a new output."""

        def operations(index: int, cell: Map[Any]) -> tuple[Operation, ...]:
            outputs = outputs_of(cell)
            last = len(outputs) - 1 if outputs is not None else -1
            if outputs is not None and last >= 0:
                output = outputs[last]
                if isinstance(output, Map) and output.get("name") == stream:
                    printed = output.get("text")
                    if isinstance(printed, Text):
                        return (ReplaceText(index, len(printed), 0, text, output=last),)
            return (AddOutput(index, {"output_type": "stream", "name": stream, "text": text}),)

        return self._quietly(operations, f"printed to {stream} below")

    def added(self, output: Mapping[str, Any], words: str) -> Make:
        """Another output, given as in the notebook format; the words are completed by the cell's id."""
        return self._quietly(lambda index, _cell: (AddOutput(index, output),), words)

    def outputs_removed(self) -> Make:
        """The outputs so far go, as the running code asked for; the count stays."""

        def operations(index: int, cell: Map[Any]) -> tuple[Operation, ...]:
            outputs = outputs_of(cell)
            return (RemoveOutputs(index),) if outputs is not None and len(outputs) else ()

        return self._quietly(operations, "the code cleared the outputs of cell")

    def counted(self, count: int) -> Make:
        """The count that the kernel gave."""
        return self._quietly(lambda index, _cell: (SetEntry(index, "execution_count", count),), f"execution {count} of")

    def counted_on(self, replica: "Replica", tab: Tab) -> Edit | None:
        """One more than any cell of the notebook has: the count without a kernel."""
        count = 1 + max((_count_of(cell) for cell in replica.cells), default=0)
        return self.counted(count if count <= LARGEST_EXECUTION_COUNT else 1)(replica, tab)

    def _quietly(self, operations: Callable[[int, Map[Any]], tuple[Operation, ...]], words: str) -> Make:
        """An edit of the cell that does not mark the document dirty."""

        def make(replica: "Replica", tab: Tab) -> Edit | None:
            index = self._index(replica, tab)
            if index is None:
                return None
            done = operations(index, replica.cells[index])
            return Edit("run_cell", f"{words} {self.cell_id}", done, self.cell_id, index, marks_dirty=False)

        return make

    def _index(self, replica: "Replica", tab: Tab) -> int | None:
        index = tab.index_of(replica, self.cell_id)
        return index if index is not None and replica.cells[index].get("cell_type") == CODE else None


def _cleared(cell: Map[Any], index: int) -> Iterator[Operation]:
    """What empties a cell that ran, as far as there is something to empty."""
    if cell.get("execution_count") is not None:
        yield SetEntry(index, "execution_count", None)
    outputs = outputs_of(cell)
    if outputs is not None and len(outputs):
        yield RemoveOutputs(index)


def _is_trusted(cell: Map[Any]) -> bool:
    return bool(entries_of(cell.get("metadata")).get("trusted"))


def _count_of(cell: Map[Any]) -> int:
    count = cell.get("execution_count")
    return int(count) if isinstance(count, int | float) and 0 <= count < LARGEST_EXECUTION_COUNT else 0
