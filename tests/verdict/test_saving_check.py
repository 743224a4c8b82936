"""Whether the file kept up with people: `save-stalled`, `save-starved`, `save-not-done`, and when none is said."""

import copy
from dataclasses import replace

import pytest

from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import SavedFile, SaveSeen
from jupyter_rtc_locust.verdict.findings import Kind, Value
from verdict.file_watch import FileWatch
from verdict.opinions import cautions_of, kinds_of, of_kind, report
from verdict.swarm_model import SwarmModel
from verdict.templates import TEXT, old_notebook, plain_notebook, rich_notebook


@pytest.fixture(params=["4.5", "4.2", "text"])
def swarm(request) -> SwarmModel:
    templates = {"4.5": rich_notebook(), "4.2": old_notebook(), "text": TEXT}
    return SwarmModel(templates[request.param], kind="text" if request.param == "text" else "notebook")


@pytest.fixture
def watch(swarm) -> FileWatch:
    watch = FileWatch(swarm)
    watch.look()
    return watch


def type_for(watch: FileWatch, seconds: int, *, saving: bool = False) -> None:
    """Everybody types, once a second."""
    for _ in range(seconds):
        for user in watch.swarm.users:
            user.type("words ")
            watch.swarm.settle()
        if saving:
            watch.swarm.server.save()
            watch.swarm.settle()
        watch.wait(1)


def verdict(watch: FileWatch, **limits):
    run = watch.swarm.run_evidence(**watch.seen)
    return decide(replace(run, **limits))


def ages(verdict) -> list[float]:
    """In whole seconds."""
    return [round(milliseconds / 1000) for milliseconds in verdict.figures["save age"]]


# -- what is no finding ----------------------------------------------------------------------------------------------


def test_a_server_that_saves_while_people_type_leaves_nothing_to_say(watch):
    type_for(watch, 20, saving=True)
    watch.swarm.finish()
    watch.look()
    told = verdict(watch)
    assert told.value is Value.PASS, report(told)
    assert not cautions_of(told)
    assert max(ages(told)) <= 1


def test_typing_without_pauses_is_no_finding_and_the_warning_says_what_a_crash_would_have_cost(watch):
    type_for(watch, 20)
    watch.swarm.finish()
    watch.look()
    told = verdict(watch)
    assert told.value is Value.PASS, report(told)
    (starved,) = cautions_of(told)
    assert starved.kind == Kind.SAVE_STARVED
    assert "60 acknowledged edits of users 0, 1, 2" in starved.detail
    assert max(ages(told)) in (19, 20, 21, 22, 23)


def test_a_few_seconds_without_a_save_are_not_worth_a_warning(watch):
    type_for(watch, 6)
    watch.swarm.finish()
    watch.look()
    assert not cautions_of(verdict(watch))


def test_a_slow_but_honest_save_is_no_finding(watch):
    type_for(watch, 2)
    watch.wait(27)
    watch.swarm.finish()
    watch.look()
    assert not verdict(watch).opinion.findings


def test_a_file_that_nobody_had_a_reason_to_save_is_no_finding(watch):
    watch.wait(100)
    assert not verdict(watch).opinion.findings


def test_what_was_typed_and_taken_back_need_not_be_saved(watch):
    watch.swarm[0].type("gone")
    watch.swarm.settle()
    watch.wait(3)
    watch.swarm[0].erase("gone", 0) if watch.swarm.kind == "notebook" else watch.swarm[0].write(
        lambda replica: replica.source.__delitem__(slice(len(str(replica.source).encode()) - 4, None))
    )
    watch.swarm.settle()
    watch.wait(100)
    told = verdict(watch)
    assert not told.opinion.findings, report(told)
    assert ages(told)[-1] == 0
    assert max(ages(told)) in (2, 3)  # until it was taken back


def test_what_a_crashed_user_left_half_way_is_not_missed_and_what_it_had_acknowledged_is(watch):
    watch.swarm[1].type("heard")
    watch.swarm.settle()
    watch.swarm[1].type("unheard")
    watch.swarm[1].leave(0)
    watch.wait(40)
    told = verdict(watch)
    assert "edit 0 of user 1" in of_kind(told, Kind.SAVE_STALLED).detail
    watch.swarm[0].type("later")
    watch.swarm.settle()
    watch.swarm.server.save()
    watch.wait(40)
    told = verdict(watch)
    assert of_kind(told, Kind.SAVE_STALLED).users == (1,)
    assert "save-unknown" not in {one.kind for one in cautions_of(told)}


def test_what_arrived_and_never_came_back_to_a_crashed_author_is_not_counted(watch):
    watch.swarm[1].type("never echoed")
    watch.swarm[1].leave()
    watch.swarm[0].type("echoed")
    watch.swarm.settle()
    watch.wait(40)
    found = of_kind(verdict(watch), Kind.SAVE_STALLED)
    assert "lacked edit 0 of user 0" in found.detail
    assert found.users == (0,)


def test_what_the_room_was_loaded_from_is_the_first_version_in_whatever_form():
    template = plain_notebook("a = 1")
    template["metadata"] = {}
    swarm = SwarmModel(template)
    watch = FileWatch(swarm)
    watch.look()
    type_for(watch, 3)
    watch.wait(40)
    assert Kind.SAVE_STALLED in kinds_of(verdict(watch))
    assert "as before the first edit" in of_kind(verdict(watch), Kind.SAVE_STALLED).detail


def test_edits_under_way_to_several_processes_are_taken_in_the_order_of_the_server():
    swarm = SwarmModel(plain_notebook("a", "b"), users=4, processes=4)
    watch = FileWatch(swarm)
    watch.look()
    for number in range(12):
        for user in swarm.users:
            user.type(f"{number} by {user.user} ", number % 2)
        # Who reads first hears of the others' edits before their own authors do.
        for user in swarm.users[:2]:
            user.send()
        swarm.server.save()
        watch.look()
        for user in swarm.users[2:]:
            user.send()
        for user in reversed(swarm.users):
            swarm.pass_time(0.4)
            user.read()
        watch.wait(1)
    swarm.finish()
    watch.look()
    assert not cautions_of(verdict(watch)), report(verdict(watch))


def test_copies_renamed_while_saving_are_known_states_or_accuse_nobody():
    swarm = SwarmModel(plain_notebook("a = 1", "b = 2", "c = 3"))
    watch = FileWatch(swarm)
    watch.look()
    swarm[0].move(0, 2)
    swarm[1].move(0, 1)
    swarm[2].type("differs", 0)
    swarm.settle()
    watch.wait(5)
    swarm.save_in_pause()
    watch.wait(40)
    assert not verdict(watch).opinion.findings


# -- save-stalled ----------------------------------------------------------------------------------------------------


def test_a_server_that_saves_no_more_is_found_in_the_pause_and_at_the_end(watch):
    type_for(watch, 3)
    watch.swarm.server.save()
    watch.swarm.settle()
    watch.wait(2)
    type_for(watch, 3)
    began = watch.swarm.now
    watch.wait(31)
    swarm = watch.swarm
    told = verdict(watch, save_timeout=30.0)
    assert kinds_of(told) == {Kind.SAVE_STALLED, Kind.SAVED_FILE_DIFFERS}
    found = of_kind(told, Kind.SAVE_STALLED)
    assert found.users == (0, 1, 2)
    assert "9 acknowledged edits of users 0, 1, 2" in found.detail
    assert f"From {began - 1:.0f}" in found.detail or f"From {began - 1.0:.1f}" in found.detail, found.detail
    # Also where all is well at the end.
    swarm.finish()
    watch.look()
    assert kinds_of(verdict(watch)) == {Kind.SAVE_STALLED}


def test_the_pause_has_to_be_as_long_as_the_timeout(watch):
    type_for(watch, 3)
    watch.wait(20)
    type_for(watch, 1)
    watch.swarm.finish()
    watch.look()
    assert not kinds_of(verdict(watch, save_timeout=30.0))
    assert kinds_of(verdict(watch, save_timeout=15.0)) == {Kind.SAVE_STALLED}


def test_no_server_is_asked_to_save_at_once(watch):
    type_for(watch, 2)
    watch.wait(3)
    watch.swarm.finish()
    watch.look()
    assert not kinds_of(verdict(watch, save_timeout=0.0))


def test_a_single_edit_that_a_version_lacks_is_named(watch):
    type_for(watch, 2)
    watch.swarm.server.save()
    watch.swarm.settle()
    watch.look()
    watch.swarm[1].type("one more")
    watch.swarm.settle()
    watch.wait(31)
    told = verdict(watch)
    assert "edit 2 of user 1 (\"typed 'one more'\"" in of_kind(told, Kind.SAVE_STALLED).detail
    assert of_kind(told, Kind.SAVE_STALLED).users == (1,)


def test_a_version_that_is_no_state_of_the_document_accuses_nobody_and_is_counted(watch):
    type_for(watch, 2)
    strange = copy.deepcopy(watch.swarm.server.file)
    watch.swarm.server.file = strange + "x" if watch.swarm.kind == "text" else {**strange, "nbformat": 5}
    watch.wait(60)
    watch.swarm.finish()
    watch.look()
    told = verdict(watch)
    assert told.value is Value.PASS, report(told)
    unknown = next(one for one in cautions_of(told) if one.kind == "save-unknown")
    assert "Of 3 versions" in unknown.detail
    assert "1 could not be read or were no state that the document had, so that" in unknown.detail
    told = verdict(watch, silent_processes=("w1",))
    unknown = next(one for one in cautions_of(told) if one.kind == "save-unknown")
    assert "1 could not be read or were no state that the document is known to have had, so that" in unknown.detail


def test_a_version_that_could_not_be_read_accuses_nobody(watch):
    type_for(watch, 2)
    first = watch.versions[0]
    watch.versions.append(SaveSeen(first.until + 1, first.until + 60, "", "500 Internal Server Error"))
    watch.swarm.pass_time(61)
    watch.swarm.finish()
    watch.look()
    told = verdict(watch)
    assert told.value is Value.PASS, report(told)
    assert any("500" in one.detail for one in cautions_of(told))


def test_what_an_overloaded_generator_saw_late_is_not_known(watch):
    type_for(watch, 3)
    watch.wait(40)
    watch.swarm.finish()
    watch.look()
    told = verdict(watch, sound=False)
    assert told.value is Value.INCONCLUSIVE
    assert "overloaded" in told.reason


# -- save-starved ----------------------------------------------------------------------------------------------------


def test_an_age_beyond_the_limit_is_a_finding_for_who_wants_it(watch):
    type_for(watch, 20)
    watch.swarm.finish()
    watch.look()
    found = of_kind(verdict(watch, max_save_age=8.0), Kind.SAVE_STARVED)
    assert "--rtc-max-save-age" in found.detail
    assert "8 s" in found.detail
    assert found.users == (0, 1, 2)
    assert not kinds_of(verdict(watch, max_save_age=60.0))
    assert verdict(watch, max_save_age=8.0, sound=False).value is Value.INCONCLUSIVE


# -- save-not-done ---------------------------------------------------------------------------------------------------


def test_a_save_by_hand_that_was_done_is_no_finding(watch):
    type_for(watch, 3)
    watch.save_by_hand(0)
    watch.swarm.server.save()
    watch.swarm.settle()
    type_for(watch, 15)
    watch.swarm.finish()
    watch.look()
    assert not kinds_of(verdict(watch))


def test_a_success_that_was_none_is_found_also_where_all_is_saved_at_the_end(watch):
    type_for(watch, 3)
    watch.save_by_hand(1)
    type_for(watch, 15)
    watch.save_by_hand(2)
    watch.swarm.finish()
    watch.look()
    told = verdict(watch)
    assert kinds_of(told) == {Kind.SAVE_NOT_DONE}, report(told)
    found = of_kind(told, Kind.SAVE_NOT_DONE)
    assert found.users == (1,)
    assert "User 1 saved by hand at" in found.detail
    overloaded = verdict(watch, sound=False)
    assert overloaded.value is Value.INCONCLUSIVE, report(overloaded)
    assert "User 1 saved by hand at" in overloaded.reason


@pytest.mark.parametrize("status", ["skipped", "failed", ""])
def test_whoever_was_not_told_success_was_not_lied_to(watch, status):
    type_for(watch, 3)
    watch.save_by_hand(1, status)
    type_for(watch, 15)
    watch.swarm.finish()
    watch.look()
    assert not kinds_of(verdict(watch))


def test_a_save_that_takes_eight_seconds_is_slow_and_done(watch):
    type_for(watch, 3)
    watch.save_by_hand(1)
    type_for(watch, 8)
    watch.swarm.server.save()
    watch.swarm.settle()
    type_for(watch, 5)
    watch.swarm.finish()
    watch.look()
    assert not kinds_of(verdict(watch))


def test_what_somebody_else_wrote_just_before_need_not_be_in_it(watch):
    watch.swarm[0].type("mine")
    watch.swarm.settle()
    watch.wait(1)
    watch.swarm.server.save()
    watch.swarm.settle()
    watch.look()
    watch.swarm[1].type("yours")
    watch.swarm.settle()
    watch.save_by_hand(0)
    watch.wait(15)
    watch.swarm.finish()
    watch.look()
    assert not kinds_of(verdict(watch))
    watch.swarm[0].type("mine too")
    watch.swarm.settle()
    watch.save_by_hand(0)
    watch.wait(15)
    watch.swarm.finish()
    watch.look()
    assert kinds_of(verdict(watch)) == {Kind.SAVE_NOT_DONE}


def test_a_version_nobody_knows_may_be_the_one(watch):
    type_for(watch, 3)
    watch.save_by_hand(1)
    strange = copy.deepcopy(watch.swarm.server.file)
    watch.swarm.server.file = strange + "x" if watch.swarm.kind == "text" else {**strange, "nbformat": 5}
    type_for(watch, 3)
    watch.swarm.server.file = strange
    type_for(watch, 12)
    watch.swarm.finish()
    watch.look()
    assert not kinds_of(verdict(watch))


def test_the_end_of_the_run_before_the_ten_seconds_are_over_is_no_proof(watch):
    type_for(watch, 3)
    watch.save_by_hand(1)
    watch.wait(5)
    assert Kind.SAVE_NOT_DONE not in kinds_of(verdict(watch))


def test_an_unreadable_file_at_the_end_is_not_known(watch):
    type_for(watch, 2)
    watch.swarm.finish()
    unread = SavedFile(problem="GET /api/contents: status 503.")
    told = decide(watch.swarm.run_evidence(**{**watch.seen, "saved": unread}))
    assert told.value is Value.INCONCLUSIVE
