"""After a loss: the same room and session, both syncs, backoff; and a refusal is told once and not retried."""

import time

import gevent
import pytest
from gevent.event import Event

from jupyter_rtc_locust.errors import ConnectionBroken, RoomRefused
from jupyter_rtc_locust.users import backoff
from jupyter_rtc_locust.users import collaborator as collaborator_module
from jupyter_rtc_locust.users import presence as presence_module
from jupyter_rtc_locust.users.collaborator import Stage
from runs.patches import replace_in
from users.conftest import type_letters
from users.fake_room import settle, wait_until


@pytest.fixture(autouse=True)
def quick_backoff(monkeypatch):
    monkeypatch.setattr(backoff, "FIRST_S", 0.01)
    monkeypatch.setattr(backoff, "LARGEST_S", 0.04)


@pytest.fixture
def one(room, person):
    made = person()
    made.open()
    wait_until(lambda: room.messages(0, 1))
    return made


def timed(swarm, name):
    histogram = swarm.recorder.histograms().get(name)
    return 0 if histogram is None else histogram.count


def failed(swarm, name):
    failures = swarm.recorder.failures().get(name)
    return 0 if failures is None else failures.count


def sources_of(one):
    return [str(cell["source"]) for cell in one.replica.cells]


def back(one, room, opened=2):
    wait_until(
        lambda: one.stage is Stage.CONNECTED and room.opened >= opened and one._connection is not None, deadline=5
    )


@pytest.mark.parametrize("how", ["server hangs up", "server closes", "line is cut"])
def test_after_any_loss_the_user_comes_back_to_the_same_room_and_session(room, swarm, one, told, how):
    if how == "server hangs up":
        room.drop_everybody()
    elif how == "server closes":
        room.ends[0].send_close(1001)
    else:
        one.drop_connection()
    wait_until(lambda: one.stage is Stage.LOST)
    back(one, room)
    assert len(swarm.server.asked) == 1, "the session is kept"
    assert (swarm.counts["disconnects"], swarm.counts["reconnects"]) == (1, 1)
    assert timed(swarm, "reconnect") == 1
    assert told.failures == []


def test_coming_back_asks_only_for_what_is_missing_and_gets_what_others_wrote_meanwhile(room, one):
    asked = one.replica.encoded_state()
    room.drop_everybody()
    room.write("meanwhile")
    back(one, room)
    assert room.ends[1].messages[0] == b"\x00\x00" + bytes((len(asked),)) + asked
    assert sources_of(one) == ["first cell", "meanwhile"]


def test_what_was_typed_offline_arrives_and_is_acknowledged(room, swarm, one):
    room.refusals += [ConnectionBroken("not yet.")] * 3
    room.drop_everybody()
    wait_until(lambda: one.stage is Stage.LOST)
    for number in range(3):
        one.make_edit(type_letters(number), number, time.monotonic())
    assert len(one.room.round_trips.pending[0]) == 3
    back(one, room)
    wait_until(lambda: room.sources == sources_of(one))
    assert len(room.sources[0]) == len("first cell") + 9
    wait_until(lambda: one.room.round_trips.oldest_pending(0, one.seat.client_id) is None)
    assert timed(swarm, "update echo") == 3


def test_what_had_arrived_but_was_never_echoed_is_acknowledged_without_a_sample(room, swarm, one):
    room.relays = False
    one.make_edit(type_letters(0), 0, time.monotonic())
    wait_until(lambda: "<0>" in room.sources[0])
    room.drop_everybody()
    back(one, room)
    wait_until(lambda: one.room.round_trips.oldest_pending(0, one.seat.client_id) is None)
    assert timed(swarm, "update echo") == 0
    assert swarm.counts["edits_covered_without_echo"] == 1


def test_edits_go_on_while_the_line_is_lost_and_afterwards(room, swarm, one):
    one.start_editing(100)
    wait_until(lambda: swarm.counts["edits"] >= 2)
    room.refusals += [ConnectionBroken("not yet.")] * 5
    room.drop_everybody()
    wait_until(lambda: one.stage is Stage.LOST)
    offline = swarm.counts["edits"]
    wait_until(lambda: swarm.counts["edits"] >= offline + 3)
    back(one, room, 7)
    one.stop_editing()
    wait_until(lambda: room.sources == sources_of(one))
    wait_until(lambda: one.room.round_trips.oldest_pending(0, one.seat.client_id) is None)


def test_the_pauses_between_tries_double_up_to_the_largest(room, one, monkeypatch):
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        real(0.001)

    real = gevent.sleep
    room.refusals += [ConnectionBroken("not yet.")] * 6
    replace_in(monkeypatch, collaborator_module, "gevent", sleep=sleep)
    one.drop_connection()
    end = time.monotonic() + 5
    while one.stage is not Stage.CONNECTED and time.monotonic() < end:
        real(0.001)
    assert pauses == [0.01, 0.02, 0.04, 0.04, 0.04, 0.04, 0.04]


def test_a_second_loss_begins_with_short_pauses_again_and_each_loss_is_counted(room, swarm, one):
    for opened in (2, 3, 4):
        room.drop_everybody()
        wait_until(lambda: one.stage is Stage.LOST)
        back(one, room, opened)
    assert (swarm.counts["disconnects"], swarm.counts["reconnects"]) == (3, 3)


def test_a_line_lost_right_after_coming_back_is_replaced_by_one_line_and_not_by_two(room, swarm, one, monkeypatch):
    """However long the last pause was: whoever came back has no business with a later loss."""

    def slow(*args):
        gevent.sleep(0.1)
        return room.open_line(*args)

    monkeypatch.setattr(backoff, "FIRST_S", 0.05)
    monkeypatch.setattr(backoff, "LARGEST_S", 0.05)
    monkeypatch.setattr(collaborator_module, "open_websocket", slow)
    for opened in (2, 3, 4):
        room.drop_everybody()
        wait_until(lambda: one.stage is Stage.LOST)
        back(one, room, opened)
    settle(0.3)
    assert room.opened == 4
    assert len(room.present) == 1
    assert swarm.counts["reconnects"] == 3


def test_presence_is_announced_again_and_only_one_heart_beats(room, one, monkeypatch):
    monkeypatch.setattr(presence_module, "HEARTBEAT_S", 0.05)
    for opened in (2, 3, 4):
        room.drop_everybody()
        wait_until(lambda: one.stage is Stage.LOST)
        back(one, room, opened)
    before = len(room.messages(1))
    started = time.monotonic()
    wait_until(lambda: len(room.messages(1)) >= before + 5)
    assert time.monotonic() - started > 0.15, "more than one heart beats"


# -- trouble on the way back ------------------------------------------------------------------------------------------


def test_a_line_that_is_lost_again_before_the_sync_is_tried_again(room, one, told):
    """Such as a server that accepts connections while it is still shutting down, or a proxy before it."""
    room.answers_step_1 = False
    closing = [True, True]
    room.on_open = lambda end: closing and closing.pop() and end.send_close(1012)
    room.drop_everybody()
    wait_until(lambda: not closing)
    room.answers_step_1 = True
    back(one, room, 4)
    room.write("heard again")
    wait_until(lambda: "heard again" in sources_of(one), deadline=5)
    assert told.failures == []


def test_a_sync_that_is_not_answered_on_the_way_back_is_tried_again_with_one_heart_only(room, one, monkeypatch):
    monkeypatch.setattr(collaborator_module, "SYNC_DEADLINE_S", 0.05)
    monkeypatch.setattr(presence_module, "HEARTBEAT_S", 0.1)
    room.answers_step_1 = False
    room.drop_everybody()
    wait_until(lambda: room.opened >= 5)
    room.answers_step_1 = True
    wait_until(lambda: one.stage is Stage.CONNECTED, deadline=5)
    before, started = len(room.messages(1)), time.monotonic()
    wait_until(lambda: len(room.messages(1)) >= before + 5)
    assert time.monotonic() - started > 0.3, "more than one heart beats"


@pytest.mark.parametrize("at", ["upgrade", "close frame"])
def test_a_refusal_on_the_way_back_is_told_once_and_not_tried_again(room, swarm, one, told, at):
    room.answers_step_1 = False
    if at == "upgrade":
        room.refusals.append(RoomRefused("the session has expired (1003)."))
    else:
        room.on_open = lambda end: end.send_close(1003, "unknown_session")
    room.drop_everybody()
    wait_until(lambda: one.stage is Stage.REFUSED)
    settle(0.2)
    assert room.opened == 2
    assert [owner for owner, _ in told.failures] == ["owner of 0"]
    assert failed(swarm, "reconnect") == 1
    assert "1003" in one.trouble
    assert all(end.gone for end in room.ends[1:])


def test_a_room_closed_on_a_connected_user_refuses_it_and_is_not_tried_again(room, swarm, one, told):
    room.ends[0].send_close(4404, "file is gone")
    wait_until(lambda: told.failures)
    settle(0.1)
    assert one.stage is Stage.REFUSED
    assert room.opened == 1
    assert len(told.failures) == 1
    assert failed(swarm, "reconnect") == 1
    assert "4404" in one.trouble


def test_who_was_refused_edits_no_more(room, swarm, one):
    one.start_editing(200)
    wait_until(lambda: swarm.counts["edits"] >= 1)
    room.ends[0].send_close(4404)
    wait_until(lambda: one.stage is Stage.REFUSED)
    before = swarm.counts["edits"]
    settle(0.05)
    assert swarm.counts["edits"] == before


def test_an_unexpected_error_on_the_way_back_fails_the_user_aloud(room, one, told, unseen_errors):
    room.refusals.append(LookupError("a mistake of our own"))
    room.drop_everybody()
    wait_until(lambda: told.failures)
    settle(0.1)
    assert one.stage is Stage.FAILED
    assert len(told.failures) == 1
    assert room.opened == 2
    unseen_errors.clear()  # printed as well, because it is a mistake


def test_who_leaves_while_lost_does_not_come_back(room, one):
    room.refusals += [ConnectionBroken("not yet.")] * 2
    room.drop_everybody()
    wait_until(lambda: one.stage is Stage.LOST)
    one.leave()
    opened = room.opened
    settle(0.2)
    assert one.stage is Stage.LEFT
    assert room.opened == opened


def test_who_leaves_while_a_new_line_is_being_opened_leaves_none_behind(room, one, monkeypatch):
    reached, go_on = Event(), Event()

    def slow(*args):
        reached.set()
        go_on.wait()
        return room.open_line(*args)

    monkeypatch.setattr(collaborator_module, "open_websocket", slow)
    room.drop_everybody()
    reached.wait()
    one.leave()
    presences = len(room.messages(1))
    go_on.set()
    wait_until(lambda: room.opened == 2)
    wait_until(lambda: room.ends[1].gone, deadline=5)
    assert one.stage is Stage.LEFT
    assert len(room.messages(1)) == presences, "somebody who left showed himself again"


def test_who_leaves_while_a_sync_on_the_way_back_is_not_answered_is_no_stall(room, one, monkeypatch):
    monkeypatch.setattr(collaborator_module, "SYNC_DEADLINE_S", 0.2)
    room.answers_step_1 = False
    room.drop_everybody()
    wait_until(lambda: len(room.ends) == 2 and room.ends[1].messages)
    one.leave()
    settle(0.4)
    assert one.stage is Stage.LEFT
    assert one.room.stalls == {}
    assert room.opened == 2
    assert room.ends[1].gone


def test_when_the_run_is_over_nobody_comes_back(room, swarm, one):
    swarm.ended = True
    room.drop_everybody()
    settle(0.2)
    assert room.opened == 1


class TestOffline:
    def test_the_line_stays_cut_until_there_is_a_network_again(self, room, one):
        opened = room.opened
        one.go_offline()
        wait_until(lambda: one.stage is Stage.LOST)
        gevent.sleep(0.1)  # several times the longest backoff
        assert room.opened == opened and one.stage is Stage.LOST
        one.come_online()
        back(one, room)

    def test_what_is_typed_meanwhile_travels_with_the_next_sync(self, room, one):
        one.go_offline()
        one.make_edit(type_letters(7), 7, time.monotonic())
        assert "<7>" in "".join(sources_of(one)) and "<7>" not in "".join(room.sources)
        one.come_online()
        back(one, room)
        wait_until(lambda: "<7>" in "".join(room.sources))

    def test_who_is_asleep_makes_no_edit_that_is_due(self, swarm, one):
        one.go_offline(asleep=True)
        before = swarm.counts["edits"]
        one.writing.edit_when_due(0, time.monotonic())
        assert swarm.counts["edits"] == before
        one.come_online()
        one.writing.edit_when_due(1, time.monotonic())
        assert swarm.counts["edits"] == before + 1

    def test_a_user_that_leaves_while_offline_waits_for_no_network(self, one):
        one.go_offline()
        wait_until(lambda: one.stage is Stage.LOST)
        one.leave()
        assert one.stage is Stage.LEFT and one._may_connect.is_set()

    def test_the_line_is_lost_again_that_was_being_opened_when_the_network_went(self, room, swarm, one, monkeypatch):
        opening, go_on = Event(), Event()
        open_websocket = collaborator_module.open_websocket

        def slow(*arguments):
            opened = open_websocket(*arguments)
            opening.set()
            assert go_on.wait(5)
            return opened

        monkeypatch.setattr(collaborator_module, "open_websocket", slow)
        one.drop_connection()
        assert opening.wait(5)
        one.go_offline()
        go_on.set()
        wait_until(lambda: swarm.counts["disconnects"] == 2 and one.stage is Stage.LOST, deadline=5)
        one.come_online()
        back(one, room, opened=3)
