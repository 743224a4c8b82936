"""Patches that reach only the module they are meant for.

Whole runs are under way in threads of the process that tests run in (runs/together.py). `setattr(module.time,
"monotonic", ...)` gives another clock to those as well: a run of eleven seconds once took 77,904 by it.

Whatever goes round pytest's `monkeypatch` is not seen here.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


def replace_in(patch: pytest.MonkeyPatch, module: ModuleType, library: str, **replaced: Any) -> None:
    """Another `library` for this one module, which is the old one but for what is given by name."""
    patch.setattr(module, library, SimpleNamespace(**{**vars(getattr(module, library)), **replaced}))


ASKS_WHOSE_THREAD_IT_IS = "urllib3.util.connection"
"""The one module of a library that a test patches, with what goes on as it was in every other thread."""


def refuse_patches_of_libraries(patch: pytest.MonkeyPatch) -> None:
    """From here on, `monkeypatch` fails where it would patch a module or a class of a library for everybody."""
    for method in ("delattr", "setattr"):  # the last, because it is with what both are replaced
        patch.setattr(pytest.MonkeyPatch, method, _refusing(getattr(pytest.MonkeyPatch, method)))


def _refusing(method: Callable[..., None]) -> Callable[..., None]:
    def checked(self: pytest.MonkeyPatch, target: Any, *arguments: Any, **options: Any) -> None:
        patched = pkgutil.resolve_name(target.rpartition(".")[0]) if isinstance(target, str) else target
        name = patched.__module__ if isinstance(patched, type) else getattr(patched, "__name__", "")
        if isinstance(patched, type | ModuleType) and _is_of_a_library(name) and name != ASKS_WHOSE_THREAD_IT_IS:
            raise AssertionError(
                f"{patched} would be another one for the whole runs, too, that are under way in threads of this "
                "process. Patch it in the module under test: runs.patches.replace_in."
            )
        method(self, target, *arguments, **options)

    return checked


def _is_of_a_library(name: str) -> bool:
    root = name.partition(".")[0]
    return root in sys.stdlib_module_names or "site-packages" in (getattr(sys.modules[root], "__file__", "") or "")
