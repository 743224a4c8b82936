"""When a server falls silent after all have told, they are asked once more; otherwise nobody is."""

from __future__ import annotations

import time
from types import SimpleNamespace

import gevent
import pytest

from jupyter_rtc_locust.coordination import messages, served_later
from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.served_later import ServedLater
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, Snapshot, UserEvidence
from jupyter_rtc_locust.verdict.evidence_form import encode_evidence
from jupyter_rtc_locust.verdict.service_evidence import ServedEvidence

RUN_S = 60.0
"""How long the run has lasted."""
NOW = ServedEvidence(taken=RUN_S, heard=RUN_S - 0.1)
NOTHING = ClockRanges()


class Channel:
    """Processes that answer what they are made to."""

    def __init__(self):
        self.sent = []
        self.answers = {}

    def register_message(self, kind, listener):
        assert kind == messages.SERVED
        self.listener = listener

    def send_message(self, kind, body):
        self.sent.append((kind, body))
        for node, served in self.answers.items():
            gevent.spawn(self.say, node, served)

    def say(self, node, served, run="run"):
        self.listener(msg=SimpleNamespace(node_id=node, data={"run": run, "served": served}))


@pytest.fixture
def channel():
    return Channel()


@pytest.fixture
def gone():
    return set()


@pytest.fixture
def later(channel, gone, monkeypatch):
    monkeypatch.setattr(served_later, "DEADLINE_S", 0.5)
    return ServedLater(channel, gone.__contains__)


@pytest.fixture
def state():
    return RunState("run", 1, Settings(), "http://h", None, started=time.monotonic() - RUN_S)


@pytest.fixture
def collection():
    return Collection(0, answers={"a": {}, "b": {}})


def document(taken, *, heard=None, server="", users=(0, 1), stage="connected", **more):
    served = ServedEvidence(taken=taken, heard=taken if heard is None else heard, **more)
    there = tuple(UserEvidence(one, 100 + one, stage, "", True, NOTHING, NOTHING, served=served) for one in users)
    return DocumentEvidence(f"{server}/n.ipynb", "notebook", Snapshot({}, b"\x00\x00"), users=there, server=server)


def silent_since(state, seconds, owner=""):
    state.silences.not_answered(owner, state.started + seconds)
    assert state.silences.lasts(owner, time.monotonic())


def told(*clients):
    return [[client, encode_evidence(NOW)] for client in clients]


def test_what_users_say_then_stands_beside_what_they_told(later, channel, state, collection):
    silent_since(state, 45.0)
    channel.answers = {"a": told(100), "b": told(101)}
    (amended,) = later.amended(state, collection, (document(44.0),))
    assert [one.served_later for one in amended.users] == [NOW, NOW]
    assert [one.served.taken for one in amended.users] == [44.0, 44.0]
    assert channel.sent == [(messages.SERVED_WANTED, {"run": "run"})]
    assert not collection.lost


def test_the_silence_lasted_until_they_had_said_it(later, channel, state, collection):
    silent_since(state, 45.0)
    (before,) = state.silences.evidence(state.started)
    channel.answers = {"a": told(100), "b": told(101)}
    later.amended(state, collection, (document(44.0),))
    (after,) = state.silences.evidence(state.started)
    assert after.when == before.when and after.length > before.length


def test_where_some_had_told_and_others_tell_of_the_silence_all_are_asked(later, channel, state, collection):
    """Those that told before it may be served in it."""
    silent_since(state, 45.0)
    channel.answers = {"a": told(100), "b": told(101)}
    before, within = document(44.0, users=(0,)), document(48.0, users=(1,), heard=44.0)
    amended = later.amended(state, collection, (before, within))
    assert [one.users[0].served_later for one in amended] == [NOW, NOW]


def test_who_had_told_before_the_silence_was_as_long_as_the_deadline_is_asked(later, channel, state, collection):
    """Nobody had a line; but it was not told of for long enough."""
    silent_since(state, 45.0)
    channel.answers = {"a": told(100), "b": told(101)}
    later.amended(state, collection, (document(54.0, heard=44.0, lost=45.0, stage="lost its connection"),))
    assert len(channel.sent) == 1


def test_where_users_are_known_to_have_been_sent_nothing_nobody_is_asked(later, channel, state, collection):
    silent_since(state, 45.0)
    documents = (document(56.0, heard=44.0, waits_since=46.0),)
    assert later.amended(state, collection, documents) == documents
    assert channel.sent == []


@pytest.mark.parametrize("told", [48.0, 57.0])
def test_where_users_were_sent_something_early_in_the_silence_they_are_asked_all_the_same(
    later, channel, state, collection, told
):
    """A server that is busy, or lets nobody in any more, may be gone for good some seconds later."""
    silent_since(state, 45.0)
    later.amended(state, collection, (document(told),))
    assert len(channel.sent) == 1


def test_where_no_server_is_silent_or_nobody_has_a_document_open_nobody_is_asked(later, channel, state, collection):
    later.amended(state, collection, (document(44.0),))
    silent_since(state, 45.0)
    later.amended(state, collection, (document(44.0, stage="left"),))
    assert channel.sent == []


def test_the_people_of_a_server_that_is_silent_count_and_not_those_of_others(later, channel, state, collection):
    silent_since(state, 45.0, "ada")
    decided = document(56.0, heard=44.0, waits_since=46.0, server="ada")
    later.amended(state, collection, (decided, document(44.0, server="ben")))
    assert channel.sent == []
    channel.answers = {"a": told(100), "b": []}
    ada, ben = later.amended(
        state, collection, (document(44.0, server="ada", users=(0,)), document(58.0, server="ben", users=(1,)))
    )
    assert ada.users[0].served_later == NOW and ben.users[0].served_later is None


def test_a_process_that_does_not_say_it_is_lost_as_is_one_that_was_gone_before_but_not_one_that_had_left(
    later, channel, state, collection, gone
):
    silent_since(state, 45.0)
    collection.answers |= {"c": {}, "d": {}}
    gone.add("c")
    state.left.add("d")
    channel.answers = {"a": told(100)}
    later.amended(state, collection, (document(44.0),))
    assert collection.lost == {"b", "c"}


def test_one_that_was_gone_before_is_not_waited_for(later, channel, state, collection, gone, monkeypatch):
    silent_since(state, 45.0)
    monkeypatch.setattr(served_later, "DEADLINE_S", 60.0)
    gone.add("b")
    channel.answers = {"a": told(100)}
    with gevent.Timeout(10):
        (amended,) = later.amended(state, collection, (document(44.0),))
    assert [one.served_later for one in amended.users] == [NOW, None]
    assert collection.lost == {"b"}


def test_what_cannot_be_read_or_is_of_another_run_or_a_stranger_says_nothing(later, channel, state, collection):
    silent_since(state, 45.0)
    channel.answers = {"a": [[100, b"\xff"]], "b": told(101), "stranger": told(100)}
    gevent.spawn(lambda: channel.say("a", told(100), run="another"))
    (amended,) = later.amended(state, collection, (document(44.0),))
    assert [one.served_later for one in amended.users] == [None, NOW]
    assert collection.lost == {"a"}


def test_from_the_end_of_the_time_on_nobody_is_waited_for_and_who_said_nothing_is_lost(
    later, channel, state, collection, monkeypatch
):
    monkeypatch.setattr(served_later, "DEADLINE_S", 600.0)
    silent_since(state, 45.0)
    channel.answers = {"a": told(100)}
    with gevent.Timeout(10):
        later.amended(state, collection, (document(44.0),), time.monotonic() + 0.3)
    assert collection.lost == {"b"}
