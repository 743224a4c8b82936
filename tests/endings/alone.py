"""Endings of a run in one process."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals

from endings import deadlines
from endings.ending import Ending, Played
from endings.play import AT_WORK, BRIEFLY, CHECKING, LOCUSTFILES, LONG, NEWCOMER_LET_IN, NEWCOMER_WAITS, Ended, Play
from servers.processes import REPOSITORY, environment_without_jupyter, free_port, sick_server
from servers.server_process import ServerProcess

GIVEN_UP = "given up"
NOT_WRITTEN = "could not be written"


def waiting_server(folder: Path, save_delay: float = 0.3) -> ServerProcess:
    """The sick server that lets newcomers wait, and saves so many seconds after the last change."""
    root = folder / "root"
    root.mkdir(parents=True)
    port, secret = free_port(), "held-back-by-nobody"
    command = [sys.executable, "-m", "endings.waiting_server", "--port", str(port), "--folder", str(root)]
    return ServerProcess(
        name="sick server (newcomer-waits)",
        command=[*command, "--fault", "newcomer-waits", "--fault-at", "5", "--save-delay", str(save_delay)],
        environment=environment_without_jupyter(REPOSITORY / "tests", JUPYTER_TOKEN=secret),
        port=port,
        home=folder,
        root=root,
        token=secret,
    ).start()


def run_time_over(play: Play) -> Ended:
    return play.ends(play.alone(*BRIEFLY))


def signalled(*signals: Signals) -> Played:
    """At work, then each signal; the second and later ones when the verdict is under way."""

    def ending(play: Play) -> Ended:
        process = play.alone(*LONG)
        process.wait_for(AT_WORK)
        for number, one in enumerate(signals):
            if number == 1:
                process.wait_for(CHECKING)
            play.send(one, process)
        return play.ends(process)

    return ending


def run_time_over_then(number: Signals) -> Played:
    def ending(play: Play) -> Ended:
        process = play.alone(*BRIEFLY)
        process.wait_for(CHECKING)
        play.send(number, process)
        return play.ends(process)

    return ending


def while_a_newcomer_waits(*signals: Signals) -> Played:
    def ending(play: Play) -> Ended:
        play.use(waiting_server(play.folder / "server"))
        process = play.alone(*BRIEFLY)
        play.wait_for_log(NEWCOMER_WAITS)
        for one in signals:
            play.send(one, process)
        if SIGINT not in signals:
            process.wait_for("Got SIGTERM signal")
            play.let_newcomer_in()
        return play.ends(process)

    return ending


def before_spawning_is_complete(number: Signals, documents: int = 1) -> Played:
    def ending(play: Play) -> Ended:
        process = play.alone(*LONG, "-r", "0.25", "--rtc-documents", str(documents))
        process.wait_for(AT_WORK)
        assert "All users spawned" not in process.output
        play.send(number, process)
        return play.ends(process)

    return ending


def before_any_edit(play: Play) -> Ended:
    process = play.alone(*LONG, "--rtc-edit-rate", "0.01")
    process.wait_for_users()
    play.send(SIGTERM, process)
    return play.ends(process)


def shape_ends(play: Play) -> Ended:
    return play.ends(play.alone(locustfile=LOCUSTFILES / "shape.py"))


def shape_is_told_to_end(number: Signals) -> Played:
    def ending(play: Play) -> Ended:
        process = play.alone(locustfile=LOCUSTFILES / "shape.py", environment={"ENDINGS_SHAPE_S": "600"})
        process.wait_for(AT_WORK)
        play.send(number, process)
        return play.ends(process)

    return ending


def a_task_quits(play: Play) -> Ended:
    return play.ends(play.alone(*LONG, locustfile=LOCUSTFILES / "quits.py"))


def server_killed(play: Play) -> Ended:
    server = play.use(sick_server())
    process = play.alone(*BRIEFLY)
    process.wait_for(AT_WORK)
    server.kill()
    process.wait_for(CHECKING)
    play.happened()
    return play.ends(process)


def server_killed_during_the_verdict(play: Play) -> Ended:
    server = play.use(sick_server())
    process = play.alone(*BRIEFLY)
    process.wait_for(CHECKING)
    server.kill()
    play.happened()
    return play.ends(process)


def server_killed_under_the_newcomer(play: Play) -> Ended:
    server = play.use(waiting_server(play.folder / "server"))
    process = play.alone(*BRIEFLY)
    play.wait_for_log(NEWCOMER_WAITS)
    server.kill()
    play.happened()
    return play.ends(process)


def server_killed_before_the_file_is_right(play: Play) -> Ended:
    server = play.use(waiting_server(play.folder / "server", save_delay=600.0))
    process = play.alone(*BRIEFLY)
    play.wait_for_log(NEWCOMER_WAITS)
    play.let_newcomer_in()
    play.wait_for_log(NEWCOMER_LET_IN)
    server.kill()
    play.happened()
    return play.ends(process)


def server_hung(play: Play) -> Ended:
    server = play.use(sick_server())
    process = play.alone(*BRIEFLY)
    process.wait_for(AT_WORK)
    server.pause()
    process.wait_for(CHECKING)
    play.happened()
    return play.ends(process)


def server_hung_during_the_verdict(play: Play) -> Ended:
    server = play.use(sick_server())
    process = play.alone(*BRIEFLY)
    process.wait_for(CHECKING)
    server.pause()
    play.happened()
    return play.ends(process)


def nobody_could_connect(play: Play) -> Ended:
    # The first line of each of the two rooms is an observer's.
    play.use(sick_server("refuse-session", user=2))
    return play.ends(play.alone(*BRIEFLY))


def nobody_wrote_anything(play: Play) -> Ended:
    return play.ends(play.alone(*BRIEFLY, locustfile=LOCUSTFILES / "silent.py"))


def a_check_raises(play: Play) -> Ended:
    hook = str(Path(__file__).resolve().parent / "raising_check")
    return play.ends(play.alone(*BRIEFLY, environment={"PYTHONPATH": hook}))


def results_vanished(play: Play) -> Ended:
    process = play.alone(*BRIEFLY)
    process.wait_for(AT_WORK)
    shutil.rmtree(process.folder / "results")
    return play.ends(process)


def results_are_a_file(play: Play) -> Ended:
    process = play.alone(*BRIEFLY)
    process.wait_for(AT_WORK)
    shutil.rmtree(process.folder / "results")
    (process.folder / "results").write_text("This was a folder.")
    return play.ends(process)


def disk_full(play: Play) -> Ended:
    """A file system of 64 KiB without a free byte, mounted over the results while people edit (needs root)."""
    process = play.alone(*BRIEFLY)
    process.wait_for(AT_WORK)
    results = process.folder / "results"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(results)], check=True)
    try:
        with (results / "everything").open("wb", buffering=0) as file:
            while file.write(b"x" * 4096) == 4096:
                pass
    except OSError:
        pass  # it is full now
    try:
        return play.ends(process)
    finally:
        subprocess.run(["umount", str(results)], check=True)


def disk_full_for_the_log_too(play: Play) -> Ended:
    """No file that the process has open may grow any more (RLIMIT_FSIZE): what it says on its terminal is lost, too."""
    process = play.alone(*BRIEFLY)
    process.wait_for(AT_WORK)
    subprocess.run(["prlimit", "--pid", str(process.process.pid), "--fsize=1:1"], check=True)
    return play.ends(process)


def nobody_reads_on(play: Play) -> Ended:
    """Standard output is a pipe, and whoever read it has gone, as `| head` does."""
    program = (
        "import os, subprocess, sys; read, write = os.pipe(); "
        "child = subprocess.Popen(sys.argv[1:], stdout=write); os.close(write); "
        "os.read(read, 100); os.close(read); sys.exit(child.wait())"
    )
    return play.ends(play.alone(*BRIEFLY, wrapped_in=(sys.executable, "-c", program)))


LOST, STALLED = frozenset({"server-lost"}), frozenset({"stalled"})
ENDINGS = (
    Ending("run time over", run_time_over, "pass", deadlines.IN_ORDER),
    Ending("SIGTERM", signalled(SIGTERM), "pass", deadlines.IN_ORDER),
    Ending("SIGTERM twice", signalled(SIGTERM, SIGTERM), "pass", deadlines.IN_ORDER),
    Ending("SIGINT", signalled(SIGINT), "pass", deadlines.IN_ORDER),
    Ending("SIGINT twice", signalled(SIGINT, SIGINT), "inconclusive", deadlines.GIVEN_UP, GIVEN_UP),
    Ending(
        "SIGINT five times",
        signalled(SIGINT, SIGINT, SIGINT, SIGINT, SIGINT),
        "inconclusive",
        deadlines.GIVEN_UP,
        GIVEN_UP,
    ),
    Ending("SIGTERM, then SIGINT", signalled(SIGTERM, SIGINT), "inconclusive", deadlines.GIVEN_UP, GIVEN_UP),
    Ending("SIGINT, then SIGTERM", signalled(SIGINT, SIGTERM), "pass", deadlines.IN_ORDER),
    Ending("run time over, SIGTERM during the verdict", run_time_over_then(SIGTERM), "pass", deadlines.IN_ORDER),
    Ending(
        "run time over, SIGINT during the verdict",
        run_time_over_then(SIGINT),
        "inconclusive",
        deadlines.GIVEN_UP,
        GIVEN_UP,
    ),
    Ending("SIGTERM while a newcomer waits", while_a_newcomer_waits(SIGTERM), "pass", deadlines.IN_ORDER),
    Ending(
        "SIGINT while a newcomer waits", while_a_newcomer_waits(SIGINT), "inconclusive", deadlines.GIVEN_UP, GIVEN_UP
    ),
    Ending("SIGTERM before spawning is complete", before_spawning_is_complete(SIGTERM), "pass", deadlines.IN_ORDER),
    Ending("SIGINT before spawning is complete", before_spawning_is_complete(SIGINT), "pass", deadlines.IN_ORDER),
    Ending("SIGTERM before any edit", before_any_edit, "inconclusive", deadlines.IN_ORDER, "nobody made one"),
    Ending("a load shape's end", shape_ends, "pass", deadlines.IN_ORDER),
    Ending("SIGTERM during a load shape", shape_is_told_to_end(SIGTERM), "pass", deadlines.IN_ORDER),
    Ending("SIGINT during a load shape", shape_is_told_to_end(SIGINT), "pass", deadlines.IN_ORDER),
    Ending("a task calls runner.quit()", a_task_quits, "pass", deadlines.IN_ORDER),
    Ending("server killed before the end", server_killed, "fail", deadlines.WITHOUT_SERVER, "", LOST),
    Ending(
        "server killed during the verdict",
        server_killed_during_the_verdict,
        "fail",
        deadlines.WITHOUT_SERVER,
        "",
        LOST,
    ),
    Ending(
        "server killed while a newcomer waits",
        server_killed_under_the_newcomer,
        "fail",
        deadlines.WITHOUT_SERVER,
        "",
        LOST,
    ),
    Ending(
        "server killed while the file is waited for",
        server_killed_before_the_file_is_right,
        "fail",
        deadlines.WITHOUT_SERVER + deadlines.SAVE,
        "",
        LOST,
    ),
    Ending("server hung before the end", server_hung, "fail", deadlines.WITH_A_SILENT_SERVER, "", LOST | STALLED),
    Ending(
        "server hung during the verdict",
        server_hung_during_the_verdict,
        "fail",
        deadlines.WITH_A_SILENT_SERVER,
        "",
        LOST | STALLED,
    ),
    Ending("nobody could connect", nobody_could_connect, "inconclusive", deadlines.IN_ORDER),
    Ending("no user wrote anything", nobody_wrote_anything, "inconclusive", deadlines.IN_ORDER, "nobody made one"),
    Ending("a check raises", a_check_raises, "inconclusive", deadlines.IN_ORDER, "ZeroDivisionError"),
    Ending("results folder vanished", results_vanished, "pass", deadlines.IN_ORDER),
    Ending(
        "results folder replaced by a file",
        results_are_a_file,
        "inconclusive",
        deadlines.IN_ORDER,
        NOT_WRITTEN,
        result_file=False,
    ),
    Ending("disk full", disk_full, "inconclusive", deadlines.IN_ORDER, NOT_WRITTEN, result_file=False),
    Ending(
        "disk full, and standard output is on it",
        disk_full_for_the_log_too,
        "inconclusive",
        deadlines.IN_ORDER,
        result_file=False,
        printed=False,
    ),
    Ending("standard output closed", nobody_reads_on, "pass", deadlines.IN_ORDER, printed=False),
)
