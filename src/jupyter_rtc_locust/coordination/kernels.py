"""The kernels of a run: started before its users come, and ended with it, whatever became of the run.

They are known by their notebooks, which all lie in the run's own folder, so that a kernel which a worker asked for anew
after a loss is found as well.
"""

from __future__ import annotations

import gevent

from jupyter_rtc_locust.coordination.side_by_side import side_by_side
from jupyter_rtc_locust.errors import RtcLocustError, ServerUnusable
from jupyter_rtc_locust.servers.base import Document, Server
from jupyter_rtc_locust.servers.kernels import Kernels

CLOSING_DEADLINE_S = 10.0
"""A server interrupts a kernel that is busy, and waits 5 s before it kills it."""


def check_kernels(server: Server) -> Kernels:
    """The server's kernels, after it was asked whether it can start some.

    Raises:
        ServerUnusable: it cannot.
    """
    if server.kernels is None:
        raise ServerUnusable(
            f"--rtc-kernels real: a {server.name} server has no kernels. Leave the option out, or name a Jupyter "
            "server."
        )
    server.kernels.check()
    return server.kernels


def start_kernels(kernels: Kernels, documents: list[Document]) -> None:
    """Start a kernel for each notebook; several at a time.

    Raises:
        ServerUnusable: one could not be started.
    """

    def start(document: Document) -> RtcLocustError | None:
        # Returned, not raised: gevent prints the stack of a greenlet that ends with an error.
        try:
            kernels.open(document)
        except RtcLocustError as error:
            return error
        return None

    for error in side_by_side(start, [one for one in documents if one.kind == "notebook"]):
        if error is not None:
            raise ServerUnusable(f"--rtc-kernels real: {error}")


def end_kernels(server: Server, folder: str) -> list[str]:
    """End every kernel of a notebook in this folder; sentences about what could not be ended, within a deadline."""
    kernels = server.kernels
    if kernels is None:
        return []

    def end(session: str) -> str:
        try:
            kernels.close(session)
        except RtcLocustError as error:
            return f"A kernel of the run was not ended: {error}"
        return ""

    late = gevent.Timeout(CLOSING_DEADLINE_S)
    try:
        with late:
            return [problem for problem in side_by_side(end, kernels.sessions_below(folder)) if problem]
    except RtcLocustError as error:
        return [f"Kernels of the run may be left on the server: {error}"]
    except gevent.Timeout as timeout:
        if timeout is not late:
            raise
        return [f"Kernels of the run may be left on the server: they had not ended after {CLOSING_DEADLINE_S:.0f} s."]
