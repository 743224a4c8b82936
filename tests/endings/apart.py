"""Endings of a run with a master and two workers."""

from __future__ import annotations

import time
from signal import SIGCONT, SIGINT, SIGKILL, SIGSTOP, SIGTERM, Signals

from endings import deadlines
from endings.alone import GIVEN_UP, waiting_server
from endings.ending import Ending, Played
from endings.play import AT_WORK, BRIEFLY, CHECKING, LOCUSTFILES, LONG, NEWCOMER_WAITS, Ended, Play
from runs.locust_run import LocustProcess

LOST = "did not answer at the end"
LEAVES = "leaves the run"
NEVER_BEGAN = "told to end before it began"
STOPPED_S = 10.0


def run_time_over(play: Play) -> Ended:
    return play.ends(*play.apart(*BRIEFLY))


def signalled(*signals: Signals, at: str) -> Played:
    """Signals to some of master, worker 1, worker 2; the second when the verdict, or a leaving, is under way."""

    def ending(play: Play) -> Ended:
        parts = play.apart(*LONG)
        told = {"master": parts[:1], "a worker": parts[1:2], "both workers": parts[1:], "all": parts}[at]
        for number, one in enumerate(signals):
            if number:
                (parts[0] if at != "a worker" else parts[1]).wait_for(CHECKING if at != "a worker" else LEAVES)
            play.send(one, *told)
        if at != "a worker":
            return play.ends(*parts)
        # The other goes on alone, and the run with it, until somebody ends it.
        parts[1].process.wait(deadlines.LEAVING_ALONE)
        if len(signals) == 1:
            # Who was on it comes back on the other.
            parts[0].wait_for(EVERYBODY, times=parts[0].output.count(EVERYBODY) + 1)
        play.send(SIGTERM, parts[0])
        return play.ends(*parts)

    return ending


def forked_group(*signals: Signals) -> Played:
    """As a terminal does at Ctrl-C: to the master and all it forked."""

    def ending(play: Play) -> Ended:
        process = play.forked(*LONG)
        for number, one in enumerate(signals):
            if number:
                process.wait_for(CHECKING)
            play.send(one, process, group=True)
        return play.ends(process)

    return ending


def forked_master_terminated(play: Play) -> Ended:
    process = play.forked(*LONG)
    play.send(SIGTERM, process)
    return play.ends(process)


def before_spawning_is_complete(number: Signals) -> Played:
    def ending(play: Play) -> Ended:
        parts = play.apart(*LONG, "-r", "0.25", "--rtc-documents", "1", sign="")
        while not any(AT_WORK in part.output for part in parts[1:]):
            time.sleep(0.05)
        assert "All users spawned" not in parts[0].output
        play.send(number, parts[0])
        return play.ends(*parts)

    return ending


def before_the_workers_came(number: Signals) -> Played:
    def ending(play: Play) -> Ended:
        master = play.master(*LONG)
        worker = play.worker(1)
        master.wait_for("reported as ready")
        play.send(number, master)
        return play.ends(master, worker)

    return ending


def workers_never_came(play: Play) -> Ended:
    master = play.master(*LONG, "--expect-workers-max-wait", "5")
    worker = play.worker(1)
    return play.ends(master, worker)


def a_task_quits_on_a_worker(play: Play) -> Ended:
    return play.ends(*play.apart("-t", "20s", sign="", locustfile=LOCUSTFILES / "quits.py"))


def shape_ends(play: Play) -> Ended:
    return play.ends(*play.apart(locustfile=LOCUSTFILES / "shape.py"))


def shape_terminated(play: Play) -> Ended:
    parts = play.apart(locustfile=LOCUSTFILES / "shape.py", environment={"ENDINGS_SHAPE_S": "600"})
    play.send(SIGTERM, parts[0])
    return play.ends(*parts)


def worker_killed_early(play: Play) -> Ended:
    parts = play.apart("-t", "8s", sign="")
    parts[0].wait_for_users()
    play.send(SIGKILL, parts[1])
    return play.ends(*parts)


def worker_killed_late(play: Play) -> Ended:
    parts = play.apart(*LONG)
    play.send(SIGKILL, parts[1])
    play.send(SIGTERM, parts[0])
    return play.ends(*parts)


def worker_killed_during_the_verdict(play: Play) -> Ended:
    parts = play.apart(*BRIEFLY)
    parts[0].wait_for(CHECKING)
    play.send(SIGKILL, parts[1])
    return play.ends(*parts)


def worker_killed_while_a_newcomer_waits(play: Play) -> Ended:
    play.use(waiting_server(play.folder / "server"))
    parts = play.apart(*BRIEFLY)
    play.wait_for_log(NEWCOMER_WAITS)
    play.send(SIGKILL, parts[1])
    play.let_newcomer_in()
    return play.ends(*parts)


def all_workers_killed(play: Play) -> Ended:
    parts = play.apart(*LONG)
    play.send(SIGKILL, *parts[1:])
    return play.ends(*parts)


def worker_stopped(play: Play) -> Ended:
    """For ten seconds in the middle; what it missed is caught up."""
    parts = play.apart(*LONG)
    pause(play, parts[1])
    parts[0].wait_for("self-healed")
    play.send(SIGTERM, parts[0])
    return play.ends(*parts)


def worker_stopped_during_the_verdict(play: Play) -> Ended:
    parts = play.apart(*BRIEFLY)
    parts[0].wait_for(CHECKING)
    pause(play, parts[1])
    return play.ends(*parts)


def pause(play: Play, part: LocustProcess) -> None:
    play.send(SIGSTOP, part)
    time.sleep(STOPPED_S)  # the one duration that is asked for
    play.send(SIGCONT, part)


def worker_added_late(play: Play) -> Ended:
    parts = play.apart(*LONG)
    parts.append(play.worker(3))
    parts[-1].wait_for(AT_WORK)
    play.send(SIGTERM, parts[0])
    return play.ends(*parts)


def worker_added_during_the_verdict(play: Play) -> Ended:
    play.use(waiting_server(play.folder / "server"))
    parts = play.apart(*BRIEFLY)
    play.wait_for_log(NEWCOMER_WAITS)
    parts.append(play.worker(3))
    parts[0].wait_for("reported as ready", times=3)
    play.let_newcomer_in()
    return play.ends(*parts)


def master_killed(play: Play) -> Ended:
    parts = play.apart(*LONG)
    play.send(SIGKILL, parts[0])
    return play.ends(*parts)


def master_killed_during_the_verdict(play: Play) -> Ended:
    parts = play.apart(*BRIEFLY)
    parts[0].wait_for(CHECKING)
    play.send(SIGKILL, parts[0])
    return play.ends(*parts)


EVERYBODY = " 4 users,"
"""In the line that tells every ten seconds how the run goes."""
BOTH = (0, 0)
IN_ORDER = deadlines.IN_ORDER
LOST_ONE = deadlines.WITH_A_LOST_WORKER
WITHOUT_MASTER = deadlines.MASTER_SILENT + deadlines.LEAVING_ALONE
NO_MASTER = "no verdict"
ENDINGS = (
    Ending("master and workers: run time over", run_time_over, "pass", IN_ORDER, workers=BOTH),
    Ending("SIGTERM at master", signalled(SIGTERM, at="master"), "pass", IN_ORDER, workers=BOTH),
    Ending("SIGTERM at master, twice", signalled(SIGTERM, SIGTERM, at="master"), "pass", IN_ORDER, workers=BOTH),
    Ending("SIGINT at master", signalled(SIGINT, at="master"), "pass", IN_ORDER, workers=BOTH),
    Ending(
        "SIGINT at master, twice",
        signalled(SIGINT, SIGINT, at="master"),
        "inconclusive",
        deadlines.GIVEN_UP + deadlines.LEAVING_ALONE,
        GIVEN_UP,
        workers=BOTH,
    ),
    Ending("SIGTERM at a worker, later at master", signalled(SIGTERM, at="a worker"), "pass", IN_ORDER, workers=BOTH),
    Ending("SIGTERM at a worker, twice", signalled(SIGTERM, SIGTERM, at="a worker"), "pass", IN_ORDER, workers=BOTH),
    Ending(
        "SIGINT at a worker, later SIGTERM at master", signalled(SIGINT, at="a worker"), "pass", IN_ORDER, workers=BOTH
    ),
    Ending(
        "SIGINT at a worker, twice",
        signalled(SIGINT, SIGINT, at="a worker"),
        "inconclusive",
        IN_ORDER,
        LOST,
        workers=BOTH,
    ),
    Ending("SIGTERM at both workers", signalled(SIGTERM, at="both workers"), "pass", IN_ORDER, workers=BOTH),
    Ending("SIGTERM at all", signalled(SIGTERM, at="all"), "pass", IN_ORDER, workers=BOTH),
    Ending("SIGTERM at all, twice", signalled(SIGTERM, SIGTERM, at="all"), "pass", IN_ORDER, workers=BOTH),
    Ending("SIGINT at all", signalled(SIGINT, at="all"), "pass", IN_ORDER, workers=BOTH),
    Ending(
        "SIGINT at all, twice",
        signalled(SIGINT, SIGINT, at="all"),
        "inconclusive",
        deadlines.GIVEN_UP + deadlines.LEAVING_ALONE,
        GIVEN_UP,
        workers=BOTH,
    ),
    Ending("forked workers: SIGTERM at master", forked_master_terminated, "pass", IN_ORDER),
    Ending("forked workers: SIGTERM at all", forked_group(SIGTERM), "pass", IN_ORDER),
    Ending("forked workers: Ctrl-C", forked_group(SIGINT), "pass", IN_ORDER),
    Ending(
        "forked workers: Ctrl-C twice",
        forked_group(SIGINT, SIGINT),
        "inconclusive",
        deadlines.GIVEN_UP + deadlines.LEAVING_ALONE,
        GIVEN_UP,
    ),
    Ending(
        "workers: SIGTERM before spawning is complete",
        before_spawning_is_complete(SIGTERM),
        "pass",
        IN_ORDER,
        workers=BOTH,
    ),
    Ending(
        "workers: SIGINT before spawning is complete",
        before_spawning_is_complete(SIGINT),
        "pass",
        IN_ORDER,
        workers=BOTH,
    ),
    Ending(
        "SIGTERM before the workers came",
        before_the_workers_came(SIGTERM),
        "inconclusive",
        deadlines.GIVEN_UP,
        NEVER_BEGAN,
        workers=(0,),
    ),
    Ending(
        "SIGINT before the workers came",
        before_the_workers_came(SIGINT),
        "inconclusive",
        deadlines.GIVEN_UP,
        NEVER_BEGAN,
        workers=(0,),
    ),
    Ending("workers never came", workers_never_came, "inconclusive", 5 + deadlines.IN_ORDER, "1 of 2", workers=(0,)),
    Ending("a task calls runner.quit() on a worker", a_task_quits_on_a_worker, "pass", 20 + IN_ORDER, workers=BOTH),
    Ending("workers: a load shape's end", shape_ends, "pass", 10 + IN_ORDER, workers=BOTH),
    Ending("workers: SIGTERM during a load shape", shape_terminated, "pass", IN_ORDER, workers=BOTH),
    Ending("a worker killed early", worker_killed_early, "inconclusive", 8 + LOST_ONE, LOST, workers=(-9, 0)),
    Ending("a worker killed late", worker_killed_late, "inconclusive", LOST_ONE, LOST, workers=(-9, 0)),
    Ending(
        "a worker killed during the verdict",
        worker_killed_during_the_verdict,
        "inconclusive",
        LOST_ONE,
        LOST,
        workers=(-9, 0),
    ),
    Ending(
        "a worker killed while a newcomer waits",
        worker_killed_while_a_newcomer_waits,
        "pass",
        LOST_ONE,
        workers=(-9, 0),
    ),
    Ending("all workers killed", all_workers_killed, "inconclusive", 5 + LOST_ONE, LOST, workers=(-9, -9)),
    Ending("a worker stopped for 10 s and continued", worker_stopped, "pass", IN_ORDER, workers=BOTH),
    Ending(
        "a worker stopped for 10 s during the verdict",
        worker_stopped_during_the_verdict,
        "pass",
        LOST_ONE,
        workers=BOTH,
    ),
    Ending("a worker added late", worker_added_late, "pass", IN_ORDER, workers=(0, 0, 0)),
    Ending("a worker added during the verdict", worker_added_during_the_verdict, "pass", IN_ORDER, workers=(0, 0, 0)),
    Ending("master killed", master_killed, None, WITHOUT_MASTER, workers=(4, 4), told=NO_MASTER),
    Ending(
        "master killed during the verdict",
        master_killed_during_the_verdict,
        None,
        WITHOUT_MASTER,
        workers=(4, 4),
        told=NO_MASTER,
    ),
)
