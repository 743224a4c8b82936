"""Time and CPU to open a document: session, WebSocket, first sync.

Against the embedded Jupyter server, because the session is a request of its own that the stream server does not have.
The time is mostly that server's; CPU is that of our process alone. The stream server beside it shows what the WebSocket
and the sync cost us without the session.
"""

from __future__ import annotations

from benchmarks.measurement import Measurement
from benchmarks.processes import Child
from benchmarks.sizes import Sizes

SHARING = 5
GOAL_MS = 1.2


def measure(sizes: Sizes, port: int) -> list[Measurement]:
    """Milliseconds; the lines of the Jupyter server are left out where the extra `demo` is not installed."""
    # Imported here, so that the parent is light while others are measured.
    from jupyter_rtc_locust.demo.embedded_server import EmbeddedServer, missing_packages

    lines = []
    with Child("openers") as openers:
        users = sizes.documents_opened
        plain = openers.ask(
            "open", kind="stream server", base=f"http://127.0.0.1:{port}", token="", users=users, sharing=SHARING
        )
        if not missing_packages():
            with EmbeddedServer.start() as jupyter:
                opened = openers.ask(
                    "open",
                    kind="jupyter-collaboration",
                    base=jupyter.url,
                    token=jupyter.token,
                    users=users,
                    sharing=SHARING,
                )
            parts = ", ".join(f"{name} {value:.1f}" for name, value in opened["parts"].items())
            lines += [
                _line("open, CPU of ours", opened["cpu"], "embedded Jupyter server, one after the other", GOAL_MS),
                _line("  time", opened["times"], f"mostly the server's ({parts} ms)"),
            ]
    return [
        *lines,
        _line("open without a session, CPU", plain["cpu"], "stream server: WebSocket and sync only"),
        _line("  time", plain["times"], ""),
    ]


def _line(name: str, seconds: list[float], note: str, goal: float | None = None) -> Measurement:
    return Measurement(name, "ms", tuple(each * 1000 for each in seconds), goal, note)
