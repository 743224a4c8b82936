"""Endings of a master that begins its run by itself and serves the web UI beside it: `--autostart`, `--autoquit`.

They are those of a master without the web UI, so many seconds later, in which the page shows the verdict.
"""

from __future__ import annotations

from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM, Signals

from endings import deadlines
from endings.ending import Ending, Played
from endings.play import AT_WORK, BRIEFLY, CHECKING, LOCUSTFILES, LONG, Ended, Play
from runs import asking
from runs.locust_run import LocustProcess
from servers.processes import free_port

STAYS_S = 4
"""`--autoquit` of these runs."""
LATER_S = STAYS_S + 2 + 60
"""Until the process ends: Locust waits for a worker that is gone for so long, or for users to stop."""
NEVER_BEGAN = "told to end before it began"
LOST = "did not answer at the end"
BOTH = (0, 0)


def begun(play: Play, *options: str) -> list[LocustProcess]:
    """A master with a page and its two workers, at work."""
    parts = [play.master(*options, stays=STAYS_S), play.worker(1), play.worker(2)]
    for part in parts[1:]:
        part.wait_for(AT_WORK)
    return parts


def run_time_over(play: Play) -> Ended:
    return play.ends(*begun(play, *BRIEFLY))


def stopped(play: Play) -> Ended:
    """Stop pressed; whoever presses New while the verdict is shown is told that there is none."""
    parts = begun(play, *LONG)
    page = play.page_of(parts[0])
    pressed = page.press_stop()
    play.happened()
    parts[0].wait_for(CHECKING)
    assert pressed.wait(150) == 0, parts[0].output
    form = {"user_count": 4, "spawn_rate": 20, "host": play.server.url}
    answer = asking.post(f"{page.address}/swarm", data=form, timeout=30).json()
    ended = play.ends(*parts)
    if answer["success"]:
        ended.problems.append("a second run could be begun")
    return ended


def signalled(number: Signals) -> Played:
    def ending(play: Play) -> Ended:
        parts = begun(play, *LONG)
        play.send(number, parts[0])
        return play.ends(*parts)

    return ending


def waiting(play: Play, *options: str) -> LocustProcess:
    """A master that waits for its workers, where an earlier run left a report."""
    master = play.master(*LONG, *options, stays=STAYS_S)
    master.wait_for("Starting web interface")
    report = _report_of(master)
    report.parent.mkdir(exist_ok=True)
    report.write_text("jupyter-rtc-locust: an earlier run passed.")
    return master


def without_the_earlier_report(play: Play, *parts: LocustProcess) -> Ended:
    """The end of a run that never began, which nobody may take the earlier one for."""
    ended = play.ends(*parts)
    if _report_of(parts[0]).exists():
        ended.problems.append("the report of an earlier run is still there")
    return ended


def _report_of(process: LocustProcess) -> Path:
    return process.folder / "results" / "report.html"


def before_the_workers_came(number: Signals) -> Played:
    def ending(play: Play) -> Ended:
        master = waiting(play)
        worker = play.worker(1)
        master.wait_for("reported as ready")
        play.send(number, master)
        return without_the_earlier_report(play, master, worker)

    return ending


def workers_never_came(play: Play) -> Ended:
    master = waiting(play, "--expect-workers-max-wait", "8")
    return without_the_earlier_report(play, master, play.worker(1))


def a_worker_is_refused(play: Play) -> Ended:
    master = waiting(play)
    worker = play.worker(1)
    master.wait_for("reported as ready")
    return without_the_earlier_report(play, master, worker, play.worker(2, locustfile=LOCUSTFILES / "quits.py"))


def all_workers_killed(play: Play) -> Ended:
    parts = begun(play, *LONG)
    play.send(SIGKILL, *parts[1:])
    return play.ends(*parts)


def server_unreachable(play: Play) -> Ended:
    """Nobody listens where the run is to go."""
    nowhere = ("--host", f"http://127.0.0.1:{free_port()}")
    master = play.master(*LONG, *nowhere, stays=STAYS_S)
    return play.ends(master, play.worker(1), play.worker(2))


IN_ORDER = deadlines.IN_ORDER + LATER_S
ENDINGS = (
    Ending("--autostart: run time over", run_time_over, "pass", 5 + IN_ORDER, workers=BOTH),
    Ending("--autostart: Stop", stopped, "pass", IN_ORDER, workers=BOTH),
    Ending("--autostart: SIGTERM", signalled(SIGTERM), "pass", deadlines.IN_ORDER, workers=BOTH),
    Ending(
        "--autostart: SIGTERM before the workers came",
        before_the_workers_came(SIGTERM),
        "inconclusive",
        deadlines.GIVEN_UP,
        NEVER_BEGAN,
        workers=(0,),
    ),
    Ending(
        "--autostart: SIGINT before the workers came",
        before_the_workers_came(SIGINT),
        "inconclusive",
        deadlines.GIVEN_UP,
        NEVER_BEGAN,
        workers=(0,),
    ),
    Ending(
        "--autostart: workers never came",
        workers_never_came,
        "inconclusive",
        8 + deadlines.IN_ORDER,
        "1 of 2",
        workers=(0,),
    ),
    Ending(
        "--autostart: a worker is refused",
        a_worker_is_refused,
        "inconclusive",
        deadlines.GIVEN_UP,
        "locustfile",
        workers=(0, 2),
    ),
    Ending(
        "--autostart: all workers killed",
        all_workers_killed,
        "inconclusive",
        deadlines.WITH_A_LOST_WORKER + LATER_S,
        LOST,
        workers=(-9, -9),
    ),
    Ending("--autostart: server unreachable", server_unreachable, "inconclusive", IN_ORDER, workers=BOTH),
)
