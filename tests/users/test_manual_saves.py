"""Ctrl+S: what is sent, who is answered, what is timed and kept, and what it is when nobody answers."""

import json

import gevent
import pytest
from pycrdt import Decoder

from jupyter_rtc_locust.protocol.messages import encode_save_request
from jupyter_rtc_locust.users.collaborator import Stage
from users.fake_room import wait_until

RAW = 2


def requests(room):
    return room.messages(RAW)


def number_of(request):
    decoder = Decoder(request[1:])
    assert decoder.read_var_string() == "save"
    return decoder.read_var_uint()


def answer(room, request, status="success", **more):
    text = json.dumps({"type": "save", "responseTo": number_of(request), "status": status, **more}).encode("ascii")
    room.broadcast(bytes((RAW, len(text))) + text)


def saving(one, deadline=5.0):
    return gevent.spawn(one.save, deadline)


def figures(swarm):
    return swarm.recorder.histograms()["save"].count, swarm.recorder.failures()["save"].count


@pytest.mark.parametrize(("status", "failures"), [("success", 0), ("skipped", 0), ("failed", 1)])
def test_the_servers_word_is_given_timed_and_kept_as_evidence(room, swarm, person, status, failures):
    one = person()
    one.open()
    waiting = saving(one)
    wait_until(lambda: requests(room))
    assert requests(room) == [encode_save_request(0)]
    answer(room, requests(room)[0], status)
    assert waiting.get(timeout=5) == status
    assert figures(swarm) == (1, failures)
    (kept,) = one.room.saves
    assert (kept.user, kept.status) == (0, status)
    assert kept.asked <= kept.answered
    assert swarm.counts["messages_of_other_kinds"] == 0


def test_each_answer_is_told_to_the_save_that_it_names(room, swarm, person):
    one = person()
    one.open()
    first, second = saving(one), saving(one)
    wait_until(lambda: len(requests(room)) == 2)
    answer(room, requests(room)[1], "skipped")
    assert second.get(timeout=5) == "skipped"
    assert not first.ready()
    answer(room, requests(room)[0], "success")
    assert first.get(timeout=5) == "success"
    assert figures(swarm) == (2, 0)


def test_a_server_that_knows_no_saves_by_hand_is_a_failed_request_and_no_more(room, swarm, person):
    one = person()
    one.open()
    assert one.save(0.05) == "not answered"
    assert figures(swarm) == (0, 1)
    assert one.room.saves[0].answered is None
    assert one.stage is Stage.CONNECTED
    # An answer that comes after all is nobody's.
    answer(room, requests(room)[0])
    wait_until(lambda: swarm.counts["messages_of_other_kinds"] == 1)
    assert one.room.saves[0].answered is None


def test_who_loses_the_line_is_not_kept_waiting(room, swarm, person):
    one = person()
    one.open()
    waiting = saving(one, 60.0)
    wait_until(lambda: requests(room))
    room.drop_everybody()
    assert waiting.get(timeout=5) == "not answered"
    assert "the line was lost" in next(iter(swarm.recorder.failures()["save"].sentences))


def test_who_leaves_is_not_kept_waiting(room, person):
    one = person()
    one.open()
    waiting = saving(one, 60.0)
    wait_until(lambda: requests(room))
    one.leave()
    assert waiting.get(timeout=5) == "not answered"


@pytest.mark.parametrize("why", ["no line", "over", "paused"])
def test_nothing_is_asked_without_a_line_nor_when_editing_is_over_or_pauses(room, swarm, person, why):
    one = person()
    if why != "no line":
        one.open()
    swarm.editing = why != "over"
    if why == "paused":
        swarm.pause_editing()
    assert one.save(0.05) == "not asked"
    assert requests(room) == []
    assert one.room.saves == []
    assert figures(swarm) == (0, 0)


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"type": "conflict"}', '{"type": "save", "responseTo": "0"}'])
def test_another_message_of_that_type_is_no_answer(room, swarm, person, text):
    one = person()
    one.open()
    waiting = saving(one)
    wait_until(lambda: requests(room))
    room.broadcast(bytes((RAW, len(text))) + text.encode())
    wait_until(lambda: swarm.counts["messages_of_other_kinds"] == 1)
    assert not waiting.ready()
    answer(room, requests(room)[0])
    assert waiting.get(timeout=5) == "success"
