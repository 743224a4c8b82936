"""Evidence over slow lines, with a master's own ears: it delays the verdict up to a limit, and is not lost.

Nothing here measures how fast this machine is: the clock is that of the lines.
"""

import random
from dataclasses import replace
from types import SimpleNamespace

import msgpack
import pytest
from locust.env import Environment
from locust.runners import MasterRunner

from coordination.agents import make_agent
from coordination.slow_lines import HEARTBEAT, Worker, World
from jupyter_rtc_locust.coordination import answers, collecting, filling_in, giving_contents, hearing, messages
from jupyter_rtc_locust.coordination.answers import encoded_rooms
from jupyter_rtc_locust.coordination.collecting import EvidenceCollector
from jupyter_rtc_locust.coordination.dividing_the_end import LEAST_LOOKS_S, divided, evidence_awaited
from jupyter_rtc_locust.coordination.pieces import MOST_AT_ONCE, PIECE_BYTES
from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.settings import (
    END_BUDGET_S,
    LATE_EVIDENCE_S,
    SILENT_SERVER_S,
    WORKER_ANSWER_DEADLINE_S,
    Settings,
    end_budget,
    time_to_judge,
)
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate, ForeignUpdate, RoomEvidence

SLOW = 0.5e6
"""Bits a second."""
EDIT_BYTES = 4_000
AFTER_EVIDENCE_S = 40.0
"""Of the time that an end may take: for what comes after the evidence."""


def contents(count):
    digits = random.Random(count)
    return [digits.randbytes(EDIT_BYTES) for _ in range(count)]


def room_of(edits):
    authored = tuple(
        AuthoredUpdate(1, 7, number, "typed", None, 1.0, 2.0, update) for number, update in enumerate(contents(edits))
    )
    return RoomEvidence("a.ipynb", "notebook", True, authored=authored)


def payload_of(edits):
    return msgpack.packb({"documents": encoded_rooms([room_of(edits)]), "process": "one"})


class Master(MasterRunner):
    """What Locust's does, as far as evidence needs it. `workers` hear from it."""

    greenlet = None  # Locust's `__del__` looks at it

    def __init__(self):
        self.listeners = {}
        self.workers = {}
        self.clients = {}
        self.budgets = []
        """What workers were told of how long the end may take."""

    def register_message(self, kind, listener):
        self.listeners[kind] = listener

    def send_message(self, kind, body, node=None):
        if kind == messages.RUN_ENDS:
            self.budgets.append(body["budget"])
        for worker in self.workers.values() if node is None else (self.workers[node],):
            worker.hear(kind, body)


class Teller(Worker):
    """Tells this payload when it is asked for evidence."""

    def hear(self, kind, body):
        if kind == messages.GATHER:
            self.begin(body["round"])
        elif kind == messages.EVIDENCE_TAKEN:
            self.hear_taken(body)


class WithAgent(Worker):
    """Has a worker's own agent, which hears all that a master says. `rooms` are what its users saw."""

    def __init__(self, monkeypatch, world, node, rooms, **line):
        super().__init__(world, node, b"", **line)
        self.agent, self._channel = make_agent(monkeypatch, node, rooms, self.send)
        self.agent.telling._sending = self.sending

    def hear(self, kind, body):
        if kind == messages.EVIDENCE_TAKEN:
            self.hear_taken(body)
        else:
            self._channel.deliver(kind, body)


class Played:
    """A master, and workers whose lines have these speeds, in bits a second.

    They tell one payload, or, with agents of their own, what the users of each saw.
    """

    def __init__(self, monkeypatch, speeds, payload=b"", rooms=None):
        self.world = World()
        for module in (collecting, filling_in, hearing):
            monkeypatch.setattr(module, "time", self.world)
        # An answer is read without a turn of the loop in between, which would take time of this machine's.
        for module in (answers, filling_in, giving_contents):
            monkeypatch.setattr(module, "Turns", lambda: lambda: None)
        self.environment = Environment()
        self.master = self.environment.runner = Master()
        self.collector = EvidenceCollector(self.environment)
        self.beats = {}
        """For each worker, how long its heartbeats took."""
        self.state = RunState("run", 1, Settings(), "http://test", None, started=self.world.now)
        self.state.changed = self.world.event()
        self.collector.state = self.state
        for number, speed in enumerate(speeds):
            node = f"worker {number}"
            line = {"hear": self.hear, "bits_per_s": speed}
            self.master.workers[node] = (
                Teller(self.world, node, payload, **line)
                if rooms is None
                else WithAgent(monkeypatch, self.world, node, rooms[number], **line)
            )
            self.master.clients[node] = object()
            self.master.workers[node].beat()
            self.collector.hearing.note(node)
        self.state.processes = set(self.master.workers)

    def hear(self, node, kind, body):
        if kind == HEARTBEAT:
            self.beats.setdefault(node, []).append(self.world.now - body["at"])
            self.environment.events.heartbeat_sent.fire(client_id=node, timestamp=0)
        else:
            self.master.listeners[kind](SimpleNamespace(node_id=node, data=body))

    def collected(self, number=0):
        """Seconds from the end of editing until the master waits no more, and what it has then."""
        end = self.state.end if number == 0 else Collection(number)
        if number:
            self.state.checkpoint = end
        end.began = end.last_piece = self.world.now
        end.quiet = {node for node, worker in self.master.workers.items() if isinstance(worker, Teller)}
        if not number:
            self.master.send_message(messages.RUN_ENDS, self.state.how_it_ends())
        self.collector.collect(self.state, end, 30.0)
        return self.world.now - end.began, end


@pytest.fixture
def play(monkeypatch):
    def played(speeds, payload=b"", **rooms):
        return Played(monkeypatch, speeds, payload, **rooms)

    return played


def test_evidence_that_takes_longer_than_a_verdict_usually_may_delays_it_and_is_not_lost(play, caplog):
    whole = room_of(1350)
    there = play([SLOW], rooms=[[whole]])
    seconds, end = there.collected()
    needed = len(payload_of(1350)) * 8 / SLOW
    assert needed > END_BUDGET_S - AFTER_EVIDENCE_S
    assert needed < seconds < 1.15 * needed
    assert not end.lost
    assert [answer["documents"] for answer in end.answers.values()] == [[whole]]
    assert there.master.workers["worker 0"].copies == 0
    assert max(there.beats["worker 0"]) < 3.0, "a heartbeat waits behind one message at most"
    assert there.state.end_budget_s - seconds >= AFTER_EVIDENCE_S, "the rest of the end has as much time as ever"
    assert there.master.budgets[-1] == there.state.end_budget_s + SILENT_SERVER_S, "workers stay as long"
    assert caplog.text.count("still coming over a slow line") == 1
    assert "worker 0" in caplog.text


def test_contents_that_are_asked_for_afterwards_delay_the_verdict_likewise(play):
    foreign = tuple(ForeignUpdate(1.5, update) for update in contents(1350))
    room = RoomEvidence("a.ipynb", "notebook", True, foreign=foreign)
    there = play([SLOW], rooms=[[room]])
    seconds, end = there.collected()
    assert seconds > END_BUDGET_S - AFTER_EVIDENCE_S
    assert not end.lost
    assert [answer["documents"] for answer in end.answers.values()] == [[room]]
    assert max(there.beats["worker 0"]) < 3.0


def test_a_slow_line_costs_nobody_the_contents_that_are_asked_for_when_the_end_was_put_off(play):
    """What travels with digests is asked for when all have told, and so after a slow worker's own edits."""
    rooms = [
        [replace(room_of(edits), foreign=(ForeignUpdate(1.5, f"only {worker} saw it".encode()),))]
        for worker, edits in enumerate((1350, 10))
    ]
    there = play([SLOW, 20e6], rooms=rooms)
    _, end = there.collected()
    assert len(there.master.budgets) > 1, "the end was put off"
    assert not end.lost
    assert {node: answer["documents"] for node, answer in end.answers.items()} == {
        "worker 0": rooms[0],
        "worker 1": rooms[1],
    }


def test_what_still_comes_is_waited_for_up_to_a_limit(play):
    there = play([SLOW], b"x" * 60_000_000)
    seconds, end = there.collected()
    limit = END_BUDGET_S - AFTER_EVIDENCE_S + LATE_EVIDENCE_S
    assert limit - 1 <= seconds <= limit + 1
    assert end.lost == {"worker 0"}
    assert there.state.end_budget_s == END_BUDGET_S + LATE_EVIDENCE_S


@pytest.mark.parametrize("later", [50.0, 100.0])
def test_a_worker_that_goes_while_its_evidence_is_coming_is_lost_as_soon_as_ever(play, later):
    there = play([SLOW], b"x" * 60_000_000)
    there.world.at(there.world.now + later, lambda: there.master.workers["worker 0"].break_for(10_000))
    seconds, end = there.collected()
    assert end.lost == {"worker 0"}
    assert later < seconds < later + WORKER_ANSWER_DEADLINE_S + 3


def test_a_worker_that_comes_back_as_the_run_ends_is_not_lost_before_it_can_be_heard(play):
    there = play([20e6], payload_of(10))
    there.collector.hearing._heard["worker 0"] -= 2 * WORKER_ANSWER_DEADLINE_S
    there.master.workers["worker 0"].break_for(1.5)
    _, end = there.collected()
    assert not end.lost
    assert end.answers.keys() == {"worker 0"}


def test_who_tells_nothing_at_all_puts_no_end_off(play):
    there = play([SLOW], b"x")
    there.master.workers["worker 0"].begin = lambda _number: None
    seconds, end = there.collected()
    assert end.lost == {"worker 0"}
    assert seconds < END_BUDGET_S - AFTER_EVIDENCE_S
    assert there.state.end_budget_s == END_BUDGET_S
    assert there.master.budgets == [END_BUDGET_S + SILENT_SERVER_S]


def test_at_a_checkpoint_nobody_is_kept_from_editing_for_longer(play):
    there = play([SLOW], b"x" * 60_000_000)
    seconds, collection = there.collected(number=1)
    assert seconds <= END_BUDGET_S - AFTER_EVIDENCE_S + 1
    assert collection.lost == {"worker 0"}
    assert there.state.end_budget_s == END_BUDGET_S
    assert not there.master.budgets


def test_of_64_workers_a_slow_one_holds_no_other_up_and_nothing_is_sent_twice(play):
    payload = payload_of(120)
    there = play([SLOW, *[20e6] * 63], payload)
    came = {}
    there.collector._take_statistics = lambda node, _answer: came.setdefault(node, there.world.now)
    began = there.world.now
    seconds, end = there.collected()
    slow, *others = there.master.workers.values()
    assert end.answers.keys() == there.state.processes
    assert not end.lost
    assert all(worker.copies == 0 for worker in there.master.workers.values())
    assert all(worker.most_on_its_way == 1 for worker in there.master.workers.values()), "a message of each at most"
    # As many messages as bytes need, and a few more while a line is tried out.
    assert all(len(worker.sent) <= len(payload) / (MOST_AT_ONCE * PIECE_BYTES) + 5 for worker in others)
    alone = len(payload) * 8 / 20e6
    assert max(came[worker.node] for worker in others) - began < 5 * alone + 1
    assert seconds < 1.2 * len(payload) * 8 / SLOW
    assert came[slow.node] - began > 4.0


@pytest.fixture
def many_edits(play):
    """So many that the judge takes longer than what else comes after the evidence."""

    def played(payload):
        there = play([SLOW], payload)
        there.state.end_budget_s, there.state.judge_s = end_budget(200_000), time_to_judge(200_000)
        return there

    return played


def left_to_look(there, seconds):
    return divided(there.state.end_budget_s, there.state.judge_s).until_looks_end - seconds


def test_after_the_evidence_of_many_edits_that_came_late_there_is_time_to_look(many_edits):
    there = many_edits(payload_of(3000))
    seconds, end = there.collected()
    assert not end.lost
    assert seconds > evidence_awaited(end_budget(200_000), there.state.judge_s), "the end was put off"
    assert left_to_look(there, seconds) >= LEAST_LOOKS_S


def test_so_there_is_after_waiting_for_who_tells_nothing_of_many_edits(many_edits):
    there = many_edits(b"x")
    there.master.workers["worker 0"].begin = lambda _number: None
    seconds, end = there.collected()
    assert end.lost == {"worker 0"}
    assert left_to_look(there, seconds) >= LEAST_LOOKS_S - 1
