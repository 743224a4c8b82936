"""What a process does when a person pauses editing, lets it go on, or asks what copies hold."""

import time
import zlib
from types import SimpleNamespace

import pytest

from jupyter_rtc_locust.coordination import asked_of_users, messages
from jupyter_rtc_locust.coordination.asked_of_users import TOLD_WITHIN_S, AskedOfUsers, copies_held, tells_at
from jupyter_rtc_locust.coordination.gathering import LONGEST_ASKING_S
from jupyter_rtc_locust.documents.canonical import read_content
from jupyter_rtc_locust.errors import ConnectionBroken
from jupyter_rtc_locust.live.difference import Copies, merged
from jupyter_rtc_locust.users import collaborator
from jupyter_rtc_locust.users.stage import Stage
from jupyter_rtc_locust.users.swarm import FOR_A_PERSON
from jupyter_rtc_locust.verdict.evidence_form import decode_evidence
from jupyter_rtc_locust.verdict.rebuilt import document_of
from jupyter_rtc_locust.verdict.service_evidence import ServedEvidence
from users.fake_room import settle, wait_until


class Runner:
    def __init__(self, swarm):
        self.heard = {}
        self.sent = []
        AskedOfUsers(lambda: swarm, lambda kind, body: self.sent.append((kind, body))).listen(self)

    def register_message(self, kind, listener):
        self.heard[kind] = listener

    def say(self, kind, **body):
        self.heard[kind](msg=SimpleNamespace(data={"run": "run"} | body))


@pytest.fixture
def runner(swarm):
    return Runner(swarm)


def append(one, text):
    """Write into a copy, and tell nobody."""
    source = one.replica.cells[0]["source"]
    source += text


def test_nobody_edits_in_a_pause_and_what_was_due_comes_later(room, swarm, person, runner):
    one = person()
    one.open()
    one.start_editing(200)
    wait_until(lambda: swarm.counts["edits"] >= 3)
    runner.say(messages.PAUSE)
    edits = swarm.counts["edits"]
    settle()
    assert swarm.paused and swarm.counts["edits"] == edits
    runner.say(messages.GO_ON)
    wait_until(lambda: swarm.counts["edits"] > edits)
    assert not swarm.paused and swarm.counts["edits_postponed"] >= 1


def test_a_checkpoint_within_a_pause_does_not_end_it(room, swarm, person, runner):
    one = person()
    one.open()
    one.start_editing(200)
    runner.say(messages.PAUSE)
    edits = swarm.counts["edits"]
    swarm.pause_editing()
    swarm.resume_editing()
    assert swarm.paused
    swarm.pause_editing()
    runner.say(messages.GO_ON)
    wait_until(lambda: FOR_A_PERSON not in swarm._pauses)
    postponed = swarm.counts["edits_postponed"]
    settle()
    assert swarm.counts["edits_postponed"] == postponed, "somebody was let go on, and found that editing pauses"
    assert swarm.paused and swarm.counts["edits"] == edits, "a checkpoint's pause was ended by a person"
    swarm.resume_editing()
    wait_until(lambda: swarm.counts["edits"] > edits)


def test_what_concerns_another_run_is_not_heard(swarm, runner):
    runner.say(messages.PAUSE, run="another")
    assert not swarm.paused
    runner.say(messages.COPIES_WANTED, run="another", request=3, path="room")
    wait_until(lambda: runner.sent)
    assert runner.sent == [(messages.COPIES, {"run": "another", "request": 3, "copies": []})]


def test_users_ask_the_server_once_more_and_tell_whether_they_are_served(room, swarm, person, runner, monkeypatch):
    monkeypatch.setattr(collaborator, "SYNC_DEADLINE_S", 0.1)
    one = person()
    one.open()
    served = []
    for answers in (True, False):
        room.answers_step_1 = answers
        runner.say(messages.SERVED_WANTED)
        wait_until(lambda: runner.sent)
        ((kind, body),) = runner.sent
        ((client, told),) = body["served"]
        assert (kind, body["run"], client) == (messages.SERVED, "run", one.seat.client_id)
        served.append(decode_evidence(told, ServedEvidence))
        runner.sent.clear()
    assert served[0].waits_since is None and served[0].heard <= served[0].taken
    assert served[0].heard == served[1].heard < served[1].waits_since
    runner.say(messages.SERVED_WANTED, run="another")
    wait_until(lambda: runner.sent)
    assert runner.sent == [(messages.SERVED, {"run": "another", "served": []})]


def test_who_has_no_line_tells_of_the_whole_deadline_since_it_was_asked_or_since_the_line_was_lost():
    assert tells_at(100.0, [None, 90.0]) == 112.0
    assert tells_at(100.0, [90.0, 105.0, None]) == 117.0
    assert tells_at(100.0, [114.0]) == 100.0 + TOLD_WITHIN_S
    assert tells_at(100.0, [None, None]) == tells_at(100.0, []) == 100.0
    assert TOLD_WITHIN_S >= LONGEST_ASKING_S, "who waits for an answer would be cut short"


@pytest.fixture
def lost(room, person):
    """Somebody who looks for a line, and finds none but where the test lets it in."""
    one = person()
    one.open()
    room.refusals += [ConnectionBroken("gone.")] * 1000
    one.drop_connection()
    assert one.service.lost is not None
    return one


def test_who_has_no_line_tells_when_it_has_looked_for_one_long_enough(lost, runner, monkeypatch):
    monkeypatch.setattr(asked_of_users, "SILENT_S", 0.3)
    monkeypatch.setattr(asked_of_users, "CLOCKS_DIFFER_S", 0.1)
    asked = lost.swarm.since_start(time.monotonic())
    runner.say(messages.SERVED_WANTED)
    wait_until(lambda: runner.sent)
    told = decode_evidence(runner.sent[0][1]["served"][0][1], ServedEvidence)
    assert told.lost <= asked and told.taken >= asked + 0.4


def test_who_has_a_line_again_tells_at_once(lost, room, runner):
    runner.say(messages.SERVED_WANTED)
    settle()
    assert not runner.sent
    room.refusals.clear()
    wait_until(lambda: lost.stage is Stage.CONNECTED and runner.sent)
    told = decode_evidence(runner.sent[0][1]["served"][0][1], ServedEvidence)
    assert told.lost is None and told.heard <= told.taken


def test_each_state_of_the_copies_is_told_once_with_who_holds_it(room, swarm, person, runner):
    people = [person(number) for number in range(3)]
    for one in people:
        one.open()
    append(people[2], " more")
    runner.say(messages.COPIES_WANTED, request=7, path="room")
    wait_until(lambda: runner.sent)
    ((kind, body),) = runner.sent
    assert (kind, body["request"]) == (messages.COPIES, 7)
    states = merged(Copies(tuple(users), digest, update) for users, digest, update in body["copies"])
    assert [one.users for one in states] == [(0, 1), (2,)]
    contents = [read_content(document_of([zlib.decompress(one.update)]), "notebook") for one in states]
    assert [one["cells"][0]["source"] for one in contents] == ["first cell", "first cell more"]


def test_of_too_many_states_or_too_large_ones_only_the_users_are_told(room, swarm, person, monkeypatch):
    people = [person(number) for number in range(3)]
    for number, one in enumerate(people):
        one.open()
        append(one, str(number))
    monkeypatch.setattr(asked_of_users, "MOST_COPIES", 1)
    assert [update is None for _, _, update in copies_held(swarm, "room")] == [False, True, True]
    monkeypatch.setattr(asked_of_users, "LARGEST_COPY", 10)
    assert [update for _, _, update in copies_held(swarm, "room")] == [None] * 3
    assert copies_held(swarm, "another room") == []
