"""How the metadata of cells and notebooks is written: entries set, overwritten and removed, and a cell's tags.

JupyterLab sets an entry whole, also where its value is a list or an object; so a tag is a new list. Which entries are
written, and with what, stands in tables: names that the notebook format or JupyterLab knows, in values that do no harm
to people who work in the same notebook, and one entry of our own with every type of JSON in it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_rtc_locust.editing.cell_edits import insert_this_cell
from jupyter_rtc_locust.editing.choices import WHICH_VALUE, Choice
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.operations import Operation, RemoveMetadata, SetMetadata
from jupyter_rtc_locust.editing.situation import CODE, Situation, entries_of

OWN_ENTRY = "swarm"
"""The entry that only simulated users write."""

ABSENT = object()
"""In the tables below: the entry is removed."""

CELL_ENTRIES: Mapping[str, Sequence[Any]] = {
    "collapsed": (True, False, ABSENT),
    "scrolled": ("auto", True, False, ABSENT),
    "slideshow": ({"slide_type": "slide"}, {"slide_type": "fragment"}, {"slide_type": "skip"}, ABSENT),
    "jupyter": ({"outputs_hidden": False, "source_hidden": False}, {"source_hidden": False}, ABSENT),
    "name": ("première", "второй", "三番目", ABSENT),
}
"""Entries of a cell; each edit sets the value after the one that is there."""

NOTEBOOK_ENTRIES: Mapping[str, Sequence[Any]] = {
    "title": ("Readings of the roof station", "Messwerte — Dachstation", "屋上の測定値", ABSENT),
    "authors": ([{"name": "Ada"}], [{"name": "Ada"}, {"name": "Йосип"}], [], ABSENT),
    "toc-autonumbering": (True, False, ABSENT),
    "toc-showcode": (False, True, ABSENT),
}
"""Entries of the notebook, in the same way."""


def set_cell_metadata(situation: Situation) -> Edit:
    """Set, overwrite or remove an entry in the metadata of a cell."""
    index = situation.some_cell()
    if index is None:
        return insert_this_cell(situation, CODE, metadata={OWN_ENTRY: _own_entry(situation.choice, None)})
    entries = entries_of(situation.cells[index].get("metadata"))
    operation, words = _change(situation, CELL_ENTRIES, entries, index)
    return situation.edit_of_cell(index, f"{words} in the metadata of", operation)


def set_notebook_metadata(situation: Situation) -> Edit:
    """Set, overwrite or remove an entry in the metadata of the notebook."""
    entries = entries_of(situation.replica.meta.get("metadata"))
    operation, words = _change(situation, NOTEBOOK_ENTRIES, entries, None)
    return Edit(situation.choice.kind, f"{words} in the metadata of the notebook", (operation,))


def set_tags(situation: Situation) -> Edit:
    """Give a cell the tag that the choice names, or take it away where the cell has it."""
    # The notebook format forbids commas in tags.
    tag = situation.choice.text.replace(",", ";") or "tag"
    index = situation.some_cell()
    if index is None:
        return insert_this_cell(situation, CODE, metadata={"tags": [tag]})
    found = entries_of(situation.cells[index].get("metadata")).get("tags")
    tags = list(found) if isinstance(found, list) else []
    if tag in tags:
        words, kept = f"took the tag {tag!r} from", [other for other in tags if other != tag]
    else:
        words, kept = f"gave the tag {tag!r} to", [*tags, tag][-situation.limits.most_tags :]
    return situation.edit_of_cell(index, words, SetMetadata(index, "tags", kept))


def _change(
    situation: Situation, table: Mapping[str, Sequence[Any]], entries: Mapping[str, Any], cell: int | None
) -> tuple[Operation, str]:
    """The operation that changes one entry, and the words for it."""
    keys = (*table, OWN_ENTRY)
    key = keys[situation.fraction_of(WHICH_VALUE, len(keys))]
    if key == OWN_ENTRY:
        value = _own_entry(situation.choice, entries.get(key))
    else:
        value = _next(table[key], entries.get(key, ABSENT))
    if value is ABSENT:
        return RemoveMetadata(cell, key), f"removed {key!r}"
    return SetMetadata(cell, key, value), f"set {key!r}"


def _next(values: Sequence[Any], present: Any) -> Any:
    """The value after the present one, round the end; the first where the present one is not among them."""
    for index, value in enumerate(values):
        if value is present or (value == present and type(value) is type(present)):
            return values[(index + 1) % len(values)]
    return values[0]


def _own_entry(choice: Choice, present: Any) -> dict[str, Any]:
    """Every type of JSON in one value, and never the present one."""
    number = choice.number
    if isinstance(present, Mapping) and present.get("edit") == number:
        number += 1
    return {
        "edit": number,
        "note": choice.text,
        "share": int(choice.fractions[WHICH_VALUE] * 1000) / 8,
        "flags": [True, False, None],
        "nested": {"empty": {}, "none": [], "deep": [[1, [2.5]], "é"]},
    }
