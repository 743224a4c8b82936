"""The end of a run in one process: when it is quiet, and what it tells of its replicas."""

import time

import gevent
import pytest
from pycrdt import create_update_message

from jupyter_rtc_locust.coordination import gathering
from jupyter_rtc_locust.coordination.answers import encoded_rooms
from jupyter_rtc_locust.coordination.gathering import (
    gather,
    probe_all,
    quiet_and_asked,
    stop_editing,
    wait_until_acknowledged,
    wait_until_quiet,
)
from jupyter_rtc_locust.errors import ConnectionBroken
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.users import collaborator
from jupyter_rtc_locust.users.collaborator import Stage
from jupyter_rtc_locust.verdict.evidence import RoomEvidence
from jupyter_rtc_locust.verdict.evidence_form import decode_evidence
from users.conftest import make_swarm, type_letters
from users.fake_room import settle, wait_until

QUIET = 0.3


@pytest.fixture(autouse=True)
def soon_quiet(monkeypatch):
    monkeypatch.setattr(gathering, "QUIET_S", QUIET)


def told(swarm, quiet=None):
    """The evidence of the one document, through bytes, as it travels."""
    (room,) = (decode_evidence(one, RoomEvidence) for one in encoded_rooms(gather(swarm, quiet or {})))
    return room


def user_of(evidence, index):
    return next(user for user in evidence.users if user.user == index)


def withheld_from_all(room, source):
    """The server writes, and tells nobody; the message that would have told."""
    room._updates.clear()
    room.cells.append(source)
    return create_update_message(room._updates.pop())


# -- quiet ------------------------------------------------------------------------------------------------------------


def test_stopping_stops_every_schedule(room, swarm, person):
    people = [person(user, places=2) for user in range(2)]
    for one in people:
        one.open()
        one.start_editing(100)
    wait_until(lambda: swarm.counts["edits"] >= 4)
    stop_editing(swarm)
    before = swarm.counts["edits"]
    settle(0.05)
    assert swarm.counts["edits"] == before
    assert swarm.editing is False


def test_it_is_quiet_when_everything_came_back_and_nothing_came_for_a_while(room, swarm, person):
    one = person()
    one.open()
    one.make_edit(type_letters(0), 0, time.monotonic())
    started = time.monotonic()
    assert wait_until_quiet(swarm, 5.0) == {"room": True}
    assert QUIET <= time.monotonic() - started < 3


def test_it_is_not_quiet_while_messages_go_on_coming_until_the_time_is_over(room, swarm, person):
    person().open()
    going_on = gevent.spawn(lambda: [room.write(str(number)) and gevent.sleep(0.02) for number in range(200)])
    assert wait_until_quiet(swarm, 1.0) == {"room": False}
    going_on.kill()


def test_it_is_not_quiet_while_somebody_still_opens_the_document(room, swarm, person):
    person(0).open()
    late = person(1)
    opening = gevent.spawn_later(3 * QUIET, late.open)
    assert wait_until_quiet(swarm, 5.0) == {"room": True}
    assert late.stage is Stage.CONNECTED
    opening.get()


def test_who_leaves_waits_for_the_last_echo_and_not_for_others_to_be_quiet(room, swarm, person):
    one = person()
    one.open()
    one.make_edit(type_letters(0), 0, time.monotonic())
    going_on = gevent.spawn(lambda: [room.write(str(number)) and gevent.sleep(0.02) for number in range(200)])
    started = time.monotonic()
    wait_until_acknowledged(swarm, 3.0)
    assert not swarm.rooms["room"].round_trips.oldest_pending(one.seat.user, one.seat.client_id)
    assert time.monotonic() - started < 2.5
    going_on.kill()


def test_who_leaves_does_not_wait_for_ever(room, swarm, person):
    room.echoes = False
    one = person()
    one.open()
    one.make_edit(type_letters(0), 0, time.monotonic())
    wait_until_acknowledged(swarm, 0.2)
    assert swarm.rooms["room"].round_trips.oldest_pending(one.seat.user, one.seat.client_id)


def test_an_edit_without_echo_holds_nobody_up_beyond_the_time_there_is(room, swarm, person):
    room.echoes = False
    one = person()
    one.open()
    one.make_edit(type_letters(0), 0, time.monotonic())
    started = time.monotonic()
    assert wait_until_quiet(swarm, 0.6) == {"room": True}
    assert time.monotonic() - started >= 0.6


def test_a_document_is_not_quiet_whose_edit_comes_back_when_there_was_no_time_left(room, swarm, person):
    """A slow server is silent for seconds, with edits before it: what is compared then would still be moving."""
    room.echoes = False
    one = person()
    one.open()
    update = one.make_edit(type_letters(0), 0, time.monotonic())

    def comes_back_late():
        room.broadcast(create_update_message(update))
        wait_until(lambda: told(swarm).authored[0].acknowledged is not None)

    assert quiet_and_asked(swarm, 0.6, comes_back_late) == {"room": False}


def test_a_document_is_not_quiet_that_moves_while_an_edit_has_not_come_back(room, swarm, person):
    room.echoes = False
    one = person()
    one.open()
    one.make_edit(type_letters(0), 0, time.monotonic())

    def others_still_arrive():
        room.write("somebody's elsewhere")
        wait_until(lambda: one.received)

    assert quiet_and_asked(swarm, 0.6, others_still_arrive) == {"room": False}


def passed_on_after_the_answer(room, one, update):
    """The server answers what this user asks at the end, and gives everybody the update a little later."""
    answered = gevent.spawn(lambda: wait_until(lambda: one.probe_answer is not None))
    answered.link_value(lambda _: gevent.spawn_later(QUIET / 2, room.broadcast, create_update_message(update)))


def test_a_document_is_not_quiet_whose_edit_comes_back_after_everybody_was_answered(room, swarm, person):
    """Servers answer at once, and pass on what goes to everybody from a queue."""
    room.echoes = False
    one = person()
    one.open()
    passed_on_after_the_answer(room, one, one.make_edit(type_letters(0), 0, time.monotonic()))
    assert quiet_and_asked(swarm, 0.6, lambda: None) == {"room": False}


def test_so_it_is_where_nothing_had_come_for_as_long_as_a_sync_may_take(room, swarm, person, monkeypatch):
    """A server that stood still so long answers what it was asked before it passes on what it was given."""
    monkeypatch.setattr(gathering, "SYNC_DEADLINE_S", 0.1 - 1)
    room.echoes = False
    one = person()
    one.open()
    passed_on_after_the_answer(room, one, one.make_edit(type_letters(0), 0, time.monotonic()))
    assert quiet_and_asked(swarm, 60.0, lambda: None) == {"room": False}


def test_an_edit_that_never_comes_back_is_found_missing_in_a_document_that_is_quiet(room, swarm, person):
    room.echoes = False
    one = person()
    one.open()
    one.make_edit(type_letters(0), 0, time.monotonic())
    quiet = quiet_and_asked(swarm, 0.6, lambda: None)
    evidence = told(swarm, quiet)
    assert evidence.quiet is True
    assert [edit.acknowledged for edit in evidence.authored] == [None]


def test_a_document_in_which_everything_came_back_is_quiet_whatever_the_server_writes_then(room, swarm, person):
    one = person()
    one.open()
    one.make_edit(type_letters(0), 0, time.monotonic())

    def the_server_writes():
        room.write("the server's own")
        wait_until(lambda: one.received)

    assert quiet_and_asked(swarm, 5.0, the_server_writes) == {"room": True}


def test_who_is_lost_is_waited_for(room, swarm, person):
    one = person()
    one.open()
    room.refusals += [ConnectionBroken("not yet.")]
    one.drop_connection()
    assert wait_until_quiet(swarm, 5.0) == {"room": True}
    assert one.stage is Stage.CONNECTED


def test_who_left_is_not_waited_for(room, swarm, person):
    room.relays = False
    one = person()
    one.open()
    one.make_edit(type_letters(0), 0, time.monotonic())
    one.leave()
    started = time.monotonic()
    assert wait_until_quiet(swarm, 5.0) == {"room": True}
    assert time.monotonic() - started < 3


def test_what_was_typed_without_a_line_in_a_tab_that_was_closed_is_waited_for_by_nobody(room, swarm, person):
    """Also when its user comes back. The edit may or may not be there, which is said; it is no request that failed."""
    one = person()
    one.open()
    room.refusals += [ConnectionBroken("not yet.")] * 5
    one.drop_connection()
    one.make_edit(type_letters(0), 0, time.monotonic())
    one.leave()
    room.refusals.clear()
    person(incarnation=1).open()
    started = time.monotonic()
    assert wait_until_quiet(swarm, 20.0) == {"room": True}
    assert time.monotonic() - started < 10
    evidence = told(swarm)
    assert [edit.acknowledged for edit in evidence.authored] == [None]
    assert swarm.recorder.failures()["update echo"].count == 0


def test_without_any_room_it_is_quiet_at_once(swarm):
    assert wait_until_quiet(swarm, 5.0) == {}


# -- evidence ---------------------------------------------------------------------------------------------------------


def test_equal_replicas_are_told_once_with_all_their_users(room, swarm, person):
    for user in range(3):
        person(user, places=3).open()
    room.write("for everybody")
    wait_until(lambda: swarm.counts["updates_received"] >= 6)
    evidence = told(swarm)
    assert [replica.users for replica in evidence.replicas] == [(0, 1, 2)]
    assert [user.stage for user in evidence.users] == ["connected"] * 3


def test_a_replica_that_differs_is_told_apart(room, swarm, person):
    people = [person(user, places=2) for user in range(2)]
    for one in people:
        one.open()
    room.ends[1].send(withheld_from_all(room, "for one only"))
    wait_until(lambda: len(people[1].replica.cells) == 2)
    assert [replica.users for replica in told(swarm).replicas] == [(0,), (1,)]


def test_what_was_authored_is_told_with_its_times_since_the_start_of_the_run(room, swarm, person):
    one = person()
    one.open()
    swarm.run_started = time.monotonic() - 100
    update = one.make_edit(type_letters(7), 7, time.monotonic())
    wait_until(lambda: one.room.round_trips.oldest_pending(0, one.seat.client_id) is None)
    (edit,) = told(swarm).authored
    assert (edit.user, edit.client_id, edit.number, edit.update) == (0, one.seat.client_id, 7, update)
    assert 99 < edit.due < 110
    assert edit.due <= edit.acknowledged < 110


def test_an_edit_that_was_never_acknowledged_is_told_so_and_is_a_failure(room, swarm, person):
    room.echoes = False
    one = person()
    one.open()
    one.make_edit(type_letters(0), 0, time.monotonic() - 7.0)
    (edit,) = told(swarm).authored
    assert edit.acknowledged is None
    assert swarm.recorder.failures()["update echo"].count == 1
    assert 7_000.0 <= swarm.recorder.unanswered_ages()["update echo"].min_ms < 60_000.0


def test_what_nobody_here_authored_is_told_with_its_bytes(room, swarm, person):
    one = person()
    one.open()
    update = room.write("from elsewhere")
    wait_until(lambda: one.received)
    assert [one.update for one in told(swarm).foreign] == [update]


def test_who_left_or_never_opened_is_told_but_its_replica_is_not(room, swarm, person):
    people = [person(user, places=4) for user in range(4)]
    people[0].open()
    people[1].open()
    people[1].leave()
    swarm.server.refusals.append(ConnectionBroken("PUT /session answered 500."))
    with pytest.raises(ConnectionBroken):
        people[2].open()
    evidence = told(swarm)
    assert [replica.users for replica in evidence.replicas] == [(0,)]
    assert [(user.stage, user.trouble) for user in evidence.users] == [
        ("connected", ""),
        ("left", ""),
        ("never opened its document", "PUT /session answered 500."),
        ("was still opening its document", ""),
    ]


def test_who_was_told_that_the_document_cannot_be_opened_keeps_nobody_from_getting_quiet(room, swarm, person):
    person().open()
    swarm.server.refusals.append(ConnectionBroken("PUT /session answered 500."))
    with pytest.raises(ConnectionBroken):
        person(1, places=2).open()
    with gevent.Timeout(10):  # whoever were on the way would be waited for as long as a sync may take
        assert wait_until_quiet(swarm, 60.0) == {"room": True}


def test_what_the_server_has_and_a_user_lacks_is_told_by_its_clocks(room, swarm, person):
    person().open()
    before = room.doc.get_state()
    withheld_from_all(room, "never sent")
    probe_all(swarm)
    user = user_of(told(swarm), 0)
    assert user.probed is True
    assert user.lacks.clients() == {1}
    assert before != room.doc.get_state()


@pytest.fixture
def few_at_once(monkeypatch):
    monkeypatch.setattr(gathering, "_PROBES_AT_ONCE", 2)
    monkeypatch.setattr(collaborator, "SYNC_DEADLINE_S", 0.3)


def test_while_the_server_answers_so_many_are_asked_at_a_time(room, swarm, person, few_at_once, monkeypatch):
    monkeypatch.setattr(gathering, "_TURN_S", 60.0)
    people = [person(user, places=5) for user in range(5)]
    for one in people:
        one.open()
    room.answers_step_1 = False
    asking = gevent.spawn(probe_all, swarm)
    asked = len(people)
    wait_until(lambda: len(room.messages(0, 0)) == asked + 2)
    settle()
    assert len(room.messages(0, 0)) == asked + 2
    room.answers_step_1 = True
    asking.get(timeout=5)
    assert len(room.messages(0, 0)) == 2 * asked


def test_everybody_is_asked_and_stalls_where_nobody_is_answered(room, swarm, person, few_at_once, monkeypatch):
    monkeypatch.setattr(gathering, "_TURN_S", 0.1)
    monkeypatch.setattr(gathering, "LONGEST_ASKING_S", 0.75)
    people = [person(user, places=5) for user in range(5)]
    for one in people:
        one.open()
    probe_all(swarm)
    assert all(user.probed for user in told(swarm).users)
    room.answers_step_1 = False
    probe_all(swarm)
    evidence = told(swarm)
    assert not any(user.probed for user in evidence.users), "the answers of an earlier checkpoint are none"
    assert sorted(stall.user for stall in evidence.stalls) == [0, 1, 2, 3, 4]


def test_where_asking_is_given_up_nobody_waits_for_an_answer(room, swarm, person, few_at_once):
    people = [person(user, places=2) for user in range(2)]
    for one in people:
        one.open()
    room.answers_step_1 = False
    asking = gevent.spawn(probe_all, swarm)
    wait_until(lambda: len(room.messages(0, 0)) == 4)
    asking.kill()
    settle(0.5)
    assert told(swarm).stalls == ()


def test_who_could_not_be_asked_any_more_has_no_answer(room, swarm, person, few_at_once, monkeypatch):
    monkeypatch.setattr(gathering, "LONGEST_ASKING_S", 0.05)
    people = [person(user, places=3) for user in range(3)]
    for one in people:
        one.open()
        one.probe()
    room.answers_step_1 = False
    probe_all(swarm)
    assert not any(user.probed for user in told(swarm).users)


def test_a_user_who_lacks_nothing_has_nothing_to_tell(room, swarm, person):
    person().open()
    probe_all(swarm)
    user = user_of(told(swarm), 0)
    assert (user.probed, user.lacks, user.gaps, user.trouble) == (True, ClockRanges(), ClockRanges(), "")


def test_updates_that_came_out_of_order_are_no_gap_once_all_have_come(room, swarm, person):
    """pycrdt lets some wait although nothing is missing any more; applied together they are all there."""
    one = person()
    one.open()
    messages = [withheld_from_all(room, str(number)) for number in range(12)]
    for message in messages[::2] + messages[1::2][::-1]:
        room.ends[0].send(message)
        settle(0.005)
    wait_until(lambda: len(one.received) == 12)
    evidence = told(swarm)
    assert not user_of(evidence, 0).gaps
    assert [str(cell) for cell in one.replica.cells][1:] == [str(number) for number in range(12)]


def test_an_update_that_builds_on_one_that_never_came_is_a_gap_named_by_its_clocks(room, swarm, person):
    one = person()
    one.open()
    withheld_from_all(room, "never sent")
    room.ends[0].send(withheld_from_all(room, "sent"))
    wait_until(lambda: one.received)
    gaps = user_of(told(swarm), 0).gaps
    assert gaps.clients() == {1}
    assert gaps.total() == 1


def test_the_trouble_of_a_user_who_came_back_is_over(room, swarm, person):
    one = person()
    one.open()
    one.drop_connection()
    wait_until(lambda: one.stage is Stage.CONNECTED and room.opened == 2)
    assert user_of(told(swarm), 0).trouble == ""


# -- presence ---------------------------------------------------------------------------------------------------------


def test_whom_users_see_and_what_they_told_is_put_down_with_times_since_the_start_of_the_run(room, swarm, person):
    people = [person(user, places=2) for user in range(2)]
    swarm.run_started = time.monotonic() - 100
    for one in people:
        one.open()
    wait_until(lambda: swarm.counts["awareness_received"] == 3)
    probe_all(swarm)
    one, other = (user.presence for user in told(swarm).users)
    assert one.process == other.process != ""
    assert [entry.client_id for entry in one.seen] == [people[1].seat.client_id]
    assert (one.seen[0].state, one.seen[0].person, one.seen[0].until) == (other.told[0].state, True, None)
    assert one.told[0].at < one.told[0].heard < one.asked
    assert 99 < one.connected <= one.told[0].at <= one.synced < one.seen[0].last < one.asked < one.taken < 110
    assert one.gone is None


def test_who_lost_its_line_or_left_was_there_until_then(room, swarm, person):
    people = [person(user, places=2) for user in range(2)]
    for one in people:
        one.open()
    room.refusals += [ConnectionBroken("not yet.")] * 50
    people[0].drop_connection()
    people[1].leave()
    lost, left = (user.presence for user in told(swarm).users)
    assert lost.gone is not None
    assert lost.asked is None
    assert left.gone is not None
    assert left.told[-1].state is None


def test_without_awareness_nothing_is_told_of_presence(room, told, person):
    swarm = make_swarm(told, awareness="none")
    person(swarm=swarm).open()
    (evidence,) = gather(swarm, {})
    assert evidence.users[0].presence is None


def test_somebody_may_open_another_document_while_the_evidence_is_put_together(room, swarm, person):
    person().open()
    evidence = gather(swarm, {}, going_on=True)
    assert next(evidence).path == "room"
    swarm.room(Document("another", "notebook"))
    assert list(evidence) == []
