"""A document's content never appears in another document: what users of one wrote is a finding in every other."""

from __future__ import annotations

import pytest

from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import RunEvidence
from jupyter_rtc_locust.verdict.findings import Kind, Value, Verdict
from verdict.model_server import UPDATE, text_of
from verdict.opinions import kinds_of, of_kind, report
from verdict.swarm_model import SwarmModel
from verdict.templates import plain_notebook

HERE, THERE = "run/here.ipynb", "run/there.ipynb"


class TwoDocuments:
    """A run of two documents, with two users each; both were made from the same template."""

    def __init__(self) -> None:
        template = plain_notebook("a = 1", "b = 2")
        self.here = SwarmModel(template, users=2, seed=1)
        self.there = SwarmModel(template, users=2, seed=2)
        for swarm in (self.here, self.there):
            swarm[0].type(" # first")
            swarm.settle()

    def verdict(self) -> Verdict:
        self.here.finish()
        self.there.finish()
        there = {client: user + 2 for client, user in self.there.authors.items()}
        authors = {**self.here.authors, **there}
        seated = {**dict.fromkeys(self.here.authors, HERE), **dict.fromkeys(there, THERE)}
        documents = tuple(
            swarm.evidence(path=path, authors=authors, seated=seated)
            for swarm, path in ((self.here, HERE), (self.there, THERE))
        )
        return decide(RunEvidence(documents=documents))


@pytest.fixture
def run() -> TwoDocuments:
    return TwoDocuments()


def test_two_documents_that_have_nothing_to_do_with_each_other_pass(run):
    run.there[1].type("there", 1)
    run.here[1].type("here", 1)
    verdict = run.verdict()
    assert verdict.value is Value.PASS, report(verdict)


def test_words_that_stand_in_another_document_too_are_invented_there_and_their_author_is_named(run):
    update = run.there[1].type("words of there", 1)
    run.there.settle()
    run.here.server.receive(None, update)
    run.here.settle()
    verdict = run.verdict()
    assert kinds_of(verdict) == {Kind.INVENTED_EDIT}, report(verdict)
    found = of_kind(verdict, Kind.INVENTED_EDIT)
    assert found.document == HERE and found.users == (3,)
    assert f"What user 3 wrote in {THERE} stands in this document: 'words of there'" in found.detail
    assert str(run.there[1].client_id) in found.detail and "edit 0 of user 1" in found.detail


def test_words_typed_beside_them_keep_their_place(run):
    run.here.server.receive(None, run.there[1].type("words of there", 1))
    run.here.settle()
    run.here[0].write(lambda replica: text_of(replica.doc, 1).insert(7, "<into them>"), "typed into them")
    run.here[1].type("<behind them>", 1)
    run.here.settle()
    verdict = run.verdict()
    assert kinds_of(verdict) == {Kind.INVENTED_EDIT} and len(verdict.opinion.findings) == 1, report(verdict)
    assert not verdict.opinion.unknown


def test_words_that_went_again_are_found(run):
    run.here.server.receive(None, run.there[1].type("words of there", 1))
    run.here.settle()
    run.here[0].write(lambda replica: replica.cells.pop(1), "deleted cell 1")
    verdict = run.verdict()
    assert kinds_of(verdict) == {Kind.INVENTED_EDIT}, report(verdict)
    found = of_kind(verdict, Kind.INVENTED_EDIT)
    assert "nothing of it is to be seen" in found.detail and "'words of there'" in found.detail


@pytest.mark.parametrize("whose", [0, 1])
def test_words_that_users_of_another_document_were_only_sent_are_found(run, whose):
    """The second builds on words that only its own document holds, so nobody here could ever see it."""
    first = run.there[whose].type("words of there", 1)
    run.there.settle()
    update = run.there[whose].type(" and more", 1)
    for one in run.here.users:
        one.inbox.append((UPDATE, update if whose else first))
    run.here.settle()
    verdict = run.verdict()
    assert Kind.INVENTED_EDIT in kinds_of(verdict) <= {Kind.INVENTED_EDIT, Kind.JOINER_DIFFERS}, report(verdict)
    found = of_kind(verdict, Kind.INVENTED_EDIT)
    assert found.document == HERE
    assert ("was sent to users of" if whose else "stands in the copies that some users have of") in found.detail
    assert not verdict.opinion.unknown, report(verdict)


def test_words_that_build_on_what_only_the_other_document_holds_keep_nothing_waiting(run):
    run.there[0].type("before them", 1)
    run.there.settle()
    run.there.server.save()
    run.there.settle()
    update = run.there[1].type("words of there", 1)
    for one in run.here.users:
        one.inbox.append((UPDATE, update))
    run.here.settle()
    verdict = run.verdict()
    assert Kind.INVENTED_EDIT in kinds_of(verdict), report(verdict)
    assert not verdict.opinion.unknown, report(verdict)


def test_an_edit_without_any_words_is_found_by_its_mark_of_unsaved_changes(run):
    update = run.there[1].write(lambda _: None, "marked unsaved changes")
    run.here[0].inbox.append((UPDATE, update))
    run.here.settle()
    verdict = run.verdict()
    assert kinds_of(verdict) == {Kind.INVENTED_EDIT}, report(verdict)


def test_what_they_deleted_here_is_a_loss(run):
    """Both documents were loaded under one client id, so that the deletion hits the same words in both."""
    run.here.server.receive(None, run.there[1].erase("b = 2", 1))
    run.here.settle()
    verdict = run.verdict()
    assert kinds_of(verdict) == {Kind.LOST_EDIT}, report(verdict)
    assert of_kind(verdict, Kind.LOST_EDIT).document == HERE


def test_in_evidence_that_does_not_tell_who_was_seated_where_it_is_not_known(run):
    run.here.server.receive(None, run.there[1].type("words of there", 1))
    run.here.finish()
    authors = {**run.here.authors, **run.there.authors}
    verdict = run.here.verdict(authors=authors, seated={})
    assert verdict.value is Value.INCONCLUSIVE, report(verdict)
