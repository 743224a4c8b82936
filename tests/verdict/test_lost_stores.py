"""A server that makes a room anew from its file, while people keep their documents: doubled cells, tabs left behind."""

from dataclasses import replace

import pytest
from pycrdt import Map, Text

from jupyter_rtc_locust.documents.replica import ReplicaError
from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import Checkpoint, FaultEvidence
from jupyter_rtc_locust.verdict.faults_beside import with_faults
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion, Value
from verdict.model_server import text_of
from verdict.opinions import kinds_of, of_kind, report
from verdict.swarm_model import SwarmModel
from verdict.templates import TEXT, plain_notebook

REFUSED = "ReplicaError: pycrdt failed in the replica of client 7 while an update was applied: RuntimeError"


@pytest.fixture
def swarm() -> SwarmModel:
    """Three people who have typed a little, and whose server has saved it."""
    swarm = SwarmModel(plain_notebook("first = 1", "second = 2", "third = 3"), processes=2)
    for user in range(3):
        swarm[user].type(f"[written by {user}]", user)
    swarm.settle()
    swarm.save_in_pause()
    return swarm


def add_cell(swarm: SwarmModel, user: int, place: int, source: str) -> str:
    """A user inserts a cell of whole words; its id."""
    identifier = f"made-by-{user}-{place}"
    cell = {"id": identifier, "cell_type": "raw", "source": Text(source), "metadata": Map({})}
    one = swarm[user]
    one._author(  # as `write` does, with the cell's id beside the edit
        lambda replica: replica.cells.insert(place, Map({**cell})) or True,
        lambda: (f"inserted raw cell {identifier}", identifier),
    )
    swarm.settle()
    return identifier


def restarted(swarm: SwarmModel, *, closed: tuple[int, ...] = (), file: object = None) -> None:
    """The store is lost: everybody loses the line, or has closed the document, and comes to a room made of the file."""
    for user in range(3):
        one = swarm[user]
        if user in closed:
            one.leave()
        elif one.online:
            one.lose_line()
    swarm.server.rebuild(swarm.server.file if file is None else file, swarm.generator)
    for user in range(3):
        if user in closed:
            swarm.join(user)
        else:
            swarm[user].connect()
    swarm.settle()


class TestDoubledCells:
    def test_a_cell_made_by_a_user_is_named_with_its_author(self, swarm):
        add_cell(swarm, 1, 1, "a cell of several words")
        swarm.save_in_pause()
        restarted(swarm)
        verdict = swarm.verdict()
        assert verdict.value is Value.FAIL, report(verdict)
        doubled = [one for one in verdict.opinion.findings if one.kind == Kind.DUPLICATED_CONTENT]
        named = [one for one in doubled if "raw cell with the source 'a cell of several words'" in one.detail]
        assert [one.users for one in named] == [(1,)], report(verdict)
        assert "stands there 2 times and was written once, by edit" in named[0].detail

    def test_so_it_is_where_the_new_history_only_goes_beyond_the_old_one(self):
        swarm = SwarmModel(plain_notebook("first = 1"))
        swarm.settle()
        add_cell(swarm, 1, 1, "a cell of several words")
        swarm.save_in_pause()
        restarted(swarm)
        verdict = swarm.verdict()
        doubled = of_kind(verdict, Kind.DUPLICATED_CONTENT)
        assert doubled.users == (1,), report(verdict)
        assert "a cell of several words" in doubled.detail and "inserted raw cell made-by-1-1" in doubled.detail

    def test_words_typed_into_a_text_that_was_there_are_found_too(self):
        swarm = SwarmModel(TEXT, kind="text")
        swarm.settle()
        swarm[1].type("words of user 1", at=3)
        swarm.settle()
        swarm.save_in_pause()
        restarted(swarm)
        verdict = swarm.verdict()
        doubled = of_kind(verdict, Kind.DUPLICATED_CONTENT)
        assert doubled.users == (1,), report(verdict)
        assert "The text 'words of user 1' stands there 2 times and was written once" in doubled.detail

    def test_what_people_copied_and_moved_themselves_is_none(self, swarm):
        add_cell(swarm, 1, 1, "a cell of several words")
        swarm[2].move(1, 3)
        swarm.settle()
        swarm[0].write(lambda replica: text_of(replica.doc, 0).insert(0, "a cell of several words"), "pasted it")
        swarm.settle()
        swarm.save_in_pause()
        restarted(swarm, closed=(0, 1, 2))
        verdict = swarm.verdict()
        assert Kind.DUPLICATED_CONTENT not in kinds_of(verdict), report(verdict)
        assert verdict.value is Value.INCONCLUSIVE, report(verdict)

    def test_where_a_guest_was_at_work_nothing_is_said_of_copies(self, swarm):
        add_cell(swarm, 1, 1, "a cell of several words")
        swarm.save_in_pause()
        swarm.presences.add(77)
        restarted(swarm)
        assert Kind.DUPLICATED_CONTENT not in kinds_of(swarm.verdict())


class TestTwoHistories:
    @pytest.mark.parametrize("letters", range(1, 9))
    def test_what_was_written_into_both_is_put_together_by_nobody(self, letters):
        """What holds a cell's metadata in the new history is a letter, or a value, in the old one."""
        swarm = SwarmModel(plain_notebook("first = 1", "second = 2", "third = 3"))
        swarm.settle()
        swarm[0].type("x" * letters, 0)
        swarm.settle()
        swarm.save_in_pause()
        restarted(swarm, closed=(0, 1, 2))
        swarm[1].write(lambda replica: replica.cells[1]["metadata"].update({"new": 1}), "set 'new' in cell 1")
        swarm.finish()
        verdict = swarm.verdict()
        assert verdict.value is Value.INCONCLUSIVE, report(verdict)
        assert len(verdict.opinion.unknown) == 1 and "replaced the document's history" in verdict.reason


class TestTabsLeftBehind:
    def stale(self, swarm: SwarmModel) -> None:
        """User 1 sleeps; user 0 replaces a letter of the template by another; the others close and come again."""
        swarm[1].lose_line()

        def change(replica):
            text = text_of(replica.doc, 2)
            del text[0:1]
            text.insert(0, "T")

        swarm[0].write(change, "replaced a letter")
        swarm.settle()
        swarm.save_in_pause()
        restarted(swarm, closed=(0, 2))

    def test_a_user_with_the_clocks_of_another_history_is_named(self):
        swarm = SwarmModel(plain_notebook("first = 1", "second = 2", "third = 3"))
        swarm.settle()
        self.stale(swarm)
        verdict = swarm.verdict()
        found = of_kind(verdict, Kind.DIVERGED)
        assert found.users == (1,), report(verdict)
        assert "for good" in found.detail

    def test_one_whose_document_refuses_the_other_history_is_named_too(self):
        swarm = SwarmModel(plain_notebook("first = 1", "second = 2", "third = 3"))
        swarm.settle()
        self.stale(swarm)
        evidence = swarm.evidence()
        users = tuple(replace(one, stage="failed", trouble=REFUSED) if one.user == 1 else one for one in evidence.users)
        verdict = swarm.verdict(users=users)
        found = [one for one in verdict.opinion.findings if one.kind == Kind.DIVERGED]
        assert [one.users for one in found] == [(1,)], report(verdict)
        assert "does not fit what it had sent before" in found[0].detail

    def test_so_a_replica_tells_that_it_refused_what_came(self, swarm):
        with pytest.raises(ReplicaError, match="while an update was applied"):
            TestTabsLeftBehind.stale(self, swarm)  # of other lengths, so that the new history does not fit the old one

    def test_one_whose_own_edit_failed_is_another_matter(self):
        swarm = SwarmModel(plain_notebook("first = 1", "second = 2", "third = 3"))
        swarm.settle()
        self.stale(swarm)
        trouble = "ReplicaError: an edit by client 7 failed: KeyError: 'source'."
        users = tuple(
            replace(one, stage="failed", trouble=trouble) if one.user == 1 else one for one in swarm.evidence().users
        )
        assert Kind.DIVERGED not in kinds_of(swarm.verdict(users=users))

    def test_a_replica_that_broke_without_another_history_is_not_held_against_the_server(self, swarm):
        swarm.finish()
        evidence = swarm.evidence()
        users = tuple(replace(one, stage="failed", trouble=REFUSED) if one.user == 1 else one for one in evidence.users)
        verdict = swarm.verdict(users=users)
        assert verdict.value is Value.INCONCLUSIVE, report(verdict)


RESTART = FaultEvidence("the server was killed and started again", 10.0, 10.2, 12.4, "done")
OFFLINE = FaultEvidence("user 1 was offline", 4.0, 4.0, 14.0, "done", users=(1,))


def beside(users: tuple[int, ...], *faults: FaultEvidence, checkpoints: tuple[Checkpoint, ...] = ()) -> str:
    opinion = Opinion((Finding(Kind.LOST_EDIT, "a.ipynb", "Words are gone.", users),))
    return with_faults(opinion, faults, checkpoints).findings[0].detail


class TestFindingsBesideFaults:
    def test_a_finding_says_what_had_been_done_before_it(self):
        told = "After the server was killed and started again (from 10 to 12 s): Words are gone."
        assert beside((2,), RESTART) == told

    def test_what_happened_to_one_user_stands_beside_findings_that_concern_it(self):
        assert "user 1 was offline (from 4 to 14 s), and the server was killed" in beside((1, 2), RESTART, OFFLINE)
        assert "offline" not in beside((2,), RESTART, OFFLINE)
        assert "offline" in beside((), OFFLINE)

    def test_a_fault_that_began_after_a_finding_was_first_seen_is_not_told(self):
        finding = Finding(Kind.LOST_EDIT, "a.ipynb", "Words are gone.", (2,))
        checkpoint = Checkpoint(1, 5.0, 1.0, "fail", "", (finding,))
        assert beside((2,), RESTART, checkpoints=(checkpoint,)) == "Words are gone."

    def test_a_fault_that_never_began_is_not_told(self):
        never = replace(RESTART, began=None, ended=None, outcome="the run ended before")
        assert beside((2,), never) == "Words are gone."

    def test_faults_alone_change_no_verdict(self, swarm):
        swarm.finish()
        verdict = decide(replace(swarm.run_evidence(), faults=(RESTART, OFFLINE)))
        assert verdict.value is Value.PASS, report(verdict)

    def test_one_that_did_not_take_place_leaves_it_unknown(self, swarm):
        swarm.finish()
        never = replace(RESTART, began=None, ended=None, outcome="the run ended before")
        verdict = decide(replace(swarm.run_evidence(), faults=(never,)))
        assert verdict.value is Value.INCONCLUSIVE
        assert "killed and started again" in verdict.reason and "the run ended before" in verdict.reason
