"""Many updates made into one, before it is applied to anything.

Merged first, because pycrdt leaves updates pending that arrive out of order, even when nothing is missing any more
(measured: 40 updates shuffled and applied one by one were complete in 43 of 200 trials, merged first in 200 of 200).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pycrdt

if TYPE_CHECKING:
    from collections.abc import Iterable

GROUP_SIZE = 32
"""How many updates are merged in one call. pycrdt's merging is quadratic in the number of its arguments (measured:
20,000 at once take 3.7 s, in groups 0.1 s)."""

EMPTY_UPDATE = b"\x00\x00"
"""The update that holds no structs and deletes nothing."""


def merge_updates(updates: Iterable[bytes]) -> bytes:
    """Make one update of many, in any order; of none, the empty update. A single one is given back as it is.

    Raises ValueError when one of several is no update.
    """
    level = list(updates)
    while len(level) > 1:
        level = [
            pycrdt.merge_updates(*level[start : start + GROUP_SIZE]) if start + 1 < len(level) else level[start]
            for start in range(0, len(level), GROUP_SIZE)
        ]
    return level[0] if level else EMPTY_UPDATE
