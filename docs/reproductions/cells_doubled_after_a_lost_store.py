"""Cells stand twice when a tab comes back to a room that was made anew from the file (jupyter-collaboration#594).

The laptop sleeps, the room is cleaned up, the store of updates is lost; the file is fine. The room made from it has
new structs for the same cells, the tab brings its own, and both stay. All users agree on the result.
"""

import sqlite3
import sys
from contextlib import closing

from small_tab import EmbeddedServer, Tab, raw_cell, saved_sources, verdict, wait_until, write_notebook

NAME = "doubled.ipynb"
WRITTEN = "written once"


def main() -> int:
    """Add a cell, lose the line until the room is gone, empty the store, come back with the same document."""
    with EmbeddedServer.start(cleanup_delay_s=0.3) as server:
        write_notebook(server, NAME)
        tab = Tab(server, NAME)
        assert tab.cells is not None
        tab.edit(lambda: tab.cells.append(raw_cell(WRITTEN)))
        tab.wait(lambda: WRITTEN in saved_sources(server, NAME), "the save")
        tab.close()
        wait_until(lambda: "deleted" in server.log_path.read_text(), "the room to be cleaned up")
        with closing(sqlite3.connect(server.log_path.parent / ".jupyter_ystore.db")) as store, store:
            store.execute("DELETE FROM yupdates")
        tab.connect()
        tab.holds_within(lambda: False, 2.0)
        sources = [str(cell["source"]) for cell in tab.cells]
        tab.close()
    return verdict(sources.count(WRITTEN) == 2, f"cells after coming back: {sources}")


if __name__ == "__main__":
    sys.exit(main())
