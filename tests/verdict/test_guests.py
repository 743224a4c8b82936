"""People outside the run who edit the same document: listed and no finding, and no cloak for the server (rule 4)."""

from __future__ import annotations

import pytest

from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.verdict.findings import Kind, Value
from verdict.model_server import cells_of, erase, text_of
from verdict.opinions import kinds_of, report
from verdict.swarm_model import SwarmModel
from verdict.templates import plain_notebook

GUEST = 4_242_424_242


class GuestTab:
    """A JupyterLab tab of somebody else, which shows itself in awareness."""

    def __init__(self, swarm: SwarmModel, *, shows_itself: bool = True) -> None:
        self.swarm = swarm
        self.replica = Replica("notebook", GUEST)
        if shows_itself:
            swarm.presences.add(GUEST)

    def edit(self, change) -> None:
        self.replica.apply_updates([self.swarm.server.doc.get_update()])
        update = self.replica.edit(lambda replica: change(replica) or True)
        self.swarm.server.receive(None, update)
        self.swarm.settle()


@pytest.fixture(params=[1, 2])
def swarm(request) -> SwarmModel:
    swarm = SwarmModel(plain_notebook("a = 1", "b = 2", "c = 3"), processes=request.param)
    for user in range(3):
        swarm[user].type(f"[by {user}]", user)
    swarm.settle()
    return swarm


EDITS = {
    "types": lambda replica: text_of(replica.doc).insert(0, "guest "),
    "deletes words of users": lambda replica: erase(text_of(replica.doc, 1), "[by 1]"),
    "deletes words from the start": lambda replica: erase(text_of(replica.doc, 1), "b = 2"),
    "deletes a cell": lambda replica: replica.cells.pop(2) and None,
    "sets metadata": lambda replica: replica.cells[0]["metadata"].update({"x": 1}),
    "overwrites a value": lambda replica: replica.cells[0].update({"execution_count": 9}),
    "only marks unsaved changes": lambda _: None,
}


@pytest.mark.parametrize("edit", EDITS)
def test_whatever_a_guest_does_is_no_finding_and_the_guest_is_listed(swarm, edit):
    GuestTab(swarm).edit(EDITS[edit])
    swarm[0].type("beside the guest", 0)
    swarm.finish()
    verdict = swarm.verdict(guests_expected=True)
    assert verdict.value is Value.PASS, report(verdict)
    (guest,) = verdict.guests
    assert guest.client_id == GUEST
    assert guest.as_dict() == {"document": guest.document, "client_id": GUEST, "units": guest.units}
    assert verdict.opinion.cautions == ()


@pytest.mark.parametrize("edit", ["deletes words of users", "deletes words from the start", "deletes a cell"])
def test_what_a_guest_deleted_while_nobody_else_was_connected_is_not_known_to_be_lost(swarm, edit):
    """Everybody learns of it in the answer to a question, which does not say whose the deletions are."""
    for one in swarm.users:
        one.lose_line()
    GuestTab(swarm).edit(EDITS[edit])
    swarm.finish()
    verdict = swarm.verdict(guests_expected=True)
    assert verdict.value is Value.INCONCLUSIVE, report(verdict)
    assert f"A guest (client {GUEST}) was at work" in verdict.reason


def test_a_guest_nobody_expected_is_a_warning(swarm):
    GuestTab(swarm).edit(EDITS["types"])
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.PASS
    assert [caution.kind for caution in verdict.opinion.cautions] == ["unexpected-guest"]


@pytest.mark.parametrize("edit", [edit for edit in EDITS if edit != "only marks unsaved changes"])
def test_a_stranger_who_never_showed_itself_may_be_a_guest_where_guests_are_expected(swarm, edit):
    """A tab that was there before the run repeats its presence every 15 s only: a short run may not see it."""
    GuestTab(swarm, shows_itself=False).edit(EDITS[edit])
    swarm.finish()
    verdict = swarm.verdict(guests_expected=True)
    assert verdict.value is Value.INCONCLUSIVE and verdict.guests == (), report(verdict)
    assert f"presence was not seen (client {GUEST})" in verdict.reason


def test_a_stranger_who_only_marked_unsaved_changes_is_not_asked_for(swarm):
    GuestTab(swarm, shows_itself=False).edit(EDITS["only marks unsaved changes"])
    swarm.finish()
    verdict = swarm.verdict(guests_expected=True)
    assert verdict.value is Value.PASS, report(verdict)


def test_a_stranger_who_never_showed_itself_is_no_guest_in_a_document_of_the_run(swarm):
    GuestTab(swarm, shows_itself=False).edit(EDITS["types"])
    swarm.finish()
    verdict = swarm.verdict()
    assert kinds_of(verdict) == {Kind.INVENTED_EDIT} and verdict.guests == ()


def test_a_guest_who_is_seen_beside_one_who_is_not_is_listed(swarm):
    GuestTab(swarm).edit(EDITS["types"])
    other = GuestTab(swarm, shows_itself=False)
    other.replica = Replica("notebook", GUEST + 1)
    other.edit(EDITS["types"])
    swarm.finish()
    verdict = swarm.verdict(guests_expected=True)
    assert verdict.value is Value.INCONCLUSIVE, report(verdict)
    assert [guest.client_id for guest in verdict.guests] == [GUEST]


def test_who_only_watches_is_no_guest_and_excuses_nothing(swarm):
    swarm.presences.add(GUEST)
    erase(text_of(swarm.server.doc, 1), "[by 1]")
    swarm.finish()
    verdict = swarm.verdict(guests_expected=True)
    assert kinds_of(verdict) == {Kind.LOST_EDIT} and verdict.guests == ()


def test_what_the_server_invents_beside_a_guest_is_found(swarm):
    GuestTab(swarm).edit(EDITS["types"])
    text_of(swarm.server.doc, 2).insert(0, "invented")
    swarm.finish()
    assert kinds_of(swarm.verdict(guests_expected=True)) == {Kind.INVENTED_EDIT}


def test_a_deletion_beside_a_guest_that_came_with_nothing_of_the_guests_is_not_known(swarm):
    GuestTab(swarm).edit(EDITS["types"])
    erase(text_of(swarm.server.doc, 1), "[by 1]")
    swarm.finish()
    verdict = swarm.verdict(guests_expected=True)
    assert verdict.value is Value.INCONCLUSIVE and str(GUEST) in verdict.reason, report(verdict)


def test_a_guest_may_write_what_is_no_valid_notebook(swarm):
    GuestTab(swarm).edit(lambda replica: replica.cells[0].update({"surplus": 1}))
    swarm.finish()
    verdict = swarm.verdict(guests_expected=True)
    assert verdict.value is Value.PASS, report(verdict)
    assert cells_of(swarm.server.doc)[0]["surplus"] == 1


def test_without_any_edit_of_the_runs_users_the_file_is_what_the_guest_made_of_it():
    from jupyter_rtc_locust.verdict.decision import decide
    from jupyter_rtc_locust.verdict.evidence import RunEvidence

    swarm = SwarmModel(plain_notebook())
    GuestTab(swarm).edit(EDITS["types"])
    swarm.finish()
    run = RunEvidence(documents=(swarm.evidence(guests_expected=True),), edits_asked=False)
    assert decide(run).value is Value.PASS, report(decide(run))
