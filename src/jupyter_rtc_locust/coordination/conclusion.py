"""From the answers of all processes to the verdict: a newcomer, the saved files, the checks, the result."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import MasterRunner

from jupyter_rtc_locust.capacity.making import forget
from jupyter_rtc_locust.coordination.between_workers import clocks_too_far_apart, deliveries_between
from jupyter_rtc_locust.coordination.dividing_the_end import LEAST_TO_JUDGE_S, left_to_judge
from jupyter_rtc_locust.coordination.hubs import documents_nobody_opened
from jupyter_rtc_locust.coordination.judging import JudgeError, Keeping, judged
from jupyter_rtc_locust.coordination.last_looks import NOT_QUIET, end_of_looks, last_look, not_looked_at
from jupyter_rtc_locust.coordination.plans import collected_plan, plan_figures, plan_to_play, played, write_plan
from jupyter_rtc_locust.coordination.preparation import SEEDER, PreparedDocument
from jupyter_rtc_locust.coordination.process_agent import ProcessAgent
from jupyter_rtc_locust.coordination.rounds import AT_THE_END, Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.second_opening import opened_again
from jupyter_rtc_locust.coordination.side_by_side import side_by_side
from jupyter_rtc_locust.coordination.silent_servers import silent_servers
from jupyter_rtc_locust.coordination.story import began, command_of, course_of
from jupyter_rtc_locust.coordination.told_once import each_state_once
from jupyter_rtc_locust.coordination.waiting_for_file import NO_TIME
from jupyter_rtc_locust.errors import GivenUp
from jupyter_rtc_locust.reporting.report.making import remove_reports
from jupyter_rtc_locust.reporting.result_file import ResultFileError, build_result, redact, remove_result, write_result
from jupyter_rtc_locust.settings import LEAVE_DEADLINE_S, SILENT_SERVER_S
from jupyter_rtc_locust.timing.generator_health import summarise
from jupyter_rtc_locust.timing.recorder import Recorder, warm_up_of
from jupyter_rtc_locust.timing.traffic import summed
from jupyter_rtc_locust.verdict.evidence import (
    Checkpoint,
    DocumentEvidence,
    RunEvidence,
    StallEvidence,
    UserEvidence,
)
from jupyter_rtc_locust.verdict.evidence_form import parts_of_run
from jupyter_rtc_locust.verdict.findings import Opinion, Value, Verdict
from jupyter_rtc_locust.verdict.folder.names import FOLDER
from jupyter_rtc_locust.verdict.folder.writing import Kept, remove_earlier
from jupyter_rtc_locust.verdict.service_evidence import ServerSilence

logger = logging.getLogger(__name__)


def conclude(
    environment: Environment, state: RunState, secrets: list[str], everybody_leaves: Callable[[], None]
) -> None:
    """Have it decided, write `result.json`, tell Locust. Whatever goes wrong makes it inconclusive, never green.

    `everybody_leaves` closes all documents, and returns when that is done.
    """
    health: dict[str, Any] = {"sound": False, "reasons": []}
    timings = Recorder()
    try:
        if state.given_up:
            raise GivenUp(state.given_up)
        answers = state.end.answers.values()
        for answer in answers:
            timings.merge(answer["timings"])
        if isinstance(environment.runner, MasterRunner):
            # What only a master measures: servers that a hub started. Alone, it stands in the one answer.
            agent: ProcessAgent = environment.rtc_agent  # type: ignore[attr-defined]
            timings.merge(agent.recorder.as_evidence())
        echo_p99 = timings.percentile("update echo", 0.99, _warm_up(state))
        health = summarise((answer["health"] for answer in answers if "health" in answer), echo_p99)
        state.between_workers = deliveries_between(tuple(answers), _warm_up(state))
        _keep_plan(environment, state)
        evidence = run_evidence(state, state.end, health, secrets)
        state.memory, state.log_events = evidence.server_memory, evidence.server_log
        evidence = replace(evidence, documents=opened_again(state, evidence.documents, everybody_leaves))
        if state.plan is not None:
            evidence = replace(
                evidence, plan=state.plan.compressed(), played=played(plan_to_play(state.settings), state.plan)
            )
        evidence = replace(evidence, documents=tuple(without_secrets(one, secrets) for one in evidence.documents))
        state.verdict = _decided(state, evidence)
        _record_figures(environment, state, state.verdict, timings)
    except JudgeError as error:
        logger.error("%s", error)
        state.verdict = Verdict(Value.INCONCLUSIVE, str(error), Opinion(unknown=(str(error),)))
    except GivenUp as error:
        state.verdict = _of_what_was_told(state, health, secrets, str(error))
    except BaseException as error:
        logger.exception("The verdict could not be reached")
        reason = f"The verdict could not be reached: {type(error).__name__}: {error}"
        state.verdict = Verdict(Value.INCONCLUSIVE, reason, Opinion(unknown=(reason,)))
    state.end_pause(state.end.began or time.monotonic())
    state.result = _result(environment, state, state.verdict, timings, health, secrets)
    try:
        state.result_path = str(write_result(state.settings.results, state.result))
    except ResultFileError as error:
        logger.error("%s", error)
        if state.verdict.value is Value.PASS:
            # What nobody can read afterwards was not established.
            state.verdict = Verdict(Value.INCONCLUSIVE, str(error), state.verdict.opinion)
            state.result |= {"verdict": state.verdict.value.value, "reason": redact(str(error), secrets)}
    _tell_locust(environment, state.verdict, secrets)


def _warm_up(state: RunState) -> float:
    """How many seconds at the beginning the percentiles leave out: as asked, or by how long people were at work."""
    if state.settings.warmup is not None:
        return state.settings.warmup
    return warm_up_of(state.since_start(state.end.began)) if state.end.began else 0.0


def _keep_plan(environment: Environment, state: RunState) -> None:
    """Put together what the users did, and save it where that was asked for. A replay has its trace for that."""
    if state.replay is not None:
        return
    state.plan = collected_plan(state, environment.locustfile or "")
    if state.settings.plan_out is not None:
        state.plan_problem = write_plan(state.settings.plan_out, state.plan)
        if state.plan_problem:
            logger.error("%s", state.plan_problem)


def forget_earlier_run(results: Path) -> None:
    """Remove what an earlier run left, so that nobody takes it for that of the run which begins now."""
    remove_result(results)
    forget(results)
    remove_reports(results)
    try:
        remove_earlier(results)
    except OSError as error:
        # What cannot be removed is in the way of this run's own, which is found out and said at its end.
        logger.warning("The evidence of an earlier run in %s could not be removed: %s", results, error)


def _decided(state: RunState, evidence: RunEvidence) -> Verdict:
    """The judge's verdict; what is to be kept of the evidence lies beside the result then.

    Raises:
        JudgeError: there is none.
    """
    return _judged(state, evidence, _time_to_judge(state))


def _judged(state: RunState, evidence: RunEvidence, deadline_s: float) -> Verdict:
    settings = state.settings
    keeping = Keeping(settings.results, int(settings.evidence_limit * 1_000_000), settings.evidence == "always")
    judgement = judged(parts_of_run(evidence), deadline_s, keeping)
    state.kept, verdict = judgement.kept, judgement.verdict
    if state.kept is not None and state.kept.problem:
        logger.error("%s", state.kept.problem)
        if verdict.value is Value.PASS:
            # What nobody can look at afterwards was not established.
            opinion = verdict.opinion + Opinion(unknown=(state.kept.problem,))
            return replace(verdict, value=Value.INCONCLUSIVE, reason=state.kept.problem, opinion=opinion)
    return verdict


def _time_to_judge(state: RunState) -> float:
    """What is left of the time from the end of editing to the exit, without what closing the documents may take.

    It is what was kept for the judge at least: where a slow server took some of that, the end is put off.
    """
    elapsed = time.monotonic() - state.end.began if state.end.began else 0.0
    state.put_off(elapsed + state.judge_s + LEAVE_DEADLINE_S - state.end_budget_s)
    return max(LEAST_TO_JUDGE_S, state.end_budget_s - LEAVE_DEADLINE_S - elapsed)


def _of_what_was_told(state: RunState, health: dict[str, Any], secrets: Sequence[str], why: str) -> Verdict:
    """There was no time for a verdict on everything: one on what the processes told, which is never a pass.

    What people met stays found: a stall, a ghost, replicas that differ. Where somebody gave the run up, or where not
    all that will be told has been told, it is not known, for this reason.
    """
    unknown = Verdict(Value.INCONCLUSIVE, why, Opinion(unknown=(why,)))
    if not state.out_of_time or not state.end.closed or state.prepared is None:
        return unknown
    try:
        evidence = _evidence_without_looks(state, health, secrets, why)
        return _judged(state, evidence, left_to_judge(state.judge_s, state.put_off_s))
    except BaseException as error:  # the time for this is over, too, or somebody does not want to wait
        said = redact(f"{type(error).__name__}: {error}", secrets)
        logger.error("What was told could not be judged either: %s", said)
        return unknown


def _evidence_without_looks(state: RunState, health: dict[str, Any], secrets: Sequence[str], why: str) -> RunEvidence:
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


def _time_for_a_silence(state: RunState, collection: Collection) -> float:
    """Until when a server that may be silent is asked, and then its users: the end is put off if need be."""
    until = time.monotonic() + SILENT_SERVER_S
    if collection is not state.end:
        return until  # of a checkpoint, which has no end to put off
    state.put_off(until - end_of_looks(state, collection))
    return end_of_looks(state, collection)


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
        problems.append("No user took a seat, so nothing was tested.")
    if missing := _users_without_evidence(state, collection):
        names = ", ".join(str(user) for user in missing[:10])
        problems.append(
            f"Users {names} were given a seat, but no process tells of a document that they opened. The log of the "
            f"process that plays them says why."
        )
    return problems


def _told(
    state: RunState,
    collection: Collection,
    health: dict[str, Any],
    *,
    problems: Sequence[str],
    documents: tuple[DocumentEvidence, ...],
    server_silences: tuple[ServerSilence, ...],
) -> RunEvidence:
    return RunEvidence(
        documents=documents,
        silent_processes=tuple(sorted(collection.lost)),
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
        faults=() if state.faults is None else state.faults.noted,
    )


def _edits_asked(state: RunState) -> bool:
    """Whether the run asked for edits at all."""
    if state.replay is not None:
        return state.replay.casting.steps > 0
    plan = plan_to_play(state.settings)
    return state.settings.edit_rate > 0 if plan is None else plan.count > 0


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


def _users_without_evidence(state: RunState, collection: Collection) -> list[int]:
    """Users whose seat was taken and who stand in no answer, though every process answered."""
    if state.prepared is None or collection.lost or collection.number != AT_THE_END:
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


def _documents_in_use(state: RunState) -> list[PreparedDocument]:
    """All of them; where people come in steps, those that anybody has opened so far."""
    assert state.prepared is not None
    if state.capacity is None:
        return [one for one in state.prepared.documents if one.ready]
    opened = state.prepared.seats.opened()
    return [one for one in state.prepared.documents if one.document.path in opened]


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


def _told_of_overload(state: RunState, stall: StallEvidence) -> StallEvidence:
    return replace(stall, overload=state.capacity is not None and state.capacity.overloaded_since(stall.at, stall.at))


def _gone_in_overload(state: RunState, user: UserEvidence) -> UserEvidence:
    presence = user.presence
    if state.capacity is None or presence is None or presence.gone is None:
        return user
    told = replace(presence, gone_in_overload=state.capacity.overloaded_since(presence.gone, presence.gone))
    return replace(user, presence=told)


def _may_have_gone(state: RunState, document: DocumentEvidence) -> bool:
    """Whether its server may not answer any more: it has not answered the watch, or a look that was tried failed."""
    return state.silences.since(document.server) is not None or _looked_in_vain(document)


def _looked_in_vain(document: DocumentEvidence) -> bool:
    """Whether no newcomer was let in, or the last try to read the file came to nothing, where that was tried."""
    unread = "" if document.saved is None or document.saved.gone else document.saved.problem
    refused = "" if document.joiner is None else document.joiner.problem
    return not {unread, refused} <= {"", NOT_QUIET, NO_TIME}


def _record_figures(environment: Environment, state: RunState, verdict: Verdict, timings: Recorder) -> None:
    """What only the judge could measure is a timing like others: in the result, and in Locust's statistics."""
    if not verdict.figures:
        return
    agent: ProcessAgent = environment.rtc_agent  # type: ignore[attr-defined]
    # Before the first sample: a master has played no user, and so has made none yet.
    statistics = agent.make_statistics(state.settings)
    for name, samples in verdict.figures.items():
        for milliseconds in samples:
            timings.record(name, milliseconds)
            agent.recorder.record(name, milliseconds)
    statistics.flush()


def _tell_locust(environment: Environment, verdict: Verdict, secrets: list[str]) -> None:
    exception = None if verdict.value is Value.PASS else AssertionError(str(redact(verdict.reason, secrets)))
    environment.events.request.fire(
        request_type="CHECK",
        name="final document equality",
        response_time=0,
        response_length=0,
        response=None,
        context={},
        exception=exception,
    )
    if getattr(environment.parsed_options, "csv_prefix", None):
        # Locust's CSV writer looks once a second and writes nothing at the exit (measured).
        from locust.stats import CSV_STATS_INTERVAL_SEC

        gevent.sleep(CSV_STATS_INTERVAL_SEC + 0.2)


def _result(
    environment: Environment,
    state: RunState,
    verdict: Verdict,
    timings: Recorder,
    health: dict[str, Any],
    secrets: list[str],
) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    for answer in state.end.answers.values():
        counts.update(answer.get("counts", {}))
    documents = len(state.prepared.documents) if state.prepared is not None else 0
    return build_result(
        verdict=verdict.value.value,
        reason=verdict.reason,
        findings=[finding.as_dict() for finding in verdict.opinion.findings],
        warnings=[caution.as_dict() for caution in verdict.opinion.cautions],
        timings=timings,
        unknown=verdict.opinion.unknown,
        guests=[guest.as_dict() for guest in verdict.guests],
        exercised=dict(verdict.exercised),
        checkpoints=[checkpoint_as_dict(one) for one in state.checkpoints],
        server=_server_figures(state),
        evidence=_evidence_kept(state),
        counts={
            "users": state.most_users,
            "users_asked": state.settings.users,
            "users_seated": state.users_seated,
            "documents": documents,
            "documents_apart": _documents_apart(state),
            **dict.fromkeys(("edits", "updates_sent", "updates_received", "disconnects", "reconnects"), 0),
            **counts,
        },
        traffic=summed(
            (answer["bytes"] for answer in state.end.answers.values() if "bytes" in answer), counts["edits"]
        ),
        generator=health,
        course=course_of(state),
        run={
            "run_id": state.run_id,
            "began": began(state),
            "seed": state.seed,
            "locustfile": environment.locustfile,
            "host": state.base,
            "server": state.prepared.server.version() if state.prepared is not None and not state.problems else "",
            "workers": max(1, len(state.processes)),
            "duration_s": round(state.since_start(time.monotonic()), 3),
            "evidence_s": round(state.end.last_piece - state.end.began, 3) if state.end.answers else None,
            "documents": [one.document.path for one in state.prepared.documents] if state.prepared else [],
            "options": _options(state),
            "command": command_of(environment, state),
            "warmup_s": _warm_up(state),
            "plan": plan_figures(state),
            "faults": [] if state.faults is None else [asdict(one) for one in state.faults.noted],
            "pauses": [{"began_s": one.began, "ended_s": one.ended} for one in state.pauses],
        },
        secrets=secrets,
        warmup_s=_warm_up(state),
        between_workers=state.between_workers,
        require=state.settings.require,
    )


def _documents_apart(state: RunState) -> int:
    """How many documents were open in more than one process."""
    open_in = Counter(
        path
        for answer in state.end.answers.values()
        for path in {room.path for room in answer.get("documents", ()) if room.users}
    )
    return sum(processes > 1 for processes in open_in.values())


def checkpoint_as_dict(checkpoint: Checkpoint) -> dict[str, Any]:
    """For the result file."""
    return {
        "number": checkpoint.number,
        "at_s": round(checkpoint.at, 3),
        "paused_s": round(checkpoint.paused, 3),
        "verdict": checkpoint.verdict,
        "reason": checkpoint.reason,
        "findings": [finding.as_dict() for finding in checkpoint.findings],
    }


def _evidence_kept(state: RunState) -> dict[str, Any]:
    kept = state.kept or Kept()
    return {
        "folder": FOLDER if kept.files else None,
        "files": len(kept.files),
        "bytes": kept.size,
        "left_out": kept.left_out,
        "names_left_out": list(kept.names_left_out),
        "problem": kept.problem,
    }


def _server_figures(state: RunState) -> dict[str, Any]:
    memory = state.memory
    return {
        "memory_start_bytes": memory.start if memory else None,
        "memory_peak_bytes": memory.peak if memory else None,
        "memory_end_bytes": memory.end if memory else None,
        "log": [asdict(event) for event in state.log_events],
    }


def _options(state: RunState) -> dict[str, Any]:
    settings = state.settings
    return {
        "documents": settings.documents,
        "spread": settings.spread,
        "edit_rate": settings.edit_rate,
        "rhythm": settings.rhythm,
        "awareness": settings.awareness,
        "kernels": settings.kernels,
        "template": str(settings.template) if settings.template else None,
        "trace": str(settings.trace) if settings.trace else None,
        "trace_speed": settings.trace_speed,
        "trace_into": settings.trace_into,
        "notebook": settings.notebook,
        "drain_timeout": settings.drain_timeout,
        "save_timeout": settings.save_timeout,
        "max_save_age": settings.max_save_age,
        "checkpoint_every": settings.checkpoint_every,
        "evict_after": settings.evict_after,
        "keep": settings.keep,
        "evidence": settings.evidence,
        "evidence_limit": settings.evidence_limit,
        "require": [threshold.written for threshold in settings.require],
        "promise": [threshold.written for threshold in settings.promise],
        "save_every": settings.save_every,
    }
