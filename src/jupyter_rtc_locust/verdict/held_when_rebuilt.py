"""Which edits that nobody acknowledged were in the document of which a server rebuilt the room.

Who leaves while a slow server still reads learns nothing of the last edits. A copy of the room would tell; but where
everybody has left, and the room is rebuilt from its file in other letters (rebuilt_cells.py), only words are left.
A server takes the edits of one line in their order, so of each author it has the first so many, down to none. They are
searched for author by author, each time the number with which the notebook just before the rebuilding comes nearest to
the one just after. Found is only what makes both equal: what is merely near explains nothing, and is judged as before.

Met where half of 128 people left a server that held 64: in 15 notebooks a part of up to 92 edits without an answer
was in the file, and taking none of them for held gave 340 findings where nothing was lost. Numbers explain all 15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Final

from jupyter_rtc_locust.documents.canonical import Content, canonical_text
from jupyter_rtc_locust.documents.file_form import as_saved, cells_of
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.updates import Update, encode_update
from jupyter_rtc_locust.verdict.reading import AuthoredStructs, Reading
from jupyter_rtc_locust.verdict.rebuilt_cells import RebuiltCells, around, before_and_given, nobody_is_there, rebuilders

_MOST_EDITS: Final = 200
"""Of more, nobody searches: each number is tried, and takes some milliseconds."""
_STEPS: Final = 8
"""Each sets the number of one author, so that four authors can be gone through twice."""


def held_when_rebuilt(
    reading: Reading,
    foreign: ClockRanges,
    included: Sequence[AuthoredStructs],
    unacknowledged: Sequence[AuthoredStructs],
    beside: Iterable[Update],
) -> tuple[AuthoredStructs, ...]:
    """Those that were there, where that makes the notebook before and after equal; else none.

    `foreign` are clocks that nobody of the run wrote, `included` the edits that are known to be there, `beside` what
    enters the oracle with them.
    """
    if not 0 < len(unacknowledged) <= _MOST_EDITS:
        return ()
    clients = rebuilders(reading, foreign)
    notes = list(beside)

    def distance(chosen: Sequence[AuthoredStructs]) -> int:
        if nobody_is_there(reading):
            was, became = before_and_given(reading, foreign, RebuiltCells(), [*included, *chosen], notes)
        else:
            ranges, encoded = foreign.of_clients(clients), [encode_update(one) for one in notes]
            was, became, _ = around(reading, ranges, RebuiltCells(), [*included, *chosen], encoded)
        return _distance(was, became)

    if len(clients) != 1 and not nobody_is_there(reading):
        return ()
    return _nearest(_by_author(unacknowledged), distance)


def _nearest(
    queues: list[list[AuthoredStructs]], distance: Callable[[Sequence[AuthoredStructs]], int]
) -> tuple[AuthoredStructs, ...]:
    """The step that comes nearest, again and again: the number of one author changes, whichever it is."""

    def chosen(counts: Sequence[int]) -> tuple[AuthoredStructs, ...]:
        return tuple(one for queue, count in zip(queues, counts, strict=True) for one in queue[:count])

    taken = (0,) * len(queues)
    best = distance(())
    for _ in range(_STEPS):
        steps = [
            (*taken[:number], count, *taken[number + 1 :])
            for number, queue in enumerate(queues)
            for count in range(len(queue) + 1)
            if count != taken[number]
        ]
        nearest, step = min((distance(chosen(one)), one) for one in steps)
        if nearest == 0:
            return chosen(step)
        if nearest >= best:
            break
        best, taken = nearest, step
    return ()


def _by_author(edits: Iterable[AuthoredStructs]) -> list[list[AuthoredStructs]]:
    queues: dict[int, list[AuthoredStructs]] = {}
    for one in sorted(edits, key=lambda one: one.edit.number):
        queues.setdefault(one.edit.client_id, []).append(one)
    return list(queues.values())


def _distance(was: Content, became: Content) -> int:
    """How far two notebooks are from each other in what a file holds, ids apart; 0: equal."""
    old, new = as_saved(was, "notebook"), as_saved(became, "notebook")
    assert isinstance(old, dict) and isinstance(new, dict), "a notebook is saved as an object"
    left, right = ([_words(cell) for cell in cells_of(one)] for one in (old, new))
    total = _apart(canonical_text(old.get("metadata")), canonical_text(new.get("metadata")))
    for _, start, stop, start_there, stop_there in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        for one, other in zip_longest(left[start:stop], right[start_there:stop_there], fillvalue=""):
            total += _apart(one, other)
    return total


def _words(cell: dict[str, Any]) -> str:
    return canonical_text({key: value for key, value in cell.items() if key != "id"})


def _apart(left: str, right: str) -> int:
    """The letters of both that are not in what both begin with and end with."""
    if left == right:
        return 0
    begin = sum(1 for _ in _alike(left, right))
    end = sum(1 for _ in _alike(reversed(left[begin:]), reversed(right[begin:])))
    return len(left) + len(right) - 2 * (begin + end)


def _alike(left: Iterable[str], right: Iterable[str]) -> Iterator[None]:
    for one, other in zip(left, right, strict=False):
        if one != other:
            return
        yield None
