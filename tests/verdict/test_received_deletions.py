"""The ledger of deletions (rule 10): what people were told is gone, and nobody had deleted, whatever they did later."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from jupyter_rtc_locust.documents.cells import make_cell
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.updates import decode_update, encode_update
from jupyter_rtc_locust.verdict.evidence import PresenceEvidence
from jupyter_rtc_locust.verdict.findings import Kind, Value
from jupyter_rtc_locust.verdict.oracle import build_oracle
from jupyter_rtc_locust.verdict.reading import Reading
from jupyter_rtc_locust.verdict.received_deletions import unauthored_deletions
from verdict.model_server import UPDATE, cells_of, erase, everything, text_of
from verdict.opinions import kinds_of, of_kind, report
from verdict.swarm_model import SwarmModel
from verdict.templates import TEXT, plain_notebook

LATER_S = 5.0
"""More than the clocks of processes may differ."""


@pytest.fixture(params=[1, 2])
def swarm(request) -> SwarmModel:
    swarm = SwarmModel(plain_notebook("a = 1", "b = 2", "c = 3"), processes=request.param)
    for user in range(3):
        swarm[user].type(f"[by {user}]", user)
    swarm.settle()
    swarm.pass_time(LATER_S)
    return swarm


def lose(swarm: SwarmModel, words: str, cell: int = 1) -> None:
    """The server takes these words away, and everybody is told so."""
    erase(text_of(swarm.server.doc, cell, swarm.kind), words)
    swarm.settle()


def tell_all_again(swarm: SwarmModel) -> None:
    """Everybody is sent the whole document, with every deletion that was ever made in it."""
    for one in swarm.users:
        one.inbox.append((UPDATE, swarm.server.doc.get_update()))
    swarm.settle()


def delete_cell(swarm: SwarmModel, user: int, cell: int) -> None:
    swarm[user].write(lambda replica: replica.cells.pop(cell), f"deleted cell {cell}")


COVERING = {
    "the cell is deleted": lambda swarm: delete_cell(swarm, 0, 1),
    "the cell is moved": lambda swarm: swarm[2].move(1, 0),
    "the cell is deleted by who wrote the words": lambda swarm: delete_cell(swarm, 1, 1),
    "all other text of the cell is deleted": lambda swarm: swarm[0].write(
        lambda replica: text_of(replica.doc, 1).clear(), "emptied cell 1"
    ),
}


class TestDamageThatALaterEditCovers:
    @pytest.mark.parametrize("covering", [name for name in COVERING if not name.startswith("all other")])
    def test_is_a_lost_edit_with_its_time_its_author_and_its_cell(self, swarm, covering):
        lost_at = swarm.now
        lose(swarm, "[by 1]")
        swarm.pass_time(LATER_S)
        COVERING[covering](swarm)
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.LOST_EDIT}, report(verdict)
        lost = of_kind(verdict, Kind.LOST_EDIT)
        assert lost.users == (1,)
        assert "'[by 1]' in cell cell-1" in lost.detail and "Nobody had deleted it" in lost.detail
        assert "edit 0 of user 1" in lost.detail and "covers the damage" in lost.detail
        assert f"At {lost_at + 0.05:.2f} s" in lost.detail

    def test_is_named_once_where_it_is_not_covered(self, swarm):
        lost_at = swarm.now
        lose(swarm, "[by 1]")
        swarm.pass_time(LATER_S)
        COVERING["all other text of the cell is deleted"](swarm)
        swarm.finish()
        lost = of_kind(swarm.verdict(), Kind.LOST_EDIT)
        assert f"the first who lost it did so at {lost_at + 0.05:.2f} s" in lost.detail

    def test_names_nobody_where_it_stood_there_from_the_start(self, swarm):
        lose(swarm, "b = 2")
        swarm.pass_time(LATER_S)
        delete_cell(swarm, 0, 1)
        swarm.finish()
        lost = of_kind(swarm.verdict(), Kind.LOST_EDIT)
        assert lost.users == () and "from the start: 'b = 2' in cell cell-1" in lost.detail

    def test_of_several_authors_is_named_for_each(self, swarm):
        swarm[2].type("+2", 1)
        swarm.settle()
        lose(swarm, "[by 1]+2")
        swarm.pass_time(LATER_S)
        delete_cell(swarm, 0, 1)
        swarm.finish()
        found = swarm.verdict().opinion.findings
        assert {(finding.kind, finding.users) for finding in found} == {(Kind.LOST_EDIT, (1,)), (Kind.LOST_EDIT, (2,))}

    @pytest.mark.parametrize("pause", [0.0, LATER_S])
    @pytest.mark.parametrize("words", ["b = 2", "b", "2"])
    def test_is_found_by_cause_alone_where_the_first_content_went(self, swarm, pause, words):
        """Who deletes a cell deletes all that it holds of it: what is not among that had gone before."""
        lose(swarm, words)
        swarm.pass_time(pause)
        delete_cell(swarm, 0, 1)
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.LOST_EDIT}

    @pytest.mark.parametrize(("clocks", "found"), [(("one",), True), (("one", "other"), False)])
    def test_is_found_at_once_where_all_times_are_of_one_clock(self, clocks, found):
        """Soon somebody moves the cell who need not have seen the words: only time tells the two apart."""
        swarm = SwarmModel(plain_notebook("a = 1", "b = 2"))
        swarm[1].type("typed", 1)
        swarm.settle()
        lose(swarm, "typed")
        swarm.pass_time(0.5)
        swarm[0].move(1, 0)
        swarm.finish()
        users = tuple(
            replace(user, presence=PresenceEvidence(clocks[number % len(clocks)], swarm.now))
            for number, user in enumerate(swarm.evidence().users)
        )
        reading = Reading.of(swarm.evidence(users=users))
        assert bool(unauthored_deletions(reading, build_oracle(reading))) == found

    @pytest.mark.parametrize("words", ["[by 1]", "b = 2"])
    def test_is_found_in_what_people_hold_where_nobody_was_seen_to_be_told(self, swarm, words):
        lose(swarm, words)
        delete_cell(swarm, 1, 1)
        swarm.finish()
        verdict = swarm.verdict(foreign=())
        assert kinds_of(verdict) == {Kind.LOST_EDIT}, report(verdict)
        assert "Some time in the run" in of_kind(verdict, Kind.LOST_EDIT).detail

    def test_a_value_taken_away_and_set_again(self, swarm):
        swarm[1].write(lambda replica: replica.cells[1].update({"execution_count": 5}), "ran cell 1")
        swarm.settle()
        swarm.pass_time(LATER_S)
        cells_of(swarm.server.doc)[1].pop("execution_count")
        swarm.settle()
        swarm.pass_time(LATER_S)
        swarm[0].write(lambda replica: replica.cells[1].update({"execution_count": 6}), "ran it again")
        swarm.finish()
        lost = of_kind(swarm.verdict(), Kind.LOST_EDIT)
        assert lost.users == (1,) and "execution_count = 5" in lost.detail and "in cell cell-1" in lost.detail

    def test_a_cell_taken_away_and_put_back_by_somebody(self, swarm):
        content = swarm[0].replica.cells[1].to_py()
        del cells_of(swarm.server.doc)[1]
        swarm.settle()
        swarm.pass_time(LATER_S)
        swarm[0].write(lambda replica: replica.cells.insert(1, make_cell(content)), "put it back")
        swarm.finish()
        found = swarm.verdict().opinion.findings
        assert {finding.kind for finding in found} == {Kind.LOST_EDIT}
        assert {finding.users for finding in found} == {(), (1,)}

    def test_in_a_text_file_deleted_by_somebody_only_afterwards(self):
        swarm = SwarmModel(TEXT, kind="text", processes=2)
        swarm[1].type("some words")
        swarm.settle()
        lose(swarm, "words", 0)
        told = swarm.evidence()
        swarm[0].replica = Replica("text", swarm[0].client_id)
        for update in (swarm.initial.update, *(edit.update for edit in told.authored)):
            swarm[0].replica.apply_updates([update])
        swarm.pass_time(LATER_S)
        swarm[0].erase("some words")
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.LOST_EDIT}, report(verdict)
        assert "'words'" in of_kind(verdict, Kind.LOST_EDIT).detail


class TestToldToOneOnly:
    def test_a_deletion_that_the_server_takes_into_what_it_passes_on(self, swarm):
        edit = next(edit for edit in swarm.evidence().authored if edit.user == 1)
        span = next(iter(decode_update(edit.update).clock_ranges()))

        def with_one_more(user, update):
            if user.user != 2:
                return [update]
            decoded = decode_update(update)
            more = ClockRanges.of([(span[0], span[1], span[1] + 2)])
            return [encode_update(replace(decoded, deletions=decoded.deletions.union(more)))]

        swarm.server.relay = with_one_more
        swarm[0].type("beside")
        swarm.settle()
        swarm.server.relay = everything
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.DIVERGED, Kind.LOST_EDIT}, report(verdict)
        lost = of_kind(verdict, Kind.LOST_EDIT)
        assert lost.users == (1,) and "'[b' in cell cell-1" in lost.detail
        assert "for a newcomer it stands there" in lost.detail


class TestWhatNeedsNoAuthor:
    """Each of these is done by a healthy server, told in other bytes than anybody sent."""

    def passes(self, swarm: SwarmModel, **changes) -> None:
        verdict = swarm.verdict(**changes)
        assert verdict.value is Value.PASS, report(verdict)

    def test_words_typed_into_a_cell_that_somebody_else_deletes(self, swarm):
        delete_cell(swarm, 0, 1)
        swarm[2].type(" and more", 1)
        swarm[1].write(lambda replica: replica.cells[1]["metadata"].update({"tags": ["x"]}), "tagged cell 1")
        swarm.finish()
        self.passes(swarm)

    def test_metadata_put_into_a_map_that_somebody_replaces(self, swarm):
        from pycrdt import Map

        swarm[0].write(lambda replica: replica.cells[1].update({"metadata": Map({"new": 1})}), "replaced the metadata")
        swarm[2].write(lambda replica: replica.cells[1]["metadata"].update({"old": 2}), "set old")
        swarm.finish()
        self.passes(swarm)

    def test_two_values_set_at_once(self, swarm):
        for user in range(3):
            swarm[user].write(lambda replica: replica.cells[1].update({"execution_count": user}), "ran")  # noqa: B023
        swarm.finish()
        self.passes(swarm)
        swarm[1].write(lambda replica: replica.cells[1].update({"execution_count": 9}), "ran")
        swarm.finish()
        self.passes(swarm)

    def test_notes_that_the_server_takes_back(self, swarm):
        from pycrdt import Map

        notes = swarm.server.doc.get("state", type=Map)
        for note in ("dirty", "path"):
            swarm[0].type("x")
            swarm.settle()
            notes.pop(note)
            swarm.settle()
        swarm.server.unsaved = False
        self.passes(swarm, saved=None)

    def test_echoes_encoded_anew_and_whole_delete_sets(self, swarm):
        swarm[0].erase("a = 1", 0)
        swarm[1].move(2, 0)
        swarm.settle()
        tell_all_again(swarm)
        swarm[2].type("x", 1)
        swarm.finish()
        self.passes(swarm)

    def test_a_deletion_of_somebody_who_lost_the_line_and_never_heard_of_it_again(self, swarm):
        swarm[1].erase("b = 2", 1)
        swarm[1].leave()
        swarm.finish()
        assert swarm.evidence().authored[-1].acknowledged is None
        self.passes(swarm)

    def test_a_deletion_typed_offline_that_travels_with_the_next_sync(self, swarm):
        swarm[1].lose_line()
        swarm[1].erase("b = 2", 1)
        delete_cell(swarm, 1, 2)
        swarm[0].type("meanwhile", 2)
        swarm.settle()
        swarm.finish()
        self.passes(swarm)

    @pytest.mark.parametrize("skew", [1.5, 20.0])
    def test_clocks_of_processes_that_differ(self, skew):
        """By how much tells what arrived before it was authored."""
        swarm = SwarmModel(plain_notebook("a = 1", "b = 2"), processes=2)
        swarm[1].type("x")
        swarm.settle()
        swarm.pass_time(60)
        delete_cell(swarm, 1, 1)
        swarm[0].type("typed into it", 1)
        swarm.finish()
        evidence = swarm.evidence()
        early = tuple(
            structs.replace(one, received=one.received - skew)
            for one in evidence.foreign
            if b"typed into it" not in one.update
        )
        late = tuple(
            structs.replace(one, due=one.due + skew, acknowledged=one.acknowledged + skew) if one.user == 1 else one
            for one in evidence.authored
        )
        self.passes(swarm, foreign=early, authored=late)

    def test_what_was_deleted_before_the_first_user_came(self):
        swarm = SwarmModel(plain_notebook("a = 1", "b = 2"), join=False)
        erase(text_of(swarm.server.doc, 1), "b = 2")
        text_of(swarm.server.doc, 1).insert(0, "b = 2")
        swarm.initial = swarm.server.snapshot()
        for _ in range(2):
            swarm.join()
        swarm.settle()
        tell_all_again(swarm)
        swarm[0].type("x")
        swarm.finish()
        self.passes(swarm)


class TestNotKnown:
    def test_where_the_record_of_a_worker_is_missing(self, swarm):
        lose(swarm, "[by 1]")
        swarm.pass_time(LATER_S)
        delete_cell(swarm, 0, 1)
        swarm.finish()
        evidence = swarm.evidence()
        verdict = swarm.verdict(
            authored=tuple(edit for edit in evidence.authored if edit.user != 2),
            users=tuple(user for user in evidence.users if user.user != 2),
        )
        assert verdict.value is Value.INCONCLUSIVE, report(verdict)
        assert any("'[by 1]'" in sentence and "user 2" in sentence for sentence in verdict.opinion.unknown)

    def test_where_the_one_without_a_record_wrote_nothing_that_is_known(self, swarm):
        """It may have deleted: a pure deletion has no clock that could be missed."""
        lose(swarm, "[by 1]")
        swarm.pass_time(LATER_S)
        delete_cell(swarm, 0, 1)
        swarm.finish()
        seated = {**swarm.evidence().seated, 77: swarm.evidence().path}
        authors = {**swarm.authors, 77: 5}
        verdict = swarm.verdict(seated=seated, authors=authors)
        assert verdict.value is Value.INCONCLUSIVE and "user 5" in verdict.reason, report(verdict)

    def test_where_a_guest_was_at_work(self, swarm):
        lose(swarm, "[by 1]")
        swarm.pass_time(LATER_S)
        delete_cell(swarm, 0, 1)
        guest = Replica("notebook", 4_242_424_242)
        guest.apply_updates([swarm.server.doc.get_update()])
        swarm.server.receive(None, guest.edit(lambda replica: text_of(replica.doc).insert(0, "guest") or True))
        swarm.presences.add(guest.client_id)
        swarm.finish()
        verdict = swarm.verdict(guests_expected=True)
        assert verdict.value is Value.INCONCLUSIVE and "4242424242" in verdict.reason, report(verdict)
