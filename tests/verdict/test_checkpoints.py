"""Findings of checkpoints and of the end, put together: nothing is forgotten, and the damage is dated."""

from dataclasses import replace

from jupyter_rtc_locust.verdict.checkpoints import with_checkpoints
from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import Checkpoint
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion, Value
from verdict.swarm_model import SwarmModel
from verdict.templates import plain_notebook

LOST = Finding(Kind.LOST_EDIT, "a.ipynb", "Words are gone.", (1,))
WELL = Checkpoint(1, 60.0, 4.0, "pass", "well")
BAD = Checkpoint(2, 120.0, 4.0, "fail", "lost", (LOST,))


def test_without_checkpoints_nothing_changes():
    opinion = Opinion((LOST,), unknown=("what",))
    assert with_checkpoints(opinion, ()) is opinion


def test_a_finding_is_dated_by_the_first_checkpoint_that_has_it_and_the_last_that_has_not():
    (finding,) = with_checkpoints(Opinion((LOST,)), (WELL, BAD, replace(BAD, number=3, at=180.0))).findings
    assert finding.detail.startswith(LOST.detail)
    assert "First seen at the checkpoint of 120 s; at the one of 60 s there was none of this kind." in finding.detail


def test_a_finding_that_no_checkpoint_has_came_after_the_last():
    (finding,) = with_checkpoints(Opinion((LOST,)), (WELL,)).findings
    assert "At the last checkpoint, 60 s after the start, there was none of this kind." in finding.detail


def test_a_finding_of_the_first_checkpoint_was_there_from_the_start():
    (finding,) = with_checkpoints(Opinion((LOST,)), (replace(BAD, number=1, at=60.0),)).findings
    assert "First seen at the checkpoint of 60 s, the first of the run." in finding.detail


def test_what_only_a_checkpoint_saw_stays_a_finding():
    (finding,) = with_checkpoints(Opinion(), (WELL, BAD)).findings
    assert (finding.kind, finding.document, finding.users) == (LOST.kind, LOST.document, LOST.users)
    assert finding.detail.endswith("At the end it was not seen again.")


def test_the_same_kind_in_another_document_is_another_finding():
    other = replace(LOST, document="b.ipynb")
    assert len(with_checkpoints(Opinion((other,)), (BAD,)).findings) == 2


def test_a_checkpoint_that_could_not_tell_is_a_warning_and_no_more():
    unknown = Checkpoint(1, 60.0, 35.0, "inconclusive", "not quiet")
    opinion = with_checkpoints(Opinion(), (unknown,))
    assert [caution.kind for caution in opinion.cautions] == ["checkpoint-inconclusive"]
    assert not opinion.unknown


def test_a_run_that_was_right_at_the_end_and_wrong_in_the_middle_fails():
    swarm = SwarmModel(plain_notebook())
    swarm[0].type("words")
    swarm.finish()
    evidence = swarm.run_evidence()
    assert decide(evidence).value is Value.PASS
    assert decide(replace(evidence, checkpoints=(WELL,))).value is Value.PASS
    assert decide(replace(evidence, checkpoints=(WELL, BAD))).value is Value.FAIL
