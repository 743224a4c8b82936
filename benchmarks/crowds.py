"""Crowds of the package's users in one process or several, and what they and their server did in a window of time.

Used by what is measured of whole crowds: users a core, several processes, the curve to saturation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.children.commands import waited_for_core_s
from benchmarks.processes import Child

SPAWN_DEADLINE_S = 180.0
Mark = Callable[[], dict[str, Any]]
"""Tells of a server: its `cpu` in seconds so far, how long it `waited` for a core, and `at` which moment that was."""


@dataclass(frozen=True, slots=True)
class Window:
    """What was measured in a window of time. CPU as a part of one core, rates a second, times in milliseconds."""

    cpu: tuple[float, ...]
    """Of each process that plays users."""
    server_cpu: float
    received: float
    """Updates, by all users of all processes."""
    presence: float
    """Messages of presence received."""
    edits: float
    lag_p99: float
    echo_p50: float
    echo_p99: float
    """Of the worst process, as the lag."""
    waited: float
    """The part of the time that a process was ready to run and others had its core, in the worst."""
    server_waited: float

    @property
    def messages(self) -> float:
        """Everything that users received."""
        return self.received + self.presence

    @property
    def cpu_a_message(self) -> float:
        """CPU seconds of all processes that play users, for each message received."""
        return sum(self.cpu) / max(self.messages, 1e-9)


class Crowds:
    """One crowd, or several that share their documents."""

    def __init__(self, children: list[Child], server: Mark) -> None:
        self._children = children
        self._server = server

    def spawn(self, users: int, over_s: float = 0.0) -> float:
        """Have so many users in all, the new ones over so many seconds; the CPU seconds that it took."""
        parts = len(self._children)
        before = sum(one.ask("mark")["cpu"] for one in self._children)
        for number, one in enumerate(self._children):
            one.tell("spawn", users=users // parts + (number < users % parts), over_s=over_s)
        return sum(float(one.answer(SPAWN_DEADLINE_S)["cpu"]) for one in self._children) - before

    def begin(self, rhythm: str, rate: float) -> None:
        """Let everybody edit in this rhythm, `rate` edits a second each."""
        self._ask("begin", rhythm=rhythm, rate=rate)

    def looks(self) -> list[dict[str, Any]]:
        """Of each process, what looking at its users cost so far, and the latest that it told."""
        return self._ask("looks")

    def end(self) -> bool:
        """Let nobody edit; whether every edit came back in the end."""
        return all(one["all"] for one in self._ask("end"))

    def window(self, seconds: float) -> Window:
        """What happens in so many seconds from now on."""
        self._ask("clear")
        before, server_before = self._ask("mark"), self._server()
        time.sleep(seconds)
        after, server_after = self._ask("mark"), self._server()
        spans = [(one, other, other["at"] - one["at"]) for one, other in zip(before, after, strict=True)]

        def rate(what: str) -> float:
            return sum(float(other[what] - one[what]) / span for one, other, span in spans)

        def worst(what: str) -> float:
            return max(float(one.get(what, float("inf"))) for one in after)

        server_span = server_after["at"] - server_before["at"]
        return Window(
            cpu=tuple((other["cpu"] - one["cpu"]) / span for one, other, span in spans),
            server_cpu=(server_after["cpu"] - server_before["cpu"]) / server_span,
            server_waited=(server_after["waited"] - server_before["waited"]) / server_span,
            received=rate("received"),
            presence=rate("awareness"),
            edits=rate("edits"),
            lag_p99=worst("lag_p99"),
            echo_p50=worst("echo_p50"),
            echo_p99=worst("echo_p99"),
            waited=max((other["waited"] - one["waited"]) / span for one, other, span in spans),
        )

    def _ask(self, do: str, **details: Any) -> list[dict[str, Any]]:
        for one in self._children:
            one.tell(do, **details)
        return [one.answer() for one in self._children]


@contextmanager
def at_relay(recording: Path, *, sharing: int, processes: int = 1, awareness: str = "faithful") -> Iterator[Crowds]:
    """Crowds without users yet, in rooms of `sharing`, at a relay of their own."""
    with ExitStack() as stack:
        relay = stack.enter_context(Child("relay_server", recording))
        base = f"http://127.0.0.1:{relay.answer()['port']}"
        children = _children(stack, ("stream server", base, ""), sharing, processes, awareness)
        yield Crowds(children, lambda: relay.ask("mark"))


@contextmanager
def at_jupyter(*, sharing: int, users: int, processes: int = 1, awareness: str = "faithful") -> Iterator[Crowds]:
    """The same at an embedded Jupyter server with jupyter-collaboration, with documents for so many users."""
    # Imported here, so that the parent is light where no such server is measured.
    import psutil

    from jupyter_rtc_locust.demo.embedded_server import EmbeddedServer

    with ExitStack() as stack:
        server = stack.enter_context(EmbeddedServer.start())
        process = psutil.Process(server.process_id)

        def mark() -> dict[str, Any]:
            times = process.cpu_times()
            return {
                "cpu": times.user + times.system,
                "waited": waited_for_core_s(process.pid),
                "at": time.monotonic(),
            }

        address = ("jupyter-collaboration", server.url, server.token)
        children = _children(stack, address, sharing, processes, awareness)
        children[0].tell("prepare", documents=-(-users // sharing))
        paths = children[0].answer(SPAWN_DEADLINE_S)["paths"]
        for one in children[1:]:
            one.ask("know", paths=paths)
        yield Crowds(children, mark)


def _children(
    stack: ExitStack, server: tuple[str, str, str], sharing: int, processes: int, awareness: str
) -> list[Child]:
    children = [
        stack.enter_context(Child("crowd", *server, sharing, part, processes, awareness)) for part in range(processes)
    ]
    for one in children:
        one.answer()
    return children
