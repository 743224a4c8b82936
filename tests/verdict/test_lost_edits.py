"""What somebody wrote, or deleted, and what is not so at the end: `lost-edit`, with whose it was."""

from dataclasses import replace

import msgspec
import pytest

from jupyter_rtc_locust.documents.cells import make_cell
from jupyter_rtc_locust.protocol.contents import Id
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.merging import merge_updates
from jupyter_rtc_locust.protocol.structs import Item
from jupyter_rtc_locust.protocol.updates import decode_update, encode_update
from jupyter_rtc_locust.verdict.checks import truth
from jupyter_rtc_locust.verdict.findings import Kind, Value
from verdict.model_server import as_it_came, cells_of, erase, everything, nothing, text_of, without_deletions
from verdict.opinions import kinds_of, of_kind, report
from verdict.swarm_model import SwarmModel
from verdict.templates import TEXT, plain_notebook, rich_notebook


@pytest.fixture
def swarm() -> SwarmModel:
    """Three people who have typed a little."""
    swarm = SwarmModel(plain_notebook("a = 1", "b = 2", "c = 3"), processes=2)
    for user in range(3):
        swarm[user].type(f"[by {user}]", user)
    swarm.settle()
    return swarm


def test_an_edit_echoed_to_all_and_forgotten_by_the_server_is_lost_for_a_newcomer(swarm):
    update = swarm[1].type("words that go")
    swarm.settle()
    swarm.server.forget(update)
    swarm.server.save()
    verdict = swarm.verdict()
    assert kinds_of(verdict) == {Kind.LOST_EDIT, Kind.JOINER_DIFFERS}
    lost = of_kind(verdict, Kind.LOST_EDIT)
    assert lost.users == (1,)
    assert "words that go" in lost.detail and "edit 1 of user 1" in lost.detail and "acknowledged at" in lost.detail


def test_an_edit_that_only_its_author_and_its_echo_ever_saw_is_lost(swarm):
    swarm.server.relay = nothing
    update = swarm[1].type("echoed only")
    swarm[1].send()
    swarm[1].inbox.append(("update", update))
    swarm.settle()
    swarm.server.relay = everything
    swarm.server.forget(update)
    swarm.server.save()
    verdict = swarm.verdict()
    assert kinds_of(verdict) == {Kind.DIVERGED, Kind.LOST_EDIT}
    assert of_kind(verdict, Kind.DIVERGED).users == (1,)
    assert "echoed only" in of_kind(verdict, Kind.LOST_EDIT).detail


def test_text_that_the_server_deletes_for_all_is_lost_though_everybody_agrees(swarm):
    swarm[2].type("gone for all 😀")
    swarm.settle()
    erase(text_of(swarm.server.doc), "gone for all 😀")
    swarm.finish()
    verdict = swarm.verdict()
    assert kinds_of(verdict) == {Kind.LOST_EDIT}
    lost = of_kind(verdict, Kind.LOST_EDIT)
    assert lost.users == (2,) and "gone for all 😀" in lost.detail and "Nobody deleted it" in lost.detail


def test_of_an_edit_that_is_lost_in_part_that_part_is_named(swarm):
    swarm[2].type("kept, and lost")
    swarm.settle()
    erase(text_of(swarm.server.doc), "lost")
    swarm.finish()
    assert "'lost'" in of_kind(swarm.verdict(), Kind.LOST_EDIT).detail


def test_initial_content_that_the_server_deletes_is_lost_and_nobody_in_particular_is_named(swarm):
    erase(text_of(swarm.server.doc, 2), "c = 3")
    swarm.finish()
    lost = of_kind(swarm.verdict(), Kind.LOST_EDIT)
    assert lost.users == () and "'c = 3'" in lost.detail and "from the start" in lost.detail


def test_text_of_a_file_is_told_apart_by_author():
    swarm = SwarmModel(TEXT, kind="text")
    swarm[0].type("one ")
    swarm[1].type("two ")
    swarm.settle()
    text_of(swarm.server.doc, kind="text").clear()
    swarm.finish()
    found = [finding for finding in swarm.verdict().opinion.findings if finding.kind == Kind.LOST_EDIT]
    assert {finding.users for finding in found} == {(), (0,), (1,)}
    assert all(word in " ".join(finding.detail for finding in found) for word in ("Minutes", "'one '", "'two '"))


def test_a_cell_that_the_server_deletes_is_named_with_its_words_and_with_those_of_others_in_it(swarm):
    swarm[0].write(lambda replica: replica.cells.append(_fresh_cell()), "inserted a cell")
    swarm.settle()
    swarm[1].type(" and more", 3)
    swarm.settle()
    del cells_of(swarm.server.doc)[3]
    swarm.finish()
    found = swarm.verdict().opinion.findings
    assert {finding.kind for finding in found} == {Kind.LOST_EDIT}
    assert {finding.users for finding in found} == {(0,), (1,)}
    details = {finding.users: finding.detail for finding in found}
    assert "code cell with the source 'fresh'" in details[0,] and "' and more'" in details[1,]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda cells: cells[7]["outputs"].clear(), "two 😀"),
        (lambda cells: cells[7]["metadata"].clear(), "trusted"),
        (lambda cells: cells[7].pop("execution_count"), "execution_count = 7"),
        (lambda cells: cells[4].pop("attachments"), "pixel.png"),
        (lambda cells: cells[0].pop("id"), "id = 'title'"),
    ],
)
def test_whatever_part_of_a_notebook_the_server_takes_away_is_lost(damage, words):
    swarm = SwarmModel(rich_notebook())
    swarm[0].type("x")
    swarm.settle()
    damage(cells_of(swarm.server.doc))
    swarm.server.unsaved = False
    swarm.settle()
    lost = [one for one in swarm.verdict(saved=None).opinion.findings if one.kind == Kind.LOST_EDIT]
    assert words in " ".join(one.detail for one in lost)


class TestDeletions:
    def test_a_deletion_that_the_server_forgets_is_a_lost_edit_of_who_deleted(self, swarm):
        swarm[0].erase("b = 2", 1)
        swarm.settle()
        swarm.server.replace_by(_with_newest_deletion_undone(swarm))
        swarm.server.save()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.LOST_EDIT, Kind.JOINER_DIFFERS}
        lost = of_kind(verdict, Kind.LOST_EDIT)
        assert lost.users == (0,) and "deleted 'b = 2'" in lost.detail and "still stands there" in lost.detail

    def test_a_deletion_that_reached_nobody_but_its_author_is_lost_and_users_diverge(self, swarm):
        swarm.server.accept = without_deletions
        swarm[0].erase("b = 2", 1)
        swarm.settle()
        swarm.server.accept = as_it_came
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.LOST_EDIT, Kind.DIVERGED}
        assert of_kind(verdict, Kind.LOST_EDIT).users == (0,)

    def test_what_two_people_deleted_is_not_expected_back(self, swarm):
        swarm[0].erase("b = 2", 1)
        swarm[1].erase("b = 2", 1)
        swarm.finish()
        assert swarm.verdict().value is Value.PASS


def test_what_a_later_edit_overwrote_or_deleted_is_not_lost(swarm):
    swarm[0].type("typed and taken back")
    swarm.settle()
    swarm[1].erase("typed and taken back")
    swarm[2].write(lambda replica: replica.cells[0].update({"execution_count": 3}), "ran")
    swarm.settle()
    swarm[1].write(lambda replica: replica.cells[0].update({"execution_count": 4}), "ran again")
    swarm[0].write(lambda replica: replica.cells.pop(1), "deleted a cell")
    swarm.finish()
    assert swarm.verdict().value is Value.PASS, report(swarm.verdict())


def test_what_the_server_deletes_from_an_edit_of_somebody_who_left_is_lost(swarm):
    swarm[2].type("my last words")
    swarm.settle()
    swarm[2].leave()
    erase(text_of(swarm.server.doc), "my last words")
    swarm.finish()
    verdict = swarm.verdict()
    assert kinds_of(verdict) == {Kind.LOST_EDIT} and of_kind(verdict, Kind.LOST_EDIT).users == (2,)


def test_an_edit_that_was_never_acknowledged_is_lost_where_only_a_part_of_it_arrived(swarm):
    swarm.server.accept = without_deletions
    swarm[2].erase("b = 2", 1)
    swarm[2].leave()
    swarm.server.accept = as_it_came
    swarm.finish()
    verdict = swarm.verdict()
    assert kinds_of(verdict) == {Kind.LOST_EDIT}
    assert "never acknowledged" in of_kind(verdict, Kind.LOST_EDIT).detail


def test_more_losses_than_a_person_reads_are_counted(swarm):
    for _ in range(25):
        swarm[0].type("x", 1)
        swarm.settle()
    text_of(swarm.server.doc, 1).clear()
    swarm.finish()
    lost = [one for one in swarm.verdict().opinion.findings if one.kind == Kind.LOST_EDIT]
    assert len(lost) == 21 and "more of this kind" in lost[-1].detail


@pytest.fixture
def reordered():
    """The server has put the cells that were there from the start into another order, for everybody."""
    swarm = SwarmModel(plain_notebook("a = 1", "b = 2"))
    swarm[0].type("XY")
    swarm.settle()
    swarm.server.replace_by(_with_cells_in_another_order(swarm.server.doc.get_update()))
    swarm.server.save()
    for one in swarm.users:
        one.replica = type(one.replica)("notebook", one.client_id)
        one.replica.apply_updates([swarm.server.doc.get_update()])
    return swarm


def test_content_that_stands_in_another_order_than_it_was_written_in_is_found(reordered):
    verdict = reordered.verdict()
    assert kinds_of(verdict) == {Kind.LOST_EDIT}
    assert "another place than it was written in: a code cell with the source 'b = 2'" in (
        of_kind(verdict, Kind.LOST_EDIT).detail
    )


def test_content_that_differs_is_a_finding_also_where_no_struct_says_why(reordered, monkeypatch):
    monkeypatch.setattr(truth, "misplaced_words", lambda *_: ())
    verdict = reordered.verdict()
    assert kinds_of(verdict) == {Kind.LOST_EDIT}
    assert "not as it was" in of_kind(verdict, Kind.LOST_EDIT).detail


def _fresh_cell():
    return make_cell(
        {"id": "fresh", "cell_type": "code", "source": "fresh", "metadata": {}, "outputs": [], "execution_count": None}
    )


def _with_newest_deletion_undone(swarm: SwarmModel) -> bytes:
    """The document made anew from all that was ever sent, without what the last edit deleted in the content."""
    *earlier, last = sorted((edit for edit in swarm.evidence().authored), key=lambda edit: edit.due)
    return merge_updates(
        [swarm.initial.update, *(edit.update for edit in earlier), without_deletions(None, last.update)]
    )


def _with_cells_in_another_order(encoded: bytes) -> bytes:
    """The same structs, but the second cell was put before the first."""
    whole = decode_update(encoded)
    lineage = Lineage([whole])
    cells = [
        struct
        for struct in whole.structs[0]
        if isinstance(struct, Item) and lineage.place_of((0, struct.clock)).parent == "cells"
    ]
    before = msgspec.structs.replace(cells[1], origin=None, right_origin=Id(0, cells[0].clock))
    structs = tuple(before if struct is cells[1] else struct for struct in whole.structs[0])
    return encode_update(replace(whole, structs={**whole.structs, 0: structs}))


def test_an_edit_that_nobody_got_is_known_all_the_same_where_later_ones_of_its_author_build_on_it():
    swarm = SwarmModel(plain_notebook())
    swarm[0].type("first ")
    swarm.settle()
    swarm[0].type("swallowed ")
    swarm[0].outbox.clear()
    waiting = swarm[0].type("waiting for what was swallowed ")
    swarm[0].outbox.clear()
    given = swarm.server.snapshot()
    # A server passes on what waits for something else.
    verdict = swarm.verdict(saved=None, joiner=replace(given, update=merge_updates([given.update, waiting])))
    assert Kind.UNACKNOWLEDGED_EDIT in kinds_of(verdict), report(verdict)
    assert not verdict.opinion.unknown, report(verdict)
