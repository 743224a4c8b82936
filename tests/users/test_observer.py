"""Somebody who only looks: what he sees, and that he leaves no trace in what he looks at."""

import time

import pytest
from pycrdt import Array, Doc

from jupyter_rtc_locust.errors import ConnectionBroken, RoomError, RoomRefused
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector
from jupyter_rtc_locust.servers.base import RoomAddress
from jupyter_rtc_locust.users.observer import Observer, look
from users.fake_room import CLOSE, settle, wait_until

ADDRESS = RoomAddress("ws://test/room")


def sources(snapshot):
    doc = Doc()
    doc.apply_update(snapshot.update)
    return [str(cell["source"]) for cell in doc.get("cells", type=Array)]


def test_a_look_gives_the_servers_document_and_state_vector_and_closes_the_line(room):
    snapshot = look(ADDRESS, 5.0)
    assert sources(snapshot) == ["first cell"]
    assert snapshot.state_vector == decode_state_vector(room.doc.get_state())
    assert snapshot.problem == ""
    wait_until(lambda: room.ends[0].gone)
    assert room.ends[0].heard[-1] == (CLOSE, b"\x03\xe8")


def test_an_observer_asks_for_everything_and_says_nothing_else(room):
    """It never answers the server's step 1, announces no presence and sends no update."""
    observer = Observer(ADDRESS, 5.0)
    observer.snapshot()
    room.write("while somebody looks")
    settle()
    observer.close()
    wait_until(lambda: room.ends[0].gone)
    assert room.ends[0].messages == [b"\x00\x00\x01\x00"]


def test_what_is_written_while_somebody_looks_is_in_the_snapshot(room):
    observer = Observer(ADDRESS, 5.0)
    observer.snapshot()
    room.write("a moment later")
    wait_until(lambda: len(observer._updates) == 2)
    assert sources(observer.snapshot()) == ["first cell", "a moment later"]
    observer.close()


def test_an_empty_room_has_an_empty_snapshot(room):
    room.doc = Doc()
    snapshot = look(ADDRESS, 5.0)
    assert snapshot.state_vector == {}
    assert sources(snapshot) == []


def test_awareness_texts_of_the_server_and_unknown_types_are_passed_over(room):
    room.on_open = lambda end: end.send(b"\x01\x01\x00", b"\x02\x02{}", b"\x63anything")
    assert sources(look(ADDRESS, 5.0)) == ["first cell"]


@pytest.mark.parametrize("silent_about", ["speaks_first", "answers_step_1"])
def test_a_server_that_does_not_answer_is_given_up_at_the_deadline(room, silent_about):
    setattr(room, silent_about, False)
    started = time.monotonic()
    with pytest.raises(ConnectionBroken, match="did not answer a sync"):
        look(ADDRESS, 0.2)
    assert time.monotonic() - started < 5
    wait_until(lambda: room.ends[0].gone)


def test_a_server_that_talks_of_other_things_only_is_given_up_at_the_deadline_too(room):
    room.answers_step_1 = False
    observer = Observer(ADDRESS, 0.2)
    started = time.monotonic()
    with pytest.raises(ConnectionBroken):
        while True:
            room.broadcast(b"\x01\x01\x00")
            observer._wait_until(lambda: observer._synced)
    assert time.monotonic() - started < 5
    observer.close()


@pytest.mark.parametrize(("code", "error"), [(4404, RoomRefused), (1003, RoomRefused), (1011, ConnectionBroken)])
def test_a_room_that_is_closed_on_the_observer_is_told_with_its_code(room, code, error):
    room.answers_step_1 = False
    room.on_open = lambda end: end.send_close(code)
    with pytest.raises(error, match=str(code)):
        look(ADDRESS, 5.0)


def test_a_line_that_breaks_before_the_answer_is_told(room):
    room.answers_step_1 = False
    observer = Observer(ADDRESS, 5.0)
    room.drop_everybody()
    with pytest.raises(ConnectionBroken):
        observer.snapshot()


def test_an_upgrade_that_is_refused_is_told_as_it_is(room):
    room.refusals.append(RoomRefused("not you."))
    with pytest.raises(RoomRefused, match="not you"):
        look(ADDRESS, 5.0)


@pytest.mark.parametrize(
    "message",
    [b"", b"\x00", b"\x00\x02\x05abc", b"\x00\x00\x02\x05\x01", b"\xff" * 20],
    ids=["empty", "no kind", "cut short", "state vector cut short", "endless number"],
)
def test_a_message_that_cannot_be_read_is_told_and_not_thrown(room, message):
    room.speaks_first = False
    room.answers_step_1 = False
    room.on_open = lambda end: end.send(message)
    with pytest.raises(ConnectionBroken, match="could not be read"):
        look(ADDRESS, 5.0)


@pytest.mark.parametrize("update", [b"", b"\x05", b"\xff" * 9, b"\x01\x01\x05\x00\x04"])
def test_an_answer_that_is_no_update_is_told_as_trouble_of_the_room(room, update):
    room.answers_step_1 = False
    answers = [b"\x00\x01" + bytes((len(one),)) + one for one in (update, b"\x00\x00")]
    room.on_open = lambda end: end.send(*answers)
    with pytest.raises(RoomError):
        look(ADDRESS, 5.0)


# -- the one thing an observer may write ------------------------------------------------------------------------------


def test_filling_an_empty_room_is_one_update_of_the_registered_author_and_waits_for_its_echo(room):
    def fill(replica):
        return replica.edit(lambda one: one.cells.append("filled") is None)

    observer = Observer(ADDRESS, 5.0)
    observer.snapshot()
    update = observer.author("notebook", 4711, fill)
    assert update is not None
    assert list(room.cells)[-1] == "filled"
    assert decode_state_vector(room.doc.get_state())[4711] > 0
    assert room.messages(0, 2) == [b"\x00\x02" + bytes((len(update),)) + update]
    observer.close()


def test_filling_that_finds_nothing_to_do_sends_nothing(room):
    observer = Observer(ADDRESS, 5.0)
    observer.snapshot()
    assert observer.author("notebook", 4711, lambda _: None) is None
    observer.close()
    wait_until(lambda: room.ends[0].gone)
    assert room.messages(0, 2) == []


def test_a_filling_that_is_never_echoed_is_told(room):
    room.echoes = False
    observer = Observer(ADDRESS, 0.3)
    observer.snapshot()
    with pytest.raises(ConnectionBroken):
        observer.author("notebook", 4711, lambda replica: replica.edit(lambda one: one.cells.append("x") is None))
    observer.close()
