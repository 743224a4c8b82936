"""Each copy of a cell puts the save off by a second.

Two people who move one cell at the same time leave it twice, with one id. As soon as the copies differ, the server
gives one of them a new id while it reads the document to save it. That is a change, and a change puts off the save that
is under way. The next attempt comes a second later, and finds the next copy.
"""

import sys
import time

from pycrdt import Map, Text
from small_tab import EmbeddedServer, Tab, raw_cell, saved_sources, verdict, write_notebook

NAMES = ("without-copies.ipynb", "with-copies.ipynb")
COPIES = 5


def main() -> int:
    """Add cells to two notebooks, in one of them copies, and see when each of them is saved."""
    with EmbeddedServer.start() as server:
        seconds = [seconds_until_saved(server, name, copies=name == NAMES[1]) for name in NAMES]
    seen = f"{COPIES} cells were saved after {seconds[0]:.1f} s, {COPIES} copies of one cell after {seconds[1]:.1f} s"
    return verdict(seconds[1] > seconds[0] + COPIES / 2, seen)


def seconds_until_saved(server: EmbeddedServer, name: str, *, copies: bool) -> float:
    """Seconds from the last of these edits until the last one is in the file."""
    write_notebook(server, name)
    tab = Tab(server, name)
    cells = tab.cells
    assert cells is not None
    for number in range(COPIES):
        cell = raw_cell(f"cell {number}") if copies else raw_cell_with_id(number)
        tab.edit(lambda cell=cell: cells.append(cell))
    began = time.monotonic()
    last = f"cell {COPIES - 1}"
    tab.wait(lambda: last in saved_sources(server, name), "the save", 60.0)
    tab.close()
    return time.monotonic() - began


def raw_cell_with_id(number: int) -> Map:
    """A cell with an id of its own."""
    source = Text(f"cell {number}")
    return Map({"id": f"own-{number}", "cell_type": "raw", "source": source, "metadata": Map({})})


if __name__ == "__main__":
    sys.exit(main())
