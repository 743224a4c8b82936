"""Waiting for a condition, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], what: str, deadline_s: float = 40.0) -> None:
    """Look every tenth of a second; an assertion says what was waited for in vain."""
    until = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < until, f"waited {deadline_s} s in vain: {what}"
        time.sleep(0.1)
