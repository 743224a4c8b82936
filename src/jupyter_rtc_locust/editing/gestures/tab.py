"""What one tab remembers between two steps: where its caret is, and what can be undone. And how a gesture finds a text.

Undo takes back what one gesture typed, where it still stands. A tab groups what follows within half a second of each
other (`captureTimeout` of Yjs), which is a gesture, too. What others wrote stays, as in a tab.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pycrdt import Text

from jupyter_rtc_locust.editing.caret import Caret, cursors_of, place_after_edit
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.operations import ReplaceText
from jupyter_rtc_locust.editing.positions import byte_range
from jupyter_rtc_locust.editing.situation import index_of_cell, source_of

if TYPE_CHECKING:
    from jupyter_rtc_locust.documents.replica import Replica

MOST_UNDOABLE = 100
"""How many gestures a tab can take back: what a person ever undoes, and no memory that grows with the run."""


MOST_PLACES = 100
"""Of how many cells a tab remembers the place."""


@dataclass(frozen=True, slots=True)
class Source:
    """A text as it stands: the source of a cell, or a text file (cell id and index None)."""

    cell_id: str | None
    index: int | None
    content: str

    @property
    def name(self) -> str:
        """What it is called in the report."""
        return "the file" if self.cell_id is None else f"cell {self.cell_id}"

    def replacing(self, kind: str, words: str, start: int, removed: int, inserted: str) -> Edit:
        """Return the edit that puts a text in the place of so many code points; the words are completed by its name."""
        first_byte, bytes_removed = byte_range(self.content, start, removed)
        operation = ReplaceText(self.index, first_byte, bytes_removed, inserted)
        return Edit(kind, f"{words} {self.name} at {start}", (operation,), self.cell_id, self.index)

    def with_replaced(self, start: int, removed: int, inserted: str) -> str:
        """Return the content after that edit."""
        return self.content[:start] + inserted + self.content[start + removed :]


def find_source(replica: "Replica", cell_id: str | None, tab: "Tab | None" = None) -> Source | None:
    """
    Find the source of the cell with this id (None: the text file), or None where there is no such cell.

    With a tab, the search begins where that tab found the cell last.
    """
    if replica.kind == "text":
        return Source(None, None, str(replica.source)) if cell_id is None else None
    if cell_id is None:
        return None
    index = index_of_cell(replica.cells, cell_id) if tab is None else tab.index_of(replica, cell_id)
    return None if index is None else Source(cell_id, index, source_of(replica.cells[index]))


def cursors_at(replica: "Replica", tab: "Tab", caret: Caret) -> list[dict[str, Any]]:
    """Return `cursors` as JupyterLab announces them for this caret; none where its cell is gone."""
    source = find_source(replica, caret.cell_id, tab)
    if source is None:
        return []
    text = replica.source if source.index is None else replica.cells[source.index].get("source")
    return cursors_of(text, caret.anchor, caret.head) if isinstance(text, Text) else []


@dataclass(frozen=True, slots=True)
class Change:
    """What one gesture changed in a text: in the place of `removed`, at `start`, stands `inserted`."""

    cell_id: str | None
    start: int
    removed: str
    inserted: str
    content: str
    """The text as it was after the change."""

    def moved(self, content: str) -> "Change | None":
        """Return the change in the text as it is now; None where what it inserted is no longer there as it was."""
        if content == self.content:
            return self
        start = end = place_after_edit(self.start, self.content, content)
        if self.inserted:
            # The end keeps what is to its left, the last character inserted, and not the one behind it.
            end = 1 + place_after_edit(self.start + len(self.inserted) - 1, self.content, content)
        if content[start:end] != self.inserted:
            # Others wrote before it and behind it at once. There is no doubt where it is, if it is there once.
            if content.count(self.inserted) != 1:
                return None
            start = content.index(self.inserted)
        return replace(self, start=start, content=content)

    def undone(self, content: str) -> "Change":
        """Return the change that took this one back; `content` is what stood there afterwards."""
        return replace(self, removed=self.inserted, inserted=self.removed, content=content)


@dataclass(slots=True)
class Tab:
    """What a tab remembers."""

    caret: Caret | None = None
    undoable: list[Change] = field(default_factory=list)
    redoable: list[Change] = field(default_factory=list)
    group: object = None
    """The gesture that the latest undoable change belongs to."""
    places: dict[str, int] = field(default_factory=dict)
    """Where cells were found last, by id. Measured: a search through 40 cells costs six times what a key costs."""

    def index_of(self, replica: "Replica", cell_id: str) -> int | None:
        """Return the index of the cell with this id, or None; searched from where it was last."""
        index = index_of_cell(replica.cells, cell_id, near=self.places.get(cell_id, 0))
        if index is not None:
            if len(self.places) >= MOST_PLACES:
                self.places.clear()
            self.places[cell_id] = index
        return index

    def caret_in(self, source: Source) -> Caret:
        """Return the caret where it is now; at the end of the text where it was not in it."""
        if self.caret is None or self.caret.cell_id != source.cell_id:
            end = len(source.content)
            return Caret(source.cell_id, end, end, source.content)
        return self.caret.moved(source.content)

    def replace(self, source: Source, kind: str, words: str, inserted: str, group: object) -> Edit:
        """Put a text in the place of what is selected, with the caret behind it, and remember that for undo."""
        caret = self.caret_in(source)
        removed = source.content[caret.start : caret.end]
        edit = source.replacing(kind, words, caret.start, len(removed), inserted)
        content = source.with_replaced(caret.start, len(removed), inserted)
        after = caret.start + len(inserted)
        self.caret = Caret(source.cell_id, after, after, content)
        self._remember(Change(source.cell_id, caret.start, removed, inserted, content), source.content, group)
        return edit

    def _remember(self, change: Change, before: str, group: object) -> None:
        """Note what can be undone; what one gesture wrote side by side is one change."""
        self.redoable.clear()
        if self.group is group and self.undoable and self.undoable[-1].cell_id == change.cell_id:
            earlier = self.undoable[-1].moved(before)
            if earlier is not None and (joined := _joined(earlier, change)) is not None:
                self.undoable[-1] = joined
                return
        self.group = group
        self.undoable.append(change)
        del self.undoable[:-MOST_UNDOABLE]


def _joined(earlier: Change, later: Change) -> Change | None:
    """Two changes side by side as one; None where something stands between them."""
    end = earlier.start + len(earlier.inserted)
    removed_end = later.start + len(later.removed)
    if later.start == end and not later.removed:
        return replace(earlier, inserted=earlier.inserted + later.inserted, content=later.content)
    if removed_end != end or later.inserted:
        return None
    if later.start >= earlier.start:
        return replace(earlier, inserted=earlier.inserted[: later.start - earlier.start], content=later.content)
    before = later.removed[: earlier.start - later.start]
    return Change(earlier.cell_id, later.start, before + earlier.removed, "", later.content)
