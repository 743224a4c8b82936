"""Keys, the caret, selections and pasting.

Recorded: one update for each key, the character and `state.dirty` in one transaction; one for a paste, however long;
what is selected goes with the key that replaces it. Awareness only where the caret moves otherwise: one message for a
click, one for each arrow key, none for typing (see `editing/caret.py`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_rtc_locust.editing.caret import Caret
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.gestures.step import ByHand, CaretStep, EditStep, Step
from jupyter_rtc_locust.editing.gestures.tab import Tab, find_source
from jupyter_rtc_locust.editing.positions import place_at

if TYPE_CHECKING:
    from jupyter_rtc_locust.documents.replica import Replica

SECONDS_A_KEY = 0.2
"""As the keys of the recording were, and near the median within a burst of people's typing."""


@dataclass(frozen=True, slots=True)
class Click(ByHand):
    """Click into a source, at a fraction of it (1: the end)."""

    cell_id: str | None
    at: float = 1.0

    def steps(self) -> Iterator[Step]:
        """One move of the caret."""
        yield CaretStep(_at_fraction(self.cell_id, self.at))


@dataclass(frozen=True, slots=True)
class MoveCaret(ByHand):
    """Press an arrow key so many times; with shift held, it selects."""

    cell_id: str | None
    by: int
    """Places to the right; below 0 to the left."""
    selecting: bool = False
    seconds_a_key: float = SECONDS_A_KEY

    def steps(self) -> Iterator[Step]:
        """One move for each press."""
        direction = 1 if self.by > 0 else -1
        for _ in range(abs(self.by)):
            yield CaretStep(_moved_by(self.cell_id, direction, selecting=self.selecting), self.seconds_a_key)


@dataclass(frozen=True, slots=True)
class TypeText(ByHand):
    """Type a text key by key, where the caret is; after a click at a fraction of the source, if that is given."""

    cell_id: str | None
    text: str
    at: float | None = None
    seconds_a_key: float = SECONDS_A_KEY

    def steps(self) -> Iterator[Step]:
        """One edit for each character."""
        if self.at is not None:
            yield CaretStep(_at_fraction(self.cell_id, self.at))
        for character in self.text:
            yield EditStep(
                _typed(self, self.cell_id, "type", f"typed {character!r} into", character), self.seconds_a_key
            )


@dataclass(frozen=True, slots=True)
class PressBackspace(ByHand):
    """Press Backspace so many times; what is selected goes with the first."""

    cell_id: str | None
    times: int
    seconds_a_key: float = SECONDS_A_KEY

    def steps(self) -> Iterator[Step]:
        """One edit for each press; none at the beginning of the text."""
        for _ in range(self.times):
            yield EditStep(self._press, self.seconds_a_key)

    def _press(self, replica: "Replica", tab: Tab) -> Edit | None:
        source = find_source(replica, self.cell_id, tab)
        if source is None:
            return None
        caret = tab.caret_in(source)
        if caret.end == 0:
            return Edit("backspace", f"pressed Backspace at the beginning of {source.name}", ())
        if caret.empty:
            tab.caret = Caret(source.cell_id, caret.head - 1, caret.head, source.content)
        return tab.replace(source, "backspace", "pressed Backspace in", "", self)


@dataclass(frozen=True, slots=True)
class ReplaceSelection(ByHand):
    """Select a stretch with shift and the arrow keys, from a fraction of the source on, and type over it."""

    cell_id: str | None
    at: float
    length: int
    text: str
    seconds_a_key: float = SECONDS_A_KEY

    def steps(self) -> Iterator[Step]:
        """A click, a move for each press, an edit for each character: the first takes the selection out."""
        yield from Click(self.cell_id, self.at).steps()
        yield from MoveCaret(self.cell_id, self.length, selecting=True, seconds_a_key=self.seconds_a_key).steps()
        for character in self.text:
            yield EditStep(
                _typed(self, self.cell_id, "type", f"typed {character!r} into", character), self.seconds_a_key
            )


@dataclass(frozen=True, slots=True)
class Paste(ByHand):
    """Paste a text where the caret is, or over what is selected; after a click, if `at` is given."""

    cell_id: str | None
    text: str
    at: float | None = None
    over_everything: bool = False
    """Select the whole source first (Ctrl+A)."""

    def steps(self) -> Iterator[Step]:
        """One edit."""
        if self.over_everything:
            yield CaretStep(self._all)
        elif self.at is not None:
            yield CaretStep(_at_fraction(self.cell_id, self.at))
        words = f"pasted {len(self.text)} characters into"
        yield EditStep(_typed(self, self.cell_id, "paste", words, self.text))

    def _all(self, replica: "Replica", tab: Tab) -> Caret | None:
        source = find_source(replica, self.cell_id, tab)
        return None if source is None else Caret(self.cell_id, 0, len(source.content), source.content)


def _typed(
    group: object, cell_id: str | None, kind: str, words: str, text: str
) -> "Callable[[Replica, Tab], Edit | None]":
    def make(replica: "Replica", tab: Tab) -> Edit | None:
        source = find_source(replica, cell_id, tab)
        return None if source is None else tab.replace(source, kind, words, text, group)

    return make


def _at_fraction(cell_id: str | None, fraction: float) -> "Callable[[Replica, Tab], Caret | None]":
    def place(replica: "Replica", tab: Tab) -> Caret | None:
        source = find_source(replica, cell_id, tab)
        if source is None:
            return None
        at = min(place_at(source.content, fraction), len(source.content))
        return Caret(cell_id, at, at, source.content)

    return place


def _moved_by(cell_id: str | None, direction: int, *, selecting: bool) -> "Callable[[Replica, Tab], Caret | None]":
    def place(replica: "Replica", tab: Tab) -> Caret | None:
        source = find_source(replica, cell_id, tab)
        if source is None:
            return None
        caret = tab.caret_in(source)
        if not selecting and not caret.empty:
            # An arrow key without shift leaves a selection at its end, and goes no further.
            head = caret.end if direction > 0 else caret.start
        else:
            head = min(max(caret.head + direction, 0), len(source.content))
        return Caret(cell_id, caret.anchor if selecting else head, head, source.content)

    return place
