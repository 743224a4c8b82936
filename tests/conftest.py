"""For all tests: in continuous integration a part that is missing is a failure, not a skip."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

MAY_BE_MISSING = ("root may write anywhere", "the recordings of a real JupyterLab tab are not beside the repository")
"""A test for people who are not root, and material that only some checkouts have beside them."""


# Whoever is started in the background of a script ignores Ctrl-C, and so does whatever it starts; tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(allowed in reason for allowed in MAY_BE_MISSING):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was left out, and in CI nothing may be: {reason}"
    return report
