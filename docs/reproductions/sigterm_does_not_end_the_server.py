"""SIGTERM does not end a Jupyter server on which a document is open: it says that it stops, and stays.

Whoever manages servers (systemd, a hub, a container engine) waits until the end of its patience, and kills.
"""

import os
import signal
import sys
import time

from small_tab import EmbeddedServer, Tab, verdict, write_notebook

PATIENCE_S = 6.0


def main() -> int:
    """End one server without and one with an open document, and see which of them goes."""
    with EmbeddedServer.start() as server:
        without = ended_within_s(server)
    with EmbeddedServer.start() as server:
        write_notebook(server, "open.ipynb")
        tab = Tab(server, "open.ipynb")
        tab.holds_within(lambda: False, 0.5)
        with_open = ended_within_s(server)
        tab.close()
    seen = f"seconds to end without a document: {without}; with one open, within {PATIENCE_S:.0f} s: {with_open}"
    return verdict(without is not None and with_open is None, seen)


def ended_within_s(server: EmbeddedServer) -> float | None:
    """Send SIGTERM and wait; how long it took, None when it took too long."""
    os.kill(server.process_id, signal.SIGTERM)
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE_S:
        if not server.running:
            return round(time.monotonic() - started, 1)
        time.sleep(0.05)
    return None


if __name__ == "__main__":
    sys.exit(main())
