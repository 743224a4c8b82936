"""As long as somebody types without a pause of a second, nothing is saved.

jupyter-collaboration saves one second after the last change (`document_save_delay`), and knows no longest wait. Ten
people in one notebook make pauses rare; a server that dies then takes everything since the last one with it, as far as
its store of updates is lost, too.
"""

import sys
import time

from small_tab import EmbeddedServer, Tab, saved_sources, verdict, write_notebook

NAME = "typed.ipynb"
TYPING_S = 6.0


def main() -> int:
    """Type four letters a second, look at the file, pause, and look again."""
    with EmbeddedServer.start() as server:
        write_notebook(server, NAME)
        tab = Tab(server, NAME)
        assert tab.cells is not None
        source = tab.cells[0]["source"]
        until = time.monotonic() + TYPING_S
        while time.monotonic() < until:
            tab.edit(lambda: source.insert(0, "x"))
            tab.holds_within(lambda: False, 0.25)
        during = saved_sources(server, NAME)[0]
        saved = tab.holds_within(lambda: saved_sources(server, NAME)[:1] == [str(source)], 5.0)
        tab.close()
    seen = f"typed {len(str(source)) - 1} letters; in the file meanwhile: {during!r}; saved after a pause: {saved}"
    return verdict(during == "1" and saved, seen)


if __name__ == "__main__":
    sys.exit(main())
