"""How cells are inserted, deleted, moved, duplicated and changed in type.

A move is what JupyterLab does: the cell is deleted and a new one with the same content and the same id inserted, in one
transaction. What another user types into the old one meanwhile is lost, and two users who move one cell at once leave
it twice; both is what a real notebook does. A change of type is the same thing without moving.
"""

from collections.abc import Mapping
from typing import Any

from jupyter_rtc_locust.editing.choices import HOW_MUCH, WHERE_TO, WHICH_CELL
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.operations import Operation, PutCell, RemoveCell
from jupyter_rtc_locust.editing.situation import CODE, MARKDOWN, RAW, Situation, cell_id_at, entries_of

NEW_CELL_TYPES = (CODE, CODE, CODE, MARKDOWN, MARKDOWN, RAW)
"""What people insert: code most."""

OTHER_TYPES: Mapping[str, tuple[str, str]] = {CODE: (MARKDOWN, RAW), MARKDOWN: (CODE, RAW), RAW: (CODE, MARKDOWN)}


def insert_cell(situation: Situation) -> Edit:
    """Insert a cell with the text of the choice; beside the cell of another user where the choice meets others."""
    cell_type = NEW_CELL_TYPES[situation.fraction_of(HOW_MUCH, len(NEW_CELL_TYPES))]
    return insert_this_cell(situation, cell_type, source=situation.choice.text)


def insert_this_cell(situation: Situation, cell_type: str, *, source: str = "", **content: Any) -> Edit:
    """
    Insert a cell of this type with this source and further content (`outputs=`, `metadata=` and so on).

    Also what an edit turns to that needs a cell the notebook does not have: what it would have written is then in the
    new cell from the start.
    """
    place = _place_for_new_cell(situation)
    cell = new_cell(situation.new_cell_id(), cell_type, source, **content)
    with_what = "".join(f" with {key.replace('_', ' ')}" for key in content)
    return _with_one_more(situation, cell, place, f"inserted {cell_type} cell {cell['id']}{with_what}")


def delete_cell(situation: Situation) -> Edit:
    """Delete a cell; where few are left, put an empty code cell in its place."""
    index = situation.some_cell()
    if index is None:
        return insert_cell(situation)
    cell_id = cell_id_at(situation.cells, index)
    if len(situation.cells) > situation.limits.least_cells:
        return situation.edit_of_cell(index, "deleted", RemoveCell(index))
    cell = new_cell(situation.new_cell_id(), CODE)
    description = f"deleted cell {cell_id} and began the empty cell {cell['id']}"
    return Edit(situation.choice.kind, description, (RemoveCell(index), PutCell(index, cell)), cell["id"], index)


def move_cell(situation: Situation) -> Edit:
    """Move a cell to another place, as JupyterLab does: delete it and insert a copy that keeps its id."""
    others = len(situation.cells) - 1
    index = situation.some_cell()
    if index is None or others < 1:
        return insert_cell(situation)
    destination = situation.fraction_of(WHERE_TO, others)
    if destination >= index:
        destination += 1
    cell = content_of_cell(situation, index)
    description = f"moved cell {cell['id']} from {index} to {destination}"
    operations = (RemoveCell(index), PutCell(destination, cell))
    return Edit(situation.choice.kind, description, operations, cell["id"], destination)


def duplicate_cell(situation: Situation) -> Edit:
    """Insert a copy of a cell, under a new id, directly below it."""
    index = situation.some_cell()
    if index is None:
        return insert_cell(situation)
    cell = content_of_cell(situation, index)
    original, cell["id"] = cell["id"], situation.new_cell_id()
    return _with_one_more(situation, cell, index + 1, f"duplicated cell {original} as {cell['id']}")


def change_cell_type(situation: Situation) -> Edit:
    """Turn a cell into one of another type, which keeps its id, source and metadata, as JupyterLab does."""
    index = situation.some_cell()
    if index is None:
        return insert_cell(situation)
    old = content_of_cell(situation, index)
    old_type = old["cell_type"]
    new_type = OTHER_TYPES.get(old_type, (CODE, MARKDOWN))[situation.fraction_of(WHERE_TO, 2)]
    metadata = {key: value for key, value in old["metadata"].items() if key != "trusted"}
    if new_type == CODE:
        # A code cell fresh from another type has no outputs that anybody would have to trust.
        metadata["trusted"] = True
    new = new_cell(old["id"], new_type, old["source"], metadata=metadata)
    if old.get("attachments") and new_type != CODE:
        new["attachments"] = old["attachments"]
    description = f"changed cell {old['id']} from {old_type} to {new_type}"
    return Edit(situation.choice.kind, description, (RemoveCell(index), PutCell(index, new)), old["id"], index)


def new_cell(cell_id: str, cell_type: str, source: str = "", **content: Any) -> dict[str, Any]:
    """Return a cell of the notebook format with this content."""
    cell = {"id": cell_id, "cell_type": cell_type, "source": source, "metadata": {}, **content}
    if cell_type == CODE:
        cell.setdefault("outputs", [])
        cell.setdefault("execution_count", None)
    return cell


def content_of_cell(situation: Situation, index: int) -> dict[str, Any]:
    """Return all that a cell holds as plain data, outputs and execution state included."""
    content = entries_of(situation.cells[index])
    return {"id": "", "cell_type": RAW, "source": "", **content, "metadata": entries_of(content.get("metadata"))}


def _place_for_new_cell(situation: Situation) -> int:
    """Below the cell of another user where the choice meets others, else anywhere."""
    if situation.choice.meets_others and situation.others:
        index = situation.some_cell()
        return 0 if index is None else index + 1
    return situation.fraction_of(WHICH_CELL, len(situation.cells) + 1)


def _with_one_more(situation: Situation, cell: dict[str, Any], place: int, description: str) -> Edit:
    """The edit that puts a cell in, and takes another one out where the notebook is full."""
    count = len(situation.cells)
    room: tuple[Operation, ...] = ()
    if count >= situation.limits.most_cells:
        removed = situation.fraction_of(WHERE_TO, count)
        description += f" and deleted cell {cell_id_at(situation.cells, removed)}"
        room = (RemoveCell(removed),)
        place -= removed < place
    return Edit(situation.choice.kind, description, (*room, PutCell(place, cell)), cell["id"], place)
