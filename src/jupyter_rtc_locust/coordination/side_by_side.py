"""Something done for many documents at once, by greenlets that do not outlive whoever waits for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from gevent.pool import Pool

AT_ONCE = 10

Result = TypeVar("Result")


def side_by_side(do: Callable[..., Result], *of_each: Iterable[Any]) -> list[Result]:
    """`do` with the first of each list, with the second, and so on, ten at a time; the results in that order.

    Whoever is ended while it waits, as a checkpoint is by the end of the run, ends them all.
    """
    pool = Pool(AT_ONCE)
    try:
        greenlets = [pool.spawn(do, *arguments) for arguments in zip(*of_each, strict=True)]
        pool.join()
        return [greenlet.get() for greenlet in greenlets]
    finally:
        pool.kill(block=False)
