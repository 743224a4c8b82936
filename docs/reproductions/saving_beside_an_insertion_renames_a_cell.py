"""A save reads the cells by their numbers and lets edits in between: one is read twice, and gets another id.

`YNotebook.aget()`, with which jupyter-server-ydoc saves, counts from 0 to the number of cells and lets the event loop
run before each. Where somebody inserts a cell above meanwhile, the cell that was read last comes again. If somebody
typed into it as well, the two readings differ, and it is taken for a second cell with the same id: it gets a new one,
in the shared document, although it stands there once. Where somebody deletes a cell instead, the save fails.
"""

import asyncio
import sys
import warnings
from collections.abc import Callable
from typing import Any

from jupyter_ydoc import YNotebook
from pycrdt import Map, Text
from small_tab import verdict


def cell(name: str) -> dict[str, Any]:
    """A cell whose id is its source."""
    return {"cell_type": "raw", "id": name, "source": name, "metadata": {}}


async def saved_beside(change: Callable[[YNotebook], object]) -> tuple[list[str], str]:
    """The ids of three cells after a save that had read two of them as the change came; and how the save ended."""
    notebook = YNotebook()
    notebook.set({"cells": [cell(name) for name in ("one", "two", "three")], "metadata": {}, "nbformat": 4})
    save = asyncio.create_task(notebook.aget())
    for _ in range(3):
        await asyncio.sleep(0)
    change(notebook)
    (outcome,) = await asyncio.gather(save, return_exceptions=True)
    ended = repr(outcome) if isinstance(outcome, BaseException) else "in order"
    return [str(one["id"]) for one in notebook.ycells], ended


def insert_and_type(notebook: YNotebook) -> None:
    """Somebody types into the second cell, and somebody inserts one at the top."""
    notebook.ycells[1]["source"].insert(0, "more of ")
    notebook.ycells.insert(0, Map({**cell("new"), "source": Text("new"), "metadata": Map({})}))


async def main() -> int:
    """An insertion, and a deletion."""
    warnings.simplefilter("ignore")
    ids, _ = await saved_beside(insert_and_type)
    _, ended = await saved_beside(lambda notebook: notebook.ycells.pop(0))
    told = f"ids beside an insertion: {ids}; a save beside a deletion ended {ended}"
    return verdict(ids != ["new", "one", "two", "three"], told)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
