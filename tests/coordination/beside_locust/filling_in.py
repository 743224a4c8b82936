"""Contents that nobody told whole are asked for, of another where one is gone; what lacks them is no answer."""

import logging
import tracemalloc
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import gevent
import gevent.event
import msgpack
import pytest
from locust.env import Environment

from jupyter_rtc_locust.coordination import collecting, filling_in, giving_contents, messages
from jupyter_rtc_locust.coordination.answers import documents_told
from jupyter_rtc_locust.coordination.collecting import EvidenceCollector
from jupyter_rtc_locust.coordination.giving_contents import GivingContents
from jupyter_rtc_locust.coordination.pieces import PIECE_BYTES, split
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.settings import END_BUDGET_S, Settings
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate, ForeignUpdate, ReplicaEvidence, RoomEvidence

STATE = ReplicaEvidence((0,), b"the document" * 80_000, ClockRanges(), ClockRanges.of([(7, 0, 9)]))
SERVERS = b"what the server wrote"


class Workers:
    """A runner with workers that tell their rooms with digests, and give what they are asked for."""

    def __init__(self, saw, deaf=(), losing=0):
        self.saw = saw
        self.deaf = set(deaf)
        """They tell, and give nothing."""
        self.losing = losing
        """So many questions of the coordinator are lost on the way."""
        self.listeners = {}
        self.asked = []
        self.most_at_once = 0
        """Questions that one worker had before it."""
        self.longest = 0
        """Bytes of the longest answer to a question."""
        self.unanswered = Counter()
        self.sent = 0
        self.giving = {
            node: GivingContents(lambda *body, node=node: gevent.spawn(self.tell, node, *body)) for node in saw
        }

    def register_message(self, name, listener):
        self.listeners[name] = listener

    def send_message(self, name, body, node=None):
        if name == messages.GATHER:
            for each, rooms in self.saw.items():
                contents = self.giving[each].begin(body["run"], body["round"])
                payload = msgpack.packb({"process": each, **documents_told(rooms, contents)})
                gevent.spawn(self.tell, each, body["run"], body["round"], payload, 0)
        elif name == messages.CONTENTS_WANTED:
            self.asked.append(node)
            self.unanswered[node, body["part"]] = 1
            before = sum(number for (each, _), number in self.unanswered.items() if each == node)
            self.most_at_once = max(self.most_at_once, before)
            if len(self.asked) > self.losing and node not in self.deaf:
                self.giving[node].on_wanted(SimpleNamespace(data=body))

    def tell(self, node, run_id, number, payload, part):
        self.unanswered[node, part] = 0
        if part:
            self.longest = max(self.longest, len(payload))
        pieces = split(payload)
        for index, piece in enumerate(pieces):
            assert len(piece) <= PIECE_BYTES
            self.sent += len(piece)
            told = {"run": run_id, "round": number, "part": part, "index": index, "count": len(pieces), "piece": piece}
            self.listeners[messages.EVIDENCE](SimpleNamespace(node_id=node, data=told))
            gevent.sleep(0)


def impatient(monkeypatch):
    """For who never answers; whoever does has all the time of a run, whatever the machine has to do."""
    monkeypatch.setattr(collecting, "_ASKING_S", 0.5)
    monkeypatch.setattr(collecting, "WORKER_ANSWER_DEADLINE_S", 0.5)


def collected(workers, gone=(), budget_s=END_BUDGET_S):
    environment = Environment()
    environment.runner = workers
    collector = EvidenceCollector(environment)
    collector.hearing.is_gone = lambda node: node in gone
    state = collector.state = RunState("run", 1, Settings(), "http://test", None)
    state.processes = set(workers.saw)
    state.end.quiet = set(state.processes)
    state.end.began = collecting.time.monotonic()
    state.end_budget_s = budget_s
    collector.collect(state, state.end, 0.05)
    return state.end


def room(user, *others, foreign=(), state=STATE):
    own = (AuthoredUpdate(user, 100 + user, 0, "typed", None, 1.0, 2.0, edit_of(user)),)
    received = (
        *(ForeignUpdate(1.5, edit_of(other)) for other in others),
        *(ForeignUpdate(3.0, one) for one in foreign),
    )
    held = (ReplicaEvidence((user,), state.update, state.deletions, state.covered),)
    return RoomEvidence("a.ipynb", "notebook", True, authored=own, foreign=received, replicas=held)


def edit_of(user):
    return f"what user {user} wrote".encode() * 10


THREE = {"a": [room(0, 1, 2, foreign=[SERVERS])], "b": [room(1, 0, 2, foreign=[SERVERS])], "c": [room(2, 0, 1)]}


def documents(end):
    return {node: answer["documents"] for node, answer in end.answers.items()}


def test_everybodys_evidence_is_whole_when_it_was_collected():
    workers = Workers(THREE)
    end = collected(workers)
    assert documents(end) == THREE
    assert not end.lost and not end.told and not end.contents
    assert workers.sent < 1.1 * len(STATE.update), "the document travelled once"


@pytest.mark.parametrize("gone", [(), ("a",)])
def test_much_is_asked_for_in_several_questions_one_after_the_other(monkeypatch, gone):
    monkeypatch.setattr(filling_in, "ASKED_AT_ONCE", 2)
    servers = [f"the server's {number}".encode() for number in range(20)]
    saw = {node: [room(user, foreign=servers)] for user, node in enumerate("abc")}
    workers = Workers(saw, deaf=gone)
    assert documents(collected(workers, gone)) == saw
    assert workers.most_at_once == 1
    assert len(workers.asked) >= len(servers) / 2


@pytest.mark.parametrize("gone", [(), ("a",)])
def test_of_what_would_be_much_a_part_is_given_at_a_time(monkeypatch, gone):
    monkeypatch.setattr(giving_contents, "GIVEN_AT_ONCE", 2_500)
    states = [replace(STATE, update=bytes([number]) * 1_000) for number in range(1, 8)]
    saw = {node: [room(user, foreign=[b"large" * 1_000, b"small"], state=states[0])] for user, node in enumerate("ab")}
    for rooms in saw.values():
        rooms[0] = replace(rooms[0], replicas=tuple(replace(one, users=(0,)) for one in states))
    workers = Workers(saw, deaf=gone)
    assert documents(collected(workers, gone)) == saw
    assert 5_000 < workers.longest < 2_500 + 5_000 + 500, "one that is larger than a part goes with what was before it"
    assert workers.most_at_once == 1


def test_a_worker_that_gives_nothing_of_what_it_is_asked_for_is_asked_no_more(caplog):
    workers = Workers({**THREE, "c": [room(2, 0, 1, foreign=[b"only seen by c"])]})
    workers.giving["c"]._send_in_pieces = lambda run, number, _payload, part: gevent.spawn(
        workers.tell, "c", run, number, msgpack.packb([]), part
    )
    with caplog.at_level(logging.ERROR):
        end = collected(workers)
    assert end.lost == {"c"}
    assert "1 contents were asked for, and 0 came" in caplog.text


def test_a_question_that_was_lost_on_the_way_is_asked_again(monkeypatch):
    monkeypatch.setattr(filling_in, "AGAIN_S", 0.05)
    workers = Workers(THREE, losing=2)
    assert documents(collected(workers)) == THREE
    assert len(workers.asked) > 2


def test_of_who_is_gone_before_it_gave_anything_others_give_what_they_have_too():
    workers = Workers(THREE, deaf=["a"])
    end = collected(workers, gone=["a"])
    assert documents(end) == THREE
    assert not end.lost


@pytest.mark.parametrize("gone", [(), ("c",)])
def test_who_does_not_give_what_it_alone_has_is_lost_and_all_others_are_not(gone, monkeypatch):
    impatient(monkeypatch)
    alone = {**THREE, "c": [room(2, 0, 1, foreign=[b"only seen by c"])]}
    end = collected(Workers(alone, deaf=["c"]), gone=gone)
    assert documents(end) == {node: THREE[node] for node in "ab"}
    assert end.lost == {"c"}


def test_who_tells_while_others_are_asked_has_told():
    class LateWorkers(Workers):
        def send_message(self, name, body, node=None):
            if name == messages.GATHER:
                late, self.saw = self.saw["c"], {each: rooms for each, rooms in self.saw.items() if each != "c"}
                super().send_message(name, body)
                self.saw["c"] = late
            elif name == messages.CONTENTS_WANTED and not self.asked:
                gone.clear()
                payload = {"process": "c", **documents_told(self.saw["c"], self.giving["c"].begin("run", 0))}
                self.tell("c", "run", 0, msgpack.packb(payload), 0)
                gevent.sleep(0.01)  # until it was read
                super().send_message(name, body, node)
            else:
                super().send_message(name, body, node)

    gone = {"c"}
    end = collected(LateWorkers({**THREE, "c": [room(2, 0, 1, foreign=[b"only seen by c"])]}), gone)
    assert end.answers.keys() == {"a", "b", "c"}
    assert not end.lost


def test_when_the_time_of_the_end_is_over_nobody_is_asked_any_more(monkeypatch):
    monkeypatch.setattr(collecting, "_LATER_S", 0.3)  # nothing came for so long
    alone = {**THREE, "c": [room(2, 0, 1, foreign=[b"only seen by c"])]}
    with gevent.Timeout(10):
        end = collected(Workers(alone, deaf=["c"]), budget_s=40.3)
    assert "c" in end.lost


def test_a_worker_that_gives_something_else_is_asked_no_more(caplog):
    workers = Workers({**THREE, "c": [room(2, 0, 1, foreign=[b"only seen by c"])]})
    workers.giving["c"]._send_in_pieces = lambda run, number, _payload, part: gevent.spawn(
        workers.tell, "c", run, number, msgpack.packb([b"else"]), part
    )
    with caplog.at_level(logging.ERROR):
        end = collected(workers)
    assert end.lost == {"c"}
    assert "What worker c gave cannot be its evidence" in caplog.text


def test_contents_that_nobody_asked_for_are_not_kept():
    workers = Workers(THREE)
    end = collected(workers)
    workers.tell("a", "run", 0, b"x" * 100, part=99)
    assert not end.contents


def test_a_round_that_is_over_is_asked_for_nothing():
    sent = []
    giving = GivingContents(lambda *body: sent.append(body))
    giving.begin("run", 1)
    giving.forget("run", 1)
    giving.on_wanted(SimpleNamespace(data={"run": "run", "round": 1, "part": 1, "digests": b""}))
    giving.begin("run", 2)
    giving.on_wanted(SimpleNamespace(data={"run": "run", "round": 1, "part": 1, "digests": b""}))
    gevent.sleep(0.01)
    assert sent == []


def test_who_is_late_with_a_round_forgets_nothing_of_the_next_one():
    sent = []
    giving = GivingContents(lambda *body: sent.append(body))
    giving.begin("run", 1)
    giving.begin("run", 0)
    giving.forget("run", 1)
    giving.on_wanted(SimpleNamespace(data={"run": "run", "round": 0, "part": 1, "digests": b""}))
    gevent.sleep(0)
    assert len(sent) == 1


def test_who_is_asked_again_while_it_gives_goes_on_giving():
    sent, goes_on = [], gevent.event.Event()

    def send(*body):
        sent.append(body)
        goes_on.wait(5)

    giving = GivingContents(send)
    giving.begin("run", 1)
    asked = SimpleNamespace(data={"run": "run", "round": 1, "part": 1, "digests": b""})
    for _ in range(2):
        giving.on_wanted(asked)
        gevent.sleep(0)
    assert len(sent) == 1
    goes_on.set()
    gevent.sleep(0)
    giving.on_wanted(asked)
    gevent.sleep(0)
    assert len(sent) == 2, "it was lost on the way, and is given again"


def test_what_64_processes_saw_of_one_document_is_told_once_in_bounded_memory():
    users = range(64)
    saw = {f"worker {user}": [room(user, *(other for other in users if other != user))] for user in users}
    workers = Workers(saw)
    tracemalloc.start()
    try:
        end = collected(workers)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert documents(end) == saw
    whole = 64 * (len(STATE.update) + sum(len(edit_of(user)) for user in users))
    assert workers.sent < 0.05 * whole
    assert peak < 0.5 * whole
