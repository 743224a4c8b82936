"""What was typed since the last save is taken back when the file is changed on disk, as by an editor or `git pull`.

The server looks at the file every second, and before it saves. One that was changed is loaded, and the document is set
to what it holds: a deletion that nobody asked for, for everybody. Nobody is asked which of the two is to stay.
"""

import json
import sys
import tempfile
from pathlib import Path

from bare_tab import NOTEBOOK, BareServer, BareTab, raw_cell, verdict

NAME = "changed.ipynb"
UNSAVED, FROM_OUTSIDE = "typed just before", "from outside"


def main() -> int:
    """Add a cell, and change another one in the file before the server saves a second later."""
    with tempfile.TemporaryDirectory() as folder:
        server = BareServer(Path(folder))
        server.write_notebook(NAME)
        server.start()
        try:
            tab = BareTab(server, NAME, client_id=1)
            tab.edit(lambda: tab.cells.append(raw_cell(UNSAVED)))
            one, two = NOTEBOOK["cells"]
            changed = Path(folder) / "changed"
            changed.write_text(json.dumps({**NOTEBOOK, "cells": [one, {**two, "source": FROM_OUTSIDE}]}))
            changed.replace(server.root / NAME)
            tab.read_until(lambda: FROM_OUTSIDE in tab.sources, "the change from outside")
            tab.read_for(2.0)
        finally:
            server.kill()
    return verdict(UNSAVED not in tab.sources, f"cells of the tab afterwards: {tab.sources}")


if __name__ == "__main__":
    sys.exit(main())
