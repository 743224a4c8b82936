"""Whoever opens a notebook at the moment in which the server drops its room may see an empty one, for good.

A room is dropped some time after its last client has left (`document_cleanup_delay`, 60 s; one second here). Who opens
the notebook just then is given the old room, which is dropped before the line stands, and is then served from the new
one, which somebody else's opening made and which is not loaded yet. Its answer is empty, and what is loaded into it a
moment later is sent to nobody. Others see the whole notebook. Whatever this person writes goes into an empty one.
"""

import sys
import threading
import time

from small_tab import NOTEBOOK, EmbeddedServer, Tab, verdict, write_notebook

DELAY_S = 1.0
NOTEBOOKS, PEOPLE = 12, 4
APART_S = 0.004
"""The time in which it happens is some milliseconds long, so people come one after the other. It is longer when several
notebooks are opened at the same moment, as at the beginning of a lesson: each opening waits for those before it."""
MOST_TRIALS = 30


class Person(Tab):
    """Somebody who has asked for a session, and opens the line when told to."""

    told = False

    def connect(self) -> None:
        """Nothing, until told."""
        if self.told:
            super().connect()


def main() -> int:
    """Leave notebooks and have people open them as their rooms are dropped, until one of them sees nothing."""
    cells: list[int] = []
    with EmbeddedServer.start(cleanup_delay_s=DELAY_S) as server:
        for trial in range(MOST_TRIALS):
            seen = cells_seen(server, [f"notebook-{trial}-{number}.ipynb" for number in range(NOTEBOOKS)])
            cells = min(seen, key=min)
            if min(cells) == 0 < max(cells):
                break
    told = f"of a notebook with {len(NOTEBOOK['cells'])} cells, people who opened it at the same time see {cells}"
    return verdict(min(cells) == 0 < max(cells), f"{told} (trial {trial + 1})")


def cells_seen(server: EmbeddedServer, names: list[str]) -> list[list[int]]:
    """For each notebook how many cells each of those sees who open it, some time after all have opened it."""
    last, people = [], []
    for name in names:
        write_notebook(server, name)
        last.append(Tab(server, name))
        people.append([Person(server, name, client_id=100 + number) for number in range(PEOPLE)])
    for tab in last:
        tab.close()
    first = time.monotonic() + DELAY_S - PEOPLE * APART_S
    threads = [
        threading.Thread(target=open_line, args=(one, first + number * APART_S))
        for group in people
        for number, one in enumerate(group)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for group in people:
        for person in group:
            person.holds_within(lambda: False, 0.01)
    seen = [[len(person.cells or ()) for person in group] for group in people]
    for group in people:
        for person in group:
            person.close()
    return seen


def open_line(person: Person, moment: float) -> None:
    """Come in at this moment, in monotonic seconds."""
    time.sleep(max(0.0, moment - time.monotonic()))
    person.told = True
    person.connect()


if __name__ == "__main__":
    sys.exit(main())
