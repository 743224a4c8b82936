"""What is known of a run: what the processes told, a newcomer's look at each document, and the saved files."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from jupyter_rtc_locust.coordination.between_workers import clocks_too_far_apart
from jupyter_rtc_locust.coordination.hubs import documents_nobody_opened
from jupyter_rtc_locust.coordination.last_looks import NOT_QUIET, end_of_looks, last_look, not_looked_at
from jupyter_rtc_locust.coordination.lost_processes import gone_since, lost_processes
from jupyter_rtc_locust.coordination.plans import plan_to_play
from jupyter_rtc_locust.coordination.preparation import SEEDER, PreparedDocument
from jupyter_rtc_locust.coordination.rounds import AT_THE_END, Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.side_by_side import side_by_side
from jupyter_rtc_locust.coordination.silent_servers import silent_servers
from jupyter_rtc_locust.coordination.told_once import each_state_once
from jupyter_rtc_locust.coordination.waiting_for_file import NO_TIME
from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.settings import SILENT_SERVER_S
from jupyter_rtc_locust.verdict.evidence import (
    DocumentEvidence,
    RunEvidence,
    StallEvidence,
    UserEvidence,
)
from jupyter_rtc_locust.verdict.service_evidence import ServerSilence


def run_evidence(
    state: RunState, collection: Collection, health: dict[str, Any], secrets: Sequence[str]
) -> RunEvidence:
    """What is known at this moment: what the processes told, a newcomer's look at each document, and the files."""
    problems = _problems(state, collection)
    ended = collection.began or time.monotonic()
    documents: tuple[DocumentEvidence, ...] = ()
    if state.prepared is not None and state.users_seated:
        until = end_of_looks(state, collection)
        silent = silent_servers(state, until)
        prepared = _documents_in_use(state)
        gathered = [_document_evidence(state, collection, one) for one in prepared]
        look = partial(last_look, state, ended=ended, until=until, silent=silent)
        documents = tuple(side_by_side(look, gathered, prepared))
        if any(_may_have_gone(state, one) for one in documents if one.server not in silent):
            until = _time_for_a_silence(state, collection)
            silent_servers(state, until)  # it may have gone while the newcomer, or the file, was waited for
        if state.served_later is not None:
            if state.silences.lasting():
                until = _time_for_a_silence(state, collection)
            documents = state.served_later.amended(state, collection, documents, until)
    told = _told(
        state,
        collection,
        health,
        problems=redact(problems, secrets),
        documents=documents,
        server_silences=state.silences.evidence(state.started),
    )
    return replace(
        told,
        server_memory=state.watch.memory(end_of_looks(state, collection)) if state.watch is not None else None,
        server_log=state.watch.log_events() if state.watch is not None else (),
    )


def evidence_without_looks(state: RunState, health: dict[str, Any], secrets: Sequence[str], why: str) -> RunEvidence:
    """What the processes told, without what the coordinator sees when editing has ended."""
    documents = (
        not_looked_at(state, _document_evidence(state, state.end, one), NO_TIME) for one in _documents_in_use(state)
    )
    # Of a silence that went on then it is not known what became of those who have told.
    ended = state.since_start(state.end.began)
    silences = [one for one in state.silences.evidence(state.started) if one.when + one.length <= ended]
    return _told(
        state,
        state.end,
        health,
        problems=redact([why, *_problems(state, state.end)], secrets),
        documents=tuple(without_secrets(one, secrets) for one in documents),
        server_silences=tuple(silences),
    )


def _told(
    state: RunState,
    collection: Collection,
    health: dict[str, Any],
    *,
    problems: Sequence[str],
    documents: tuple[DocumentEvidence, ...],
    server_silences: tuple[ServerSilence, ...],
) -> RunEvidence:
    gone, lost = state.shortfall.gone, lost_processes(state, collection)
    return RunEvidence(
        documents=documents,
        silent_processes=tuple(sorted(collection.lost)),
        silent_later=tuple(sorted(collection.lost & collection.answers.keys())),
        lost_processes=lost,
        server_silences=server_silences,
        sound=health["sound"],
        unsound_reasons=tuple(health["reasons"]),
        edits_asked=_edits_asked(state),
        save_timeout=state.settings.save_timeout,
        max_save_age=state.settings.max_save_age,
        problems=tuple(problems),
        reconnects=sum(answer.get("counts", {}).get("reconnects", 0) for answer in collection.answers.values()),
        checkpoints=tuple(state.checkpoints),
        server_memory_limit=state.settings.server_memory_limit,
        # A search for a capacity asks for as many as the server holds, whatever the most it would try.
        users_asked=state.settings.users if state.capacity is None else state.most_users,
        users_at_once=min(state.most_users, len(set(_opened(state).values()))),
        users_gone=0 if gone is None else gone.people,
        users_before=0 if gone is None else gone.of,
        gone_since=0.0 if gone is None else gone_since(gone, lost),
        faults=() if state.faults is None else state.faults.noted,
        users_failed=state.stumbled.users_failed,
        mistakes=tuple(state.stumbled.ended_users),
    )


def _document_evidence(state: RunState, collection: Collection, prepared: PreparedDocument) -> DocumentEvidence:
    """Put together what the processes told of one document."""
    assert state.prepared is not None
    path = prepared.document.path
    parts = [
        room for answer in collection.answers.values() for room in answer.get("documents", ()) if room.path == path
    ]
    return DocumentEvidence(
        path=path,
        kind=prepared.document.kind,
        initial=prepared.initial,
        template=prepared.template.content if prepared.template and state.prepared.server.stores_files else None,
        authors=dict(state.prepared.seats.authors),
        seated=dict(state.prepared.seats.seated),
        authored=(*prepared.seed_edits, *(edit for part in parts for edit in part.authored)),
        foreign=tuple(update for part in parts for update in part.foreign),
        replicas=each_state_once(replica for part in parts for replica in part.replicas),
        users=tuple(_gone_in_overload(state, user) for part in parts for user in part.users),
        stalls=tuple(_told_of_overload(state, stall) for part in parts for stall in part.stalls),
        presences=frozenset().union(*(part.presences for part in parts)),
        quiet=all(part.quiet for part in parts),
        guests_expected=not prepared.document.ours,
        manual_saves=tuple(save for part in parts for save in part.manual_saves),
        outside=tuple(state.outside.get(path, ())),
        replay=state.replay.evidence if state.replay is not None and collection.number == AT_THE_END else None,
        emptied=state.capacity is not None and path not in state.prepared.seats.open_now(),
        server=state.prepared.server.owner_of(prepared.document),
    )


def _documents_in_use(state: RunState) -> list[PreparedDocument]:
    """All of them; where people come in steps, those that anybody has opened so far."""
    assert state.prepared is not None
    if state.capacity is None:
        return [one for one in state.prepared.documents if one.ready]
    opened = state.prepared.seats.opened()
    return [one for one in state.prepared.documents if one.document.path in opened]


def _problems(state: RunState, collection: Collection) -> list[str]:
    """Sentences about what kept the run from being judged."""
    answers = collection.answers.values()
    problems = list(state.problems)
    problems += [answer["problem"] for answer in answers if answer.get("problem")]
    if state.prepared is not None and collection.number == AT_THE_END:
        problems += documents_nobody_opened(state)
    if collection.number == AT_THE_END:
        problems += clocks_too_far_apart(tuple(answers))
    if not state.users_seated and not problems:
        why = state.stumbled.first
        problems.append(f"No user took a seat, so nothing was tested{f': {why}' if why else '.'}")
    if missing := _users_without_evidence(state, collection):
        names = ", ".join(str(user) for user in missing[:10])
        problems.append(
            f"Users {names} were given a seat, but no process tells of a document that they opened. The log of the "
            f"process that plays them says why."
        )
    return problems


def _users_without_evidence(state: RunState, collection: Collection) -> list[int]:
    """Users whose seat was taken and who stand in no answer, though every process answered."""
    if state.prepared is None or collection.untold or collection.number != AT_THE_END:
        return []
    rooms = [room for answer in collection.answers.values() for room in answer.get("documents", ())]
    told = {user.client_id for room in rooms for user in room.users}
    return sorted({user for client_id, user in _opened(state).items() if client_id not in told})


def _opened(state: RunState) -> dict[int, int]:
    """Client id and user of each seat whose document was opened, or should have been: nobody was stopped before."""
    if state.prepared is None:
        return {}
    nobodys = {SEEDER, *state.seats_on_the_way}
    authors = state.prepared.seats.authors.items()
    return {one: user for one, user in authors if user not in nobodys and one not in state.never_opened}


def _edits_asked(state: RunState) -> bool:
    """Whether the run asked for edits at all."""
    if state.replay is not None:
        return state.replay.casting.steps > 0
    plan = plan_to_play(state.settings)
    return state.settings.edit_rate > 0 if plan is None else plan.count > 0


def _time_for_a_silence(state: RunState, collection: Collection) -> float:
    """Until when a server that may be silent is asked, and then its users: the end is put off if need be."""
    until = time.monotonic() + SILENT_SERVER_S
    if collection is not state.end:
        return until  # of a checkpoint, which has no end to put off
    state.put_off(until - end_of_looks(state, collection))
    return end_of_looks(state, collection)


def _may_have_gone(state: RunState, document: DocumentEvidence) -> bool:
    """Whether its server may not answer any more: it has not answered the watch, or a look that was tried failed."""
    return state.silences.since(document.server) is not None or _looked_in_vain(document)


def _looked_in_vain(document: DocumentEvidence) -> bool:
    """Whether no newcomer was let in, or the last try to read the file came to nothing, where that was tried."""
    unread = "" if document.saved is None or document.saved.gone else document.saved.problem
    refused = "" if document.joiner is None else document.joiner.problem
    return not {unread, refused} <= {"", NOT_QUIET, NO_TIME}


def _told_of_overload(state: RunState, stall: StallEvidence) -> StallEvidence:
    return replace(stall, overload=state.capacity is not None and state.capacity.overloaded_since(stall.at, stall.at))


def _gone_in_overload(state: RunState, user: UserEvidence) -> UserEvidence:
    presence = user.presence
    if state.capacity is None or presence is None or presence.gone is None:
        return user
    told = replace(presence, gone_in_overload=state.capacity.overloaded_since(presence.gone, presence.gone))
    return replace(user, presence=told)


def without_secrets(document: DocumentEvidence, secrets: Sequence[str]) -> DocumentEvidence:
    """The evidence of a document, in whose texts errors may have repeated what only the run knows."""

    def hidden(one: Any) -> Any:
        return replace(one, problem=redact(one.problem, secrets)) if one is not None and one.problem else one

    return replace(
        document,
        initial=hidden(document.initial),
        joiner=hidden(document.joiner),
        saved=hidden(document.saved),
        reopened=hidden(document.reopened),
        saves=tuple(hidden(one) for one in document.saves),
        manual_saves=tuple(replace(one, status=redact(one.status, secrets)) for one in document.manual_saves),
    )
