"""One server of each kind for all the runs of a module, started when the first run asks for it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from types import TracebackType

import pytest

from servers import processes
from servers.first_room import with_a_store
from servers.server_process import ServerProcess


def _jupyter_collaboration_5() -> ServerProcess:
    return with_a_store(processes.jupyter_collaboration())


def _jupyter_collaboration_4() -> ServerProcess:
    if not processes.PYTHON_OF_JUPYTER_COLLABORATION_4.exists():
        pytest.skip("the environment of jupyter-collaboration 4 was not made (constraints/jupyter-collaboration-4.txt)")
    return with_a_store(processes.jupyter_collaboration(processes.PYTHON_OF_JUPYTER_COLLABORATION_4))


def _node() -> ServerProcess:
    reason = processes.reason_without_node()
    if reason is not None:
        pytest.skip(reason)
    return processes.node_y_websocket()


STARTERS: dict[str, Callable[[], ServerProcess]] = {
    "jupyter-collaboration 5": _jupyter_collaboration_5,
    "jupyter-collaboration 4": _jupyter_collaboration_4,
    "Node y-websocket": _node,
    "pycrdt-websocket": processes.pycrdt_websocket,
}


class SharedServers:
    """Servers by name. A context manager that stops those that were started."""

    def __init__(self) -> None:
        self._locks = {name: Lock() for name in STARTERS}
        self.started: dict[str, ServerProcess] = {}

    def __getitem__(self, name: str) -> ServerProcess:
        """The server; any thread may ask. Skips the test that waits where this kind cannot be had."""
        with self._locks[name]:
            if name not in self.started:
                self.started[name] = STARTERS[name]()
            return self.started[name]

    def __enter__(self) -> SharedServers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for server in self.started.values():
            server.close()
