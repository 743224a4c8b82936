"""Opens a first room on a new Jupyter server, alone, for tests that load one server with several runs at once.

The first room makes the store for all of them; rooms that are opened meanwhile take it from each other, and some are
then never loaded (docs/issues.md). One run keeps out of the way of that, several that begin together cannot.
"""

from __future__ import annotations

from servers.server_process import ServerProcess
from servers.small_client import SmallClient, wait_until


def with_a_store(server: ServerProcess) -> ServerProcess:
    """The same server, when its store is there; a small text file, which nobody else opens, stays in its folder."""
    name = "opened-first.txt"
    (server.root / name).write_text("first\n")
    first = SmallClient(server, name, client_id=1, text_file=True)
    try:
        wait_until(lambda: first.synced, first)
    finally:
        first.close()
    return server
