"""`jupyter rtc-locust plan-capacity`: its arguments, and what it prints."""

from __future__ import annotations

import argparse
import math
import re
from dataclasses import replace
from typing import Any, Final

from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.scale.constants import MEASURED
from jupyter_rtc_locust.scale.need import Asked, need
from jupyter_rtc_locust.scale.table import table

SUMMARY: Final = "what a run of so many people takes: workers, memory, servers, the verdict"

DESCRIPTION: Final = """\
Print, as a table, what runs of so many people in rooms of so many take:
messages, network, workers, memory, servers, evidence and the verdict. Nothing
is measured: it follows from constants that were (docs/scale.md), of which
those of the server can be given.
"""

USERS: Final = (1_000, 10_000, 100_000)
ROOMS: Final = (2, 5, 50, 500)
_TOO_MUCH: Final = 10**9
"""No run has as many of anything; below it floating point is exact enough for whole numbers."""
_SPAN: Final = re.compile(r"(?=.)(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
"""As Locust's `-t`: 90s, 10m, 1h30m."""
_CHOICES: Final = {"awareness": ("faithful", "own", "none"), "rhythm": ("person", "steady", "poisson")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Texts, which are checked with a sentence, as all options are."""
    parser.add_argument("-u", "--users", metavar="N", nargs="+", default=USERS, help="1000 10000 100000")
    parser.add_argument("--room", metavar="N", nargs="+", default=ROOMS, help="people in a document: 2 5 50 500")
    parser.add_argument("--edit-rate", metavar="N", default="1", help="edits a second and user (%(default)s)")
    parser.add_argument("--run-time", metavar="TIME", default="60", help="seconds, or such as 10m (%(default)s)")
    parser.add_argument("--awareness", metavar="KIND", default="faithful", help="faithful, own or none (%(default)s)")
    parser.add_argument("--rhythm", metavar="KIND", default="person", help="person, steady or poisson (%(default)s)")
    parser.add_argument("--workers", metavar="N", default="0", help="processes; 0: as many as their CPU needs (0)")
    parser.add_argument(
        "--server-edit-ms",
        metavar="MS",
        default=f"{1000 * MEASURED.server_edit_cpu:g}",
        help="CPU of the server for an edit (%(default)s)",
    )
    parser.add_argument(
        "--server-message-us",
        metavar="US",
        default=f"{1e6 * MEASURED.server_message_cpu:g}",
        help="CPU of the server for each message that it sends (%(default)s)",
    )


def planned(options: Any) -> list[str]:
    """The lines to print.

    Raises:
        OptionsError: a number is none, or no run has it.
    """
    constants = replace(
        MEASURED,
        server_edit_cpu=_number("--server-edit-ms", options.server_edit_ms) / 1000,
        server_message_cpu=_number("--server-message-us", options.server_message_us) / 1e6,
    )
    for name, known in _CHOICES.items():
        if (given := getattr(options, name)) not in known:
            raise OptionsError(f"--{name} {given!r} is not known. Choose one of: {', '.join(known)}.")
    edit_rate, run_s = _number("--edit-rate", options.edit_rate), _run_s(options.run_time)
    workers = _whole("--workers", options.workers, "workers", least=0)
    asked = [
        Asked(users, room, edit_rate, options.awareness, options.rhythm, run_s, workers)
        for users in (_whole("--users", one) for one in options.users)
        for room in (_whole("--room", one) for one in options.room)
    ]
    return table([need(one, constants) for one in asked])


def _number(option: str, given: object) -> float:
    try:
        number = float(str(given))
    except ValueError:
        raise OptionsError(f"{option} {str(given)[:100]!r} is not a number: give one such as 1 or 0.5.") from None
    if number >= _TOO_MUCH:
        raise OptionsError(f"{option} {str(given)[:100]!r} is more than a run has: give less than {_TOO_MUCH:,}.")
    if not number >= 0:
        raise OptionsError(f"{option} {str(given)[:100]!r} is no number that a run has: give 0 or more.")
    return number


def _float(given: object) -> float:
    """NaN, where it is no number."""
    try:
        return float(str(given))
    except ValueError:
        return math.nan


def _run_s(given: object) -> float:
    """Seconds, or hours, minutes and seconds as Locust's `-t` has them."""
    option, said = "--run-time", str(given)
    if span := _SPAN.fullmatch(said):
        hours, minutes, seconds = (int(part or 0) for part in span.groups())
        run_s = float(3600 * hours + 60 * minutes + seconds)
    else:
        run_s = _float(said)
    if math.isnan(run_s):
        raise OptionsError(
            f"{option} {said[:100]!r} is no time: give seconds, such as 600, or one such as 10m or 1h30m."
        )
    if not run_s > 0:
        raise OptionsError(f"{option} {said[:100]!r}: no run is so short. Give more than 0 seconds.")
    if run_s >= _TOO_MUCH:
        raise OptionsError(f"{option} {said[:100]!r} is more than a run has: give less than {_TOO_MUCH:,} seconds.")
    return run_s


def _whole(option: str, given: object, what: str = "people", least: int = 1) -> int:
    number = _float(given)
    if number >= _TOO_MUCH:
        _number(option, given)
    if not number >= least or number != int(number):
        raise OptionsError(f"{option} {str(given)[:100]!r} is no number of {what}: give whole numbers from {least}.")
    return int(number)
