"""Command lines and environments of containers, read by the parser that reads them when they run.

Locust patches the standard library where it is imported, so its parser is asked in a process of its own: this file, run
as a program, answers a line of JSON with a line of JSON, until there are no more.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jupyter_rtc_locust.scale.constants import MEASURED

MORE_THAN_THE_AVERAGE = MEASURED.person_edits
"""Edits of people in bursts, for one that was asked for."""


def known_variables() -> set[str]:
    """Every environment variable that is an option of Locust's or of ours."""
    return set(_answer(json.dumps({"variables": True})))


def trouble_of_locust(args: Sequence[str], environment: Mapping[str, str]) -> str:
    """Why Locust, or we, would refuse these options in such an environment; empty where nobody does."""
    return str(_answer(json.dumps({"args": list(args), "environment": dict(environment)}, sort_keys=True)))


def run_of_locust(args: Sequence[str], environment: Mapping[str, str]) -> Run:
    """What a run with these options is, which are accepted; see `Run`."""
    question = {"args": list(args), "environment": dict(environment), "run": True}
    return Run(**_answer(json.dumps(question, sort_keys=True)))


@dataclass(frozen=True)
class Run:
    """A run as its options have it, in the numbers that its place has to be made for."""

    users: int
    documents: int
    workers: int
    """That are expected; 0 in a run of one process."""
    waits_for_workers_s: float
    """At most; 0: for ever."""
    workers_wait_s: float
    """So long a worker tries to reach its master, which is a number of Locust's."""
    run_s: float
    """0: until somebody ends it."""
    edit_rate: float
    awareness: str
    rhythm: str
    longest_end_s: float
    """From a signal to the end of the process at most, but for Locust's own shutdown."""


@cache
def _answer(question: str) -> Any:
    process = _asked()
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(question + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


@cache
def _asked() -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.communicate()


def _answer_for_ever() -> None:
    import contextlib
    import io

    from locust.argument_parser import get_parser
    from locust.runners import CONNECT_RETRY_COUNT, CONNECT_TIMEOUT

    from jupyter_rtc_locust.coordination.ending import longest_end
    from jupyter_rtc_locust.errors import OptionsError
    from jupyter_rtc_locust.options import add_options
    from jupyter_rtc_locust.settings import Settings

    for line in sys.stdin:
        question = json.loads(line)
        parser = get_parser(default_config_files=[])
        add_options(parser)
        answer: Any = ""
        if "variables" in question:
            answer = [action.env_var for action in parser._actions if getattr(action, "env_var", None)]
        else:
            told = io.StringIO()
            try:
                with contextlib.redirect_stderr(told):
                    options = parser.parse_args(question["args"], env_vars=question["environment"])
                settings = Settings.from_options(options)
                if "run" in question:
                    run_s = options.run_time or 0
                    edits = MORE_THAN_THE_AVERAGE * settings.edit_rate * (options.num_users or 1) * run_s
                    answer = {
                        "users": options.num_users or 1,
                        "documents": settings.documents,
                        "workers": options.expect_workers,
                        "waits_for_workers_s": options.expect_workers_max_wait,
                        "workers_wait_s": CONNECT_TIMEOUT * CONNECT_RETRY_COUNT,
                        "run_s": run_s,
                        "edit_rate": settings.edit_rate,
                        "awareness": settings.awareness,
                        "rhythm": settings.rhythm,
                        "longest_end_s": longest_end(
                            int(edits),
                            faults=False,
                            hub=settings.hub is not None,
                            drain_timeout=settings.drain_timeout,
                        ),
                    }
            except SystemExit:
                answer = told.getvalue().strip().splitlines()[-1]
            except OptionsError as error:
                answer = str(error)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _answer_for_ever()
