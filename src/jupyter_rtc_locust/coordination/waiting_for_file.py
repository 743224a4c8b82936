"""When editing has ended, or pauses: read a saved file until it holds what it should, or until time is over."""

from __future__ import annotations

import time
from math import inf
from typing import Any

import gevent

from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.documents.canonical import read_in_turns
from jupyter_rtc_locust.errors import FileGone, RtcLocustError
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.verdict.checks.saved_file import contents_compared, file_agrees
from jupyter_rtc_locust.verdict.checks.saving import SHORTEST_PAUSE_S
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, SavedFile
from jupyter_rtc_locust.verdict.rebuilt import document_of, remember_content

POLL_S = 0.5
NO_TIME = "there was no time left for it"
"""Why something was not looked at, or not long enough."""
LATEST_EDIT_S = 30.0
"""From the end of editing to an edit from which the file is still waited for in full: the time is bounded."""


def wait_for_file(
    state: RunState, evidence: DocumentEvidence, document: Document, ended: float, until: float = inf
) -> SavedFile:
    """Read the file until it holds what it should, or until the deadline; the last reading counts.

    Where there is no time to wait for the deadline (`until`), nothing is known of a file that is not right before it.
    """
    assert state.prepared is not None and state.saves is not None
    deadline = file_deadline(state, evidence, ended)
    for update in contents_compared(evidence):
        # Large notebooks take long to read, and the loop is not to stand still for that.
        content = read_in_turns(document_of([update]), evidence.kind, Turns())
        remember_content(update, evidence.kind, content)
    agrees: tuple[Any, bool] | None = None
    state.saves.leave_to_others(document, True)
    try:
        while True:
            asked = time.monotonic()
            try:
                saved = SavedFile(content=state.prepared.server.read_saved(document), waited=time.monotonic() - ended)
            except RtcLocustError as error:
                gone = isinstance(error, FileGone)
                saved = SavedFile(problem=str(error), gone=gone, waited=time.monotonic() - ended)
            state.saves.note(document, asked, saved.content, saved.problem)
            if not saved.problem and (agrees is None or agrees[0] != saved.content):
                agrees = saved.content, file_agrees(evidence, saved)
            now = time.monotonic()
            if (not saved.problem and agrees is not None and agrees[1]) or now >= deadline:
                return saved
            if now >= until:
                return SavedFile(problem=NO_TIME, waited=now - ended)
            gevent.sleep(POLL_S)
    finally:
        state.saves.leave_to_others(document, False)


def file_deadline(state: RunState, evidence: DocumentEvidence, ended: float) -> float:
    """Until when the file is waited for: so long from the last edit that came back, which may be after editing ended.

    What the file is compared with is known only now, so it gets a moment in any case.
    """
    latest = max((one.acknowledged for one in evidence.authored if one.acknowledged is not None), default=0.0)
    last_edit = min(max(ended, state.started + latest), ended + LATEST_EDIT_S)
    return max(last_edit + state.settings.save_timeout, time.monotonic() + SHORTEST_PAUSE_S)
