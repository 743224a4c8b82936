"""`jupyter rtc-locust ab`: two environments, runs in turn, and what changed between them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.comparison import command as comparing
from jupyter_rtc_locust.comparison.comparing import LEAST_RUNS
from jupyter_rtc_locust.comparison.runs import RESULT
from jupyter_rtc_locust.comparison.words import milliseconds
from jupyter_rtc_locust.errors import OptionsError, RtcLocustError
from jupyter_rtc_locust.exit_codes import INCONCLUSIVE, OPTIONS_REFUSED
from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.settings import seconds_of
from jupyter_rtc_locust.timing.figures import figure_named
from jupyter_rtc_locust.verdict.neutralising import neutralised
from jupyter_rtc_locust.versions.environments import cache_folder, installed_here, last_lines, made
from jupyter_rtc_locust.versions.requirements import differing, read_requirement, wanted
from jupyter_rtc_locust.versions.turns import AROUND_A_RUN_S, OUTPUT, Ended, Side, take_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SUMMARY: Final = "install two versions of a server, run them in turn, and compare"

DESCRIPTION: Final = """\
Install two versions of what a Jupyter server consists of, each in an
environment of its own; let ten people edit on a server of each in turn, A B B A,
from one and the same load generator; and compare.

  jupyter rtc-locust ab --a "jupyter-collaboration==5.0.3" --b "jupyter-collaboration==5.0.4"
  jupyter rtc-locust ab --a "" --b "git+https://github.com/someone/jupyter-collaboration@branch" -u 20 -t 60s

"" is what is installed here. Other packages have the versions that they have
here. Everything else goes to Locust, as with "demo".
"""

LAST: Final = figure_named("update echo p50")
"""What is told of each run when it has ended."""

_OURS: Final = {
    "--rtc-results": "--into",
    "--rtc-server-python": "--a and --b",
    "--host": "--a and --b",
    "-H": "--a and --b",
}

RUNS: Final = 8
"""Of each version, unless something else is said: five find one that is a fifth slower in half of all comparisons on a
machine with nothing else to do, eight in nearly all (docs/compare.md, "How often it is wrong")."""


class RunLost(RtcLocustError):
    """A run that left no result: nothing can be compared with it. The sentence says which, and what it said."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `ab` takes besides the options of Locust."""
    parser.add_argument("--a", metavar="REQUIREMENT", required=True, help="what pip installs for A; '': as it is here")
    parser.add_argument("--b", metavar="REQUIREMENT", required=True, help="what pip installs for B")
    parser.add_argument("--runs", metavar="N", type=int, default=RUNS, help="of each version (%(default)s)")
    parser.add_argument(
        "--into", metavar="DIR", type=Path, default=Path("results-ab"), help="receives a/1, b/1, … (%(default)s)"
    )
    parser.add_argument(
        "--constraint", metavar="FILE", type=Path, action="append", default=[], help="constraints of pip's, before ours"
    )
    parser.add_argument("--cache", metavar="DIR", type=Path, default=cache_folder(), help="keeps the environments")
    parser.add_argument("--fresh", action="store_true", help="make the environments anew, as for a branch that moved")
    comparing.add_arguments(parser)


def ab(
    options: argparse.Namespace, passed_on: Sequence[str], command: Sequence[str], say: Callable[[str], None]
) -> int:
    """Make the environments, take turns, compare; return the exit code of the comparison.

    `passed_on` are the options for Locust among those of `command`, which starts a run of the demo.

    Raises:
        OptionsError: an option is refused, also by a run, or an environment cannot be made.
    """
    asked = [read_requirement(f"--{side}", getattr(options, side)) for side in ("a", "b")]
    deadline_s = _run_time(passed_on, options) + AROUND_A_RUN_S
    comparing.figures_of(options)
    comparing.tolerance_of(options)
    further = "".join(_constraints(path) for path in options.constraint)
    into = _new_folder(options.into)
    both, here = [*asked[0], *asked[1]], installed_here()
    environments, notes = [], []
    for side, requirements in zip("ab", asked, strict=True):
        what = wanted(requirements, both, here, further)
        environment = made(side.upper(), what, options.cache, fresh=options.fresh)
        what_is_it = neutralised(str(redact(" ".join(requirements), ()))) or "as installed here"
        say(f"{side.upper()}: {what_is_it} ({'kept' if environment.kept else 'installed'}).")
        environments.append(environment)
        notes.append(f"{side.upper()}: {what_is_it}.")
    apart = ", ".join(differing(environments[0].packages, environments[1].packages)) or "nothing"
    notes.append(f"A and B differ in: {apart}.")
    say(notes[-1])
    told = 0
    counting = {"a": 0, "b": 0}

    def ended(run: Ended) -> None:
        nonlocal told
        result = _result_of(run)
        told += 1
        counts = bool((result.get("generator") or {}).get("timings_sound"))
        counting[run.side.name] += counts
        which = (
            f"Run {told} of {2 * options.runs}" if run.number <= options.runs else "In place of one that does not count"
        )
        say(f"{which}, {run.side.name.upper()}: {_in_a_line(result, counts)}")

    def enough() -> bool:
        return bool(min(counting.values()) >= options.runs)

    sides = (Side("a", environments[0].python), Side("b", environments[1].python))
    seeded = not any(option.split("=")[0] == "--rtc-seed" for option in passed_on)
    try:
        take_turns(
            sides,
            options.runs,
            into,
            command,
            deadline_s=deadline_s,
            seeded=seeded,
            ended=ended,
            most=2 * options.runs,
            enough=enough,
        )
    except KeyboardInterrupt:
        say(f"Ended by Ctrl-C after {told} runs; what there is lies in {into}.")
        return INCONCLUSIVE
    except RunLost as error:
        say(f"NOT KNOWN: {error}")
        return INCONCLUSIVE
    lines, code = comparing.compare_folders(into / "a", into / "b", options, notes)
    say("\n".join(lines))
    return code


def _in_a_line(result: dict[str, Any], counts: bool) -> str:
    """What a run came to."""
    figure = LAST.value(result)
    echo = f", {LAST} {milliseconds(figure)} ms" if figure is not None else ""
    late = "" if counts else " (its times do not count: the generator was late)"
    return neutralised(f"{result['verdict']}{echo}{late}")


def _result_of(run: Ended) -> dict[str, Any]:
    """The result that a run left.

    Raises:
        OptionsError: it refused its options; so would the next.
        RunLost: it left no result.
    """
    try:
        result: dict[str, Any] = json.loads((run.folder / RESULT).read_text("utf-8"))
        return result
    except (OSError, ValueError):
        said = last_lines((run.folder / OUTPUT).read_text("utf-8", "replace"))
        which = f"Run {run.number} of {run.side.name.upper()}"
        if run.exit_code == OPTIONS_REFUSED:
            raise OptionsError(f"{which} refused its options. Its last words:\n{said}") from None
        why = "was not done in time" if run.overdue else f"ended with {run.exit_code}"
        raise RunLost(f"{which} {why} and left no result. Its last words:\n{said}") from None


def _run_time(passed_on: Sequence[str], options: argparse.Namespace) -> float:
    """How long a run is, in seconds; what belongs to us is refused.

    Raises:
        OptionsError: an option for Locust would be in the way.
    """
    if not 1 <= options.runs <= 1000:
        raise OptionsError(
            f"--runs {options.runs}: give a number from 1 to 1000, {LEAST_RUNS} or more to be told anything."
        )
    for option in passed_on:
        if (name := option.split("=")[0]) in _OURS:
            raise OptionsError(f"{name} is what ab sets itself, by {_OURS[name]}: leave it out.")
    locust = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    locust.add_argument("--run-time", "-t", default="30s")
    try:
        chosen, _ = locust.parse_known_args(list(passed_on))
    except argparse.ArgumentError as error:
        raise OptionsError(f"{error}.") from None
    return seconds_of(chosen.run_time) or 0.0


def _constraints(path: Path) -> str:
    try:
        return path.read_text("utf-8").rstrip("\n") + "\n"
    except (OSError, UnicodeDecodeError) as error:
        raise OptionsError(f"--constraint {path} cannot be read: {error}.") from None


def _new_folder(into: Path) -> Path:
    """The folder for the results, absolute, without runs in it.

    Raises:
        OptionsError: there are some already, or it cannot be made.
    """
    into = into.absolute()
    for side in ("a", "b"):
        if (into / side).exists():
            raise OptionsError(
                f"--into {into} holds runs already, which would be compared with those to come. Name another folder, "
                f"or remove {into / side}."
            )
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionsError(f"--into {into} could not be made: {error.strerror}. Name another folder.") from None
    return into
