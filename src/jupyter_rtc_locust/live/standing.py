"""Where a document stands, in one word: is it being typed in, do its copies agree, or do they not?

A rule over what each process saw of it last. What a process says holds until it says something else, and for
`SILENT_S` at most: then nobody knows. A copy is compared where it is, when nothing moves there any more, by which
clocks it has and what is deleted in it (`users/live_looks.py`). Copies that are not alike by that are read, before they
are said to differ, because one may lack nothing but what a server notes beside the content; that two copies hold
different content under the same clocks only a checkpoint or the end finds out.

Pure: no clock. Moments are seconds since the start of the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from jupyter_rtc_locust.live.looks import DocumentLook

Standing: TypeAlias = Literal["typing", "settling", "equal", "differs", "unknown"]

STANDINGS: Final[tuple[Standing, ...]] = ("typing", "settling", "equal", "differs", "unknown")

TYPING_S: Final = 2.0
"""Whoever edited within so many seconds is typing: people pause between two words for about as long."""
DIFFERS_AFTER_S: Final = 5.0
"""So long nothing has moved before copies that are not alike are said to differ; a slow server brings the rest within
seconds, and one that needs longer will turn the word back."""
APART_S: Final = 2.0
"""After so long they are read."""
GIVEN_UP_S: Final = 15.0
"""An edit that waits for its echo so long is not under way any more (a sync may take as long: `settings.py`)."""
SILENT_S: Final = 5.0
"""A process that did not tell for so long may be seeing anything."""

DIFFERENCES: Final = frozenset(
    {
        "diverged",
        "joiner-differs",
        "lost-edit",
        "duplicated-content",
        "invented-edit",
        "pending-updates",
        "saved-file-differs",
    }
)
"""The kinds of findings that say that copies are not alike."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a process told of a document last, and when it was last heard of."""

    look: DocumentLook
    at: float
    """Until when it holds: the moment of the latest look of its process, by the clock of that process."""
    heard: float
    """When that look came, by the clock of whoever asks; infinite where no other is to come."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of how many copies of a document so many hold the same; None: they are not being compared."""

    standing: Standing
    copies: int
    agreeing: int | None
    waits_s: float | None = None
    """How long the oldest edit has waited for its echo; None: none waits."""
    apart: frozenset[bytes] = frozenset()
    """What copies hold that are not alike, where nothing has moved for `APART_S`."""


def agreement_of(
    seen: Sequence[Seen],
    now: float,
    *,
    difference_found: bool = False,
    alike: Mapping[bytes, bytes] = MappingProxyType({}),
) -> Agreement:
    """Where a document stands at this moment.

    `difference_found`: a checkpoint found a difference in it. `alike`: what is the same content as something else that
    copies hold, and as what.
    """
    there = [one for one in seen if one.look.users or one.look.on_the_way]
    copies = sum(one.look.users for one in there)
    waits_s = max((one.look.waits_s for one in there if one.look.waits_s is not None), default=None)
    silent = any(now - one.heard > SILENT_S for one in there)
    typing = any(one.look.edited_at is not None and one.at - one.look.edited_at < TYPING_S for one in seen)
    if silent or not copies:
        return Agreement("differs" if difference_found else "unknown", copies, None, waits_s)
    if typing:
        return Agreement("typing", copies, None, waits_s)
    held: Counter[bytes] = Counter()
    compared = True
    for one in there:
        if one.look.copies is None:
            compared = compared and not one.look.users
        else:
            for digest, count in one.look.copies:
                held[alike.get(digest, digest)] += count
    agreeing = max(held.values(), default=0) if compared else None
    standing = "differs" if difference_found else _settled(there, copies, agreeing, waits_s)
    still = compared and len(held) > 1 and _still_for(there) >= APART_S
    return Agreement(standing, copies, agreeing, waits_s, frozenset(held) if still else frozenset())


def _settled(there: Sequence[Seen], copies: int, agreeing: int | None, waits_s: float | None) -> Standing:
    """Where a document stands that nobody types in."""
    if agreeing is None or any(one.look.on_the_way for one in there):
        return "settling"
    if agreeing == copies:
        return "settling" if waits_s is not None else "equal"
    if waits_s is not None and waits_s < GIVEN_UP_S:
        return "settling"
    return "differs" if _still_for(there) >= DIFFERS_AFTER_S else "settling"


def _still_for(there: Sequence[Seen]) -> float:
    """For how long nothing has moved anywhere, as far as was told."""
    return min(
        (one.at - moment for one in there for moment in (one.look.edited_at, one.look.heard_at) if moment is not None),
        default=float("inf"),
    )


def standing_at_the_end(verdict: str, difference_found: bool, latest: Standing) -> Standing:
    """Where a document stands when its run was judged: `pass` is everybody's, a finding is its own document's.

    Where the verdict is `fail` for another document's sake, what was seen last holds; unknown is never green.
    """
    if difference_found:
        return "differs"
    if verdict == "pass":
        return "equal"
    return latest if verdict == "fail" and latest in ("equal", "differs") else "unknown"
