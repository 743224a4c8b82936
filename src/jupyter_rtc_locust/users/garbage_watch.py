"""How long Python's collecting of garbage stops this process, told by Python itself.

A collection stops every user at once. Its callbacks cost about a microsecond for each, and Python collects at most once
in seven hundred objects that it makes and keeps.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any


class GarbageWatch:
    """Tells `collected(generation, milliseconds)` after each collection, between `start` and `stop`."""

    def __init__(self, collected: Callable[[int, float], None]) -> None:
        self._collected = collected
        self._began: float | None = None

    def start(self) -> None:
        """Be told from now on."""
        gc.callbacks.append(self.note)

    def stop(self) -> None:
        """Not any more."""
        if self.note in gc.callbacks:
            gc.callbacks.remove(self.note)
        self._began = None

    def note(self, phase: str, about: dict[str, Any]) -> None:
        """Python's own call: `phase` is start or stop, `about` has the generation."""
        if phase == "start":
            self._began = time.perf_counter()
        elif self._began is not None:  # else it had begun before anybody watched
            self._collected(about["generation"], (time.perf_counter() - self._began) * 1000)
            self._began = None
