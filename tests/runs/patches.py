"""Patches that reach only the module they are meant for.

Whole runs are under way in threads of the process that tests run in (runs/together.py). `setattr(module.time,
"monotonic", ...)` gives another clock to those as well: a run of eleven seconds once took 77,904 by it.
"""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


def replace_in(patch: pytest.MonkeyPatch, module: ModuleType, library: str, **replaced: Any) -> None:
    """Another `library` for this one module, which is the old one but for what is given by name."""
    patch.setattr(module, library, SimpleNamespace(**{**vars(getattr(module, library)), **replaced}))


def refuse_patches_of_libraries(patch: pytest.MonkeyPatch) -> None:
    """From here on, to patch a module of Python or gevent, and so for everybody, fails."""
    setattr_of_pytest = pytest.MonkeyPatch.setattr

    def setattr_of_ours(self: pytest.MonkeyPatch, target: Any, *arguments: Any, **options: Any) -> None:
        name = target if isinstance(target, str) else getattr(target, "__name__", "")
        library = isinstance(target, str | ModuleType) and name.partition(".")[0]
        if library in sys.stdlib_module_names or library == "gevent":
            raise AssertionError(
                f"{name} would be another one for the whole runs, too, that are under way in threads of this process. "
                "Patch it in the module under test: runs.patches.replace_in."
            )
        setattr_of_pytest(self, target, *arguments, **options)

    patch.setattr(pytest.MonkeyPatch, "setattr", setattr_of_ours)
