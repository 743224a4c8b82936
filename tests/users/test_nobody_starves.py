"""A peer that does not read or answer, bytes that pycrdt cannot bear, trouble of our own: each is one user's alone."""

import re
import tracemalloc
from types import SimpleNamespace

import gevent
import pytest
from pycrdt import Doc, Map, create_update_message

from jupyter_rtc_locust.coordination.answers import encoded_rooms
from jupyter_rtc_locust.coordination.gathering import gather
from jupyter_rtc_locust.documents import replica as replica_module
from jupyter_rtc_locust.protocol.messages import encode_sync_step_2
from jupyter_rtc_locust.settings import SYNC_DEADLINE_S
from jupyter_rtc_locust.users import catching_up
from jupyter_rtc_locust.users import collaborator as collaborator_module
from jupyter_rtc_locust.users import connection as connection_module
from jupyter_rtc_locust.users.stage import Stage
from jupyter_rtc_locust.verdict.evidence import RoomEvidence
from jupyter_rtc_locust.verdict.evidence_form import decode_evidence
from users.fake_room import settle, wait_until

DEEP = b"\x01\x01\x07\x00\x28\x01\x05state\x01a\x01" + b"\x75\x01" * 50_000 + b"\x7e\x00"
"""A value of fifty thousand lists within each other: pycrdt would overflow its stack."""

MANY = b"\x80\x80\x80\x80\x01\x01\x07\x00"
"""An update that says it has structs of 2**28 clients."""


def stop_reading(end):
    end._greenlet.kill()


# -- a peer that does not read ----------------------------------------------------------------------------------------


def test_a_server_that_reads_nothing_for_long_is_a_stall_that_says_how_much_is_left(room, swarm, person):
    one = person()
    one.open()
    stop_reading(room.ends[0])
    one._connection.send(bytes(8 * 1024 * 1024))
    since = one._connection._progressed
    swarm.look_for_stalls(since + SYNC_DEADLINE_S - 1)
    assert one.room.stalls == {}
    swarm.look_for_stalls(since + SYNC_DEADLINE_S + 1)
    stall = one.room.stalls[0]
    assert stall.seconds == pytest.approx(SYNC_DEADLINE_S + 1)
    assert re.fullmatch(r"the server did not read what it sent, of which \d+ bytes are left", stall.what)


def test_a_line_that_is_given_up_because_too_much_was_left_unread_is_a_stall_too(room, swarm, person, monkeypatch):
    monkeypatch.setattr(connection_module, "SEND_QUEUE_LIMIT", 1024 * 1024)
    one = person()
    one.open()
    stop_reading(room.ends[0])
    for _ in range(10):
        if one._connection is not None:
            one._connection.send(bytes(512 * 1024))
    assert one.stage is Stage.LOST
    assert "bytes unread" in one.trouble
    assert "did not read" in one.room.stalls[0].what
    wait_until(lambda: one.stage is Stage.CONNECTED)


def test_a_server_that_never_answers_costs_no_turn_of_the_loop_and_no_memory(room, swarm, person, monkeypatch):
    room.answers_step_1 = False
    people = [person(user, places=20) for user in range(20)]
    opening = [gevent.spawn(one.open) for one in people]
    wait_until(lambda: all(one._connection is not None for one in people))
    settle()
    turns = []
    watcher = gevent.get_hub().loop.check()
    watcher.start(lambda: turns.append(1))
    settle(0.1)
    watcher.stop()
    watcher.close()
    assert len(turns) < 10
    assert not any(one._connection._queue or one._connection._reader._pieces for one in people)
    gevent.killall(opening)


# -- bytes that pycrdt cannot bear ------------------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", [DEEP, MANY], ids=["fifty thousand levels", "2**28 clients"])
def test_an_update_that_pycrdt_cannot_bear_is_left_out_and_told_and_its_user_goes_on(room, swarm, person, hostile):
    one = person()
    one.open()
    room.broadcast(create_update_message(hostile))
    room.write("afterwards")
    wait_until(lambda: "afterwards" in [str(cell["source"]) for cell in one.replica.cells])
    assert one.stage is Stage.CONNECTED
    assert swarm.counts["messages_unreadable"] == 1
    assert hostile not in one.received


@pytest.mark.parametrize("hostile", [DEEP, MANY], ids=["fifty thousand levels", "2**28 clients"])
def test_an_answer_to_a_sync_that_pycrdt_cannot_bear_is_left_out_and_told(room, swarm, person, hostile):
    room.answers_step_1 = False
    room.on_open = lambda end: end.send(b"\x00\x01" + create_update_message(hostile)[2:])
    one = person()
    one.open()
    assert one.stage is Stage.CONNECTED
    assert swarm.counts["messages_unreadable"] == 1


# -- a large document -------------------------------------------------------------------------------------------------


def test_of_a_large_document_that_has_come_a_user_makes_one_copy_to_apply_it(room, swarm, person):
    size = 8 * 1024 * 1024
    elsewhere = Doc(client_id=9)
    elsewhere.get("state", type=Map)["image"] = "uv" * (size // 2)
    message = encode_sync_step_2(elsewhere.get_update())
    one = person()
    one.open()
    tracemalloc.start()
    try:
        one.receiving.receive([message])
        assert tracemalloc.get_traced_memory()[1] < 1.1 * size
    finally:
        tracemalloc.stop()
    assert len(one.replica.state["image"]) == size


# -- the generator's own trouble --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("a mistake of ours"), RecursionError("too deep"), OSError(24, "Too many open files")],
    ids=lambda error: type(error).__name__,
)
def test_trouble_of_our_own_leaves_one_user_behind_with_a_reason_and_accuses_nobody(
    room, swarm, person, told, error, monkeypatch
):
    # What a user at such a stage makes of the verdict: tests/verdict/test_unknown_is_never_green.py.
    def give_out(*_):
        raise error

    failing, well = person(0, places=2), person(1, places=2)
    failing.open()
    well.open()
    monkeypatch.setattr(failing.receiving, "_apply_soon", lambda _updates: True)
    monkeypatch.setattr(failing.receiving, "_replica", SimpleNamespace(catch_up=give_out))
    monkeypatch.setattr(collaborator_module, "open_websocket", give_out)
    room.write("strikes")
    wait_until(lambda: failing.stage is not Stage.CONNECTED)
    wait_until(lambda: "strikes" in [str(cell["source"]) for cell in well.replica.cells])
    (evidence,) = (decode_evidence(one, RoomEvidence) for one in encoded_rooms(gather(swarm, {"room": True})))
    assert evidence.stalls == ()
    behind, beside = sorted(evidence.users, key=lambda user: user.user)
    assert beside.stage == "connected"
    assert behind.stage in ("failed", "lost its connection")
    assert str(error) in behind.trouble


def test_a_replica_that_breaks_as_somebody_looks_at_it_gives_its_line_up_and_is_evidence_all_the_same(
    room, swarm, person, monkeypatch
):
    failing = person(0, places=1)
    failing.open()
    monkeypatch.setattr(catching_up, "DELAY_S", 60.0)  # so that looking comes first

    def break_down(*_):
        raise RuntimeError("boom")

    monkeypatch.setattr(replica_module, "apply_in_one_transaction", break_down)
    room.write("strikes")
    wait_until(lambda: failing.replica._waiting)
    assert "strikes" not in [str(cell["source"]) for cell in failing.replica.cells]
    wait_until(lambda: failing.stage is not Stage.CONNECTED)
    (evidence,) = (decode_evidence(one, RoomEvidence) for one in encoded_rooms(gather(swarm, {"room": True})))
    assert "boom" in evidence.users[0].trouble
