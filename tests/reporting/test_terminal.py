"""A terminal that cannot be written changes neither the run nor its exit code."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from jupyter_rtc_locust.reporting.terminal import say
sys.stdin.readline()
say("one")
say("two")
sys.exit(3)
"""


def test_a_pipe_that_nobody_reads_any_more_leaves_the_exit_code_as_it_is():
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    _, errors = None, process.stderr
    process.stdin.write(b"go on\n")
    process.stdin.close()
    said = errors.read().decode()
    errors.close()
    assert process.wait(30) == 3
    assert said.count("Standard output could not be written") == 1
    assert "Traceback" not in said


def test_a_disk_that_is_full_leaves_the_exit_code_as_it_is():
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], input=b"go on\n", stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 3
    assert b"Standard output could not be written" in done.stderr


def test_what_is_said_is_there_at_once():
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.replace("sys.exit(3)", "sys.stdin.readline()")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        process.stdin.write(b"go on\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"one\n"
        assert process.stdout.readline() == b"two\n"
        process.stdin.close()
