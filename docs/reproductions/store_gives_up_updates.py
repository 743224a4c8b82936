"""A server with many busy documents gives up storing updates: their database is locked.

Every room writes each update into one SQLite file, on a line of its own. Who waits for the others for five seconds gets
an error, which is written into the log; that update is in the store no more, and nobody is told.
"""

import sys
import time

from small_tab import EmbeddedServer, Tab, verdict, write_notebook

DOCUMENTS = 100
MOST_S = 60.0
ERROR = "database is locked"


def main() -> int:
    """Type into many notebooks in turn until the first update is given up."""
    with EmbeddedServer.start() as server:
        tabs = []
        for number in range(DOCUMENTS):
            write_notebook(server, f"{number}.ipynb")
            tabs.append(Tab(server, f"{number}.ipynb", client_id=number + 1))
        typed, until = 0, time.monotonic() + MOST_S
        while ERROR not in (log := server.log_path.read_text("utf-8", "replace")) and time.monotonic() < until:
            for tab in tabs:
                assert tab.cells is not None
                source = tab.cells[0]["source"]
                tab.edit(lambda source=source: source.insert(0, "x"))
                tab.holds_within(lambda: False, 0.001)  # read what has come
                typed += 1
        given_up = log.count(ERROR)
        for tab in tabs:
            tab.close()
    return verdict(given_up > 0, f"{typed} letters in {DOCUMENTS} notebooks; {ERROR}: {given_up} times in the log")


if __name__ == "__main__":
    sys.exit(main())
