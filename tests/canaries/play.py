"""Plays a canary: one headless run against the embedded server, and once more where the first proved nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from canaries.canary import Canary, Outcome, judged
from runs.locust_run import REPOSITORY, Run, run_locust

DEADLINE_S = 100.0
"""A run edits for 40 s at most, and is over half a minute later."""
ATTEMPTS = 2


def played(canary: Canary, folder: Path, run_once: Callable[..., Run] = run_locust) -> Outcome:
    """The outcome of the last run, within `ATTEMPTS` times `DEADLINE_S`. `folder` must not exist yet."""
    outcome = Outcome(canary, False, "it was never run")
    for attempt in range(ATTEMPTS):
        outcome = _played(canary, folder / str(attempt), run_once)
        if not outcome.again:
            break
    return outcome


def _played(canary: Canary, folder: Path, run_once: Callable[..., Run]) -> Outcome:
    # The command's paths are those of the repository, and the run has a working directory of its own.
    options = [str(REPOSITORY / one) if one.startswith("locustfiles/") else one for one in canary.options]
    try:
        run = run_once(REPOSITORY / canary.locustfile, *options, folder=folder, deadline=DEADLINE_S)
    except AssertionError as error:
        return Outcome(canary, False, str(error), again=True)
    return judged(canary, run)
