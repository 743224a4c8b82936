"""One worker whose clocks are wrong: two minutes ahead, and drifting."""

from __future__ import annotations

from pathlib import Path

from hosts.cast import AT_WORK, LOAD, PATIENCE, Cast
from hosts.network import WORKERS

WATCHED = Path(__file__).with_name("locustfiles") / "watched.py"
TWO_MINUTES_S = 120
AHEAD = ("unshare", "--time", "--monotonic", f"{TWO_MINUTES_S}", "--boottime", f"{TWO_MINUTES_S}")
"""A time namespace, in which the kernel's monotonic clock is ahead."""
DRIFT = 300e-6
"""Ten times what a bad crystal drifts, and within what the product allows for (`timing/clocks.py`)."""


def at_work_with_a_wrong_clock(there: Cast, *options: str) -> None:
    """The usual cast, whose first worker it is; returned when a user of each worker is at work."""
    there.start_master(*LOAD, *PATIENCE, *options, locustfile=WATCHED)
    there.start_worker(WORKERS[0], locustfile=WATCHED, wrapped_in=AHEAD, WRONG_CLOCK=f"{TWO_MINUTES_S},{DRIFT}")
    for host in WORKERS[1:]:
        there.start_worker(host, locustfile=WATCHED)
    for worker in there.workers:
        worker.wait_for(AT_WORK)
