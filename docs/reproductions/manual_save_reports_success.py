"""A save asked for by hand is answered with "success", though nothing was written.

Here it is an infinity in the metadata of a cell that the server cannot write. Whoever presses Ctrl+S sees no error.
"""

import sys

from small_tab import EmbeddedServer, Tab, verdict, write_notebook

NAME = "infinite.ipynb"


def main() -> int:
    """Write what cannot be saved, ask for a save, and compare the answer with the file."""
    with EmbeddedServer.start() as server:
        write_notebook(server, NAME)
        before = (server.root_folder / NAME).read_bytes()
        tab = Tab(server, NAME)
        assert tab.cells is not None
        tab.edit(lambda: tab.cells[0]["metadata"].__setitem__("value", float("inf")))
        answer = tab.save()
        tab.holds_within(lambda: False, 2.0)
        unchanged = (server.root_folder / NAME).read_bytes() == before
        tab.close()
    return verdict(answer == "success" and unchanged, f"answered: {answer}; the file is unchanged: {unchanged}")


if __name__ == "__main__":
    sys.exit(main())
