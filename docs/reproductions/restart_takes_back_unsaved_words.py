"""What was typed since the last save is taken back by a server that was killed and started again.

The store of updates has the words, the file has not. The room is made from the store, found to differ from the file
("out-of-sync with the ystore"), and set to what the file holds: a deletion that nobody asked for, for everybody.
"""

import sys
import tempfile
from pathlib import Path

from bare_tab import BareServer, BareTab, raw_cell, verdict

NAME = "restarted.ipynb"
SAVED, UNSAVED = "saved", "typed just before"


def main() -> int:
    """Add a cell and have it saved, add another, kill the server at once, start it again, come back."""
    with tempfile.TemporaryDirectory() as folder:
        server = BareServer(Path(folder))
        server.write_notebook(NAME)
        server.start()
        try:
            tab = BareTab(server, NAME, client_id=1)
            tab.edit(lambda: tab.cells.append(raw_cell(SAVED)))
            tab.read_until(lambda: SAVED in server.saved_sources(NAME), "the save")
            tab.edit(lambda: tab.cells.append(raw_cell(UNSAVED)))
            tab.read_for(0.3)  # it is saved a second after the last edit
            server.kill()
            server.start()
            tab.connect()
            tab.read_for(3.0)
        finally:
            server.kill()
    return verdict(tab.sources.count(UNSAVED) != 1, f"cells of a tab that came back: {tab.sources}")


if __name__ == "__main__":
    sys.exit(main())
