"""The numbered rules of docs/verdict.md: for each, a run that is judged wrongly without it.

More of them in the tests of the checks: 5, 6, 7 and 9 in `test_agreement_check.py`, 4 in `test_guests.py`, 8 in
`test_healthy_runs.py`, 11 in `test_saved_file_check.py`, and 13 in `test_doubled_and_invented.py`.
"""

import random
from dataclasses import replace

import pytest
from pycrdt import Doc

from jupyter_rtc_locust.documents.canonical import same
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.updates import decode_update
from jupyter_rtc_locust.verdict.evidence import ForeignUpdate, ReplicaEvidence
from jupyter_rtc_locust.verdict.findings import Kind, Value
from jupyter_rtc_locust.verdict.oracle import build_oracle
from jupyter_rtc_locust.verdict.reading import Reading
from verdict.model_server import cells_of, erase, text_of
from verdict.opinions import kinds_of, of_kind, report
from verdict.swarm_model import SwarmModel
from verdict.templates import TEXT, plain_notebook


@pytest.fixture
def swarm() -> SwarmModel:
    swarm = SwarmModel(plain_notebook("a = 1", "b = 2", "c = 3"), processes=2)
    for user in range(3):
        swarm[user].type(f"[by {user}]", user)
    swarm.settle()
    return swarm


def oracle_of(swarm: SwarmModel, **changes):
    return build_oracle(Reading.of(swarm.evidence(**changes)))


class TestRule1MergedBeforeApplied:
    @pytest.mark.parametrize("seed", range(20))
    def test_any_order_of_the_evidence_gives_the_whole_oracle(self, seed):
        swarm = SwarmModel(TEXT, kind="text", users=1)
        for number in range(40):
            swarm[0].type(f"{number} ", at=number * 2)
        swarm.finish()
        authored = list(swarm.evidence().authored)
        random.Random(seed).shuffle(authored)
        oracle = oracle_of(swarm, authored=tuple(authored))
        assert not oracle.missing and same(oracle.content, oracle_of(swarm).content)


class TestRule2CausallyClosed:
    def test_edits_build_on_what_the_server_noted_and_are_whole_with_it(self, swarm):
        swarm.server.save()
        swarm.settle()
        swarm[0].type("after the save")
        swarm.finish()
        oracle = oracle_of(swarm)
        assert not oracle.missing and not oracle.foreign
        assert "after the save" in oracle.content["cells"][0]["source"]

    def test_words_of_ours_beside_foreign_ones_keep_their_place(self, swarm):
        text_of(swarm.server.doc).insert(3, "FOREIGN")
        swarm.settle()
        swarm[0].write(lambda replica: text_of(replica.doc).insert(10, "<after it>"), "typed behind it")
        swarm[1].write(lambda replica: text_of(replica.doc).insert(6, "<in it>"), "typed into it")
        swarm.finish()
        oracle = oracle_of(swarm)
        assert not oracle.missing
        assert oracle.content["cells"][0]["source"] == "a =<in it><after it> 1[by 0]"
        assert kinds_of(swarm.verdict()) == {Kind.INVENTED_EDIT}

    def test_a_foreign_value_leaves_that_of_its_author_in_the_oracle(self, swarm):
        swarm[2].write(lambda replica: replica.cells[1].update({"execution_count": 5}), "ran cell 1")
        swarm.settle()
        cells_of(swarm.server.doc)[1]["execution_count"] = 6.0
        swarm.finish()
        assert oracle_of(swarm).content["cells"][1]["execution_count"] == 5

    def test_the_servers_deletions_do_not_enter_with_its_notes(self, swarm):
        with swarm.server.doc.transaction():
            swarm.server.document.hash = "1"
            erase(text_of(swarm.server.doc), "[by 0]")
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.LOST_EDIT}

    def test_foreign_words_do_not_take_ours_with_them_when_they_enter_deleted(self, swarm):
        with swarm.server.doc.transaction():
            text = text_of(swarm.server.doc)
            text.insert(0, "X")
            del text[1:4]
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.INVENTED_EDIT, Kind.LOST_EDIT}

    def test_a_renamed_copy_enters_undeleted(self):
        swarm = SwarmModel(plain_notebook("a", "b", "c"))
        swarm[0].move(0, 2)
        swarm[0].type("differs", 2)
        swarm[1].move(0, 1)
        swarm.settle()
        swarm.finish()
        oracle = oracle_of(swarm)
        assert oracle.renamed.total() == 1 and not oracle.foreign
        assert all("id" in cell for cell in oracle.content["cells"])


class TestWhatNobodySaw:
    """The server noted something, or wrote it, while nobody was there, and lost it again."""

    def evidence_without_it(self, swarm, *, told: bytes):
        """Nobody holds anything but the first snapshot; of the server's updates only this one was seen."""
        initial = decode_update(swarm.initial.update)
        replica = ReplicaEvidence((1, 2), swarm.initial.update, initial.deletions, initial.clock_ranges())
        foreign = (ForeignUpdate(1.0, told),)
        return {"replicas": (replica,), "joiner": swarm.initial, "foreign": foreign, "saved": None}

    def test_a_note_does_not_keep_later_edits_out_of_the_oracle(self):
        swarm = SwarmModel(plain_notebook("a = 1"))
        with swarm.server.silently():
            swarm.server.save()
        told = record(swarm, swarm.server.save)
        swarm[0].replica.apply_updates([swarm.server.doc.get_update()])
        swarm[0].type("after both")
        swarm.settle()
        swarm[0].leave()
        verdict = swarm.verdict(**self.evidence_without_it(swarm, told=told[-1]))
        assert "'after both'" in of_kind(verdict, Kind.LOST_EDIT).detail, report(verdict)

    def test_words_of_ours_beside_words_that_nobody_saw_have_no_place_and_it_is_not_known(self):
        swarm = SwarmModel(plain_notebook("a = 1"))
        with swarm.server.silently():
            text_of(swarm.server.doc).insert(0, "UNSEEN")
        told = record(swarm, swarm.server.save)
        swarm[0].replica.apply_updates([swarm.server.doc.get_update()])
        swarm[0].write(lambda replica: text_of(replica.doc).insert(3, "inside"), "typed into it")
        swarm.settle()
        swarm[0].leave()
        verdict = swarm.verdict(**self.evidence_without_it(swarm, told=told[-1]))
        assert any("nobody ever saw" in sentence for sentence in verdict.opinion.unknown), report(verdict)
        assert Kind.LOST_EDIT not in kinds_of(verdict)


class TestRule3OursOrForeignByClock:
    def test_the_servers_id_stands_in_the_first_snapshot_and_goes_on_writing(self, swarm):
        assert swarm.server.doc.client_id in Reading.of(swarm.evidence()).initial_ranges.clients()
        text_of(swarm.server.doc).insert(0, "invented")
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.INVENTED_EDIT}

    def test_the_words_of_every_incarnation_are_ours(self, swarm):
        swarm[0].leave()
        swarm.join(0)
        swarm.settle()
        swarm[0].type("second life")
        swarm.finish()
        oracle = oracle_of(swarm)
        assert not oracle.foreign and not oracle.unaccounted
        assert swarm.verdict().value is Value.PASS, report(swarm.verdict())

    def test_clocks_of_ours_beyond_the_record_are_unaccounted_and_not_foreign(self, swarm):
        swarm[0].type("not in the record")
        swarm.finish()
        authored = tuple(edit for edit in swarm.evidence().authored if edit.description != "typed 'not in the record'")
        oracle = oracle_of(swarm, authored=authored)
        assert oracle.unaccounted and not oracle.foreign

    def test_clocks_under_the_id_of_a_user_who_did_not_use_them_are_somebody_elses(self, swarm):
        swarm[0].type("all that it wrote")
        swarm.finish()
        one = swarm[0]
        wrote = one.replica.state_vector()[one.client_id]
        forger: Doc = Doc(client_id=one.client_id)
        forger.apply_update(swarm.server.doc.get_update())
        before = forger.get_state()
        text_of(forger).insert(0, "forged")
        swarm.server.doc.apply_update(forger.get_update(before))
        swarm.finish()
        users = tuple(
            replace(user, wrote=wrote) if user.client_id == one.client_id else user for user in swarm.evidence().users
        )
        verdict = swarm.verdict(users=users)
        assert kinds_of(verdict) == {Kind.INVENTED_EDIT}, report(verdict)
        assert "the id of user 0, who wrote nothing of it" in of_kind(verdict, Kind.INVENTED_EDIT).detail
        assert swarm.verdict().value is Value.INCONCLUSIVE  # where it is not known how much user 0 wrote


class TestRule4MissingRecords:
    def test_nothing_is_invented_or_lost_where_a_worker_is_gone(self, swarm):
        swarm.finish()
        authored = tuple(edit for edit in swarm.evidence().authored if edit.user != 1)
        verdict = swarm.verdict(authored=authored)
        assert verdict.value is Value.INCONCLUSIVE


class TestRule5FirstSnapshot:
    def test_what_a_server_spoils_while_it_loads_stands_in_every_replica_and_is_found(self):
        swarm = SwarmModel(plain_notebook("a = 1"), join=False)
        text_of(swarm.server.doc).insert(0, "spoilt ")
        swarm.initial = swarm.server.snapshot()
        swarm.join()
        swarm.settle()
        swarm[0].type("x")
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.JOINER_DIFFERS}


class TestRule6NothingOfOursHeals:
    def test_what_the_server_would_answer_a_user_who_lacks_it_is_told(self, swarm):
        swarm.server.relay = lambda user, update: [] if user.user == 2 else [update]
        swarm[0].write(lambda _: None, "marked unsaved changes")
        swarm.settle()
        lacks = {user.user: user.lacks.total() for user in swarm.evidence().users}
        assert lacks == {0: 0, 1: 0, 2: 1}
        assert of_kind(swarm.verdict(saved=None), Kind.DIVERGED).users == (2,)


class TestRule8Deletions:
    def test_a_pure_deletion_without_an_echo_is_settled_by_the_delete_set(self, swarm):
        swarm[0].write_without_dirty(lambda replica: text_of(replica.doc, 1).clear())
        swarm[1].write_without_dirty(lambda replica: erase(text_of(replica.doc, 1), "b = 2"))
        swarm.finish()
        assert [edit.acknowledged for edit in swarm.evidence().authored].count(None) == 1
        assert swarm.verdict().value is Value.PASS, report(swarm.verdict())

    def test_a_pure_deletion_that_never_arrived_is_unacknowledged(self, swarm):
        swarm.server.accept = lambda user, update: None if user.user == 1 else update
        swarm[1].write_without_dirty(lambda replica: erase(text_of(replica.doc, 1), "b = 2"))
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.UNACKNOWLEDGED_EDIT, Kind.DIVERGED}

    def test_an_edit_covered_by_the_state_vector_can_have_lost_its_deletion(self, swarm):
        swarm.server.accept = _without_deletions_of(1)
        swarm[1].erase("b = 2", 1)
        swarm.settle()
        swarm.finish()
        assert of_kind(swarm.verdict(), Kind.LOST_EDIT).users == (1,)


class TestRule9Ids:
    def test_equal_content_of_other_letters_than_those_written_is_a_warning(self):
        swarm = SwarmModel(plain_notebook("x"))
        swarm[0].type("aa")
        swarm.settle()
        swarm[1].write(lambda replica: erase(text_of(replica.doc), "a"), "deleted the first a")
        swarm.settle()
        evidence = swarm.evidence(saved=None)
        client, start, _ = next(iter(decode_update(evidence.authored[0].update).clock_ranges()))
        first, second = (ClockRanges.of([(client, clock, clock + 1)]) for clock in (start, start + 1))
        swarm.server.replace_by(_with_other_deletion(swarm, first, second))
        for one in swarm.users:
            one.replica = type(one.replica)("notebook", one.client_id)
            one.replica.apply_updates([swarm.server.doc.get_update()])
        verdict = swarm.verdict(saved=None)
        assert verdict.value is Value.PASS, report(verdict)
        assert [caution.kind for caution in verdict.opinion.cautions] == ["equal-by-chance"]


class TestRule11Copies:
    def test_copies_of_the_oracle_are_right_and_told(self):
        swarm = SwarmModel(plain_notebook("a", "b", "c"))
        swarm[0].move(0, 2)
        swarm[1].move(0, 1)
        swarm.finish()
        assert oracle_of(swarm).copies == {"cell-0"}
        verdict = swarm.verdict()
        assert verdict.value is Value.PASS
        assert "cell-0" in verdict.opinion.cautions[0].detail

    def test_a_copy_that_the_server_made_is_none_of_them(self, swarm):
        cells = cells_of(swarm.server.doc)
        cells.append(swarm.server.document.create_ycell(cells[0].to_py()))
        swarm.finish()
        assert Kind.DUPLICATED_CONTENT in kinds_of(swarm.verdict())


class TestRule12HistoryReplaced:
    def rebuilt(self, swarm: SwarmModel, *, from_file_before: bool) -> None:
        """Everybody leaves, the room is made anew from its file, and everybody opens it again."""
        swarm.save_in_pause()
        old = swarm.server.file
        swarm[1].type("the last words", 1)
        swarm.settle()
        swarm.save_in_pause()
        for user in range(3):
            swarm[user].leave()
        swarm.server.rebuild(old if from_file_before else swarm.server.file, swarm.generator)
        for user in range(3):
            swarm.join(user)
        swarm.settle()
        swarm[0].type("!")
        swarm.finish()

    def test_acknowledged_words_that_are_gone_are_lost(self, swarm):
        self.rebuilt(swarm, from_file_before=True)
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.LOST_EDIT}, report(verdict)
        lost = of_kind(verdict, Kind.LOST_EDIT)
        assert (
            lost.users == (1,)
            and "'the last words'" in lost.detail
            and "replaced the document's history" in lost.detail
        )
        assert verdict.opinion.unknown

    def test_without_a_loss_it_is_not_known(self, swarm):
        self.rebuilt(swarm, from_file_before=False)
        verdict = swarm.verdict()
        assert verdict.value is Value.INCONCLUSIVE, report(verdict)
        assert "replaced the document's history" in verdict.reason

    def test_words_that_people_type_into_or_delete_afterwards_are_not_taken_for_lost(self, swarm):
        self.rebuilt(swarm, from_file_before=False)
        swarm[2].write(lambda replica: text_of(replica.doc, 1).insert(15, " <into it> "), "typed into the words")
        swarm.finish()
        assert not swarm.verdict().opinion.findings, report(swarm.verdict())
        swarm[2].erase("last", 1)
        swarm.finish()
        assert swarm.verdict().value is Value.INCONCLUSIVE, report(swarm.verdict())

    def test_a_room_that_is_the_template_again_has_lost_everything(self, swarm):
        for user in range(3):
            swarm[user].leave()
        swarm.server.rebuild(swarm.template, swarm.generator)
        for user in range(3):
            swarm.join(user)
        swarm.settle()
        swarm[0].type("!")
        swarm.finish()
        verdict = swarm.verdict()
        assert {finding.kind for finding in verdict.opinion.findings} == {Kind.LOST_EDIT}
        assert {user for finding in verdict.opinion.findings for user in finding.users} == {0, 1, 2}


class TestRule13Judged:
    def test_loss_is_judged_on_the_newcomer(self, swarm):
        swarm.finish()
        with swarm.server.silently():
            erase(text_of(swarm.server.doc), "[by 0]")
        assert "For a newcomer" in of_kind(swarm.verdict(), Kind.LOST_EDIT).detail

    def test_without_one_on_the_largest_group(self, swarm):
        erase(text_of(swarm[2].replica.doc), "[by 0]")
        swarm.finish()
        verdict = swarm.verdict(joiner=replace(swarm.initial, problem="refused"))
        assert kinds_of(verdict) == {Kind.DIVERGED}


def record(swarm: SwarmModel, deed) -> list[bytes]:
    """The updates that the server's document gives out while this is done."""
    updates: list[bytes] = []
    subscription = swarm.server.doc.observe(lambda event: updates.append(event.update))
    deed()
    swarm.server.doc.unobserve(subscription)
    return updates


def _without_deletions_of(number: int):
    from verdict.model_server import without_deletions

    return lambda user, update: without_deletions(user, update) if user.user == number else update


def _with_other_deletion(swarm: SwarmModel, deleted: ClockRanges, instead: ClockRanges) -> bytes:
    """The document made anew from all that was ever sent, another letter deleted than was."""
    from jupyter_rtc_locust.protocol.merging import merge_updates
    from jupyter_rtc_locust.protocol.updates import encode_update

    updates = [decode_update(swarm.initial.update), *(decode_update(edit.update) for edit in swarm.evidence().authored)]
    swapped = [
        update.with_deletions(update.deletions.difference(deleted).union(instead))
        if update.deletions.intersection(deleted)
        else update
        for update in updates
    ]
    return merge_updates([encode_update(update) for update in swapped])
