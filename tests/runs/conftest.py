"""What the tests of whole runs share: the runs of a module, started together when its first test asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runs.locust_run import Together


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    """The module's runs by name: of its `make_runs(folder)` those that a selected test names in its parameter `run`.

    `make_runs` is a context manager; it is left when the runs have ended.
    """
    wanted = {
        item.callspec.params.get("run")
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module is request.module and hasattr(item, "callspec")
    }
    with request.module.make_runs(tmp_path_factory.mktemp("runs")) as calls:
        together = Together({name: call for name, call in calls.items() if name in wanted})
        try:
            yield together
        finally:
            together.close()
