"""An edit as data: what a person did to a document, in words for the report and in operations for the replica."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_rtc_locust.editing.operations import Operation

if TYPE_CHECKING:
    from jupyter_rtc_locust.documents.replica import Replica


@dataclass(frozen=True, slots=True)
class Edit:
    """
    An edit as data: a choice that has met a document. Valid only in the transaction in which it was made.

    `cell_id` and `cell_index` name the cell it goes to (None: notebook metadata, or a text file), at the
    place it has afterwards, or had if it is deleted; they are what `RecentEdits.note` wants.
    """

    kind: str
    description: str
    """One line that says what a person did: "typed 'abc' into cell 3f2a at 17"."""

    operations: tuple[Operation, ...]
    cell_id: str | None = None
    cell_index: int | None = None
    marks_dirty: bool = True
    """Whether its transaction sets `state.dirty`. Nearly all of a tab's do; outputs and an undo do not."""

    def apply(self, replica: "Replica") -> bool:
        """Carry the edit out, within the transaction it was made in, and tell whether it changed anything."""
        for operation in self.operations:
            operation.apply(replica)
        return bool(self.operations)
