"""When nobody edits, at the end and at a checkpoint: a newcomer's look at one document, and its saved file.

A look takes as long as the server does, and there may be hundreds of documents. So there is a moment from which on
nothing is looked at any more: what was not had by then is not known of that document, and the verdict can still be
reached. Of a document that is not quiet nothing would be compared, so nothing is asked of its server, which is
overloaded as it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import gevent

from jupyter_rtc_locust.coordination.dividing_the_end import divided
from jupyter_rtc_locust.coordination.preparation import PreparedDocument
from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.waiting_for_file import NO_TIME, wait_for_file
from jupyter_rtc_locust.errors import RtcLocustError
from jupyter_rtc_locust.settings import JOINER_DEADLINE_S
from jupyter_rtc_locust.users.observer import look
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, SavedFile, Snapshot

NO_ANSWER = "the server did not answer"
NOT_QUIET = "the document was not quiet"


def end_of_looks(state: RunState, collection: Collection) -> float:
    """Until which moment of `time.monotonic` there is time to look: what is left then is the judge's, and to leave."""
    began = collection.began or time.monotonic()
    return began + divided(state.end_budget_s, state.judge_s).until_looks_end


def last_look(
    state: RunState,
    evidence: DocumentEvidence,
    prepared: PreparedDocument,
    *,
    ended: float,
    until: float,
    silent: frozenset[str],
) -> DocumentEvidence:
    """The evidence with what a newcomer was given, and with the file, or with why there is none.

    `ended`: when editing did; `until`: the end of looks; `silent`: the owners of servers that do not answer.
    """
    assert state.prepared is not None
    server = state.prepared.server
    if not evidence.quiet:
        return not_looked_at(state, evidence, NOT_QUIET)
    if evidence.server in silent or _fell_silent(state, evidence.server):
        return not_looked_at(state, evidence, NO_ANSWER)
    if time.monotonic() >= until:
        return not_looked_at(state, evidence, NO_TIME)
    evidence = replace(evidence, joiner=newcomer(state, prepared, until))
    if not server.stores_files:
        return evidence
    saved = SavedFile(problem=NO_TIME)
    with _at_most(until):
        saved = wait_for_file(state, evidence, prepared.document, ended, until)
    assert state.saves is not None
    return replace(evidence, saved=saved, saves=state.saves.seen(evidence.path))


def not_looked_at(state: RunState, evidence: DocumentEvidence, why: str) -> DocumentEvidence:
    """The evidence without any last look: what was seen of the file while people typed stays known."""
    assert state.prepared is not None
    evidence = replace(evidence, joiner=nothing_seen(why))
    if not state.prepared.server.stores_files:
        return evidence
    saves = state.saves.seen(evidence.path) if state.saves is not None else ()
    return replace(evidence, saved=SavedFile(problem=why), saves=saves)


def newcomer(state: RunState, prepared: PreparedDocument, until: float) -> Snapshot:
    """What somebody is given who opens the document now, or why there is nothing."""
    assert state.prepared is not None
    ca_file = str(state.settings.ca_file) if state.settings.ca_file else None
    seen = nothing_seen(NO_TIME)
    if time.monotonic() >= until:
        return seen
    with _at_most(until):
        try:
            seen = look(state.prepared.server.open_room(prepared.document, 0), JOINER_DEADLINE_S, ca_file)
        except RtcLocustError as error:
            seen = nothing_seen(str(error))
    return seen


def _fell_silent(state: RunState, owner: str) -> bool:
    """Whether this server has not answered the watch for as long as the deadline, while other looks were under way."""
    since = state.silences.since(owner)
    return since is not None and not state.silence_is_ours(since) and state.silences.lasts(owner, time.monotonic())


def nothing_seen(why: str) -> Snapshot:
    """There was no look at a document, for this reason."""
    return Snapshot({}, b"\x00\x00", why)


@contextmanager
def _at_most(until: float) -> Iterator[None]:
    """What is under way when the moment comes is left, without an error."""
    late = gevent.Timeout(max(until - time.monotonic(), 0.0))
    try:
        with late:
            yield
    except gevent.Timeout as timeout:
        if timeout is not late:
            raise
