"""Runs of several modules in one queue: each test gets its own, and a module's servers stop when its last run ended."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
import requests

from runs import together
from runs.patches import replace_in
from runs.together import AT_ONCE, Runs, queue


def module_of(calls: dict[str, Callable[[], Any]], told: list[str], *, leaves_with: Exception | None = None) -> Runs:
    @contextlib.contextmanager
    def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Any]]]:
        told.append(f"entered {folder.name}")
        yield calls
        told.append("left")
        if leaves_with is not None:
            raise leaves_with

    return Runs(make_runs, Path("/folder"), list(calls))


def raise_it(error: Exception) -> Any:
    raise error


def test_each_gets_its_own_and_the_context_is_entered_once_and_left_after_the_last() -> None:
    told: list[str] = []
    module = module_of({"one": lambda: 1, "two": lambda: 2}, told)
    with queue([module]):
        assert (module["one"], module["two"]) == (1, 2)
        module.left.result(10)
    assert told == ["entered folder", "left"]


def test_a_run_that_raises_does_so_where_it_is_asked_for_and_nowhere_else() -> None:
    module = module_of({"bad": lambda: raise_it(ValueError("bad")), "good": lambda: "good"}, [])
    with queue([module]):
        assert module["good"] == "good"
        with pytest.raises(ValueError, match="bad"):
            module["bad"]
        module.left.result(10)


def test_where_the_context_cannot_be_entered_every_run_says_why() -> None:
    tries = iter(["the first reason", "another"])

    @contextlib.contextmanager
    def make_runs(_: Path) -> Iterator[dict[str, Callable[[], Any]]]:
        raise ValueError(next(tries))
        yield

    with queue([module := Runs(make_runs, Path("/folder"), ["one", "two"])]):
        for run in ("one", "two"):
            with pytest.raises(ValueError, match="the first reason"):
                module[run]


def test_what_leaving_the_context_raises_is_kept_for_the_module() -> None:
    module = module_of({"one": lambda: 1}, [], leaves_with=AssertionError("documents were left"))
    with queue([module]):
        assert module["one"] == 1
        with pytest.raises(AssertionError, match="documents were left"):
            module.left.result(10)


def test_runs_of_two_modules_are_under_way_at_once() -> None:
    both = threading.Barrier(2)
    modules = [module_of({"meets": lambda: both.wait(10)}, []) for _ in range(2)]
    with queue(modules):
        assert sorted(module["meets"] for module in modules) == [0, 1]


def test_the_longest_of_all_modules_come_first() -> None:
    told: list[str] = []
    begin = threading.Event()

    def module(name: str) -> Runs:
        @contextlib.contextmanager
        def make_runs(_: Path) -> Iterator[dict[str, Callable[[], Any]]]:
            begin.wait(10)
            yield {run: lambda run=run: told.append(f"{name} {run}") for run in ("short", "long")}

        return Runs(make_runs, Path(), ["short", "long"], longest=["long", "not selected"])

    modules = [module("first"), module("second")]
    with queue(modules, at_once=1):
        begin.set()
        for one in modules:
            one.left.result(10)
    assert told == ["first long", "second long", "first short", "second short"]


def test_what_has_not_begun_at_the_end_begins_no_more_and_its_context_is_not_entered() -> None:
    told: list[str] = []
    release = threading.Event()
    first = module_of({str(number): lambda: release.wait(10) for number in range(AT_ONCE)}, [])
    second = module_of({"late": lambda: told.append("ran")}, told)
    with pytest.raises(KeyboardInterrupt), queue([first, second]):
        threading.Timer(0.2, release.set).start()
        raise KeyboardInterrupt
    assert "ran" not in told


def test_every_test_of_a_whole_run_stands_in_the_queue() -> None:
    """One that waits for its run in pytest's own process is waited for by all others."""
    files = [path for path in Path(__file__).parents[1].rglob("test_*.py") if path != Path(__file__)]
    texts = {path.name: path.read_text("utf-8") for path in files}
    of_runs = [name for name, text in texts.items() if "pytest.mark.run\n" in text or "pytest.mark.run," in text]
    assert len(of_runs) > 15
    assert not [name for name in of_runs if "def make_runs(" not in texts[name]]


def test_a_test_cannot_give_another_clock_to_the_runs_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    as_strings = ("time.monotonic", "runs.together.threading.Thread", "runs.together.ThreadPoolExecutor.submit")
    libraries = ((time, "monotonic"), (gevent, "sleep"), (os.path, "exists"), (requests, "get"))
    for what in (*((one,) for one in as_strings), *libraries, (threading.Thread, "start"), (requests.Session, "get")):
        for patch, value in ((monkeypatch.setattr, [lambda: 0.0]), (monkeypatch.delattr, [])):
            with pytest.raises(AssertionError, match="whole runs"):
                patch(*what, *value)
    replace_in(monkeypatch, together, "threading", Lock=None)
    assert (together.threading.Lock, together.threading.Thread) == (None, threading.Thread)
    assert threading.Lock is not None
