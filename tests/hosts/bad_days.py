"""Every bad day of hosts: what happens, and the one verdict that is right then. So says the table of docs/hosts.md.

A day returns the master's run and its workers', all of which ended by themselves within the deadlines that are stated
for it (docs/verdict.md, "Endings"). Durations are only those in which something is to be broken.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from signal import SIGTERM

from endings import deadlines
from hosts.cast import CHECKING, Cast
from hosts.network import MASTER, SERVER, WORKERS
from hosts.relayed import relayed
from hosts.wrong_clock import at_work_with_a_wrong_clock
from runs.locust_run import Run

GONE = WORKERS[0]
BACK = "self-healed"
"""What Locust's master says of a worker whose heartbeats come again."""
LONG = ("-t", "10m")
BRIEFLY = ("-t", "10s")
AT_ALL_S = 240.0
"""No end of a run takes longer, whatever happened."""
LOST = "did not answer at the end"


@dataclass(frozen=True)
class Ended:
    """How a day ended. `figures` are what the day itself looked at."""

    run: Run
    workers: tuple[Run, ...] = ()


@dataclass(frozen=True)
class BadDay:
    """A bad day and its right verdict; None: no verdict at all, because nobody is left to reach one."""

    name: str
    played: Callable[[Cast], Ended]
    verdict: str | None
    told: str = ""
    """Part of the verdict's reason, or of what the workers say where there is no verdict; not empty there."""
    kinds: frozenset[str] = frozenset()
    """The findings."""
    workers: tuple[int, ...] = (0, 0, 0)
    """Exit codes."""

    def __post_init__(self) -> None:
        if self.verdict in (None, "inconclusive") and not self.told:
            raise ValueError(f"{self.name}: whatever is not known would pass; say for which reason it is.")


def _end(there: Cast, deadline: float) -> Ended:
    """The master ends by itself, and its workers with it."""
    run = there.end_master(deadline)
    return Ended(run, tuple(there.end_workers(deadlines.MASTER_SILENT + deadlines.LEAVING_ALONE)))


def _stop(there: Cast, deadline: float) -> Ended:
    """The run is told to end, now."""
    there.master.process.send_signal(SIGTERM)
    return _end(there, deadline)


def worker_gone_early(there: Cast) -> Ended:
    there.at_work(*BRIEFLY)
    there.network.cut(GONE)
    return _end(there, 10 + deadlines.WITH_A_LOST_WORKER)


def worker_gone_late(there: Cast) -> Ended:
    there.at_work(*LONG)
    there.network.cut(GONE)
    return _stop(there, deadlines.WITH_A_LOST_WORKER)


def worker_gone_during_the_verdict(there: Cast) -> Ended:
    there.at_work(*BRIEFLY)
    there.master.wait_for(CHECKING)
    there.network.cut(GONE)
    return _end(there, deadlines.WITH_A_LOST_WORKER)


def link_broken(seconds: float) -> Callable[[Cast], Ended]:
    """The way between a worker and its master, in the middle of a run; the worker and the server see each other."""

    def day(there: Cast) -> Ended:
        there.at_work(*LONG)
        there.network.cut(GONE, "control")
        time.sleep(seconds)  # what is asked for
        there.network.heal(GONE, "control")
        # What was sent is sent again with pauses that have doubled each time: as long again as the break at most.
        there.master.wait_for(BACK, deadline=seconds + 30)
        return _stop(there, deadlines.IN_ORDER)

    return day


def link_broken_until_the_worker_leaves(there: Cast) -> Ended:
    there.at_work(*LONG)
    there.network.cut(GONE, "control")
    time.sleep(90)  # what is asked for
    there.network.heal(GONE, "control")
    there.workers[0].process.wait(deadlines.LEAVING_ALONE)
    return _stop(there, deadlines.WITH_A_LOST_WORKER)


def link_broken_during_the_verdict(seconds: float) -> Callable[[Cast], Ended]:
    def day(there: Cast) -> Ended:
        there.at_work(*BRIEFLY)
        there.master.wait_for(CHECKING)
        there.network.cut(GONE, "control")
        time.sleep(seconds)  # what is asked for
        there.network.heal(GONE, "control")
        return _end(there, deadlines.WITH_A_LOST_WORKER)

    return day


def slow_and_lossy(there: Cast) -> Ended:
    """200 ms, 50 more or less, and every fiftieth packet lost, each way between a worker and the server."""
    with relayed(there.network, GONE, "service", delay=0.2, jitter=0.05, loss=0.02):
        there.at_work("-t", "20s")
        ended = _end(there, 20 + deadlines.IN_ORDER)
    # A third of the people are there, so the slowest twentieth of echoes is theirs.
    assert ended.run.told["timings"]["update echo"]["p95_ms"] > 300, "the way was not slow"
    return ended


def wrong_clock(there: Cast) -> Ended:
    """What is timed then is another test's (test_clocks.py)."""
    at_work_with_a_wrong_clock(there, *BRIEFLY)
    return _end(there, 10 + deadlines.IN_ORDER)


def masters_host_stops(there: Cast) -> Ended:
    there.at_work(*LONG)
    there.network.cut(MASTER)
    there.master.kill()
    workers = there.end_workers(deadlines.MASTER_SILENT + deadlines.LEAVING_ALONE)
    return Ended(there.end_master(1), tuple(workers))


def masters_host_cut_off(there: Cast) -> Ended:
    there.at_work(*LONG)
    there.network.cut(MASTER)
    return _end(there, AT_ALL_S)


def master_cut_from_server(there: Cast) -> Ended:
    there.at_work(*LONG)
    there.network.cut(MASTER, "service")
    time.sleep(20)  # what is asked for
    there.network.heal(MASTER, "service")
    time.sleep(5)  # the watch looks again
    return _stop(there, deadlines.IN_ORDER)


def master_cut_from_server_to_the_end(there: Cast) -> Ended:
    there.at_work(*LONG)
    there.network.cut(MASTER, "service")
    time.sleep(5)  # what is asked for: people go on meanwhile
    ended = _stop(there, deadlines.WITH_A_SILENT_SERVER)
    assert "sync probe" in ended.run.told["timings"], "nobody was asked at the end"
    assert ended.run.told["timings"]["sync probe"]["failures"] == 0, "somebody was not served"
    return ended


def server_gone_for(seconds: float) -> Callable[[Cast], Ended]:
    def day(there: Cast) -> Ended:
        there.at_work("-t", f"{seconds + 45:.0f}s")
        there.network.cut(SERVER)
        time.sleep(seconds)  # what is asked for
        there.network.heal(SERVER)
        ended = _end(there, seconds + 45 + deadlines.IN_ORDER)
        assert ended.run.told["timings"]["update echo"]["max_ms"] > seconds * 500, "nobody waited for the server"
        return ended

    return day


def server_gone_at_the_end(there: Cast) -> Ended:
    there.at_work(*LONG)
    there.network.cut(SERVER)
    return _stop(there, deadlines.WITH_A_SILENT_SERVER + deadlines.SYNC)


LOST_ONE = (4, 0, 0)
BAD_DAYS = (
    BadDay("a worker's host disappears early", worker_gone_early, "inconclusive", LOST, workers=LOST_ONE),
    BadDay("a worker's host disappears late", worker_gone_late, "inconclusive", LOST, workers=LOST_ONE),
    BadDay(
        "a worker's host disappears during the verdict",
        worker_gone_during_the_verdict,
        "inconclusive",
        LOST,
        workers=LOST_ONE,
    ),
    BadDay("the link between master and worker breaks for 5 s", link_broken(5), "pass"),
    BadDay("the link between master and worker breaks for 30 s", link_broken(30), "pass"),
    BadDay(
        "the link between master and worker breaks for 90 s",
        link_broken_until_the_worker_leaves,
        "inconclusive",
        LOST,
        workers=LOST_ONE,
    ),
    BadDay(
        "the link between master and worker breaks for 5 s during the verdict",
        link_broken_during_the_verdict(5),
        "pass",
    ),
    BadDay(
        "the link between master and worker breaks for 30 s during the verdict",
        link_broken_during_the_verdict(30),
        "inconclusive",
        LOST,
        workers=LOST_ONE,
    ),
    BadDay("200 ms ± 50 ms and 2 % loss between worker and server", slow_and_lossy, "pass"),
    BadDay("a worker's clock is two minutes off and drifts", wrong_clock, "pass"),
    BadDay("the master's host stops", masters_host_stops, None, "no verdict", workers=(4, 4, 4)),
    BadDay(
        "the master's host is cut off from all others",
        masters_host_cut_off,
        "inconclusive",
        LOST,
        workers=(4, 4, 4),
    ),
    BadDay(
        "the link between master and server breaks for 20 s",
        master_cut_from_server,
        "inconclusive",
        "did not answer the coordinator's host",
    ),
    BadDay(
        "the link between master and server breaks and stays broken",
        master_cut_from_server_to_the_end,
        "inconclusive",
        "did not answer the coordinator's host",
    ),
    BadDay("the server's host disappears for 5 s and returns", server_gone_for(5), "pass"),
    BadDay(
        "the server's host disappears for 30 s and returns",
        server_gone_for(30),
        "fail",
        kinds=frozenset({"server-lost"}),
    ),
    BadDay(
        "the server's host disappears for good",
        server_gone_at_the_end,
        "fail",
        kinds=frozenset({"server-lost", "stalled"}),
    ),
)
