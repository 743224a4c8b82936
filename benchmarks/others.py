"""Other clients on the same stream: CPU of the client process for each update received, beside ours and the bare loop.

All take turns within each round. Peers do what they do: none of them times anything or keeps anything for a verdict.
Who cannot be installed is left out, and says so.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.measurement import Measurement
from benchmarks.processes import Child
from benchmarks.receiving import Variant, send_slice, wait_for
from benchmarks.sizes import Sizes

OURS, BARE = "ours", "the bare loop"
_NODE = Path(__file__).parent / "peers"
_VARIANT = Variant("one by one", 1, True, None)


def measure(sizes: Sizes, server: Child, port: int, recording: Path) -> list[Measurement]:
    """A line for each client, in microseconds."""
    watchers = sizes.watchers
    cpu: dict[str, list[float]] = {}
    with ExitStack() as stack:
        children = {}
        for name, start in _starters(port, watchers).items():
            children[name] = child = stack.enter_context(start(_group(name)))
            if name == OURS:
                child.answer()
                child.ask("spawn", users=watchers)
            else:
                _wait_until_synced(child, watchers, name)
        names = list(children)
        for number in range(sizes.rounds_of_others + 1):
            first = number * sizes.updates_a_slice
            last = first + sizes.updates_a_slice
            children[OURS].ask("author", recording=str(recording), first=first, last=last)
            turned = number % len(names)
            for name in names[turned:] + names[:turned]:
                used = send_slice(server, children[name], _group(name), _VARIANT, first, last, sizes)
                if number:
                    cpu.setdefault(name, []).append(used / (watchers * sizes.updates_a_slice) * 1e6)
    return [_line(name, cpu) for name in names]


def slices_needed(sizes: Sizes) -> int:
    """How many slices of the stream are sent to each: one more than is measured, to warm up."""
    return sizes.rounds_of_others + 1


def _group(name: str) -> str:
    return "others-" + name.replace(" ", "-").replace("'", "")


def _starters(port: int, watchers: int) -> dict[str, Callable[[str], Child]]:
    """Who can be started here, by the name of its line."""
    there: dict[str, Callable[[str], Child]] = {
        BARE: lambda group: Child("bare_watchers", port, group, watchers),
        OURS: lambda group: Child("locust_users", port, group, watchers, watchers),
        "websocket-client, a greenlet each": lambda group: Child("websocket_greenlets", port, group, watchers),
    }
    if importlib.util.find_spec("httpx_ws") is not None:
        there["pycrdt's provider, httpx-ws"] = lambda group: Child("pycrdt_providers", port, group, watchers)
    else:
        print("Left out: pycrdt's provider (the extra `peers` is not installed)", file=sys.stderr)
    node, script = shutil.which("node"), _NODE / "y_websocket.mjs"
    if node is not None and (_NODE / "node_modules" / "y-websocket").exists():
        command = (node, str(script))
        there["Yjs, y-websocket, Node"] = lambda group: Child("y_websocket", port, group, watchers, command=command)
    else:
        print("Left out: Yjs in Node (`make bench` installs it where npm is)", file=sys.stderr)
    return there


def _wait_until_synced(child: Child, watchers: int, name: str) -> None:
    wait_for(lambda: child.ask("synced")["synced"] == watchers, f"{name}: all watchers have their documents")


def _line(name: str, cpu: dict[str, list[float]]) -> Measurement:
    factor = median(one / other for one, other in zip(cpu[name], cpu[BARE], strict=True))
    note = "" if name == BARE else f"{factor:.2f} x the bare loop"
    if name == OURS:
        note += ", with timings and the bookkeeping for a verdict"
    title = f"peers: {name}" if name == BARE else f"  {name}"
    return Measurement(title, "us", tuple(cpu[name]), note=note)
