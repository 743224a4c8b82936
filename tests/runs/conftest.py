"""What the tests of whole runs share: each module's runs out of the queue that tests/conftest.py fills."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runs.together import Runs

DEADLINE_S = 120.0
"""For the servers of a module to stop, when its last run has ended."""


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, runs_of_modules: dict[str, Runs]) -> Iterator[Runs]:
    """The module's runs by name."""
    module = runs_of_modules[request.module.__name__]
    yield module
    if module.all_were_asked_for():
        module.left.result(DEADLINE_S)
