"""How long a process is waited for that is asked for evidence; what many tell at once."""

import logging
import tracemalloc
from types import SimpleNamespace

import gevent
import msgpack
import pytest
from locust.env import Environment

from coordination.agents import make_agent
from jupyter_rtc_locust.coordination import collecting, gathering, messages, sending
from jupyter_rtc_locust.coordination.answers import encoded_rooms
from jupyter_rtc_locust.coordination.collecting import EvidenceCollector
from jupyter_rtc_locust.coordination.pieces import split
from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.settings import END_BUDGET_S, QUIET_S, Settings
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate, RoomEvidence
from runs.patches import replace_in

SLOW_S = 0.6


class OneSlowProcess:
    """A runner whose only process is quiet at once, and takes its time to put its evidence together."""

    def __init__(self):
        self.listeners = {}

    def register_message(self, name, listener):
        self.listeners[name] = listener

    def send_message(self, name, *_):
        if name == messages.GATHER:
            gevent.get_hub().loop.update_now()  # or the timer would begin when the loop last looked
            gevent.spawn_later(SLOW_S, self._tell)

    def _tell(self):
        for index, piece in enumerate(pieces := split(msgpack.packb({}))):
            body = {"run": "run", "round": 0, "part": 0, "index": index, "count": len(pieces), "piece": piece}
            self.listeners[messages.EVIDENCE](SimpleNamespace(node_id="slow", data=body))


@pytest.fixture
def collector(monkeypatch):
    monkeypatch.setattr(collecting, "_ASKING_S", 0.05)
    monkeypatch.setattr(collecting, "WORKER_ANSWER_DEADLINE_S", 0.05)
    environment = Environment()
    environment.runner = OneSlowProcess()
    return EvidenceCollector(environment)


def collected(collector, budget_s):
    state = RunState("run", 1, Settings(), "http://test", None)
    state.processes = {"slow"}
    state.end.quiet = {"slow"}
    state.end.began = collecting.time.monotonic()
    state.end_budget_s = budget_s
    collector.state = state
    collector.collect(state, state.end, 0.05)
    return state.end


def test_a_process_that_tells_nothing_of_a_short_run_is_lost(collector):
    end = collected(collector, END_BUDGET_S)
    assert end.lost == {"slow"}
    assert not end.answers


def test_one_that_puts_the_evidence_of_a_long_run_together_is_waited_for(collector):
    end = collected(collector, END_BUDGET_S + 60.0)
    assert not end.lost
    assert end.answers.keys() == {"slow"}


def test_a_process_has_the_time_to_ask_its_users_before_it_tells(collector, monkeypatch):
    monkeypatch.setattr(collecting, "_ASKING_S", SLOW_S + 5.0)
    end = collected(collector, END_BUDGET_S)
    assert end.answers.keys() == {"slow"}


@pytest.mark.parametrize("number", [0, 3])
def test_whoever_waits_long_for_outstanding_messages_has_the_time_for_evidence_all_the_same(
    collector, monkeypatch, number
):
    """At the end, and at a checkpoint: the longest that documents may take to be quiet, and users to be asked."""
    for drain_timeout in (0.0, 30.0, 60.0):
        state = RunState("run", 1, Settings(drain_timeout=drain_timeout), "http://test", None)
        collection = Collection(number, began=collecting.time.monotonic())
        quiet = drain_timeout + 5.0
        told = quiet + gathering.LONGEST_ASKING_S + QUIET_S + 10.0
        with monkeypatch.context() as later:
            replace_in(later, collecting, "time", monotonic=lambda now=collection.began + told: now)
            assert collector._in_time(state, collection, {"slow"})


def test_what_comes_when_nobody_is_waited_for_any_more_is_not_taken(collector):
    """Others have read by then what was told; half of an answer would be in the verdict, and the other half not."""
    end = collected(collector, END_BUDGET_S)
    collector._runner._tell()
    gevent.sleep(0.05)
    assert end.lost == {"slow"}
    assert not end.answers


@pytest.mark.parametrize("asked", [False, True])
def test_what_somebody_told_who_left_is_of_a_checkpoint_for_which_nobody_had_been_asked(collector, asked):
    """Whoever gathered before it may lack what it holds."""
    state = RunState("run", 1, Settings(), "http://test", None)
    state.processes = {"leaves"}
    began = collecting.time.monotonic()
    state.checkpoint = Collection(1, began=began, last_piece=began, quiet={"leaves"} if asked else set())
    collector.state = state
    gevent.spawn_later(0.1, state.end.answers.update, leaves={})
    collector.collect(state, state.checkpoint, SLOW_S)
    assert state.checkpoint.answers == ({} if asked else {"leaves": {}})
    assert state.checkpoint.lost == ({"leaves"} if asked else set())


# -- many at once -----------------------------------------------------------------------------------------------------

WORKERS = 64
EDITS = 250
EDIT_BYTES = 4_000


class ManyProcesses:
    """Each sends its next piece when the one before was taken, as agents do."""

    def __init__(self):
        self.listeners = {}
        self.pieces = split(msgpack.packb({"documents": encoded_rooms([self.room()]), "process": "one"}))

    @staticmethod
    def room():
        edits = tuple(
            AuthoredUpdate(1, 7, number, "typed", None, 1.0, 2.0, number.to_bytes(4, "big") * (EDIT_BYTES // 4))
            for number in range(EDITS)
        )
        return RoomEvidence("a.ipynb", "notebook", True, authored=edits)

    def register_message(self, name, listener):
        self.listeners[name] = listener

    def send_message(self, name, body, node=None):
        if name == messages.GATHER:
            for number in range(WORKERS):
                self._tell(f"worker {number}", 0)
        elif name == messages.EVIDENCE_TAKEN and body["index"] + 1 < len(self.pieces):
            self._tell(node, body["index"] + 1)

    def _tell(self, node, index):
        body = {
            "run": "run",
            "round": 0,
            "part": 0,
            "index": index,
            "count": len(self.pieces),
            "piece": self.pieces[index],
        }
        gevent.spawn(self.listeners[messages.EVIDENCE], SimpleNamespace(node_id=node, data=body))


def test_what_64_processes_tell_is_merged_in_bounded_memory():
    environment = Environment()
    runner = environment.runner = ManyProcesses()
    collector = EvidenceCollector(environment)
    state = RunState("run", 1, Settings(), "http://test", None)
    state.processes = {f"worker {number}" for number in range(WORKERS)}
    state.end.quiet = set(state.processes)
    state.end.began = collecting.time.monotonic()
    collector.state = state
    told = WORKERS * sum(map(len, runner.pieces))
    assert len(runner.pieces) > 1
    tracemalloc.start()
    try:
        collector.collect(state, state.end, 1.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert state.end.answers.keys() == state.processes
    assert not state.end.lost
    assert not state.problems
    assert {len(answer["documents"][0].authored) for answer in state.end.answers.values()} == {EDITS}
    # What is told, what it is when it was read, and one answer in between.
    assert peak < 2.5 * told + 30_000_000, (peak, told)


@pytest.mark.parametrize("body", [{"count": 10**9, "index": 0}, {"count": 0, "index": 0}, {"count": 2, "index": 5}])
def test_a_process_that_tells_what_cannot_be_makes_the_run_inconclusive_and_fills_no_memory(collector, body, caplog):
    state = RunState("run", 1, Settings(), "http://test", None)
    state.processes = {"slow"}
    collector.state = state
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            message = SimpleNamespace(node_id="slow", data={"run": "run", "round": 0, "part": 0, "piece": b"x", **body})
            collector._runner.listeners[messages.EVIDENCE](message)
    assert state.end.lost == {"slow"}
    assert len(state.problems) == 1
    assert "cannot be its evidence" in state.problems[0]


@pytest.mark.parametrize(
    ("number", "run_of_the_swarm", "told", "sent_once"),
    [
        (2, "run", messages.RESUME, True),
        (2, "run", messages.RUN_OVER, False),
        (0, "run", messages.RUN_OVER, True),
        (0, "run", messages.RESUME, False),
        (0, "another", messages.RUN_OVER, False),
    ],
)
def test_evidence_that_nobody_waits_for_any_more_is_not_sent_again(
    monkeypatch, number, run_of_the_swarm, told, sent_once
):
    monkeypatch.setattr(sending, "PATIENCE_S", (0.02,) * 4)
    sent = []
    agent, channel = make_agent(monkeypatch, "one", [], lambda kind, _: sent.append(kind))
    agent.swarm.run_id = run_of_the_swarm
    channel.deliver(told, {"run": run_of_the_swarm, "round": 2})
    agent.telling.send_in_pieces("run", number, b"x")
    assert sent.count(messages.EVIDENCE) == (1 if sent_once else 4)
