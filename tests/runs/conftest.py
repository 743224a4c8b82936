"""What the tests of whole runs share: one queue of runs for all modules, filled before the first test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runs.together import Runs, queue

DEADLINE_S = 120.0
"""For the servers of a module to stop, when its last run has ended."""


@pytest.fixture(scope="session", autouse=True)
def runs_of_modules(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Runs]]:
    """The runs of every module that has a `make_runs(folder)`: those that a selected test names as `run`."""
    wanted: dict[str, dict[str, None]] = {}
    modules = {}
    for item in request.session.items:
        if isinstance(item, pytest.Function) and hasattr(item.module, "make_runs") and hasattr(item, "callspec"):
            modules[item.module.__name__] = item.module
            if "run" in item.callspec.params:
                wanted.setdefault(item.module.__name__, {})[item.callspec.params["run"]] = None
    runs = {
        name: Runs(
            modules[name].make_runs, tmp_path_factory.mktemp("runs"), list(names), getattr(modules[name], "LONGEST", ())
        )
        for name, names in wanted.items()
    }
    with queue(list(runs.values())):
        yield runs


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, runs_of_modules: dict[str, Runs]) -> Iterator[Runs]:
    """The module's runs by name."""
    module = runs_of_modules[request.module.__name__]
    yield module
    if module.all_were_asked_for():
        module.left.result(DEADLINE_S)
