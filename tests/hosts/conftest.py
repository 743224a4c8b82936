"""Where hosts cannot be had, their tests are left out with the reason; in CI that fails (tests/conftest.py)."""

from __future__ import annotations

import pytest

from hosts.network import reason_without_namespaces


@pytest.fixture(scope="session", autouse=True)
def namespaces() -> None:
    reason = reason_without_namespaces()
    if reason is not None:
        pytest.skip(reason)
