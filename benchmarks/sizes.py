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
    rounds_of_others: int
    users_a_core: tuple[int, ...]
    users_a_core_s: float
    """How long each number of users is looked at: as long as the heartbeat of presence, so that it is in each."""
    growth_rounds: int
    growth_rooms: tuple[int, ...]
    growth_cells: tuple[int, ...]
    growth_updates: int
    """The first portion of a long run; the last ends at eight times as many."""
    processes_rounds: int
    processes_users: int
    processes_s: float


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
    rounds_of_others=8,
    users_a_core=(1000, 2000, 3000, 4000, 5000, 6000),
    users_a_core_s=15.0,
    growth_rounds=6,
    growth_rooms=(2, 5, 20, 50, 100),
    growth_cells=(1, 20, 200, 1000),
    growth_updates=400,
    processes_rounds=3,
    processes_users=200,
    processes_s=3.0,
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
    rounds_of_others=1,
    users_a_core=(5,),
    users_a_core_s=1.2,
    growth_rounds=1,
    growth_rooms=(2,),
    growth_cells=(4,),
    growth_updates=10,
    processes_rounds=1,
    processes_users=4,
    processes_s=0.3,
)
