"""At the end, and at a checkpoint: which servers of the run do not answer? All are asked side by side."""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import inf

import gevent
from gevent.pool import Pool

from jupyter_rtc_locust.coordination.run_state import RunState

_POLL_S = 0.5
_AT_ONCE = 100
"""So many may hang, each for the deadline of a try, before others wait for them."""


def silent_servers(state: RunState, until: float = inf) -> frozenset[str]:
    """The owners of servers that do not answer now; one that is silent gets the whole deadline before it is lost.

    Whoever has answered is not asked again, so that servers which are silent in turn are not waited for for ever. Each
    is asked once; from the moment `until` on nobody is asked again.
    """
    assert state.prepared is not None
    silences = state.silences
    silent = state.prepared.server.owners()
    while True:
        unanswered = _unanswered(state, silent)
        silent, now = [], time.monotonic()
        for owner, asked in unanswered.items():
            silences.not_answered(owner, asked)
            since = silences.since(owner)
            if since is None:
                continue  # what the watch asked later has been answered
            silent.append(owner)
            if state.silence_is_ours(since):
                silences.begin_anew(owner, now)
        lost = [owner for owner in silent if silences.lasts(owner, now)]
        if lost == silent or now >= until:
            return frozenset(lost)
        gevent.sleep(_POLL_S)


def _unanswered(state: RunState, owners: Sequence[str]) -> dict[str, float]:
    """Of these servers those that do not answer, and when each was asked; whoever is ended here ends all who ask."""
    assert state.prepared is not None
    server = state.prepared.server
    pool = Pool(_AT_ONCE)
    unanswered: dict[str, float] = {}

    def ask(owner: str) -> None:
        asked = time.monotonic()
        if server.answers(owner):
            state.silences.answered(owner, asked)
        else:
            unanswered[owner] = asked

    try:
        greenlets = [pool.spawn(ask, owner) for owner in owners]
        pool.join()
        for greenlet in greenlets:
            greenlet.get()
    finally:
        pool.kill(block=False)
    return unanswered
