"""A NaN in a notebook stops all saving of it, nobody is told, and once the room is gone it cannot be opened.

JSON has no NaN, and a CRDT carries one without a word. Kernels write NaN into outputs that hold JSON.
"""

import sys

from small_tab import EmbeddedServer, Tab, raw_cell, saved_sources, verdict, wait_until, write_notebook

NAME = "nan.ipynb"


def main() -> int:
    """Write NaN, then an innocent cell, and look at the file; then come back after the room was cleaned up."""
    with EmbeddedServer.start(cleanup_delay_s=0.3) as server:
        write_notebook(server, NAME)
        tab = Tab(server, NAME)
        assert tab.cells is not None
        tab.edit(lambda: tab.cells[0]["metadata"].__setitem__("value", float("nan")))
        tab.holds_within(lambda: False, 2.0)
        tab.edit(lambda: tab.cells.append(raw_cell("later")))
        saved = tab.holds_within(lambda: "later" in saved_sources(server, NAME), 4.0)
        tab.close()
        wait_until(lambda: "deleted" in server.log_path.read_text(), "the room to be cleaned up")
        try:
            Tab(server, NAME, client_id=2).close()
            opened = True
        except Exception:
            opened = False
        told = "cannot convert float NaN" in server.log_path.read_text()
    seen = f"saved after NaN: {saved}; opened again: {opened}; the reason stands in the server's log only: {told}"
    return verdict(not saved and not opened and told, seen)


if __name__ == "__main__":
    sys.exit(main())
