"""Bugs of released servers that a soak may meet, each confirmed by a script of its own in docs/issues.md.

A fail is one of these only if the second opinion confirms it, and only where every kind of finding belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class ConfirmedBug:
    """A bug: where it is described, on which servers it is, and by which findings it shows."""

    issue: str
    """The heading in docs/issues.md."""
    servers: tuple[str, ...]
    kinds: frozenset[str]


CONFIRMED_BUGS: tuple[ConfirmedBug, ...] = ()


def confirmed_bug(server: str, kinds: Iterable[str]) -> ConfirmedBug | None:
    """The bug that explains all these findings on this server."""
    found = frozenset(kinds)
    return next((bug for bug in CONFIRMED_BUGS if server in bug.servers and found and found <= bug.kinds), None)
