"""CPU of the client process for each update received: the package's users against a bare loop, on the same stream.

The two take turns: a slice of the stream to one, the same slice to the other, and the other way round in the next
round. In `timed`, the updates were authored by somebody of the same process, so that every arrival is a sample of
`update delivery`; in `foreign`, by somebody of another process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measurement import Measurement, ratio
from benchmarks.processes import ANSWER_DEADLINE_S, Child, ChildFailedError
from benchmarks.sizes import Sizes

GOAL_ONE_BY_ONE, GOAL_TOGETHER = 0.95, 0.5
"""Of the bare loop on the same stream. docs/metrics.md says what is reached."""
TOGETHER = 20
_OURS, _BARE = "ours", "bare"


@dataclass(frozen=True, slots=True)
class Variant:
    """How a slice of the stream is sent, and who is said to have made it."""

    name: str
    together: int
    authored_here: bool
    goal: float | None


VARIANTS = (
    Variant("one by one", 1, True, GOAL_ONE_BY_ONE),
    Variant(f"{TOGETHER} in one read", TOGETHER, True, GOAL_TOGETHER),
    Variant("one by one, from another process", 1, False, None),
)


def slices_needed(sizes: Sizes) -> int:
    """How many slices of the stream a run takes: one more than it measures, to warm up."""
    return sizes.rounds * len(VARIANTS) + 1


def measure(sizes: Sizes, server: Child, port: int, recording: Path) -> list[Measurement]:
    """Three ratios, and beside each its two figures in microseconds."""
    cpu: dict[tuple[str, str], list[float]] = {}
    watchers = sizes.watchers
    with (
        Child("locust_users", port, _OURS, watchers, watchers) as ours,
        Child("bare_watchers", port, _BARE, watchers) as bare,
    ):
        children = {_OURS: ours, _BARE: bare}
        ours.answer()
        ours.ask("spawn", users=watchers)
        wait_for(lambda: bare.ask("synced")["synced"] == watchers, "the bare watchers have their documents")
        first = 0
        for number in range(slices_needed(sizes)):
            variant = VARIANTS[number % len(VARIANTS)]
            last = first + sizes.updates_a_slice
            if variant.authored_here:
                ours.ask("author", recording=str(recording), first=first, last=last)
            for group in (_OURS, _BARE) if number % 2 else (_BARE, _OURS):
                used = send_slice(server, children[group], group, variant, first, last, sizes)
                if number:
                    cpu.setdefault((variant.name, group), []).append(used / (watchers * sizes.updates_a_slice) * 1e6)
            first = last
    return [line for variant in VARIANTS for line in _lines(variant, cpu)]


def send_slice(
    server: Child,
    child: Child,
    group: str,
    variant: Variant,
    first: int,
    last: int,
    sizes: Sizes,
    *,
    watchers: int | None = None,
    rate: float | None = None,
) -> float:
    """Send a slice to one client; the CPU seconds that it took there. Watchers and rate: as in `sizes`, or these."""
    before = child.ask("mark")
    expected = before["received"] + (last - first) * (watchers or sizes.watchers)
    details = {"first": first, "last": last, "rate": rate or sizes.updates_a_second, "together": variant.together}
    server.ask("stream", group=group, **details)
    after = before

    def complete() -> bool:
        nonlocal after
        after = child.ask("mark")
        return bool(after["received"] >= expected)

    wait_for(complete, f"{group} received {expected} updates")
    if after["received"] != expected:
        raise ChildFailedError(f"{group} received {after['received']} updates, and {expected} were sent")
    return float(after["cpu"] - before["cpu"])


def _lines(variant: Variant, cpu: dict[tuple[str, str], list[float]]) -> list[Measurement]:
    ours, bare = cpu[variant.name, _OURS], cpu[variant.name, _BARE]
    name = f"received, {variant.name}"
    return [
        ratio(name, ours, bare, goal=variant.goal, note="CPU of the Locust process / of a bare epoll loop"),
        Measurement("  ours", "us", tuple(ours), note="each update received"),
        Measurement("  bare loop", "us", tuple(bare), note="the same, applied one by one"),
    ]


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Return when it holds; ChildFailedError after a deadline."""
    until = time.monotonic() + ANSWER_DEADLINE_S
    while not condition():
        if time.monotonic() > until:
            raise ChildFailedError(f"waited {ANSWER_DEADLINE_S:.0f} s in vain until {what}")
        time.sleep(0.02)
