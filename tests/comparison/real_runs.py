"""Real comparisons: the embedded server beside itself, and beside one that was made slower on purpose.

How much slower is found out first: a few runs of the server as it is give the median of its echoes, and the other one
handles each message later by a fifth of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from jupyter_rtc_locust.command_line import locust_command
from jupyter_rtc_locust.comparison.comparing import Comparison, compare
from jupyter_rtc_locust.comparison.runs import read_run, read_runs
from jupyter_rtc_locust.comparison.words import in_terminal
from jupyter_rtc_locust.versions.turns import AROUND_A_RUN_S, Ended, Side, run_once, take_turns

SLOWED = Path(__file__).with_name("slowed")
LOAD = ("--users", "10", "--spawn-rate", "10", "--rtc-documents", "2", "--rtc-edit-rate", "3", "--rtc-rhythm", "steady")
"""Enough edits in ten seconds for a 99th percentile."""
LOOKS = 5
"""Runs that say how long an echo takes, before anything is compared."""


@dataclass(frozen=True)
class Stage:
    """Where runs go, and how many of which length a comparison has."""

    into: Path
    runs: int
    seconds: int

    def command(self) -> list[str]:
        return locust_command("demo", ["--only-summary", "-t", f"{self.seconds}s", *LOAD])

    @property
    def deadline_s(self) -> float:
        return self.seconds + AROUND_A_RUN_S

    def echo_ms(self) -> float:
        """The median of echoes with the server as it is: the middle one of a few runs, the first of which is cold."""
        ended = [
            run_once(Side("as-it-is", None), number, self.into, self.command(), self.deadline_s)
            for number in range(1, LOOKS + 1)
        ]
        return median(read_run(one.folder).timings["update echo"].percentile(0.5) for one in ended)

    def compared(self, name: str, environment: Mapping[str, str]) -> Comparison:
        """The server as it is, A, beside one with this environment, B."""
        folder = self.into / name
        sides = (Side("a", None), Side("b", None, environment))
        take_turns(sides, self.runs, folder, self.command(), deadline_s=self.deadline_s, seeded=True, ended=_dot)
        print(flush=True)
        return compare(read_runs(folder / "a"), read_runs(folder / "b"))


def _dot(_: Ended) -> None:
    print(".", end="", flush=True)


def slowed_by(milliseconds: float) -> dict[str, str]:
    """The environment of runs whose server handles each message so much later."""
    return {"PYTHONPATH": str(SLOWED), "SLOWED_BY_US": str(round(milliseconds * 1000))}


def real(stage: Stage, same: int, slower: int, part: float) -> tuple[list[Comparison], list[Comparison]]:
    """So many comparisons of the server with itself, and with one that is slower by this part; each is told."""
    echo_ms = stage.echo_ms()
    later_ms = part * echo_ms
    print(f"Echoes have a median of {echo_ms:.2f} ms; the slower server handles each message {later_ms:.2f} ms later.")
    found: tuple[list[Comparison], list[Comparison]] = ([], [])
    for kind, (name, count, environment) in enumerate((("same", same, {}), ("slower", slower, slowed_by(later_ms)))):
        for number in range(1, count + 1):
            print(f"\n{name} {number} of {count} ", end="", flush=True)
            comparison = stage.compared(f"{name}-{number}", environment)
            found[kind].append(comparison)
            print("\n".join(in_terminal(comparison)[: -1 if comparison.figures else None]), flush=True)
    return found
