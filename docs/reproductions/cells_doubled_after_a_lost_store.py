"""Cells stand twice when a tab comes back to a server that lost its store of updates (jupyter-collaboration#594).

The laptop sleeps, the server is started again, its store is gone; the file is fine. The room made from the file has new
structs for the same cells, the tab brings its own, and both stay. All users agree on the result.
"""

import sys
import tempfile
from pathlib import Path

from bare_tab import BareServer, BareTab, raw_cell, verdict

NAME = "doubled.ipynb"
WRITTEN = "written once"


def main() -> int:
    """Add a cell, have it saved, lose the line, the server and its store; come back with the same document."""
    with tempfile.TemporaryDirectory() as folder:
        server = BareServer(Path(folder))
        server.write_notebook(NAME)
        server.start()
        try:
            tab = BareTab(server, NAME, client_id=1)
            tab.edit(lambda: tab.cells.append(raw_cell(WRITTEN)))
            tab.read_until(lambda: WRITTEN in server.saved_sources(NAME), "the save")
            tab.cut()
            server.kill()
            server.lose_store()
            server.start()
            tab.connect()
            tab.read_for(2.0)
        finally:
            server.kill()
    return verdict(tab.sources.count(WRITTEN) == 2, f"cells after coming back: {tab.sources}")


if __name__ == "__main__":
    sys.exit(main())
