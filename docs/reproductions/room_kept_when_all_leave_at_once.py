"""A room that everybody leaves at one moment is never dropped: at the end of a lesson the server keeps the document.

Whoever closes the line starts the clock after which the room is dropped (`document_cleanup_delay`, 60 s; one second
here) only when nobody else is in it. Who closes is taken out of the room a moment later, so two people who close at the
same moment see each other, and neither starts the clock. The room, and the document in it, stay until the server ends.
"""

import sys
import threading
import time

from small_tab import EmbeddedServer, Tab, verdict, write_notebook

DELAY_S = 1.0
PEOPLE, NOTEBOOKS = 10, 12


def main() -> int:
    """Let everybody close several notebooks, each at one moment, and count the rooms that are dropped."""
    with EmbeddedServer.start(cleanup_delay_s=DELAY_S) as server:
        for number in range(NOTEBOOKS):
            name = f"lesson-{number}.ipynb"
            write_notebook(server, name)
            leave_at_once([Tab(server, name, client_id=100 + person) for person in range(PEOPLE)])
        time.sleep(4 * DELAY_S)
        dropped = server.log_path.read_text().count("Deleting Y document")
    told = f"of {NOTEBOOKS} notebooks that {PEOPLE} people closed at one moment, {dropped} were dropped later"
    return verdict(dropped < NOTEBOOKS, told)


def leave_at_once(people: list[Tab]) -> None:
    """All of them, from a thread each."""
    threads = [threading.Thread(target=one.close) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
