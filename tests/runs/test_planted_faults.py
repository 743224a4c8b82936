"""Two of the planted faults, found in whole runs; all of them: `make faults`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from faults.__main__ import Outcome, played
from faults.cases import CASES
from runs.together import Runs

pytestmark = pytest.mark.run

BY_NAME = {case.name: case for case in CASES}
PLAYED_HERE = ("drop-to-one", "metadata-changed")
"""One in the proxy, one in the server's process."""


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Outcome]]]:
    yield {name: partial(played, BY_NAME[name], 1, folder / name) for name in PLAYED_HERE}


@pytest.mark.parametrize("run", PLAYED_HERE)
def test_a_planted_fault_strikes_and_is_found(run: str, runs: Runs) -> None:
    outcome: Outcome = runs[run]
    assert outcome.wrong == "", outcome.told
    assert outcome.struck > 0
    assert outcome.kinds >= outcome.case.must
