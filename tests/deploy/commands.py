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
from functools import cache
from typing import Any


def known_variables() -> set[str]:
    """Every environment variable that is an option of Locust's or of ours."""
    return set(_answer(json.dumps({"variables": True})))


def trouble_of_locust(args: Sequence[str], environment: Mapping[str, str]) -> str:
    """Why Locust, or we, would refuse these options in such an environment; empty where nobody does."""
    return str(_answer(json.dumps({"args": list(args), "environment": dict(environment)}, sort_keys=True)))


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
                Settings.from_options(options)
            except SystemExit:
                answer = told.getvalue().strip().splitlines()[-1]
            except OptionsError as error:
                answer = str(error)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _answer_for_ever()
