"""The canaries, in the queue of whole runs: so every run of the tests proves that the tool can see.

Alone, they are `make canaries`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from canaries.all_canaries import CANARIES
from canaries.canary import Outcome
from canaries.play import played
from runs.together import Runs

pytestmark = pytest.mark.run

LONGEST = tuple(canary.name for canary in CANARIES)


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Outcome]]]:
    yield {canary.name: partial(played, canary, folder / canary.name) for canary in CANARIES}


@pytest.mark.parametrize("run", LONGEST)
def test_the_canary_is_found(run: str, runs: Runs) -> None:
    outcome: Outcome = runs[run]
    assert outcome.found, outcome.line()
