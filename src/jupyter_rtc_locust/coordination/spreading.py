"""Which of several free places a process is given: people of one document apart from each other, or together. Pure.

Two replicas in one process share the process's view of the server: its clock, its network, the machine it runs on. Only
where the people of a document are played by different processes does their agreement say something of the way between
machines. Whoever wants the opposite, say to compare workers with each other, asks for whole documents.

It knows nothing of users and documents: only which processes have a part in what is offered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

LOOKED_AT: Final = 64
"""Of so many free places the best is taken, so that handing one out takes no longer where there are thousands."""


def choose(holder: str, present: Sequence[Mapping[str, int]], seats: Mapping[str, int], spread: str) -> int:
    """The index of the offered place that suits the process `holder` best; the first of those that suit equally.

    `present` has, for each place that is offered, how many people each process plays in its document now; `seats` how
    many people each plays in all; `spread` is one of `settings.SPREAD_KINDS`. With one process alone, it is always the
    first. ValueError when nothing is offered.
    """
    if not present:
        raise ValueError(f"no place was offered to {holder}")
    if not seats.keys() - {holder}:
        return 0
    if spread == "documents":
        return min(range(len(present)), key=lambda index: _strangers_first(holder, present[index]))
    kept = Counter(process for people in present for process in people)
    # Who has few seats comes next, and whose documents are many of those left will find only its own: take from these.
    pressure = {process: kept[process] - seats.get(process, 0) for process in kept}

    def unsuited(index: int) -> tuple[int, int, int]:
        people = present[index]
        others = [pressure[process] for process in people if process != holder]
        return people.get(holder, 0), len(people), -max(others, default=-len(present))

    return min(range(len(present)), key=unsuited)


def _strangers_first(holder: str, people: Mapping[str, int]) -> tuple[int, int]:
    """Where it plays most already, then where others play least."""
    own = people.get(holder, 0)
    return -own, sum(people.values()) - own
