"""Stretches of time, from a moment to a later one, in seconds: what is left of one without others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Stretch = tuple[float, float]


def apart_from(stretch: Stretch, others: Iterable[Stretch]) -> Iterator[Stretch]:
    """What is left of a stretch where none of the others is, in the order of time; nothing that has no length."""
    since, until = stretch
    for began, ended in sorted(others):
        if began >= until:
            break
        if began > since:
            yield since, began
        since = max(since, ended)
    if since < until:
        yield since, until
