"""When everybody has left and the server has dropped the rooms: open each document once more.

Only where it is known how soon the server drops a room (`--rtc-evict-after`), and where documents are files, so that a
room can be made anew of them; and not of documents that were not quiet, since nothing would be compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import gevent

from jupyter_rtc_locust.coordination.last_looks import end_of_looks, newcomer, nothing_seen
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.side_by_side import side_by_side
from jupyter_rtc_locust.coordination.waiting_for_file import NO_TIME
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence

MARGIN_S = 1.0
"""Beyond the time after which the server drops a room: closing a line takes its time, too."""


def opened_again(
    state: RunState, documents: tuple[DocumentEvidence, ...], everybody_leaves: Callable[[], None]
) -> tuple[DocumentEvidence, ...]:
    """The documents' evidence, with what whoever opens them again is given, where that can be tried."""
    settings, prepared = state.settings, state.prepared
    if not documents or prepared is None or not prepared.server.stores_files or not settings.evict_after:
        return documents
    if settings.notebook is not None or state.silences.going_on:
        return documents  # others may keep the room; a server that does not answer has its finding
    judged = {one.path for one in documents if one.quiet}
    in_use = [one for one in prepared.documents if one.document.path in judged]
    if not in_use:
        return documents
    until = end_of_looks(state, state.end)
    seen = dict.fromkeys(judged, nothing_seen(NO_TIME))
    if time.monotonic() + settings.evict_after + MARGIN_S < until:
        everybody_leaves()
        # jupyter-collaboration 5.0.4 drops a room when its last user leaves alone, and keeps it for ever when all leave
        # at one moment, as here: each still sees the others in the room. So somebody comes once more, and leaves alone.
        side_by_side(lambda one: newcomer(state, one, until), in_use)
        gevent.sleep(settings.evict_after + MARGIN_S)
        looks = side_by_side(lambda one: newcomer(state, one, until), in_use)
        seen = {one.document.path: look for one, look in zip(in_use, looks, strict=True)}
    return tuple(replace(one, reopened=seen.get(one.path)) for one in documents)
