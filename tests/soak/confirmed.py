"""Bugs of released servers that a soak may meet, each confirmed by a script of its own in docs/issues.md.

A fail is one of these only if the second opinion confirms it, and only where every kind of finding belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class ConfirmedBug:
    """A bug: where it is described, in which runs it can strike, and by which findings it shows."""

    issue: str
    """The heading in docs/issues.md."""
    words: tuple[str, ...]
    """All of them stand in the description of a planned run that may meet it."""
    kinds: frozenset[str]


CONFIRMED_BUGS = (
    ConfirmedBug(
        "Whoever opens a notebook as its room is dropped sees an empty one",
        ("rooms dropped after", "emptying"),
        frozenset({"diverged", "pending-updates"}),
    ),
)


def confirmed_bug(planned: str, kinds: Iterable[str]) -> ConfirmedBug | None:
    """The bug that explains all these findings in a run that is described so."""
    found = frozenset(kinds)
    return next(
        (bug for bug in CONFIRMED_BUGS if all(word in planned for word in bug.words) and found and found <= bug.kinds),
        None,
    )
