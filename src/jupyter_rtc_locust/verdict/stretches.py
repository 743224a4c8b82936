"""Stretches of time, from a moment to a later one, in seconds: put together, and without others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Stretch = tuple[float, float]


def put_together(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """The same moments in as few stretches as can be, in the order of time."""
    present: Stretch | None = None
    for since, until in sorted(stretches):
        if present is None or since > present[1]:
            if present is not None:
                yield present
            present = since, until
        else:
            present = present[0], max(present[1], until)
    if present is not None:
        yield present


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
