"""`jupyter rtc-locust capacity`: its arguments, what it refuses, and the options of the run that it becomes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.timing.thresholds import ThresholdError, read_thresholds

if TYPE_CHECKING:
    from collections.abc import Sequence

SUMMARY: Final = "how many people a server holds before a promise breaks"
PROMISE: Final = "update echo p95 < 300ms"
PROFILE: Final = "lab_class"
MOST: Final = 200
SHAPE: Final = "capacity_shape.py"

DESCRIPTION: Final = """\
Find out how many people of a profile a server holds: more and more come, until
a promise breaks or documents are no longer what people wrote; then fewer, to
see it recover; then between, until a step is left. The answer is a sentence,
and stands with all steps in results/capacity.json, capacity.md and a picture.

It loads the server until it can no more: ask whoever owns it first. A few
minutes; Ctrl-C ends it. The token of a server is read from JUPYTER_TOKEN.

  jupyter rtc-locust capacity
  jupyter rtc-locust capacity --host http://127.0.0.1:8888 --profile lecture \\
      --promise "update delivery p95 < 500ms, save p99 < 10s"

Everything else goes to Locust, as with "demo": --processes 2, -r 20, -t 10m
(at most so long).
"""

EXIT_CODES: Final = """\
exit codes:
  0  the capacity was found, or the most that was asked for is held
  2  an option was refused
  3  documents were not what people wrote: no number is worth anything then
  4  not known: the load generator gave out first, or it could not be established
"""

_OURS: Final = {
    "--locustfile": "--profile",
    "-f": "--profile",
    "--users": "--most",
    "-u": "--most",
    "--rtc-promise": "--promise",
    "--rtc-step": "--step",
    "--rtc-step-window": "--window",
    "--rtc-server-pid": "--server-pid",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `capacity` takes besides the options of Locust."""
    parser.add_argument(
        "--profile", metavar="NAME", default=PROFILE, help="a profile that comes along, or a locustfile (%(default)s)"
    )
    parser.add_argument(
        "--promise", metavar="LIMITS", default=PROMISE, help="what is to be kept, as --rtc-require has it (%(default)s)"
    )
    parser.add_argument("--most", metavar="N", type=int, default=MOST, help="people to try at most (%(default)s)")
    parser.add_argument("--step", metavar="N", type=int, default=0, help="narrow down to so many people (a twentieth)")
    parser.add_argument(
        "--window", metavar="SECONDS", type=int, default=5, help="a step takes two to four (%(default)s)"
    )
    parser.add_argument(
        "--server-pid", metavar="PID", type=int, default=0, help="the server's process here, for its CPU (--host)"
    )


def options_of_the_run(options: argparse.Namespace, passed_on: Sequence[str], locustfiles: Path) -> list[str]:
    """The options of Locust for this search, those that are passed on last.

    Raises:
        OptionsError: one is refused.
    """
    for option in passed_on:
        name = option.split("=")[0]
        if name in _OURS:
            raise OptionsError(f"{name} is what capacity sets itself, by {_OURS[name]}: use that.")
    try:
        promise = read_thresholds(options.promise)
    except ThresholdError as error:
        raise OptionsError(f"--promise {error}") from None
    if not promise:
        raise OptionsError(f'--promise is empty: say what is to be kept, as in "{PROMISE}".')
    for name, least in (("most", 1), ("step", 0), ("window", 2), ("server_pid", 0)):
        if getattr(options, name) < least:
            raise OptionsError(f"--{name.replace('_', '-')} {getattr(options, name)}: give {least} or more.")
    if options.step > options.most:
        raise OptionsError(f"--step {options.step} is more than --most {options.most}: give less.")
    return [
        *("--locustfile", f"{_profile(options.profile, locustfiles)},{locustfiles / SHAPE}"),
        *("--headless", "--only-summary"),
        *("--users", str(options.most)),
        *("--rtc-promise", options.promise),
        *("--rtc-step", str(options.step)),
        *("--rtc-step-window", str(options.window)),
        *("--rtc-server-pid", str(options.server_pid)),
        *passed_on,
    ]


def _profile(name: str, locustfiles: Path) -> Path:
    """The locustfile of this name: a file, or one that comes along.

    Raises:
        OptionsError: there is none.
    """
    for path in (locustfiles / f"{name.removesuffix('.py')}.py", Path(name)):
        if path.is_file() and path.name != SHAPE:
            return path
    known = sorted(path.stem for path in locustfiles.glob("*.py") if not path.stem.endswith("_shape"))
    raise OptionsError(
        f"--profile {name[:100]!r} is neither a locustfile nor a profile that comes along: {', '.join(known)}."
    )
