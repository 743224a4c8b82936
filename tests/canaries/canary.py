"""A canary as data, what a run of it must have found, and the words for a run that has not. Nothing is run here."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from runs.locust_run import FAILED, Run

PACKAGE = "jupyter-collaboration"
MOST_FINDINGS = 10


@dataclass(frozen=True)
class Canary:
    """A scenario that a released server fails, for a reason that is known."""

    name: str
    command: str
    """As it stands in docs/issues.md."""
    kind: str
    """The kind of finding."""
    words: str
    """A pattern that the finding's sentence holds: what had been done, and what is wrong since."""
    issue: str
    """Where it is known upstream."""
    reproduction: str
    """The script that shows it without this tool."""
    users: tuple[int, ...] = ()
    """Whom the finding names; empty: anybody, but not nobody."""

    @property
    def locustfile(self) -> str:
        """By its path in the repository."""
        arguments = shlex.split(self.command)
        return arguments[arguments.index("-f") + 1]

    @property
    def options(self) -> tuple[str, ...]:
        """What follows the locustfile on the command line."""
        arguments = shlex.split(self.command)
        return tuple(arguments[arguments.index("-f") + 2 :])

    def finding(self, run: Run) -> str | None:
        """The sentence of the finding for which it was made; None: it is not among them."""
        for one in run.told["findings"]:
            named = tuple(one["users"]) == self.users if self.users else bool(one["users"])
            if one["kind"] == self.kind and named and re.search(self.words, one["detail"]):
                return str(one["detail"])
        return None


@dataclass(frozen=True)
class Outcome:
    """What came of a canary's run."""

    canary: Canary
    found: bool
    told: str
    """The sentence of the finding; or what came instead, and what that means."""
    again: bool = False
    """Whether the run proves nothing either way, so that it may be made once more."""

    def line(self) -> str:
        """For the terminal."""
        return f"{self.canary.name}: {'found' if self.found else 'NOT FOUND'}: {self.told}"


def judged(canary: Canary, run: Run) -> Outcome:
    """What the end of its run says about a canary.

    A run that passed, or that failed for another reason, has not found it. One that is inconclusive, left no result,
    had a fault that did not happen, or found something else with a load generator that was not sound, proves nothing.
    """
    if run.result is None:
        return Outcome(canary, False, f"the run ended with {run.exit_code} and left no result.json.\n{run}", again=True)
    if run.verdict == "inconclusive":
        return Outcome(canary, False, f"the run was inconclusive: {run.told['reason']}", again=True)
    undone = [one for one in run.told["run"]["faults"] if one["outcome"] != "done"]
    if undone:
        told = "; ".join(f"{one['what']}: {one['outcome']}" for one in undone)
        return Outcome(canary, False, f"what must go wrong in the run did not: {told}", again=True)
    sentence = canary.finding(run)
    if run.verdict == "fail" and run.exit_code == FAILED and sentence is not None:
        return Outcome(canary, True, sentence)
    if not run.told["generator"]["sound"]:
        return Outcome(canary, False, f"the load generator was not sound.{_findings(run)}", again=True)
    instead = f"verdict {run.verdict}, exit code {run.exit_code}"
    version = run.told["run"]["versions"].get(PACKAGE, "of an unknown version")
    return Outcome(
        canary,
        False,
        f"no finding {canary.kind} of the kind that is known ({instead}). Either this tool has become blind, or "
        f"upstream has mended {canary.issue} (this was {PACKAGE} {version}). Which of the two it is, says "
        f"python docs/reproductions/{canary.reproduction} (docs/issues.md): while it ends in 'shown', the tool is "
        f"blind. If it says that the problem is gone, move the canary to the healthy runs, in which nothing may be "
        f"found.{_findings(run)}",
    )


def _findings(run: Run) -> str:
    """What was found instead, with what had gone wrong on purpose and when: most of the time that says why."""
    faults = [
        f"{one['what']} (planned at {one['planned']:.0f} s, from {one['began']:.1f} to {one['ended']:.1f} s)"
        for one in run.told["run"]["faults"]
    ]
    findings = [
        f"{one['kind']} (users {one['users']}): {one['detail']}" for one in run.told["findings"][:MOST_FINDINGS]
    ]
    return "\n".join(["", "Faults:", *(faults or ["none"]), "Findings:", *(findings or ["none"])])
