"""An ending as a case: how it is played, and the one verdict it must have."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from endings.play import Ended, Play
from jupyter_rtc_locust.verdict.wording import counted

AGREEING = {"pass": 0, "fail": 3, "inconclusive": 4}
"""Exit codes, spelled out here because they are a promise (docs/verdict.md)."""


Played = Callable[[Play], Ended]


@dataclass(frozen=True)
class Ending:
    """One row of the table. `verdict` None: there is no process left that could tell one."""

    name: str
    play: Played
    verdict: str | None
    within: float
    """Seconds from the last thing that happened to the last process's end: the sum of the deadlines stated for it."""
    reason: str = ""
    """A regular expression, found in the verdict's sentence."""
    kinds: frozenset[str] = frozenset()
    """Of the findings; all of them."""
    workers: tuple[int, ...] = ()
    """Exit codes of the workers, where they are processes of their own."""
    result_file: bool = True
    printed: bool = True
    """Whether there is a terminal that could show the verdict."""
    told: str = ""
    """A regular expression, found in what the workers said."""
    requests_failed: bool = False
    """Whether a pass may end with 1, by Locust's own rule."""

    def judge(self, ended: Ended) -> list[str]:
        """What is wrong with an ending that was played."""
        run, wrong = ended.run, list(ended.problems)
        if ended.seconds > self.within:
            wrong.append(f"took {ended.seconds:.1f} s, which is more than {self.within:.0f}")
        everything = run.output + "".join(worker.output for worker in ended.workers)
        if "Traceback" in everything:
            wrong.append("a stack trace was shown")
        if tuple(worker.exit_code for worker in ended.workers) != self.workers:
            wrong.append(f"workers ended with {[worker.exit_code for worker in ended.workers]}, not {self.workers}")
        if self.told and not any(re.search(self.told, worker.output) for worker in ended.workers):
            wrong.append(f"no worker said {self.told!r}")
        if self.verdict is not None:
            wrong += self._judge_verdict(ended)
        return wrong

    def _judge_verdict(self, ended: Ended) -> list[str]:
        assert self.verdict is not None
        run, wrong = ended.run, []
        codes = {AGREEING[self.verdict]} | ({1} if self.requests_failed else set())
        if run.exit_code not in codes:
            wrong.append(f"ended with {run.exit_code}, not {AGREEING[self.verdict]}")
        printed = re.findall(r"^(PASS|FAIL|INCONCLUSIVE): (.*)$", run.output, re.MULTILINE)
        if [verdict for verdict, _ in printed] != [self.verdict.upper()] * self.printed:
            wrong.append(f"printed {[verdict for verdict, _ in printed]}, not {self.verdict.upper()} once")
        if printed and not re.search(self.reason, printed[-1][1]):
            wrong.append(f"the reason is {printed[-1][1]!r}, not {self.reason!r}")
        if not self.result_file:
            return [*wrong, *(["a result.json is there"] if run.result is not None else [])]
        if run.result is None:
            return [*wrong, "no result.json"]
        if run.result["verdict"] != self.verdict:
            wrong.append(f"result.json says {run.result['verdict']}")
        elif printed and not printed[-1][1].startswith(_said_of(run.result)):
            wrong.append(f"result.json has another reason: {run.result['reason']!r}")
        if run.kinds != self.kinds:
            wrong.append(f"findings {sorted(run.kinds)}, not {sorted(self.kinds)}")
        if ended.run.documents_left and "server" not in self.name:
            wrong.append(f"documents were left: {[path.name for path in ended.run.documents_left]}")
        return wrong


def _said_of(result: dict[str, Any]) -> str:
    """How the line with the verdict begins: with how many findings there are, else with the reason."""
    if result["findings"]:
        return counted(len(result["findings"]), "finding")
    return str(result["reason"][:60].split("\n")[0])


@dataclass
class Row:
    """An ending that was played and judged."""

    ending: Ending
    ended: Ended | None
    wrong: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """As a line of the table."""
        if self.ended is None:
            return f"| {self.ending.name} | - | - | - | {self.ending.within:.0f} | NO: {'; '.join(self.wrong)} |"
        code = self.ended.run.exit_code
        verdict = (self.ended.run.result or {}).get("verdict") or self.ending.verdict or "none"
        workers = "".join(f", {worker.exit_code}" for worker in self.ended.workers)
        right = "yes" if not self.wrong else f"NO: {'; '.join(self.wrong)}"
        return (
            f"| {self.ending.name} | {code}{workers} | {verdict} | {self.ended.seconds:.1f} "
            f"| {self.ending.within:.0f} | {right} |"
        )
