"""Which text an update put into a document: what faults aim at.

pycrdt reports it only to observers, as deltas that count UTF-8 bytes and with the cell's index as it is after the
update.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_ydoc import ydocs
from pycrdt import Array, Doc, Map, Text, TextEvent

if TYPE_CHECKING:
    from servers.room import Room


@dataclass(frozen=True, slots=True)
class Insertion:
    """Text that stands in a document since an update: in which cell (None: a text file), at which byte."""

    cell: int | None
    position: int
    text: str

    @property
    def end(self) -> int:
        return self.position + len(self.text.encode())


def cells_of(doc: Doc[Any]) -> Array[Map[Any]]:
    """The raw cells: reading them through jupyter-ydoc could rename a cell."""
    cells: Array[Map[Any]] = doc.get("cells", type=Array)
    return cells


class InsertionWatch:
    """From its making on, every insertion into a cell's source, or into a text file, is appended to `found`."""

    def __init__(self, kind: str, doc: Doc[Any]) -> None:
        self.found: list[Insertion] = []
        # pycrdt ends a subscription with the Python object it was made on, so that one has to be kept.
        self._watched: Array[Map[Any]] | Text
        if kind == "notebook":
            self._watched = cells_of(doc)
            self._watched.observe_deep(self._note)
        else:
            self._watched = doc.get("source", type=Text)
            self._watched.observe(lambda event: self._note([event]))

    def take(self) -> list[Insertion]:
        """What was found since the last call."""
        taken = self.found.copy()
        self.found.clear()
        return taken

    def _note(self, events: list[Any]) -> None:
        for event in events:
            path = list(event.path)  # [] for a text file, [index, "source"] for the source of a cell
            in_source = len(path) == 2 and path[1] == "source"
            if not isinstance(event, TextEvent) or not (in_source or not path):
                continue
            position = 0
            for change in event.delta:  # type: ignore[attr-defined]
                position += change.get("retain", 0)
                if isinstance(change.get("insert"), str):
                    insertion = Insertion(path[0] if path else None, position, change["insert"])
                    self.found.append(insertion)
                    position = insertion.end


def insertions_of_update(room: Room, update: bytes) -> list[Insertion]:
    """What an update would insert, tried on a copy of the room's document."""
    copy: Doc[Any] = ydocs[room.kind]().ydoc
    copy.apply_update(room.doc.get_update())
    watch = InsertionWatch(room.kind, copy)
    copy.apply_update(update)
    return watch.take()
