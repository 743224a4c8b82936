"""The line that is written anew in its place on a terminal, and is a plain line everywhere else."""

import os
import pty
import subprocess
import sys

PROGRAM = """
import logging
import sys
handler = logging.StreamHandler(sys.stdout)
logging.getLogger().addHandler(handler)
from jupyter_rtc_locust.reporting.standing_line import StandingLine
from jupyter_rtc_locust.reporting.terminal import say
line = StandingLine()
line.show("first")
line.show("second " + "x" * 500)
say("something")
line.show("third")
logging.warning("logged")
line.show("fourth")
line.erase()
line.erase()
say("the end")
"""
ERASE = "\r\x1b[K"


def on_a_terminal(**environment: str) -> str:
    """What the program writes on a terminal of its own, whose line ends are CR LF."""
    ours, its = pty.openpty()
    told = b""
    done = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=its, env={**os.environ, **environment})
    os.close(its)
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # nobody has the terminal open any more
            break
        told += piece
        if not piece:
            break
    os.close(ours)
    assert done.wait(30) == 0
    return told.decode().replace("\r\n", "\n")


def test_on_a_terminal_it_is_written_anew_and_makes_room_for_what_is_said_and_logged():
    told = on_a_terminal(TERM="xterm", COLUMNS="40")
    shown = ["", "first", f"second {'x' * 32}", "something\n", "third", "logged\n", "fourth", "the end\n"]
    assert told == ERASE.join(shown)


def test_on_a_dumb_terminal_and_in_a_file_it_is_a_plain_line():
    piped = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    assert piped.splitlines() == [
        "first",
        f"second {'x' * 500}",
        "something",
        "third",
        "logged",
        "fourth",
        "the end",
    ]
    assert on_a_terminal(TERM="dumb") == piped
