"""For all tests: a queue of whole runs beside them; and in continuous integration no skip of a part that is missing."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from runs.patches import refuse_patches_of_libraries
from runs.together import Runs, queue

MAY_BE_MISSING = (
    "root may write anywhere",
    "the recordings of a real JupyterLab tab are not beside the repository",
    "Copies of this machine need root",
)
"""Tests for people who are not root, and for root; material that only some checkouts have beside them.

Copies of the machine are made by a job of their own in CI, as root (`make image`): there, nothing marked `image` may be
left out, so that the job cannot be green without them."""


RUNS_LEFT_S = 120.0
"""For the servers of a module to stop, when its last run has ended."""

# jsonschema would compile its grammars for most of a second, in each process of tests (servers/quick_start).
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

# Whoever is started in the background of a script ignores Ctrl-C, and so does whatever it starts; tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of whole runs come last: these are under way from the first test on, and mostly wait (runs/together.py).

    Tests that need a process for themselves, with children of gevent's (of which libev reaps every one that ends, so
    that Python takes 0 for the exit code of a run) or with a temporary folder of its own, are made by test_alone.py,
    where that is selected as well; so are those that mostly wait for servers, which all others would wait for, too.
    Else they come behind all others.
    """
    if any(item.path.name == "test_alone.py" for item in items):
        alone = [item for item in items if item.get_closest_marker("alone") is not None]
        config.hook.pytest_deselected(items=alone)
        items[:] = [item for item in items if item not in alone]
    items.sort(key=lambda item: [item.get_closest_marker(name) is not None for name in ("alone", "run")])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    report = yield
    if report.failed and hasattr(item, "callspec") and "run" in item.callspec.params:
        # pytest shortens what a failed assertion shows, and of a run that fails rarely nothing else is left.
        report.sections.append(("the run", _told_by(item, item.callspec.params["run"])))
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
        made_for_it = item.get_closest_marker("image") is not None
        if made_for_it or not any(allowed in reason for allowed in MAY_BE_MISSING):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was left out, and in CI nothing may be: {reason}"
    return report


def _told_by(item: pytest.Item, name: str) -> str:
    """What the run that a test asked for told a person; "" where it asked for none, or the run raised."""
    for asked in getattr(item, "funcargs", {}).values():
        if isinstance(asked, Runs) and (told := asked.ended(name)) is not None:
            return str(told)
    return ""


@pytest.fixture(scope="session", autouse=True)
def libraries_stay_as_they_are() -> Iterator[None]:
    """Whole runs are under way in threads of this process, and go by the same clock."""
    with pytest.MonkeyPatch.context() as patch:
        refuse_patches_of_libraries(patch)
        yield


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
        module.left.result(RUNS_LEFT_S)
