"""What could not be established: inconclusive, never pass, and never stronger than a finding."""

from dataclasses import replace

import pytest
from msgspec import structs

from jupyter_rtc_locust.verdict import decision
from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import RunEvidence, Snapshot, StallEvidence
from jupyter_rtc_locust.verdict.findings import Kind, Opinion, Value
from jupyter_rtc_locust.verdict.service_evidence import ServedEvidence, ServerSilence
from verdict.model_server import text_of
from verdict.opinions import kinds_of, of_kind, report
from verdict.swarm_model import SwarmModel
from verdict.templates import plain_notebook

SILENCE = ServerSilence(30.0, 12.0)
NOBODY = Snapshot({}, b"\x00\x00", "it was refused")


@pytest.fixture
def swarm() -> SwarmModel:
    swarm = SwarmModel(plain_notebook("a = 1", "b = 2"), processes=2)
    for user in range(3):
        swarm[user].type(f"[by {user}]", user % 2)
    swarm.finish()
    return swarm


def decided(swarm: SwarmModel, **run):
    return decide(replace(swarm.run_evidence(), **run))


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ({"silent_processes": ("worker a1",)}, "worker a1"),
        ({"problems": ("The server could not be used: 404",)}, "404"),
        ({"documents": ()}, "No document was judged"),
    ],
)
def test_of_the_run(swarm, run, words):
    verdict = decided(swarm, **run)
    assert verdict.value is Value.INCONCLUSIVE and words in verdict.reason


def test_no_edit_where_edits_were_asked_for():
    swarm = SwarmModel(plain_notebook())
    swarm.finish()
    assert "nothing was tested. Ask for a longer run (-t) or for more edits (--rtc-edit-rate)" in swarm.verdict().reason


def test_where_nobody_could_edit_no_longer_run_is_advised():
    swarm = SwarmModel(plain_notebook())
    swarm.finish()
    failed = tuple(replace(user, stage="failed", trouble="why it was so") for user in swarm.evidence().users)
    verdict = swarm.verdict(users=failed)
    assert any("nothing was tested." in one for one in verdict.opinion.unknown), report(verdict)
    assert not any("longer run" in one for one in verdict.opinion.unknown), report(verdict)


def test_an_edit_that_only_filled_an_empty_room_tests_nothing():
    swarm = SwarmModel(plain_notebook(), files=False)
    swarm.finish()
    verdict = swarm.verdict()
    assert verdict.value is Value.INCONCLUSIVE and "nothing was tested" in verdict.reason


@pytest.mark.parametrize(
    "stage",
    [
        "never opened its document",
        "was still opening its document",
        "was refused",
        "failed",
        "lost its connection",
    ],
)
def test_a_user_who_was_not_there_to_the_end(swarm, stage):
    first, *others = swarm.evidence().users
    verdict = swarm.verdict(users=(replace(first, stage=stage, trouble="why it was so"), *others))
    assert verdict.value is Value.INCONCLUSIVE, report(verdict)
    assert f"user {first.user} {stage} (why it was so)" in verdict.reason


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("never opened its document", "never opened their document"),
        ("was still opening its document", "were still opening their document"),
        ("was refused", "were refused"),
        ("failed", "failed"),
        ("lost its connection", "lost their connection"),
    ],
)
def test_of_several_users_it_is_said_in_the_plural(swarm, stage, words):
    first, second, *others = swarm.evidence().users
    gone = (replace(first, stage=stage), replace(second, stage=stage))
    assert f"users {first.user}, {second.user} {words}." in swarm.verdict(users=(*gone, *others)).reason


def test_a_server_that_hangs_to_the_end_is_not_blamed_for_what_was_typed_meanwhile(swarm):
    """Lines stand, nothing is answered: replicas differ by what nobody passed on, and no newcomer can come."""
    for user in range(3):
        swarm[user].type(f"[typed into the silence by {user}]")
    users = tuple(replace(user, probed=False) for user in swarm.evidence().users)
    verdict = swarm.verdict(users=users, joiner=NOBODY)
    assert verdict.value is Value.INCONCLUSIVE, report(verdict)


def test_nobody_was_there_at_the_end(swarm):
    users = tuple(replace(user, stage="left") for user in swarm.evidence().users)
    assert "no user was connected" in swarm.verdict(users=users).reason


def test_a_mistake_of_the_locustfile_comes_first_where_it_left_nobody_and_not_where_others_went_on(swarm):
    mistake = "choose_edit of Student raised KeyError: 'x' (students.py:6)."
    document = swarm.evidence()
    gone = replace(document, users=tuple(replace(user, stage="left") for user in document.users))
    for documents, first in (((gone,), True), ((document,), False), ((gone, document), False)):
        reason = decide(RunEvidence(documents, users_failed=2, mistakes=(mistake,))).reason
        assert reason.startswith(f"2 users failed: {mistake}") == first
    assert mistake not in decide(RunEvidence((gone,), mistakes=(mistake,))).reason


@pytest.mark.parametrize(
    "changes",
    [
        {"quiet": False},
        {"joiner": NOBODY},
        {"joiner": None},
        {"replicas": ()},
        {"joiner": NOBODY, "replicas": ()},
    ],
)
def test_of_a_document(swarm, changes):
    verdict = swarm.verdict(**changes)
    assert verdict.value is Value.INCONCLUSIVE, report(verdict)


def test_a_document_that_was_not_quiet_is_not_compared(swarm):
    text_of(swarm[0].replica.doc).clear()
    assert swarm.verdict(quiet=False).value is Value.INCONCLUSIVE


def late(swarm, waits, **changes):
    """The document, not quiet, with edits that waited so long; None: what never came back."""
    (first, *_), users = swarm.evidence().authored, swarm.evidence().users
    edits = tuple(
        structs.replace(first, number=number, due=60.0, acknowledged=None if wait is None else 60.0 + wait)
        for number, wait in enumerate(waits)
    )
    users = tuple(replace(user, served=ServedEvidence(taken=105.0)) for user in users)
    return swarm.evidence(**{"quiet": False, "authored": edits, "users": users} | changes)


@pytest.mark.parametrize(
    ("waits", "words"),
    [
        (
            [17.0] * 90 + [57.0] * 10,
            "half of the edits took more than 17 s to come back, one in twenty more than 57 s.",
        ),
        (
            [17.0] * 60 + [None] * 40,
            "half of the edits took more than 17 s to come back; 40 edits had not come back 45 s",
        ),
        ([1.25] * 60 + [None] * 40, "The server did not keep up: 40 edits had not come back 45 s"),
        (
            [1.25] * 60 + [7.25] * 40,
            "The server did not keep up: one edit in twenty took more than 7.2 s to come back.",
        ),
        ([None] * 3, "The server did not keep up: 3 edits had not come back 45 s after the last one was made."),
    ],
)
def test_of_documents_that_were_not_quiet_it_is_said_how_late_edits_came_back(swarm, waits, words):
    verdict = decided(swarm, documents=(late(swarm, waits),))
    assert verdict.value is Value.INCONCLUSIVE
    assert verdict.reason.startswith("The server did not keep up: ") and words in verdict.reason
    unsound = decided(swarm, documents=(late(swarm, waits),), sound=False).opinion.unknown
    assert any(one.startswith("Edits came back late, and the load generator did not keep up: ") for one in unsound)


@pytest.mark.parametrize(
    ("waits", "changes"),
    [([17.0] * 100, {"quiet": True}), ([0.2] * 99 + [17.0], {}), ([None] * 3, {"users": ()})],
    ids=["it was quiet", "few were late", "whoever waited is gone"],
)
def test_nothing_is_said_of_late_edits_that_kept_no_document_from_being_quiet(swarm, waits, changes):
    verdict = decided(swarm, documents=(late(swarm, waits, **changes),))
    assert not any("come back" in one and "keep up" in one for one in verdict.opinion.unknown)


def offline(document, *stretches):
    """All of its users were, on purpose."""
    served = ServedEvidence(taken=105.0, offline=stretches)
    return replace(document, users=tuple(replace(user, served=served) for user in document.users))


def test_what_was_typed_offline_on_purpose_came_back_late_through_no_fault_of_the_servers(swarm):
    late_by_intent = offline(late(swarm, [30.0] * 100), (50.0, 89.0))
    assert not any("keep up" in one for one in decided(swarm, documents=(late_by_intent,)).opinion.unknown)
    still_away = offline(late(swarm, [None] * 100), (50.0, 105.0))
    assert not any("keep up" in one for one in decided(swarm, documents=(still_away,)).opinion.unknown)
    back_before = offline(late(swarm, [None] * 100), (50.0, 90.0))
    assert "100 edits had not come back" in decided(swarm, documents=(back_before,)).reason
    late_after_that = offline(late(swarm, [30.0] * 100), (50.0, 71.0), (75.0, 78.0))
    assert "half of the edits took more than 16 s" in decided(swarm, documents=(late_after_that,)).reason


def test_a_replica_whose_state_nobody_told(swarm):
    kept = tuple(replace(one, users=tuple(user for user in one.users if user)) for one in swarm.evidence().replicas)
    verdict = swarm.verdict(replicas=kept)
    assert verdict.value is Value.INCONCLUSIVE and "user 0 had" in verdict.reason


def test_a_user_whom_the_server_did_not_answer(swarm):
    first, *others = swarm.evidence().users
    verdict = swarm.verdict(users=(replace(first, probed=False), *others))
    assert verdict.value is Value.INCONCLUSIVE and f"user {first.user} lacked" in verdict.reason


class TestMissingRecord:
    def test_what_a_registered_author_wrote_without_a_record_is_unaccounted_and_not_invented(self, swarm):
        authored = tuple(edit for edit in swarm.evidence().authored if edit.user != 2)
        verdict = swarm.verdict(authored=authored)
        assert verdict.value is Value.INCONCLUSIVE, report(verdict)
        assert "written by user 2" in verdict.reason

    def test_what_it_deleted_without_a_record_is_not_lost(self, swarm):
        swarm[2].erase("a = 1")
        swarm.finish()
        authored = tuple(edit for edit in swarm.evidence().authored if edit.user != 2)
        assert swarm.verdict(authored=authored).value is Value.INCONCLUSIVE

    def test_an_invention_beside_it_is_found_all_the_same(self, swarm):
        text_of(swarm.server.doc).insert(0, "invented")
        swarm.finish()
        authored = tuple(edit for edit in swarm.evidence().authored if edit.user != 2)
        assert kinds_of(swarm.verdict(authored=authored)) == {Kind.INVENTED_EDIT}

    def test_a_part_of_its_record_is_not_enough(self, swarm):
        swarm[2].type("more")
        swarm.finish()
        *authored, last = swarm.evidence().authored
        assert last.user != 2
        authored = tuple(edit for edit in swarm.evidence().authored if not (edit.user == 2 and edit.number == 0))
        assert swarm.verdict(authored=authored).value is Value.INCONCLUSIVE


class TestUnacknowledged:
    def test_without_a_newcomer_it_is_not_known_whether_the_server_has_it(self, swarm):
        swarm.server.accept = lambda user, update: None if user.user == 2 else update
        swarm[2].type("swallowed")
        swarm.settle()
        swarm.save_in_pause()
        verdict = swarm.verdict(joiner=NOBODY)
        assert Kind.UNACKNOWLEDGED_EDIT not in kinds_of(verdict)
        assert any("1 edit of user 2 never came back" in sentence for sentence in verdict.opinion.unknown)

    def test_what_somebody_else_holds_was_taken(self, swarm):
        swarm.server.relay = lambda user, update: [] if user.user == 2 else [update]
        swarm[2].type("not echoed")
        swarm.settle()
        verdict = swarm.verdict(joiner=NOBODY, saved=None)
        assert not any("never came back" in sentence for sentence in verdict.opinion.unknown)


class TestTime:
    def test_a_stall_is_a_finding(self, swarm):
        verdict = swarm.verdict(stalls=(StallEvidence(1, 17.2, "its sync was not answered"),))
        found = of_kind(verdict, Kind.STALLED)
        assert found.users == (1,) and "waited 17 s: its sync was not answered" in found.detail

    def test_in_an_overload_that_was_made_on_purpose_it_is_a_warning(self, swarm):
        waited = StallEvidence(1, 17.2, "its sync was not answered", 80.0, overload=True)
        verdict = swarm.verdict(stalls=(waited,))
        assert verdict.value is Value.PASS
        (caution,) = [one for one in verdict.opinion.cautions if one.kind == "overloaded"]
        assert "user 1 waited, 17 s at the longest" in caution.detail

    def test_it_stays_one_in_a_document_that_was_not_quiet(self, swarm):
        stalls = (StallEvidence(1, 17.2, "its sync was not answered"),)
        assert kinds_of(swarm.verdict(stalls=stalls, quiet=False)) == {Kind.STALLED}

    def test_a_server_that_answered_nobody_is_a_finding(self, swarm):
        waiting = ServedEvidence(taken=42.0, heard=29.0, waits_since=30.5)
        users = tuple(replace(one, served=waiting) for one in swarm.evidence().users)
        run = swarm.run_evidence(users=users)
        found = of_kind(decide(replace(run, server_silences=(SILENCE,))), Kind.SERVER_LOST)
        assert "for 12 s, from 30 s after" in found.detail

    def test_one_that_sent_users_something_meanwhile_was_not_lost_to_them(self, swarm):
        document = swarm.evidence()
        edit = structs.replace(document.authored[0], acknowledged=36.0)
        went_on = ServedEvidence(taken=60.0, opened=0.0, heard=59.0)
        users = tuple(replace(one, served=went_on) for one in document.users)
        document = replace(document, authored=(edit, *document.authored[1:]), users=users)
        run = replace(swarm.run_evidence(), documents=(document,))
        verdict = decide(replace(run, server_silences=(SILENCE,)))
        assert verdict.value is Value.INCONCLUSIVE and not kinds_of(verdict)
        assert "did not answer the coordinator's host for 12 s, from 30 s" in verdict.reason
        # Ten seconds without a word to anybody are a loss, while somebody waited for that word.
        assert kinds_of(decide(replace(run, server_silences=(ServerSilence(20.0, 17.0),)))) == {Kind.SERVER_LOST}

    def test_a_coordinator_that_heard_neither_server_nor_users_blames_nobody(self, swarm):
        document = replace(swarm.evidence(), users=(), authored=(), replicas=())
        alone = {"documents": (document,), "silent_processes": ("worker a1",), "server_silences": (SILENCE,)}
        verdict = decided(swarm, **alone)
        assert verdict.value is Value.INCONCLUSIVE and Kind.SERVER_LOST not in kinds_of(verdict)
        assert any("did not answer the coordinator's host" in sentence for sentence in verdict.opinion.unknown)

    def test_neither_is_one_where_the_generator_was_overloaded(self, swarm):
        stalls = (StallEvidence(1, 17.2, "its sync was not answered"),)
        run = replace(swarm.run_evidence(stalls=stalls), sound=False, server_silences=(SILENCE,))
        verdict = decide(run)
        assert verdict.value is Value.INCONCLUSIVE and len(verdict.opinion.unknown) == 2

    def test_what_does_not_rest_on_time_is_found_by_an_overloaded_generator_too(self, swarm):
        text_of(swarm.server.doc).insert(0, "invented")
        swarm.finish()
        assert kinds_of(decided(swarm, documents=(swarm.evidence(),), sound=False)) == {Kind.INVENTED_EDIT}


class TestComposition:
    def test_a_finding_beats_what_is_not_known(self, swarm):
        text_of(swarm.server.doc).insert(0, "invented")
        swarm.finish()
        verdict = decided(swarm, documents=(swarm.evidence(),), silent_processes=("worker 2",))
        assert verdict.value is Value.FAIL and verdict.opinion.unknown
        assert "1 finding, the first invented-edit in run/" in verdict.reason

    @pytest.mark.parametrize(
        "check",
        [
            "check_run_is_complete",
            "check_server_answers",
            "check_somebody_had_a_line",
            "check_users_took_part",
            "check_nobody_stalled",
            "check_first_snapshot",
            "check_edits_were_acknowledged",
            "check_nothing_is_pending",
            "check_replicas_agree",
            "check_newcomer_gets_the_document",
            "unauthored_deletions",
            "check_deletions_were_authored",
            "check_against_oracle",
            "check_nothing_came_from_elsewhere",
            "check_everybody_is_seen",
            "check_reopened_document",
            "check_server_memory",
            "read_server_log",
            "weak_points",
            "with_faults",
            "with_checkpoints",
            "check_document_is_well_formed",
            "check_saved_file",
            "build_oracle",
        ],
    )
    @pytest.mark.parametrize("error", [ValueError("why"), BaseException("panic")])
    def test_a_check_that_raises_is_inconclusive_with_its_reason(self, swarm, monkeypatch, check, error):
        def raises(*_):
            raise error

        monkeypatch.setattr(decision, check, raises)
        verdict = swarm.verdict()
        assert verdict.value is Value.INCONCLUSIVE
        assert type(error).__name__ in verdict.reason and str(error) in verdict.reason

    def test_what_was_exercised_may_not_be_counted_and_a_finding_stands_all_the_same(self, swarm, monkeypatch):
        def raises(*_):
            raise ValueError("no count")

        monkeypatch.setattr(decision, "exercised", raises)
        verdict = swarm.verdict()
        assert verdict.value is Value.INCONCLUSIVE and "no count" in verdict.reason
        assert verdict.exercised == {}
        verdict = swarm.verdict(stalls=(StallEvidence(1, 20.0, "its sync was not answered"),))
        assert verdict.value is Value.FAIL

    @pytest.mark.parametrize("amends", ["with_faults", "with_checkpoints"])
    def test_what_is_said_beside_findings_may_fail_and_they_stand_all_the_same(self, swarm, monkeypatch, amends):
        def raises(*_):
            raise ValueError("no words")

        stalls = (StallEvidence(1, 20.0, "its sync was not answered"),)
        as_it_is = swarm.verdict(stalls=stalls)
        monkeypatch.setattr(decision, amends, raises)
        verdict = swarm.verdict(stalls=stalls)
        assert verdict.value is Value.FAIL
        assert verdict.opinion.findings == as_it_is.opinion.findings
        assert any("no words" in sentence for sentence in verdict.opinion.unknown)

    def test_a_request_to_stop_is_not_swallowed(self, swarm, monkeypatch):
        def raises(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(decision, "check_saved_file", raises)
        with pytest.raises(KeyboardInterrupt):
            swarm.verdict()

    @pytest.mark.parametrize("which", ["initial", "joiner"])
    def test_a_document_that_is_no_update_is_inconclusive(self, swarm, which):
        broken = replace(getattr(swarm.evidence(), which), update=b"\xff\xff\xff")
        assert swarm.verdict(**{which: broken}).value is Value.INCONCLUSIVE

    def test_an_update_of_the_server_that_is_none_is_inconclusive(self, swarm):
        from jupyter_rtc_locust.verdict.evidence import ForeignUpdate

        verdict = swarm.verdict(foreign=(*swarm.evidence().foreign, ForeignUpdate(1.0, b"\x05noise")))
        assert verdict.value is Value.INCONCLUSIVE and "could not be read" in verdict.reason

    def test_one_bad_document_among_good_ones_decides(self, swarm):
        good = swarm.evidence()
        text_of(swarm.server.doc).insert(0, "invented")
        swarm.finish()
        bad = replace(swarm.evidence(), path="run/notebook-1.ipynb")
        verdict = decide(RunEvidence(documents=(good, bad)))
        assert verdict.value is Value.FAIL and "run/notebook-1.ipynb" in verdict.reason

    def test_a_pass_says_what_was_compared(self, swarm):
        assert swarm.verdict().reason.startswith("1 document, 3 edits: every user, a newcomer, the saved file")
        assert "the saved file" not in swarm.verdict(saved=None).reason

    def test_several_reasons_are_counted(self, swarm):
        verdict = decided(swarm, silent_processes=("a", "b", "c"))
        assert "(2 more reasons)" in verdict.reason

    def test_opinions_add_up(self):
        one = Opinion(unknown=("a",))
        assert (one + Opinion(unknown=("b",))).unknown == ("a", "b")
