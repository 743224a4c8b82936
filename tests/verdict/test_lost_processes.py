"""A worker that told nothing: what is said of it, and what is not said of its users."""

from dataclasses import replace

import pytest

from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import LostProcess, RunEvidence
from jupyter_rtc_locust.verdict.evidence_form import parts_of_run, run_of_parts
from jupyter_rtc_locust.verdict.exercised import exercised
from jupyter_rtc_locust.verdict.findings import Value
from verdict.swarm_model import SwarmModel
from verdict.templates import plain_notebook

GONE = LostProcess("w1", (1,), 9.3)


@pytest.fixture
def run() -> RunEvidence:
    """Two users in two processes, of which the second tells nothing."""
    swarm = SwarmModel(plain_notebook(), users=2, processes=2)
    for user in range(2):
        swarm[user].type(f"[by {user}]", user)
    swarm.finish()
    whole = swarm.evidence()
    told = replace(
        whole,
        authored=tuple(one for one in whole.authored if one.user != 1),
        users=tuple(one for one in whole.users if one.user != 1),
    )
    return RunEvidence(documents=(told,), silent_processes=("w1",), users_asked=2, users_at_once=2)


def reason(run: RunEvidence, *lost: LostProcess, **changes: object) -> str:
    return decide(replace(run, lost_processes=lost, **changes)).opinion.unknown[0]


def test_it_is_said_whom_it_played_when_it_was_last_heard_of_and_what_to_do(run):
    said = reason(run, GONE)
    assert said.startswith("Worker w1 was lost: last heard of 9 s after the start of the run, it did not answer at the")
    assert "What its user 1 wrote and hold is not known." in said
    assert said.endswith("and do the run again.")


def test_one_that_was_there_and_did_not_tell_was_too_busy(run):
    said = reason(run, replace(GONE, last_heard=None))
    assert said.startswith("Worker w1 was connected, and did not answer at the end in time")
    assert "Use more workers" in said and "lost" not in said


def test_one_that_told_what_cannot_be_read_was_not_too_busy(run):
    said = reason(run, replace(GONE, last_heard=None, unreadable=True))
    assert said.startswith("What worker w1 told at the end could not be read: what its user 1 wrote and hold is not")
    assert "busy" not in said and "more workers" not in said


def test_of_which_nothing_is_known_the_name_is_said(run):
    assert reason(run).startswith("w1 played users and did not answer at the end")


def test_of_one_that_had_told_everything_it_is_not_said_that_it_was_busy_or_that_nothing_is_known(run):
    verdict = decide(replace(run, silent_later=("w1",)))
    (said,) = [one for one in verdict.opinion.unknown if "w1" in one]
    assert said.startswith("w1 told what its users wrote and hold, and did not answer any more when a server")
    assert verdict.value is Value.INCONCLUSIVE


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (GONE, "Worker w1 did not answer at the checkpoint; it had last been heard of 9 s after the start of the run."),
        (replace(GONE, last_heard=None), "Worker w1 did not answer at the checkpoint. What its user 1 had written"),
        (replace(GONE, unreadable=True), "What worker w1 told at the checkpoint could not be read, so what its user 1"),
        (replace(GONE, left=True), "Worker w1 left the run while the checkpoint was held. What its user 1 wrote"),
    ],
)
def test_at_a_checkpoint_nobody_is_lost_for_the_run_which_is_not_to_be_done_again(run, known, said):
    told = reason(run, known, at_checkpoint=True)
    assert told.startswith(said)
    assert not [one for one in ("lost", "run again", "more workers") if one in told]


def test_evidence_that_is_kept_says_the_same(run):
    stored = run_of_parts(parts_of_run(replace(run, lost_processes=(GONE,))))
    assert stored.lost_processes == (GONE,)


def test_who_others_received_edits_of_has_edited(run):
    assert exercised(run)["editors_together"] == 2
    nobodys = tuple(replace(one, foreign=()) for one in run.documents)
    assert exercised(replace(run, documents=nobodys))["editors_together"] == 0


def test_where_all_have_told_what_was_received_is_not_read_once_more(run, monkeypatch):
    monkeypatch.setattr("jupyter_rtc_locust.verdict.exercised.decode_update", None)
    assert exercised(replace(run, silent_processes=()))["editors_together"] == 0


def test_nobody_is_said_to_have_been_alone_beside_those_of_whom_nothing_is_known(run):
    assert not [one for one in decide(run).opinion.cautions if one.kind == "no-company"]
    assert [one for one in decide(replace(run, silent_processes=())).opinion.cautions if one.kind == "no-company"]


def test_where_all_of_a_document_were_lost_nobody_is_said_to_have_been_gone(run):
    (document,) = run.documents
    unknown = decide(replace(run, documents=(replace(document, users=()),))).opinion.unknown
    assert f"{document.path}: no user is known to have been connected at the end." in unknown
    never = replace(document, users=(), seated={})
    unknown = decide(replace(run, documents=(never,))).opinion.unknown
    assert f"{document.path}: no user was connected at the end." in unknown


def test_it_is_not_said_that_nobody_edited_where_somebody_did_not_tell(run):
    (document,) = run.documents
    untold = replace(run, documents=(replace(document, authored=()),))
    assert not [one for one in decide(untold).opinion.unknown if "nobody made one" in one]
    assert [one for one in decide(replace(untold, silent_processes=())).opinion.unknown if "nobody made one" in one]
