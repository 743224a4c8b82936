"""Rows of the store of updates outlive the document, and no request removes them.

`.jupyter_ystore.db` keeps a row for each update of each document that was ever open. Deleting the file leaves them.
"""

import sqlite3
import sys
from contextlib import closing

from small_tab import EmbeddedServer, Tab, http, verdict, wait_until, write_notebook

NAME = "deleted.ipynb"


def main() -> int:
    """Edit a notebook, close it, delete it, wait until its room is gone, and count."""
    with EmbeddedServer.start(cleanup_delay_s=0.3) as server:
        write_notebook(server, NAME)
        tab = Tab(server, NAME)
        assert tab.cells is not None
        tab.edit(lambda: tab.cells[0]["source"].insert(0, "x"))
        tab.holds_within(lambda: False, 2.0)
        tab.close()
        wait_until(lambda: "deleted" in server.log_path.read_text(), "the room to be cleaned up")
        gone = http(server, "DELETE", f"/api/contents/{NAME}").status_code == 204
        with closing(sqlite3.connect(server.log_path.parent / ".jupyter_ystore.db")) as store:
            rows = store.execute("SELECT count(*) FROM yupdates").fetchone()[0]
    return verdict(gone and rows > 0, f"the file is deleted: {gone}; rows left in the store: {rows}")


if __name__ == "__main__":
    sys.exit(main())
