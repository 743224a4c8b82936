"""Undo and redo, as a tab sends them.

Recorded: an undo of a paste is an update that only deletes (14 B), and another that marks the document dirty (36 B); a
redo is an update with the text (359 B for 20 lines), the same mark, and two awareness messages around the text: the
caret is told before the text is there and after. So does undo what deleted something: that text comes back by an update
like a redo's, without `state.dirty`.

What is taken back is what the tab's latest gesture changed, if it still stands as it was. pycrdt's UndoManager would do
the same, by transactions of its own beside the replica's one door for edits (`Replica.edit`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jupyter_rtc_locust.editing.caret import Caret
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.gestures.step import ByHand, CaretStep, EditStep, Step
from jupyter_rtc_locust.editing.gestures.tab import Change, Source, Tab, find_source
from jupyter_rtc_locust.editing.operations import SetState

if TYPE_CHECKING:
    from jupyter_rtc_locust.documents.replica import Replica


@dataclass(frozen=True, slots=True)
class Undo(ByHand):
    """Take back what the tab's latest gesture typed, pasted or deleted."""

    def steps(self) -> Iterator[Step]:
        """The change taken back, then the mark."""
        yield EditStep(lambda replica, tab: _take_back(replica, tab, tab.undoable, tab.redoable, "undo", "undid"))
        yield EditStep(mark_dirty)


@dataclass(frozen=True, slots=True)
class Redo(ByHand):
    """Do again what the latest undo took back."""

    def steps(self) -> Iterator[Step]:
        """The caret, the change, the caret, the mark."""
        yield CaretStep(_caret_at_change)
        yield EditStep(lambda replica, tab: _take_back(replica, tab, tab.redoable, tab.undoable, "redo", "redid"))
        yield CaretStep(_caret_now)
        yield EditStep(mark_dirty)


def mark_dirty(_replica: "Replica", _tab: Tab) -> Edit:
    """Mark the document as changed, and do nothing else."""
    return Edit("mark_dirty", "marked the document as changed", (SetState("dirty", value=True),), marks_dirty=False)


def _take_back(
    replica: "Replica", tab: Tab, stack: list[Change], other: list[Change], kind: str, verb: str
) -> Edit | None:
    while stack:
        found = _found(replica, tab, stack.pop())
        if found is None:
            continue
        source, change = found
        words = f"{verb} {len(change.inserted) + len(change.removed)} characters of"
        edit = source.replacing(kind, words, change.start, len(change.inserted), change.removed)
        content = source.with_replaced(change.start, len(change.inserted), change.removed)
        after = change.start + len(change.removed)
        tab.caret = Caret(change.cell_id, after, after, content)
        tab.group = None
        other.append(change.undone(content))
        return replace(edit, marks_dirty=False)
    return None


def _found(replica: "Replica", tab: Tab, change: Change) -> tuple[Source, Change] | None:
    source = find_source(replica, change.cell_id, tab)
    moved = None if source is None else change.moved(source.content)
    return None if source is None or moved is None else (source, moved)


def _caret_at_change(replica: "Replica", tab: Tab) -> Caret | None:
    found = _found(replica, tab, tab.redoable[-1]) if tab.redoable else None
    if found is None:
        return tab.caret
    source, change = found
    return Caret(change.cell_id, change.start, change.start, source.content)


def _caret_now(_replica: "Replica", tab: Tab) -> Caret | None:
    return tab.caret
