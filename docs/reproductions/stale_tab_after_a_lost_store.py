"""A tab shows an old cell for ever after a restart without the store of updates (jupyter-collaboration#597).

It sleeps while somebody changes a cell and closes the notebook. The server is started again without its store, and
makes the room from the file: with the same clocks as before, and other content. When the tab wakes up, both sides hold
the same clocks, so nobody has anything to tell the other.
"""

import sys
import tempfile
from pathlib import Path

from bare_tab import BareServer, BareTab, verdict

NAME = "stale.ipynb"
OLD, NEW = "1", "2"


def main() -> int:
    """Two tabs; one sleeps, the other changes a cell and goes; restart without the store; both open it again."""
    with tempfile.TemporaryDirectory() as folder:
        server = BareServer(Path(folder))
        server.write_notebook(NAME)
        server.start()
        try:
            sleeper, worker = BareTab(server, NAME, client_id=1), BareTab(server, NAME, client_id=2)
            sleeper.cut()
            source = worker.cells[0]["source"]

            def replace() -> None:
                del source[0:1]
                source.insert(0, NEW)

            worker.edit(replace)
            worker.read_until(lambda: server.saved_sources(NAME)[:1] == [NEW], "the save")
            worker.cut()
            server.kill()
            server.lose_store()
            server.start()
            newcomer = BareTab(server, NAME, client_id=3)
            sleeper.connect()
            sleeper.read_for(2.0)
            newcomer.read_for(0.5)
        finally:
            server.kill()
    seen = f"a new tab shows {newcomer.sources}, the one that slept shows {sleeper.sources}"
    return verdict(newcomer.sources[0] == NEW and sleeper.sources[0] == OLD, seen)


if __name__ == "__main__":
    sys.exit(main())
