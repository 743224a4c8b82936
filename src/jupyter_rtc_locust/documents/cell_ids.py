"""Ids for cells that lack one, or share one: what every server repairs when it loads a notebook.

Servers draw them at random. Here they follow from the place of the cell, so that the same notebook gets the same ids in
every run and in every process.
"""

from typing import Any

from jupyter_rtc_locust.documents.file_form import Notebook, cells_of, read_saved


def with_unique_ids(notebook: dict[str, Any]) -> Notebook:
    """
    Return a copy of a notebook of format 4, in the form of a file, in which each cell has an id of its own.

    Of cells that share an id, the first keeps it. Notebooks of format 4.4 and lower get ids too, because in a room all
    cells have one. An id that is no text stays, for the schema to complain about.
    """
    identified = read_saved(notebook, "notebook")
    assert isinstance(identified, dict)
    cells = cells_of(identified)
    taken = {cell["id"] for cell in cells if isinstance(cell.get("id"), str)}
    seen: set[str] = set()
    for index, cell in enumerate(cells):
        identifier = cell.get("id")
        if "id" not in cell or identifier in seen:
            identifier = _free_id(index, taken)
            cell["id"] = identifier
            taken.add(identifier)
        if isinstance(identifier, str):
            seen.add(identifier)
    return identified


def _free_id(index: int, taken: set[str]) -> str:
    candidate = f"cell-{index}"
    while candidate in taken:
        candidate += "-x"
    return candidate
