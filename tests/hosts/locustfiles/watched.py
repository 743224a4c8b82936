"""People at work, and beside them what a test needs to know better than the product: each process's clock against the
machine's, and, in the master, everything that deliveries between processes are told from.

With WRONG_CLOCK=SECONDS,DRIFT this process's clocks are ahead by so many seconds, and gain so many seconds a second.
The kernel itself can put a monotonic clock ahead (a time namespace), which is done outside; it lets none drift.
"""

from __future__ import annotations

import json
import os
import pickle
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from jupyter_rtc_locust import Choice, NotebookUser
from jupyter_rtc_locust.coordination import conclusion
from jupyter_rtc_locust.reporting.terminal import say

_told_from = conclusion.deliveries_between
told: set[int] = set()


def true_time() -> float:
    """Seconds, by the clock that all hosts of the test share."""
    return time.clock_gettime(time.CLOCK_REALTIME)


def _wrong(clock: Callable[[], float], ahead: float, drift: float) -> Callable[[], float]:
    began = clock()
    return lambda: began + ahead + (clock() - began) * (1 + drift)


if "WRONG_CLOCK" in os.environ:
    ahead, drift = map(float, os.environ["WRONG_CLOCK"].split(","))
    time.time = _wrong(time.time, ahead, drift)
    time.monotonic = _wrong(time.monotonic, 0.0, drift)


def _keep(answers: Collection[Mapping[str, Any]], warmup_s: float) -> dict[str, Any] | None:
    Path("deliveries.pickle").write_bytes(pickle.dumps((list(answers), warmup_s)))
    return _told_from(answers, warmup_s)


conclusion.deliveries_between = _keep


class Watched(NotebookUser):
    """Deals its edits from the default deck."""

    def choose_edit(self, number: int) -> Choice | None:
        """With a look at both clocks each time."""
        moments = [self.elapsed, true_time(), self.elapsed, time.time(), time.monotonic()]
        with Path(f"clock-{self.environment.runner.client_id}.jsonl").open("a") as file:
            file.write(json.dumps(moments) + "\n")
        if number > 5 and os.getpid() not in told:
            told.add(os.getpid())
            say(f"Process {os.getpid()} is at work.")
        return super().choose_edit(number)
