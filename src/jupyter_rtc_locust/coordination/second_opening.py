"""When everybody has left and the server has dropped the rooms: open each document once more.

Only where it is known how soon the server drops a room (`--rtc-evict-after`), and where documents are files, so that a
room can be made anew of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import gevent

from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.side_by_side import side_by_side
from jupyter_rtc_locust.errors import RtcLocustError
from jupyter_rtc_locust.servers.base import Document, Server
from jupyter_rtc_locust.settings import JOINER_DEADLINE_S
from jupyter_rtc_locust.users.observer import look
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, Snapshot

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
    ca_file = str(settings.ca_file) if settings.ca_file else None
    judged = {one.path for one in documents}
    in_use = [one for one in prepared.documents if one.document.path in judged]
    everybody_leaves()
    # jupyter-collaboration 5.0.4 drops a room when its last user leaves alone, and keeps it for ever when all leave at
    # one moment, as here: each still sees the others in the room. So somebody comes once more, and leaves alone.
    side_by_side(lambda one: _look(prepared.server, one.document, ca_file), in_use)
    gevent.sleep(settings.evict_after + MARGIN_S)
    looks = side_by_side(lambda one: _look(prepared.server, one.document, ca_file), in_use)
    return tuple(replace(one, reopened=seen) for one, seen in zip(documents, looks, strict=True))


def _look(server: Server, document: Document, ca_file: str | None) -> Snapshot:
    try:
        return look(server.open_room(document, 0), JOINER_DEADLINE_S, ca_file)
    except RtcLocustError as error:
        return Snapshot({}, b"\x00\x00", str(error))
