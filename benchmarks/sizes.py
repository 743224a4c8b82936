"""How much is measured: enough for a figure, or just enough to see that the benchmarks work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """The amounts of one run of all benchmarks."""

    judged: bool
    """Whether figures of these sizes are worth comparing with their goals."""
    rounds: int
    watchers: int
    updates_a_slice: int
    updates_a_second: float
    editors: int
    edits_a_second: float
    """Of all editors together."""
    edit_slice_s: float
    """How long edits are made, and then pings, in each round."""
    users_in_memory: int
    presences: int
    """How many messages of presence each user is handed in a round."""
    thousands_of_timings: int
    documents_opened: int
    documents_checked: int
    edits_with_one_lost: int
    edits_decided: int


FULL = Sizes(
    judged=True,
    rounds=18,
    watchers=40,
    updates_a_slice=60,
    updates_a_second=100.0,
    editors=40,
    edits_a_second=2000.0,
    edit_slice_s=0.7,
    users_in_memory=1000,
    presences=100,
    thousands_of_timings=20,
    documents_opened=60,
    documents_checked=1_000,
    edits_with_one_lost=10_000,
    edits_decided=100_000,
)

QUICK = Sizes(
    judged=False,
    rounds=1,
    watchers=3,
    updates_a_slice=20,
    updates_a_second=200.0,
    editors=2,
    edits_a_second=100.0,
    edit_slice_s=0.2,
    users_in_memory=10,
    presences=3,
    thousands_of_timings=1,
    documents_opened=5,
    documents_checked=4,
    edits_with_one_lost=60,
    edits_decided=60,
)
