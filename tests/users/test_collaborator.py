"""One person's tab in a room: opening, receiving, editing, leaving. What happens after a loss is in the file beside."""

import time

import gevent
import pytest
from pycrdt import Array, Doc, create_sync_message, create_update_message, handle_sync_message

from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.gestures import (
    ChangeCellType,
    Click,
    MoveCaret,
    Paste,
    Printed,
    RunCell,
    TypeText,
    Undo,
)
from jupyter_rtc_locust.editing.rhythm import EDITS_OF_A_LIFE, Person
from jupyter_rtc_locust.errors import ConnectionBroken, RoomRefused
from jupyter_rtc_locust.protocol.awareness import Presence, decode_presences, encode_presences, read_awareness
from jupyter_rtc_locust.protocol.messages import decode_message, encode_awareness, encode_update
from jupyter_rtc_locust.protocol.websocket_frames import frame_bytes
from jupyter_rtc_locust.users import collaborator as collaborator_module
from jupyter_rtc_locust.users import presence as presence_module
from jupyter_rtc_locust.users import writing
from jupyter_rtc_locust.users.collaborator import Stage
from users.conftest import make_swarm, type_letters
from users.fake_room import CLOSE, settle, wait_until

PARTS_OF_OPENING = ("session", "connect", "initial sync")
GRAIN_S = 0.001
"""So much before it is due an edit may leave, because the loop waits in whole milliseconds."""


def timed(swarm, name):
    histogram = swarm.recorder.histograms().get(name)
    return 0 if histogram is None else histogram.count


def failed(swarm, name):
    failures = swarm.recorder.failures().get(name)
    return 0 if failures is None else failures.count


def sources_of(one):
    return [str(cell["source"]) for cell in one.replica.cells]


def announced(room):
    return [presence for message in room.messages(1) for presence in decode_presences(decode_message(message).payload)]


@pytest.fixture
def short_deadline(monkeypatch):
    monkeypatch.setattr(collaborator_module, "SYNC_DEADLINE_S", 0.2)


@pytest.fixture
def quick_heart(monkeypatch):
    monkeypatch.setattr(presence_module, "HEARTBEAT_S", 0.02)


# -- opening ----------------------------------------------------------------------------------------------------------


def test_what_was_sent_at_the_opening_is_not_kept_once_it_is_applied(room, swarm, person):
    one = person()
    one.open()
    whole = room.doc.get_update()
    assert sources_of(one) == room.sources
    assert not [message for message in one.room.latest_arrivals.messages if len(message) >= len(whole)]


def test_opening_brings_the_document_and_times_each_part_of_it_once(room, swarm, person):
    one = person()
    assert one.stage is Stage.OPENING
    one.open()
    assert one.stage is Stage.CONNECTED
    assert sources_of(one) == ["first cell"]
    assert swarm.server.asked == [(one.seat.document, 0)]
    assert [timed(swarm, name) for name in (*PARTS_OF_OPENING, "open document")] == [1, 1, 1, 1]
    assert not any(failed(swarm, name) for name in (*PARTS_OF_OPENING, "open document"))


def test_a_tab_asks_with_an_empty_state_vector_and_answers_the_servers_question(room, person):
    person().open()
    wait_until(lambda: room.messages(0, 1))
    assert room.messages(0, 0) == [b"\x00\x00\x01\x00"]
    assert len(room.messages(0, 1)) == 1


def test_presence_is_announced_with_the_own_client_id_and_again_with_each_heartbeat(room, person, quick_heart):
    one = person(user=3)
    one.open()
    wait_until(lambda: len(announced(room)) >= 3)
    heard = announced(room)[:3]
    assert {presence.client_id for presence in heard} == {one.seat.client_id}
    assert [presence.clock for presence in heard] == sorted({presence.clock for presence in heard})
    assert all("3" in presence.state["user"]["name"] for presence in heard)


def test_without_awareness_nothing_is_told_of_anybodys_presence(room, told, person, quick_heart):
    one = person(swarm=make_swarm(told, awareness="none"))
    one.open()
    settle(0.06)
    one.leave()
    wait_until(lambda: room.ends[0].gone)
    assert announced(room) == []


def assert_never_opened(swarm, one, step, stage):
    assert one.stage is stage
    assert failed(swarm, step) == 1
    assert failed(swarm, "open document") == 1
    assert timed(swarm, "open document") == 0
    assert not one.connected_for(0, 1e12)


def test_a_session_that_is_refused_refuses_the_user(room, swarm, person):
    swarm.server.refusals.append(RoomRefused("not you."))
    one = person()
    with pytest.raises(RoomRefused, match="not you"):
        one.open()
    assert_never_opened(swarm, one, "session", Stage.REFUSED)
    assert one.trouble == "not you."
    assert room.opened == 0


def test_an_upgrade_that_fails_leaves_a_user_that_never_opened_its_document(room, swarm, person):
    room.refusals.append(ConnectionBroken("nobody there."))
    one = person()
    with pytest.raises(ConnectionBroken, match="nobody there"):
        one.open()
    assert_never_opened(swarm, one, "connect", Stage.NOT_OPENED)


def test_a_sync_that_is_never_answered_is_a_stall_and_the_line_is_closed(
    room, swarm, person, short_deadline, quick_heart
):
    room.answers_step_1 = False
    one = person()
    with pytest.raises(ConnectionBroken, match="did not answer the sync"):
        one.open()
    assert_never_opened(swarm, one, "initial sync", Stage.NOT_OPENED)
    assert one.room.stalls[0].what == "its sync was not answered"
    wait_until(lambda: room.ends[0].gone)


@pytest.mark.parametrize(
    ("code", "error", "stage"), [(1003, RoomRefused, Stage.REFUSED), (4404, RoomRefused, Stage.REFUSED)]
)
def test_a_room_closed_on_somebody_who_opens_it_refuses_the_user(room, swarm, person, code, error, stage):
    room.answers_step_1 = False
    room.on_open = lambda end: end.send_close(code, "unknown_session")
    one = person()
    with pytest.raises(error, match=f"{code}.*unknown_session"):
        one.open()
    assert_never_opened(swarm, one, "initial sync", stage)
    assert str(code) in one.trouble


@pytest.mark.parametrize("end_it", ["close frame", "no word"])
def test_a_line_lost_while_opening_leaves_a_user_that_never_opened_its_document(room, swarm, person, end_it):
    room.answers_step_1 = False
    room.on_open = lambda end: end.send_close(1011) if end_it == "close frame" else gevent.spawn(end.hang_up)
    one = person()
    with pytest.raises(ConnectionBroken):
        one.open()
    settle(0.05)
    assert_never_opened(swarm, one, "initial sync", Stage.NOT_OPENED)
    assert room.opened == 1, "who never opened its document has nothing to come back to"


def test_a_user_killed_while_opening_leaves_no_line_and_no_heart_behind(room, person, quick_heart):
    room.answers_step_1 = False
    opening = gevent.spawn(person().open)
    wait_until(lambda: room.messages(0, 0))
    opening.kill()
    wait_until(lambda: room.ends[0].gone, deadline=5)


# -- receiving --------------------------------------------------------------------------------------------------------


def test_what_others_write_is_applied_and_counted(room, swarm, person):
    one = person()
    one.open()
    settle()
    before, counted = one.room.last_message, swarm.counts["updates_received"]
    updates = [room.write("from elsewhere"), room.write("and again")]
    wait_until(lambda: sources_of(one) == ["first cell", "from elsewhere", "and again"])
    assert one.received == updates
    assert swarm.counts["updates_received"] == counted + 2
    assert one.room.last_message > before


def test_what_many_users_received_is_kept_in_memory_once(room, person):
    people = [person(user) for user in range(3)]
    for one in people:
        one.open()
    room.write("for everybody")
    wait_until(lambda: all(one.received for one in people))
    assert len({id(one.received[0]) for one in people}) == 1


def test_updates_that_came_before_a_question_of_the_same_read_are_in_the_answer(room, person):
    one = person()
    one.open()
    wait_until(lambda: room.messages(0, 1))
    other = Doc(client_id=77)
    other.get("cells", type=Array).append("from the same read")
    room.ends[0].send(create_update_message(other.get_update()), create_sync_message(Doc()))
    wait_until(lambda: len(room.messages(0, 1)) == 2)
    answer = Doc()
    answer.apply_update(decode_message(room.messages(0, 1)[-1]).update)
    assert "from the same read" in list(answer.get("cells", type=Array))


def test_an_answer_nobody_asked_for_is_applied_too(room, person):
    one = person()
    one.open()
    room.relays = False
    room.cells.append(room.cells[0]["source"].to_py())
    room.broadcast(b"\x00\x01" + create_update_message(room.doc.get_update())[2:])
    wait_until(lambda: len(one.replica.cells) == 2)


@pytest.mark.parametrize(
    "message",
    [b"", b"\x00", b"\x00\x02", b"\x00\x02\x05abc", b"\x00\x01\x05abc", b"\x01\x09", b"\xff" * 20, b"\x02\x02\xff\xff"],
    ids=[
        "empty",
        "no kind",
        "no update",
        "update cut short",
        "answer cut short",
        "presence cut short",
        "number",
        "text",
    ],
)
def test_a_message_that_cannot_be_read_is_counted_and_costs_no_other_message_of_its_read(
    room, swarm, person, told, message
):
    one = person()
    one.open()
    updates = []
    for source in ("before", "behind"):
        room.echoes = room.relays = False
        room._updates.clear()
        room.cells.append(source)
        updates.append(create_update_message(room._updates.pop()))
    room.ends[0].send(updates[0], message, updates[1])
    wait_until(lambda: len(one.replica.cells) == 3, deadline=5)
    assert list(one.replica.cells)[1:] == ["before", "behind"]
    assert swarm.counts["messages_unreadable"] == 1
    assert one.stage is Stage.CONNECTED
    assert told.failures == []


def test_an_update_that_no_replica_can_read_is_counted_and_the_good_ones_beside_it_are_applied(
    room, swarm, person, told
):
    one = person()
    one.open()
    room._updates.clear()
    room.cells.append("good")
    room.ends[0].send(create_update_message(b"\xff\xff\xff"), create_update_message(room._updates.pop()))
    wait_until(lambda: list(one.replica.cells)[1:] == ["good"])
    assert one.stage is Stage.CONNECTED
    assert swarm.counts["messages_unreadable"] == 1
    assert swarm.recorder.failures()["update delivery"].count == 1
    assert not told.failures


def test_texts_and_unknown_types_of_the_server_are_counted_and_passed_over(room, swarm, person, told):
    one = person()
    one.open()
    room.broadcast(b'\x02\x13{"type":"conflict"}')
    room.broadcast(b"\x63anything")
    wait_until(lambda: swarm.counts["messages_of_other_kinds"] == 2)
    assert one.stage is Stage.CONNECTED
    assert told.failures == []


def test_a_breach_of_the_frames_fails_the_user_and_locust_is_told_once(room, person, told):
    one = person()
    one.open()
    room.ends[0].send_raw(b"\x82\x83mask123")
    wait_until(lambda: told.failures)
    settle(0.2)
    assert one.stage is Stage.FAILED
    assert len(told.failures) == 1
    assert "masked" in one.trouble
    assert room.opened == 1


def test_a_person_who_shows_himself_in_awareness_is_noted_and_a_server_without_a_user_is_not(room, person):
    one = person()
    one.open()
    shown = [Presence(99, 1, {"user": {"name": "a guest"}}), Presence(100, 1, None), Presence(101, 1, {})]
    room.broadcast(encode_awareness(encode_presences(shown)))
    wait_until(lambda: 99 in one.room.presences)
    assert not one.room.presences & {100, 101}


def test_who_is_told_that_it_has_left_tells_of_itself_again_with_a_higher_clock(room, person):
    """As y-protocols does: a server that noticed late how an earlier line broke takes the user off."""
    one = person()
    one.open()
    wait_until(lambda: announced(room))
    room.broadcast(encode_awareness(encode_presences([Presence(one.seat.client_id, 7, None)])))
    wait_until(lambda: len(announced(room)) == 2)
    assert (announced(room)[-1].clock, announced(room)[-1].state) == (8, announced(room)[0].state)
    room.broadcast(encode_awareness(encode_presences([Presence(one.seat.client_id, 7, None)])))
    settle()
    assert len(announced(room)) == 2


def test_who_left_lets_itself_be_said_to_have_left(room, person):
    one = person()
    one.open()
    one.leave()
    wait_until(lambda: announced(room)[-1].state is None)
    one.presence.hear(read_awareness(encode_awareness(encode_presences([Presence(one.seat.client_id, 90, None)]))), 0.0)
    settle()
    assert announced(room)[-1].clock < 90


def test_the_echo_of_the_own_presence_is_timed_once(room, swarm, person):
    person().open()
    wait_until(lambda: timed(swarm, "awareness echo") == 1)
    room.broadcast(room.messages(1)[0])
    settle()
    assert timed(swarm, "awareness echo") == 1


def test_an_awareness_update_that_cannot_be_read_is_counted(room, swarm, person, told):
    one = person()
    one.open()
    room.broadcast(encode_awareness(b"\x01\x01\x01\x01{"))
    wait_until(lambda: swarm.counts["messages_unreadable"] == 1)
    assert one.stage is Stage.CONNECTED
    assert told.failures == []


# -- editing ----------------------------------------------------------------------------------------------------------


def test_an_edit_reaches_the_server_marks_the_document_and_its_echo_is_timed_once(room, swarm, person):
    one = person()
    one.open()
    settle()
    counted = swarm.counts["updates_received"]
    update = one.make_edit(type_letters(0), 0, time.monotonic())
    wait_until(lambda: timed(swarm, "update echo") == 1)
    assert room.messages(0, 2) == [create_update_message(update)]
    assert "<0>" in room.sources[0]
    assert room.state["dirty"] is True
    assert timed(swarm, "update delivery") == 0
    assert one.room.round_trips.oldest_pending(0, one.seat.client_id) is None
    assert one.received == [], "the own echo need not be applied"
    assert [swarm.counts[name] for name in ("edits", "updates_sent")] == [1, 1]
    assert swarm.counts["updates_received"] == counted + 1


def test_an_echo_is_timed_from_when_the_edit_was_due_and_lateness_is_told(room, swarm, person):
    late = []
    swarm.schedule_lag = late.append
    one = person()
    one.open()
    one.start_editing(100)
    wait_until(lambda: swarm.counts["edits"] >= 2)
    time.sleep(0.3)  # the loop stands still: what was due meanwhile leaves late
    wait_until(lambda: one.room.round_trips.oldest_pending(0, one.seat.client_id) is None and len(late) >= 20)
    one.stop_editing()
    assert max(late) >= 250
    assert swarm.recorder.histograms()["update echo"].max_ms >= 250
    assert len(late) == len(one.room.round_trips.authored())


def test_edits_go_on_while_the_server_stands_still_and_each_has_waited_for_the_rest_of_it(room, swarm, person):
    """Half of those due in a standstill wait for more than half of it; who waits for answers would meet it once."""
    take, held, stands_still = room._take, [], []
    room._take = lambda *message: held.append(message) if stands_still else take(*message)
    one = person()
    one.open()
    stands_still.append(True)
    began = time.monotonic()
    one.start_editing(100)
    wait_until(lambda: time.monotonic() - began > 0.5)
    stood_still = time.monotonic() - began
    stands_still.clear()
    for message in held:
        take(*message)
    one.stop_editing()
    wait_until(lambda: one.room.round_trips.oldest_pending(0, one.seat.client_id) is None)
    edits = one.room.round_trips.authored()
    assert len(edits) > 40
    waits = swarm.recorder.histograms()["update echo"]
    assert waits.count == len(edits)
    assert waits.percentile(0.55) >= stood_still / 2 * 1000 * 0.9
    assert waits.max_ms >= stood_still * 1000 * 0.9


def test_an_edit_is_delivered_to_each_other_user_of_the_process(room, swarm, person):
    people = [person(user, places=3) for user in range(3)]
    for one in people:
        one.open()
    people[0].make_edit(type_letters(0), 0, swarm.run_started)
    wait_until(lambda: timed(swarm, "update delivery") == 2 and timed(swarm, "update echo") == 1)
    assert all("<0>" in sources_of(one)[0] for one in people)


def test_edits_leave_on_schedule_with_their_numbers_and_the_moments_they_were_due(room, swarm, person):
    numbers = []
    one = person(choose=lambda number: numbers.append(number) or type_letters(number))
    one.open()
    one.start_editing(100)
    wait_until(lambda: len(room.messages(0, 2)) >= 5)
    one.stop_editing()
    edits = one.room.round_trips.authored()
    assert [edit.number for edit in edits] == numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    for edit in edits:
        assert edit.due == pytest.approx(swarm.run_started + edit.number / 100, abs=0.0025)
    before = len(numbers)
    settle(0.05)
    assert len(numbers) == before


@pytest.mark.parametrize("incarnation", [0, 2])
def test_a_person_begins_from_when_it_is_there_with_the_numbers_of_its_incarnation(room, swarm, person, incarnation):
    swarm.run_started -= 1000.0
    numbers = []
    one = person(choose=lambda number: numbers.append(number) or type_letters(number), incarnation=incarnation)
    one.open()
    before = time.monotonic()
    one.start_editing(200, "person")
    after = time.monotonic()
    wait_until(lambda: len(numbers) >= 5)
    one.stop_editing()
    edits = one.room.round_trips.authored()
    rhythm = Person(200, swarm.seed, 0, incarnation * EDITS_OF_A_LIFE)
    assert numbers[0] == incarnation * EDITS_OF_A_LIFE
    assert before - GRAIN_S <= edits[0].due - rhythm.first(0.0).due <= after


def test_edits_do_not_wait_for_the_echoes_of_earlier_ones(room, swarm, person):
    room.echoes = False
    one = person()
    one.open()
    one.start_editing(100)
    wait_until(lambda: len(room.messages(0, 2)) >= 10)
    assert timed(swarm, "update echo") == 0
    assert len(one.room.round_trips.pending[0]) >= 10


def test_a_rate_of_nought_only_watches(room, swarm, person):
    one = person()
    one.open()
    one.start_editing(0)
    settle(0.05)
    assert swarm.counts["edits"] == 0


def test_a_choice_of_nothing_does_nothing_and_the_next_one_is_asked_for(room, swarm, person):
    asked = []
    one = person(choose=asked.append)
    one.open()
    one.start_editing(200)
    wait_until(lambda: len(asked) >= 5)
    assert swarm.counts["edits"] == 0
    assert room.messages(0, 2) == []


def test_a_choice_that_raises_fails_the_user_locust_is_told_and_the_line_is_closed(room, person, told):
    error = LookupError("a mistake in a locustfile")

    def choose(number):
        raise error

    one = person(choose=choose)
    one.open()
    one.start_editing(200)
    wait_until(lambda: told.failures)
    settle(0.05)
    assert told.failures == [("owner of 0", error)]
    assert one.stage is Stage.FAILED
    assert "raised LookupError: a mistake in a locustfile (test_collaborator.py:" in one.trouble
    wait_until(lambda: room.ends[0].gone)


def test_when_the_swarm_stops_editing_nothing_leaves_even_from_a_schedule_that_still_runs(room, swarm, person):
    one = person()
    one.open()
    one.start_editing(200)
    wait_until(lambda: swarm.counts["edits"] >= 2)
    swarm.editing = False
    before = swarm.counts["edits"]
    settle(0.05)
    assert swarm.counts["edits"] == before


def test_an_edit_without_effect_is_counted_and_not_sent(room, swarm, person, monkeypatch):
    one = person()
    one.open()

    monkeypatch.setattr(writing, "make_edit", lambda *_, **__: Edit("none", "did nothing", ()))
    assert one.make_edit(type_letters(0), 0, 0.0) is None
    settle()
    assert swarm.counts["edits_without_effect"] == 1
    assert swarm.counts["edits"] == 0
    assert room.messages(0, 2) == []


# -- the question at the end ------------------------------------------------------------------------------------------


def test_the_answer_to_the_last_question_is_kept_and_never_heals_the_replica(room, swarm, person):
    one = person()
    one.open()
    room.relays = False
    room.cells.append("withheld from this user")
    one.probe()
    assert len(one.replica.cells) == 1
    held = Doc()
    held.apply_update(room.doc.get_update())
    assert one.probe_answer is not None
    assert b"withheld" in one.probe_answer
    assert timed(swarm, "sync probe") == 1
    assert room.messages(0, 0)[-1] == create_sync_message(one.replica.doc)


def test_a_question_that_is_not_answered_is_a_stall_and_a_failure(room, swarm, person, short_deadline):
    one = person()
    one.open()
    room.answers_step_1 = False
    one.probe()
    assert one.probe_answer is None
    assert one.room.stalls[0].what == "its sync was not answered"
    assert failed(swarm, "sync probe") == 1


def test_the_answer_at_an_earlier_checkpoint_does_not_stand_in_for_one_that_never_came(
    room, swarm, person, short_deadline
):
    one = person()
    one.open()
    one.probe()
    assert one.probe_answer is not None
    room.answers_step_1 = False
    one.probe()
    assert one.probe_answer is None


def answer(room, one, question):
    """The server answers, at last, what was asked, and the user hears it."""
    heard = one.receiving.last_heard
    room.ends[-1].send(handle_sync_message(question[1:], room.doc))
    wait_until(lambda: one.receiving.last_heard > heard)


def test_an_answer_that_comes_too_late_does_not_heal_the_replica_either(room, swarm, person, short_deadline):
    one = person()
    one.open()
    room.answers_step_1 = room.relays = False
    one.probe()
    room.cells.append("withheld from this user")
    answer(room, one, room.messages(0, 0)[-1])
    assert len(one.replica.cells) == 1
    assert one.probe_answer is None
    assert one.service.evidence(0.0, None, float).waits_since is None, "it was answered, and waits no longer"


def test_an_answer_that_comes_too_late_is_not_that_to_the_next_question(room, swarm, person, short_deadline):
    one = person()
    one.open()
    room.answers_step_1 = False
    one.probe()
    first = room.messages(0, 0)[-1]
    asking = gevent.spawn(one.probe)
    wait_until(lambda: len(room.messages(0, 0)) == 3)
    answer(room, one, first)
    assert (one.probe_answer, asking.ready()) == (None, False)
    room.cells.append("written since")
    answer(room, one, room.messages(0, 0)[-1])
    wait_until(asking.ready)
    assert b"written since" in one.probe_answer


def test_what_was_not_answered_on_a_line_that_was_lost_is_not_waited_for_on_the_next(
    room, swarm, person, short_deadline
):
    one = person()
    one.open()
    room.answers_step_1 = False
    one.probe()
    room.answers_step_1 = True
    room.cells.append("written meanwhile")
    one.drop_connection()
    wait_until(lambda: one.stage is Stage.CONNECTED)
    assert (room.opened, len(one.replica.cells)) == (2, 2), "the sync on the new line is applied"
    one.probe()
    assert one.probe_answer is not None


def test_who_is_not_connected_is_not_asked(room, swarm, person):
    one = person()
    one.open()
    one.leave()
    one.probe()
    assert one.probe_answer is None
    assert len(room.messages(0, 0)) == 1


def test_a_line_lost_during_the_question_leaves_no_answer_and_is_no_stall(room, swarm, person):
    one = person()
    one.open()
    room.answers_step_1 = False
    asking = gevent.spawn(one.probe)
    wait_until(lambda: len(room.messages(0, 0)) == 2)
    room.drop_everybody()
    wait_until(asking.ready, deadline=5)
    assert one.probe_answer is None
    assert one.room.stalls == {}


# -- leaving ----------------------------------------------------------------------------------------------------------


def test_leaving_tells_of_it_says_goodbye_and_nothing_comes_after_it(room, swarm, person, quick_heart):
    one = person()
    one.open()
    one.start_editing(200)
    wait_until(lambda: swarm.counts["edits"] >= 2)
    one.leave()
    edits = swarm.counts["edits"]
    wait_until(lambda: room.ends[0].gone)
    assert announced(room)[-1] == Presence(one.seat.client_id, announced(room)[-1].clock, None)
    assert room.ends[0].heard[-1] == (CLOSE, b"\x03\xe8")
    settle(0.3)
    assert one.stage is Stage.LEFT
    assert swarm.counts["edits"] == edits
    assert room.opened == 1, "who left does not come back"
    assert swarm.counts["disconnects"] == 0


def test_leaving_twice_is_harmless(room, person):
    one = person()
    one.open()
    one.leave()
    one.leave()
    assert one.stage is Stage.LEFT


def test_what_a_former_incarnation_of_a_user_wrote_is_applied_by_the_next_one(room, person):
    """Its last edits may arrive after the next one has opened the document: same user, but not the same replica."""
    former, again = person(), person(incarnation=1)
    former.open()
    again.open()
    former.make_edit(type_letters(0), 0, 0.0)
    wait_until(lambda: former.room.round_trips.oldest_pending(0, former.seat.client_id) is None)
    wait_until(lambda: "<0>" in sources_of(again)[0], deadline=5)


# -- gestures ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def typist(person):
    """Opens the document of a person who does these gestures one after the other, and then nothing; asked when."""

    def make(*gestures):
        asked = []

        def choose(number):
            asked.append(number)
            cell_id = one.replica.cells[0]["id"]
            return gestures[len(asked) - 1](cell_id) if len(asked) <= len(gestures) else None

        one = person(choose=choose)
        one.open()
        one.writing.play(ChangeCellType(one.replica.cells[0]["id"], "code"))
        return one, asked

    return make


def test_each_slot_of_the_schedule_is_a_key_and_what_comes_next_is_asked_when_the_hands_are_free(room, swarm, typist):
    one, asked = typist(lambda cell_id: TypeText(cell_id, "abc"))
    one.start_editing(100)
    wait_until(lambda: len(asked) >= 2)
    one.stop_editing()
    edits = one.room.round_trips.authored()
    assert [edit.number for edit in edits] == [0, 1, 2, 3], "the first made it a code cell"
    assert asked[1] == asked[0] + 3
    assert sources_of(one)[0].endswith("abc")
    assert all(edit.due == pytest.approx(swarm.run_started + (asked[0] + edit.number - 1) / 100) for edit in edits[1:])


def test_an_undo_is_a_deletion_and_a_mark_and_nothing_waits_for_an_echo_afterwards(room, swarm, typist):
    one, asked = typist(lambda cell_id: Paste(cell_id, "abc"), lambda _cell_id: Undo())
    one.start_editing(100)
    wait_until(lambda: len(asked) >= 3 and one.room.round_trips.oldest_pending(0, one.seat.client_id) is None)
    assert "abc" not in sources_of(one)[0]
    assert "abc" not in room.sources[0]
    assert [min(edit.update[0], 1) for edit in one.room.round_trips.authored()] == [1, 1, 0, 1], (
        "structs of so many clients"
    )


def test_edits_of_runs_and_of_the_hand_have_numbers_of_their_own(room, swarm, typist):
    one, _ = typist(lambda cell_id: TypeText(cell_id, "abcdef"))
    one.writing.play(RunCell(one.replica.cells[0]["id"], (Printed(10, lines_a_second=100.0),)))
    one.start_editing(100)
    wait_until(lambda: swarm.counts["edits"] >= 20)
    one.make_edit(type_letters(3), 3, time.monotonic())
    numbers = [edit.number for edit in one.room.round_trips.authored()]
    assert numbers == list(range(len(numbers)))


def test_carets_are_told_as_a_tab_announces_them(room, swarm, typist):
    one, asked = typist(lambda cell_id: Click(cell_id, 1.0), lambda cell_id: MoveCaret(cell_id, -1))
    one.start_editing(100)
    wait_until(lambda: len(asked) >= 3)
    settle()
    told = [told.state["cursors"] for told in announced(room) if "cursors" in told.state]
    [[at_the_end], [before_it]] = told
    assert at_the_end["head"]["item"] is None
    assert before_it["head"]["item"] is not None


def test_in_the_pause_of_a_checkpoint_no_step_is_taken(room, swarm, typist):
    one, _ = typist()
    one.writing.play(RunCell(one.replica.cells[0]["id"], (Printed(1000, lines_a_second=200.0),)))
    wait_until(lambda: swarm.counts["edits"] >= 5)
    swarm.pause_editing()
    before = swarm.counts["edits"]
    settle(0.1)
    assert swarm.counts["edits"] == before
    swarm.resume_editing()
    assert swarm.counts["edits_postponed"] == 1
    wait_until(lambda: swarm.counts["edits"] > before + 3)


def test_a_run_goes_on_without_a_line_and_its_outputs_travel_with_the_next_sync(room, swarm, typist):
    one, _ = typist()
    one.writing.play(RunCell(one.replica.cells[0]["id"], (Printed(1000, lines_a_second=200.0),)))
    wait_until(lambda: swarm.counts["edits"] >= 5)
    one.go_offline()
    before = swarm.counts["edits"]
    wait_until(lambda: swarm.counts["edits"] > before + 5)
    one.stop_editing()
    assert swarm.counts["gestures_dropped"] == 0


def test_whoever_types_in_bursts_clicks_once_for_each_and_a_metronome_never(room, swarm, person):
    """The click of a burst is told where the first edit was made; what follows in the burst moves no caret of note."""
    one = person(user=0, choose=type_letters)
    one.open()
    one.start_editing(40, "person")
    wait_until(lambda: swarm.counts["edits"] >= 40)
    one.stop_editing()
    settle()
    told = [told for told in announced(room) if told.state and "cursors" in told.state]
    numbers = [edit.number for edit in one.room.round_trips.authored()]
    bursts = {one.writing.rhythm.burst(number) for number in numbers} & set(numbers)
    assert len(told) == len(bursts) > 1
    other = person(user=1, choose=type_letters)
    other.open()
    other.start_editing(100, "steady")
    before = swarm.counts["edits"]
    wait_until(lambda: swarm.counts["edits"] >= before + 20)
    assert not any(told.client_id == other.seat.client_id and "cursors" in told.state for told in announced(room))


# -- bytes ------------------------------------------------------------------------------------------------------------


def test_bytes_are_those_of_the_frames_and_an_updates_are_what_the_others_leave(room, swarm, person):
    one = person()
    one.open()
    one.make_edit(type_letters(0), 0, time.monotonic())
    wait_until(lambda: timed(swarm, "update echo") == 1)
    (edit,) = one.room.round_trips.authored()
    bytes_of = swarm.traffic.as_evidence()
    update = len(encode_update(edit.update))
    assert bytes_of["sent"]["update"] == frame_bytes(update, masked=True)
    assert bytes_of["received"]["update"] == frame_bytes(update, masked=False)
    for direction in ("sent", "received"):
        kinds = dict(bytes_of[direction])
        assert min(kinds["sync_step_1"], kinds["sync_step_2"], kinds["awareness"]) > 0
        assert kinds.pop("total") == sum(kinds.values())
