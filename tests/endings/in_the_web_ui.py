"""Endings of a run that was started in the web UI. The process goes on after them; SIGTERM ends it."""

from __future__ import annotations

from signal import SIGINT, SIGTERM, Signals

from endings import deadlines
from endings.alone import GIVEN_UP, waiting_server
from endings.ending import Ending, Played
from endings.play import CHECKING, NEWCOMER_WAITS, Ended, Play


def stopped(times: int) -> Played:
    """Stop pressed so often, the second time while the verdict is under way."""

    def ending(play: Play) -> Ended:
        process, page = play.web()
        pressed = []
        for number in range(times):
            if number:
                process.wait_for(CHECKING)
            pressed.append(page.press_stop())
            play.happened()
        for one in pressed:
            assert one.wait(150) == 0, process.output
        page.wait_until_stopped()
        process.terminate()
        return play.ends(process)

    return ending


def stopped_while_a_newcomer_waits(play: Play) -> Ended:
    play.use(waiting_server(play.folder / "server"))
    process, page = play.web()
    first = page.press_stop()
    play.wait_for_log(NEWCOMER_WAITS)
    second = page.press_stop()
    play.let_newcomer_in()
    assert first.wait(150) == second.wait(150) == 0, process.output
    page.wait_until_stopped()
    process.terminate()
    return play.ends(process)


def run_time_over(play: Play) -> Ended:
    process, page = play.web(run_time="5s")
    process.wait_for(CHECKING)
    play.happened()
    page.wait_until_stopped()
    process.terminate()
    return play.ends(process)


def signalled_during_the_verdict(number: Signals) -> Played:
    def ending(play: Play) -> Ended:
        process, page = play.web()
        page.press_stop()
        process.wait_for(CHECKING)
        play.send(number, process)
        return play.ends(process)

    return ending


def signalled(number: Signals) -> Played:
    def ending(play: Play) -> Ended:
        process, _ = play.web()
        play.send(number, process)
        return play.ends(process)

    return ending


ENDINGS = (
    Ending("web UI: Stop", stopped(1), "pass", deadlines.IN_ORDER),
    Ending("web UI: Stop twice", stopped(2), "pass", deadlines.IN_ORDER),
    Ending("web UI: Stop while a newcomer waits", stopped_while_a_newcomer_waits, "pass", deadlines.IN_ORDER),
    Ending("web UI: run time over", run_time_over, "pass", deadlines.IN_ORDER),
    Ending("web UI: SIGTERM", signalled(SIGTERM), "pass", deadlines.IN_ORDER),
    Ending("web UI: SIGINT", signalled(SIGINT), "pass", deadlines.IN_ORDER),
    Ending(
        "web UI: Stop, SIGTERM during the verdict", signalled_during_the_verdict(SIGTERM), "pass", deadlines.IN_ORDER
    ),
    Ending(
        "web UI: Stop, SIGINT during the verdict",
        signalled_during_the_verdict(SIGINT),
        "inconclusive",
        deadlines.GIVEN_UP,
        GIVEN_UP,
    ),
)
