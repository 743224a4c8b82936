"""All checks, composed: fail beats inconclusive beats pass, and a check that raises is inconclusive with its reason."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from jupyter_rtc_locust.verdict.checkpoints import with_checkpoints
from jupyter_rtc_locust.verdict.checks.acknowledgement import check_edits_were_acknowledged, check_nothing_is_pending
from jupyter_rtc_locust.verdict.checks.agreement import (
    check_first_snapshot,
    check_newcomer_gets_the_document,
    check_replicas_agree,
)
from jupyter_rtc_locust.verdict.checks.completeness import check_run_is_complete, check_users_took_part
from jupyter_rtc_locust.verdict.checks.deletions import check_deletions_were_authored
from jupyter_rtc_locust.verdict.checks.isolation import check_nothing_came_from_elsewhere
from jupyter_rtc_locust.verdict.checks.lines import check_somebody_had_a_line
from jupyter_rtc_locust.verdict.checks.outside_edits import check_outside_edits_were_taken_in
from jupyter_rtc_locust.verdict.checks.presence import check_everybody_is_seen
from jupyter_rtc_locust.verdict.checks.reopening import check_reopened_document
from jupyter_rtc_locust.verdict.checks.saved_file import check_saved_file
from jupyter_rtc_locust.verdict.checks.saving import (
    DEFAULT_LIMITS,
    SaveLimits,
    check_age_of_saves,
    check_manual_saves,
    check_saves_in_pauses,
)
from jupyter_rtc_locust.verdict.checks.server_health import check_server_memory, read_server_log
from jupyter_rtc_locust.verdict.checks.service import check_nobody_stalled, check_server_answers
from jupyter_rtc_locust.verdict.checks.shape import check_document_is_well_formed
from jupyter_rtc_locust.verdict.checks.trace import check_trace_ended_as_recorded
from jupyter_rtc_locust.verdict.checks.truth import check_against_oracle
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, RunEvidence
from jupyter_rtc_locust.verdict.exercised import exercised
from jupyter_rtc_locust.verdict.faults_beside import with_faults
from jupyter_rtc_locust.verdict.findings import Opinion, Value, Verdict
from jupyter_rtc_locust.verdict.oracle import Oracle, build_oracle
from jupyter_rtc_locust.verdict.played_plans import plan_warnings
from jupyter_rtc_locust.verdict.reading import Reading
from jupyter_rtc_locust.verdict.received_deletions import UnauthoredDeletion, unauthored_deletions
from jupyter_rtc_locust.verdict.save_ages import SaveHistory
from jupyter_rtc_locust.verdict.weak_runs import weak_points
from jupyter_rtc_locust.verdict.wording import counted

Witness = Callable[[Reading, Oracle | None], None]
"""Is shown each document that was judged, taken apart; must not raise."""


def decide(run: RunEvidence, witness: Witness | None = None) -> Verdict:
    """The verdict of a run."""
    opinion = _safely("that everybody answered", "", lambda: check_run_is_complete(run))
    opinion += _safely("that the server answers", "", lambda: check_server_answers(run))
    opinion += _safely("that somebody had a line", "", lambda: check_somebody_had_a_line(run))
    limits = SaveLimits(run.save_timeout, run.max_save_age, not run.untold)
    with _collector_at_rest():
        for document in run.documents:
            opinion += judge_document(document, run.sound, run.documents, limits, witness)
    opinion += _safely("of the server's memory", "", lambda: check_server_memory(run))
    opinion += _safely("of the server's log", "", lambda: read_server_log(run))
    opinion = _amended(
        "of what went wrong on purpose", opinion, lambda it: with_faults(it, run.faults, run.checkpoints)
    )
    opinion = _amended("of checkpoints", opinion, lambda it: with_checkpoints(it, run.checkpoints))
    opinion += _safely("of who took part together", "", lambda: Opinion(cautions=weak_points(run)))
    opinion += _safely("of the plan", "", lambda: Opinion(cautions=plan_warnings(run)))
    figures: list[dict[str, int]] = []
    opinion += _safely("of what was exercised", "", lambda: _kept(figures, exercised(run)))
    return replace(verdict_of(opinion, run), exercised=figures[0] if figures else {})


def judge_document(
    document: DocumentEvidence,
    sound: bool,
    documents: Sequence[DocumentEvidence] = (),
    limits: SaveLimits = DEFAULT_LIMITS,
    witness: Witness | None = None,
) -> Opinion:
    """What all checks say of one document; `documents` are all of the run, where they are at hand."""
    path = document.path
    opinion = _safely("that users took part", path, lambda: check_users_took_part(document))
    opinion += _safely("that nobody stalled", path, lambda: check_nobody_stalled(document, sound))
    seeing = _safely("of whom users see", path, lambda: check_everybody_is_seen(document, sound, documents))
    if not document.quiet:
        return opinion + seeing  # what still moves cannot be compared
    readings: list[Reading] = []
    opinion += _safely("of the evidence itself", path, lambda: _kept(readings, Reading.of(document)))
    if not readings:
        return opinion + seeing
    reading = readings[0]
    oracles: list[Oracle] = []
    opinion += _safely("of the oracle", path, lambda: _kept(oracles, build_oracle(reading)))
    oracle = oracles[0] if oracles else None
    opinion += _safely("of the first snapshot", path, lambda: check_first_snapshot(reading))
    opinion += _safely("that edits were acknowledged", path, lambda: check_edits_were_acknowledged(reading))
    opinion += _safely("that nothing is pending", path, lambda: check_nothing_is_pending(reading))
    opinion += _safely("that replicas agree", path, lambda: check_replicas_agree(reading))
    opinion += _safely("of what a newcomer gets", path, lambda: check_newcomer_gets_the_document(reading))
    if oracle is not None:
        ledger: list[tuple[UnauthoredDeletion, ...]] = []
        opinion += _safely("of what was deleted", path, lambda: _kept(ledger, unauthored_deletions(reading, oracle)))
        unauthored = ledger[0] if ledger else ()
        what = "that what was deleted was deleted by somebody"
        opinion += _safely(what, path, lambda: check_deletions_were_authored(reading, oracle, unauthored))
        what = "for loss, doubling, invention"
        opinion += _safely(what, path, lambda: check_against_oracle(reading, oracle, unauthored))
        what = "of what was written into the file from outside"
        opinion += _safely(what, path, lambda: check_outside_edits_were_taken_in(reading, oracle))
        what = "that nothing of another document is in it"
        opinion += _safely(what, path, lambda: check_nothing_came_from_elsewhere(reading, oracle, documents))
    opinion += _safely("of the notebook's form", path, lambda: check_document_is_well_formed(reading, oracle))
    opinion += _safely("of the saved file", path, lambda: check_saved_file(reading))
    opinion += _safely("of the trace", path, lambda: check_trace_ended_as_recorded(reading))
    opinion += _judge_saves(reading, limits, sound)
    opinion += _safely("of the document opened again", path, lambda: check_reopened_document(reading))
    if witness is not None:
        witness(reading, oracle)
    return opinion + seeing


def _judge_saves(reading: Reading, limits: SaveLimits, sound: bool) -> Opinion:
    """What is to say of the versions of the file that were seen; nothing where none was."""
    document = reading.evidence
    if not document.saves:
        return Opinion()
    histories: list[SaveHistory] = []
    what = "of the versions of the file"
    opinion = _safely(what, document.path, lambda: _kept(histories, SaveHistory(reading)))
    if histories:
        history = histories[0]
        what = "that the file was saved in pauses"
        opinion += _safely(what, document.path, lambda: check_saves_in_pauses(document, history, limits, sound))
        what = "of the age of what was not on disk"
        opinion += _safely(what, document.path, lambda: check_age_of_saves(document, history, limits, sound))
        what = "of saves by hand"
        opinion += _safely(what, document.path, lambda: check_manual_saves(document, history, sound))
    return opinion


def verdict_of(opinion: Opinion, run: RunEvidence) -> Verdict:
    """Three values, of which unknown never turns into pass, and the sentence that carries the decision."""
    if opinion.findings:
        first = opinion.findings[0]
        where = f" in {first.document}" if first.document else ""
        count = counted(len(opinion.findings), "finding")
        return Verdict(Value.FAIL, f"{count}, the first {first.kind}{where}: {first.detail}", opinion)
    if opinion.unknown:
        more = f" ({counted(len(opinion.unknown) - 1, 'more reason')})" if len(opinion.unknown) > 1 else ""
        return Verdict(Value.INCONCLUSIVE, f"{opinion.unknown[0]}{more}", opinion)
    if not run.documents:
        return Verdict(Value.INCONCLUSIVE, "No document was judged.", opinion)
    return Verdict(Value.PASS, _praise(run), opinion)


def _praise(run: RunEvidence) -> str:
    documents = counted(len(run.documents), "document")
    edits = counted(sum(len(document.authored) for document in run.documents), "edit")
    file = ", the saved file" if any(document.saved is not None for document in run.documents) else ""
    return (
        f"{documents}, {edits}: every user, a newcomer{file} and the oracle hold the same content; nothing was lost, "
        f"doubled or invented."
    )


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Without Python's search for cycles, of which structs have none.

    Measured on 20,000 edits: it takes two thirds of the time of reading them.
    """
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()


def _kept(kept: list[Any], value: Any) -> Opinion:
    kept.append(value)
    return Opinion()


def _amended(what: str, opinion: Opinion, amend: Callable[[Opinion], Opinion]) -> Opinion:
    """The opinion with something added to it; where that raises, the opinion as it was, and what could not be said."""
    amended: list[Opinion] = []
    trouble = _safely(what, "", lambda: _kept(amended, amend(opinion)))
    return amended[0] if amended else opinion + trouble


def _safely(what: str, path: str, check: Callable[[], Opinion]) -> Opinion:
    """The check's opinion; one that raises (panics of pycrdt's core included) established nothing."""
    try:
        return check()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        where = f"{path}: " if path else ""
        sentence = f"{where}the check {what} could not be completed: {type(error).__name__}: {str(error)[:300]}"
        return Opinion(unknown=(sentence,))
