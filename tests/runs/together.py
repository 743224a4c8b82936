"""Whole runs under way at once, over the bounds of test modules.

A run mostly waits: for edits to be due, for a deadline, for a file to be saved. One after the other they take an hour;
eight at a time, the two cores are mostly busy. Were each module to wait for its own last run, one long run would mostly
be waited for alone. So the runs of all selected tests stand in one queue: first those that a module names as its
`LONGEST`, then the others in the order of the tests.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

AT_ONCE = 8
"""Runs under way at the same time. Many more would wait for the two cores, and their load generators be unsound."""

MakeRuns = Callable[[Path], contextlib.AbstractContextManager[dict[str, Callable[[], Any]]]]
"""Given a folder, a context in which the runs of a module can be made, by name; it is left when all have ended."""


class Runs:
    """What one module's tests ask for, by name. A run that raised does so in the test that asks."""

    def __init__(self, make_runs: MakeRuns, folder: Path, names: Sequence[str], longest: Sequence[str] = ()) -> None:
        """`names` are the runs that selected tests want, `longest` those of the module that come before others."""
        self._make_runs = make_runs
        self._folder = folder
        self.wanted = names
        self.longest = [name for name in longest if name in names]
        self._context = contextlib.ExitStack()
        self._calls: dict[str, Callable[[], Any]] | None = None
        self._not_made: BaseException | None = None
        """Why the context could not be entered. It is not entered again: that would fail for another reason."""
        self._lock = threading.Lock()
        self._open = len(names)
        self._futures: dict[str, Future[Any]] = {}
        self._asked: set[str] = set()
        self.left: Future[None] = Future()
        """Done when the context has been left, with what that raised."""

    def submit(self, pool: ThreadPoolExecutor, names: Iterable[str]) -> None:
        """Put these runs into the queue."""
        for name in names:
            self._futures[name] = pool.submit(self._run, name)
            self._futures[name].add_done_callback(self._one_has_ended)

    def __getitem__(self, name: str) -> Any:
        self._asked.add(name)
        return self._futures[name].result()

    def ended(self, name: str) -> Any:
        """What this run returned; None where it has not, or raised."""
        future = self._futures[name]
        return future.result() if future.done() and future.exception() is None else None

    def all_were_asked_for(self) -> bool:
        """Not where the tests were broken off."""
        return self._asked == set(self.wanted)

    def _run(self, name: str) -> Any:
        with self._lock:
            if self._not_made is not None:
                raise self._not_made
            if self._calls is None:
                try:
                    self._calls = self._context.enter_context(self._make_runs(self._folder))
                except BaseException as error:
                    self._not_made = error
                    raise
        return self._calls[name]()

    def _one_has_ended(self, _: Future[Any]) -> None:
        with self._lock:
            self._open -= 1
            if self._open:
                return
        try:
            self._context.close()
        except BaseException as error:
            self.left.set_exception(error)
        else:
            self.left.set_result(None)


@contextlib.contextmanager
def queue(modules: Sequence[Runs], at_once: int = AT_ONCE) -> Iterator[None]:
    """The runs of all these modules, under way or waiting; at the end those that have not begun begin no more."""
    pool = ThreadPoolExecutor(at_once)
    try:
        for module in modules:
            module.submit(pool, module.longest)
        for module in modules:
            module.submit(pool, [name for name in module.wanted if name not in module.longest])
        yield
    finally:
        pool.shutdown(cancel_futures=True)
