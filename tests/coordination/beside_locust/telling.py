"""An agent that told its evidence with digests gives what stands behind them, whatever it is told meanwhile."""

import time

import gevent
import msgpack
import pytest
from gevent.event import Event

from coordination.agents import make_agent
from jupyter_rtc_locust.coordination import gathering, messages
from jupyter_rtc_locust.coordination.answers import ONCE, read_answer
from jupyter_rtc_locust.coordination.clock_asking import ClockAsking
from jupyter_rtc_locust.coordination.pieces import Assembly
from jupyter_rtc_locust.verdict.evidence import ForeignUpdate, RoomEvidence
from users.fake_room import wait_until

SERVERS = b"what the server wrote"
ROOM = RoomEvidence("a.ipynb", "notebook", True, foreign=(ForeignUpdate(1.5, SERVERS),))


class Coordinator:
    """Takes what the agent tells, and asks for contents."""

    def __init__(self, monkeypatch):
        self.came = {}
        """(round, part) -> what came as that, put together."""
        self.kinds = []
        self.stumbled = []
        """The runs of which users stumbled."""
        self.takes = True
        self.agent, self.channel = make_agent(monkeypatch, "one", [ROOM], self.hear)

    def hear(self, kind, body):
        self.kinds.append((kind, body.get("round")))
        if kind == messages.STUMBLED:
            self.stumbled.append(body["run"])
        if kind == messages.EVIDENCE and self.takes:
            assembly = self.came.setdefault((body["round"], body["part"]), Assembly(body["count"]))
            assembly.add(body["index"], body["piece"])
            self.say(messages.EVIDENCE_TAKEN, **{name: body[name] for name in ("round", "part", "index")})

    def say(self, kind, **body):
        self.channel.deliver(kind, {"run": "run", **body})

    def ends(self):
        self.say(messages.RUN_ENDS, drain_timeout=5.0, budget=120.0)

    def told(self, number):
        self.say(messages.GATHER, round=number)
        wait_until(lambda: (number, 0) in self.came)
        return read_answer(self.came[number, 0].take())

    def given(self, number, part, answer):
        """What the agent gives of what it told with digests; a question that is not answered lets the test fail."""
        (room,) = answer[ONCE]
        self.say(messages.CONTENTS_WANTED, round=number, part=part, digests=room.digests)
        wait_until(lambda: (number, part) in self.came)
        return msgpack.unpackb(self.came[number, part].take())


@pytest.fixture
def coordinator(monkeypatch):
    made = Coordinator(monkeypatch)
    yield made
    made.say(messages.RUN_OVER)
    wait_until(lambda: (messages.ALL_LEFT, None) in made.kinds)


def test_who_is_told_once_more_that_the_run_ends_goes_on_giving(coordinator):
    coordinator.ends()
    answer = coordinator.told(0)
    coordinator.ends()
    gevent.sleep(0.01)
    assert coordinator.given(0, 1, answer) == [SERVERS]


def test_an_error_after_all_was_told_may_be_one_of_the_next_run(coordinator):
    def stumbles():
        coordinator.agent.environment.events.user_error.fire(user_instance=None, exception=LookupError("x"), tb=None)

    stumbles()
    coordinator.agent.stumbles.tell()
    stumbles()
    coordinator.ends()
    coordinator.told(0)
    stumbles()
    coordinator.agent.stumbles.tell()
    assert coordinator.stumbled == ["run", "run", ""]


@pytest.mark.parametrize("where", ["getting quiet", "waiting for everybody", "asking the server", "sending", "waiting"])
def test_a_checkpoint_that_is_under_way_when_the_run_ends_takes_no_contents_along(coordinator, monkeypatch, where):
    reached, never = Event(), Event()

    def stays(*_):
        reached.set()
        never.wait()

    with monkeypatch.context() as patched:
        if where in ("getting quiet", "asking the server"):
            name = {"getting quiet": "wait_until_quiet", "asking the server": "probe_all"}[where]
            patched.setattr(gathering, name, stays)
        coordinator.takes = where == "waiting"
        coordinator.say(messages.CHECKPOINT, round=1, drain_timeout=5.0)
        if where in ("asking the server", "sending", "waiting"):
            coordinator.say(messages.GATHER, round=1)
        last = {"waiting for everybody": messages.QUIET, "sending": messages.EVIDENCE, "waiting": messages.EVIDENCE}
        wait_until(lambda: reached.is_set() or (last.get(where), 1) in coordinator.kinds)
    # A coordinator whose run ends in the middle of it tells everybody to go on, and right after that to stop.
    coordinator.takes = True
    coordinator.say(messages.RESUME, round=1)
    coordinator.ends()
    answer = coordinator.told(0)
    assert coordinator.given(0, 1, answer) == [SERVERS]


@pytest.mark.parametrize("number", [0, 1])
def test_evidence_counts_from_when_the_run_began_at_the_master_however_late_the_seat_came(coordinator, number):
    agent = coordinator.agent
    late = agent.swarm.run_started
    agent._clock = ClockAsking("run", lambda *_: None)
    now = time.monotonic()
    coordinator.say(messages.CLOCK_TOLD, asked=now, told=now - late + 5.0)
    if number:
        coordinator.say(messages.CHECKPOINT, round=number, drain_timeout=5.0)
    else:
        coordinator.ends()
    answer = coordinator.told(number)
    assert agent.swarm.run_started < late - 4.0
    for asked, told, heard in answer.get("clock", ()):
        assert asked <= told <= heard


@pytest.mark.parametrize("plays", [True, False])
def test_who_played_nobody_says_nothing_of_its_own_health(coordinator, plays):
    swarm, coordinator.agent.swarm = coordinator.agent.swarm, coordinator.agent.swarm if plays else None
    coordinator.ends()
    coordinator.say(messages.GATHER, round=0)
    wait_until(lambda: (0, 0) in coordinator.came)
    assert ("health" in msgpack.unpackb(coordinator.came[0, 0].take())) is plays
    coordinator.agent.swarm = swarm


def test_when_the_run_is_over_contents_are_forgotten(coordinator):
    coordinator.ends()
    answer = coordinator.told(0)
    coordinator.say(messages.RUN_OVER)
    coordinator.say(messages.CONTENTS_WANTED, round=0, part=1, digests=answer[ONCE][0].digests)
    gevent.sleep(0.01)
    assert (0, 1) not in coordinator.came


def test_what_was_edited_since_the_last_look_is_put_before_the_end_of_editing(coordinator):
    swarm = coordinator.agent.swarm
    swarm.counts["edits"] = 7
    coordinator.ends()
    wait_until(lambda: (messages.QUIET, 0) in coordinator.kinds)
    swarm.run_started -= 30.0  # as if it had taken so long to get quiet
    slots = coordinator.told(0)["course"]["slots"]
    assert {int(number): slot["counts"].get("edits", 0) for number, slot in slots.items()} == {0: 7, 30: 0}
