"""A tab's part in the room of all tabs: what it tells when it opens a document, and its line."""

import pytest

from jupyter_rtc_locust.errors import ConnectionBroken
from jupyter_rtc_locust.protocol.awareness import decode_presences
from jupyter_rtc_locust.protocol.messages import decode_message
from jupyter_rtc_locust.servers.base import Document, RoomAddress
from jupyter_rtc_locust.users import backoff
from jupyter_rtc_locust.users import global_room as global_room_module
from jupyter_rtc_locust.users.global_room import GlobalRoom
from jupyter_rtc_locust.users.seat import Seat
from users.conftest import make_swarm
from users.fake_room import settle, wait_until


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    """The messages of opening at once, and one of each state."""
    monkeypatch.setattr(global_room_module, "_WITHOUT_A_DOCUMENT", (0.0,))
    monkeypatch.setattr(global_room_module, "_WITH_ONE_BEHIND", (0.0,))
    monkeypatch.setattr(global_room_module, "_WITH_ONE_IN_FRONT", (0.0,))
    monkeypatch.setattr(backoff, "FIRST_S", 0.01)
    monkeypatch.setattr(backoff, "LARGEST_S", 0.02)


@pytest.fixture
def swarm(told):
    made = make_swarm(told, awareness="faithful", global_awareness="faithful")
    made.server.room_of_all = RoomAddress("ws://test/room-of-all")
    yield made
    made.ended = True


@pytest.fixture
def tab(swarm):
    made = []

    def make(user=0):
        made.append(GlobalRoom(Seat(user, 0, 1000 + 2 * user, Document("folder/a.ipynb", "notebook"), 0, 0, 1), swarm))
        made[-1].open()
        return made[-1]

    yield make
    for one in made:
        one.close()


def told_to(room):
    return [decode_presences(decode_message(message).payload)[0] for message in room.messages(1)]


def test_a_tab_that_opens_a_document_shows_first_itself_then_the_document_then_that_it_is_in_front(room, tab):
    tab()
    wait_until(lambda: len(told_to(room)) == 4)
    states = [presence.state for presence in told_to(room)]
    assert [list(state) for state in states] == [
        ["user"],
        ["user", "current"],
        ["user", "current", "documents"],
        ["user", "current", "documents"],
    ]
    assert [state.get("current") for state in states] == [None, None, None, "notebook:folder/a.ipynb"]
    assert states[3]["documents"] == ["folder/a.ipynb"]
    assert [presence.clock for presence in told_to(room)] == [1, 2, 3, 4]


def test_it_asks_with_an_empty_state_vector_and_has_nothing_to_add(room, tab):
    tab()
    wait_until(lambda: room.messages(0, 1))
    assert room.messages(0) == [b"\x00\x00\x01\x00", b"\x00\x01\x02\x00\x00"]


def test_each_save_and_each_look_at_the_files_is_told_twice(room, tab):
    one = tab()
    wait_until(lambda: len(told_to(room)) == 4)
    one.document_saved()
    wait_until(lambda: len(told_to(room)) == 6)
    assert [presence.state for presence in told_to(room)[4:]] == [told_to(room)[3].state] * 2


def test_what_others_tell_is_told_on(room, swarm, tab):
    tab()
    wait_until(lambda: len(told_to(room)) == 4)
    tab(user=1)
    # The four of the second, each told on by the first; the first told nothing since the second came.
    wait_until(lambda: len(told_to(room)) == 12)
    settle()
    assert len(told_to(room)) == 12
    assert swarm.counts["global_awareness_sent"] == 12
    assert swarm.counts["awareness_sent"] == 0


def test_after_a_loss_it_comes_back_and_tells_nothing_of_opening_again(room, tab):
    tab()
    wait_until(lambda: len(told_to(room)) == 4)
    room.drop_everybody()
    wait_until(lambda: room.opened == 2 and len(told_to(room)) == 5)
    settle()
    assert told_to(room)[4] == told_to(room)[3]


def test_without_a_network_it_stays_away_and_comes_back_with_it(room, tab):
    one = tab()
    wait_until(lambda: len(told_to(room)) == 4)
    one.go_offline(asleep=True)
    settle(0.1)
    assert room.opened == 1
    one.come_online()
    wait_until(lambda: room.opened == 2)


def test_a_room_that_cannot_be_entered_is_one_failure_and_is_tried_again(room, swarm, tab):
    room.refusals = [ConnectionBroken("nobody there."), ConnectionBroken("nobody there.")]
    tab()
    wait_until(lambda: len(told_to(room)) == 4)
    failures = swarm.recorder.as_evidence()["failures"]["connect"]
    assert failures == {"JupyterLab:globalAwareness: nobody there.": 1}


def test_a_server_without_such_a_room_is_left_alone(room, swarm, tab):
    swarm.server.room_of_all = None
    tab()
    settle(0.05)
    assert room.opened == 0


def test_a_closed_tab_tells_nobody_and_does_not_come_back(room, tab):
    one = tab()
    wait_until(lambda: len(told_to(room)) == 4)
    one.close()
    wait_until(lambda: not room.present)
    settle(0.05)
    assert room.opened == 1
    assert len(told_to(room)) == 4


def test_an_error_of_our_own_while_receiving_is_told_and_the_tab_comes_back(room, swarm, tab, monkeypatch):
    one = tab()
    wait_until(lambda: len(told_to(room)) == 4)
    hear = one._presence.hear

    def fails_once(heard, now):
        monkeypatch.setattr(one._presence, "hear", hear)
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(one._presence, "hear", fails_once)
    one.document_changed()
    wait_until(lambda: room.opened == 2)
    failures = swarm.recorder.failures()["connect"].sentences
    assert failures == {"JupyterLab:globalAwareness: RuntimeError: a mistake of ours": 1}
