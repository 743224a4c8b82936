"""How text is typed, pasted, deleted and replaced, in the source of a cell or of a text file.

What is typed is in the choice (its material in texts.py); here is decided where it goes. Places are found in the
content of this moment and handed to pycrdt in bytes (positions.py).
"""

from dataclasses import dataclass
from typing import Any

from pycrdt import Map, Text

from jupyter_rtc_locust.documents.quick_handles import entry_at
from jupyter_rtc_locust.editing.cell_edits import insert_this_cell
from jupyter_rtc_locust.editing.choices import HOW_MUCH, WHERE, Choice
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.operations import ReplaceText
from jupyter_rtc_locust.editing.positions import byte_range, line_end_at, place_at, stretch_at
from jupyter_rtc_locust.editing.situation import CODE, Situation, cell_id_at, source_of

MOST_DELETED = 80
"""Code points that one deletion takes at most; most take a few."""

LEAST_ROOM = 200
"""Code points that typing into a full text replaces at least."""

SHOWN = 40
"""Characters of a text that a description shows."""


@dataclass(frozen=True, slots=True)
class Target:
    """The source that an edit goes to: of a cell, or (both None) of a text file; and the content it has."""

    cell_index: int | None
    cell_id: str | None
    content: str

    @property
    def name(self) -> str:
        """What a description calls it."""
        return "the file" if self.cell_id is None else f"cell {self.cell_id}"

    def replace(self, choice: Choice, verb: str, start: int, removed: int, inserted: str) -> Edit:
        """Return the edit that replaces a stretch of the source, given in code points."""
        first_byte, bytes_removed = byte_range(self.content, start, removed)
        operation = ReplaceText(self.cell_index, first_byte, bytes_removed, inserted)
        return Edit(choice.kind, f"{verb} {self.name} at {start}", (operation,), self.cell_id, self.cell_index)


def type_text(situation: Situation) -> Edit:
    """Type the text of the choice (letters, emoji, a tab, a new line, whatever it is) somewhere into a source."""
    return _insert(situation, "typed")


def paste(situation: Situation) -> Edit:
    """Paste the text of the choice, a block of lines, somewhere into a source."""
    return _insert(situation, "pasted")


def type_trailing_blank(situation: Situation) -> Edit:
    """Type a blank where editors and savers like to drop it: before a newline, or at the end of the source."""
    return _insert(situation, "typed", at_line_end=True)


def delete_text(situation: Situation) -> Edit:
    """Delete a stretch of a source, mostly a few characters; type a word where there is nothing to delete."""
    choice = situation.choice
    target = _target(situation, with_content=True)
    if target is None or not target.content:
        return _insert(situation, "typed", text=choice.text or "words to delete")
    # The third power: half of all deletions take fewer than ten characters, as people's do.
    wanted = 1 + int(choice.fractions[HOW_MUCH] ** 3 * MOST_DELETED)
    start, length = stretch_at(target.content, choice.fractions[WHERE], wanted)
    return target.replace(choice, f"deleted {_shown(target.content[start : start + length])} from", start, length, "")


def set_source(situation: Situation) -> Edit:
    """Replace a whole source by the text of the choice: all out, all in, as programs that set a cell's source do."""
    text = situation.choice.text
    target = _target(situation)
    if target is None:
        return insert_this_cell(situation, CODE, source=text)
    if target.content == text:
        text += "\n"
    return target.replace(situation.choice, f"set {_shown(text)} as the source of", 0, len(target.content), text)


def _insert(situation: Situation, verb: str, *, text: str | None = None, at_line_end: bool = False) -> Edit:
    choice = situation.choice
    # A choice made by hand may bring no text; an edit that changes nothing would be counted and never seen.
    text = text or choice.text or " "
    target = _target(situation)
    if target is None:
        return insert_this_cell(situation, CODE, source=text)
    content = target.content
    place = (line_end_at if at_line_end else place_at)(content, choice.fractions[WHERE])
    longest = situation.limits.longest_file if target.cell_index is None else situation.limits.longest_cell
    if len(content) < longest:
        return target.replace(choice, f"{verb} {_shown(text)} into", place, 0, text)
    # What makes room is taken from before the place, so that a blank at the end of a line stays there.
    room = min(place, max(2 * len(text), LEAST_ROOM))
    verb = f"{verb} {_shown(text)} over {room} characters of"
    return target.replace(choice, verb, place - room, room, text)


def _target(situation: Situation, *, with_content: bool = False) -> Target | None:
    """The source that the choice goes to; with content where that is asked and some cell has any."""
    replica = situation.replica
    if replica.kind == "text":
        return Target(None, None, str(replica.source))
    index = situation.some_cell(_has_content if with_content else None)
    if index is None:
        return None
    source = entry_at(situation.cells, index, "source")
    return Target(index, cell_id_at(situation.cells, index), str(source) if isinstance(source, Text) else "")


def _has_content(cell: Map[Any]) -> bool:
    return bool(source_of(cell))


def _shown(text: str) -> str:
    return repr(text) if len(text) <= SHOWN else f"{text[:SHOWN]!r}... ({len(text)} characters)"
