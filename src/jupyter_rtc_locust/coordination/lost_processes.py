"""What is known of workers that played users and told nothing of them: whom they played, when they were last heard of.

As it was when the process was given up: that it is heard of again afterwards, or says goodbye, changes nothing of that,
and verdict and result say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from jupyter_rtc_locust.coordination.rounds import AT_THE_END, Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.shortfall import GONE_S, Gone
from jupyter_rtc_locust.verdict.evidence import LostProcess


def lose(state: RunState, collection: Collection, nodes: Iterable[str], *, unreadable: bool = False) -> None:
    """Give these processes up in this round, and note what is known of them at this moment.

    `unreadable`: they told something that cannot be evidence.
    """
    hearing = state.hearing
    new = set(nodes) - collection.lost
    collection.lost |= new
    if hearing is None or not hearing.of_workers:
        return  # the only process of a run is always there
    for node in new:
        heard = hearing.last_heard(node)
        gone = heard is not None and not unreadable and hearing.is_gone(node)
        collection.known_of_lost[node] = LostProcess(
            name=node,
            users=tuple(sorted(set(_seats_of(state, node).values()))),
            last_heard=round(max(state.since_start(heard), 0.0), 3) if gone and heard is not None else None,
            unreadable=unreadable,
        )


def lost_processes(state: RunState, collection: Collection) -> tuple[LostProcess, ...]:
    """Of each process that told nothing in this round, in order; of the only process of a run nothing."""
    left = set() if collection.number == AT_THE_END else state.left | state.end.answers.keys()
    known = [one for node, one in sorted(collection.known_of_lost.items()) if node in collection.untold]
    return tuple(replace(one, left=one.name in left) for one in known)


def gone_since(gone: Gone, lost: Iterable[LostProcess]) -> float:
    """When the first of those who are gone was, in seconds since the start of the run.

    Locust counts the users of a worker that was killed until some heartbeats are missing. One that played nobody, or
    was heard of last so long before that others have taken its people over, explains nothing.
    """
    heard = (one.last_heard for one in lost if one.users and one.last_heard is not None)
    return min([gone.since, *(moment for moment in heard if moment >= gone.since - GONE_S)])


def documents_of_lost(state: RunState, collection: Collection) -> dict[str, set[str]]:
    """By process, the documents that users of those ever had open which told nothing in this round."""
    if state.prepared is None:
        return {}
    seated = state.prepared.seats.seated
    return {node: {seated[client] for client in _seats_of(state, node)} for node in collection.untold}


def _seats_of(state: RunState, node: str) -> dict[int, int]:
    """Client id and user of each who ever had a document open in this process, or should have."""
    if state.prepared is None:
        return {}
    seats = state.prepared.seats
    return {
        client: seats.authors[client]
        for client, holder in seats.played_in.items()
        if holder == node and client not in state.never_opened
    }
