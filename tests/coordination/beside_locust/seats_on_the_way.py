"""Whoever is stopped before the document is open gives the seat back, and is missed by nobody at the end."""

from argparse import Namespace
from types import SimpleNamespace

import gevent
import msgpack
import pytest
from gevent.event import Event
from locust.env import Environment

from jupyter_rtc_locust import NotebookUser
from jupyter_rtc_locust.coordination import evidence_of_run, messages
from jupyter_rtc_locust.coordination import process_agent as module
from jupyter_rtc_locust.coordination.checkpoints import evidence_at_checkpoint
from jupyter_rtc_locust.coordination.coordinator import Coordinator
from jupyter_rtc_locust.coordination.preparation import Prepared
from jupyter_rtc_locust.coordination.process_agent import ProcessAgent
from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.seats import Seats
from jupyter_rtc_locust.errors import HubRefused, RtcLocustError, SeatRefused, ServerUnusable
from jupyter_rtc_locust.options import OPTIONS
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.timing.generator_health import GeneratorHealth
from users.fake_room import wait_until

RUN = {"run_id": "run", "seed": 7, "host": "http://127.0.0.1:1", "server": "y-websocket", "users": 2, "elapsed": 1.0}


class Tab:
    """Opens at once."""

    def __init__(self, seat, _swarm, _choose, *, owner):
        self.seat = seat
        owner.opened = seat

    def open(self):
        pass


class Stage:
    """An agent, whose server lets people in when `open_door` is set; and a coordinator that gives what is asked for."""

    def __init__(self, monkeypatch):
        options = {option.name.removeprefix("--").replace("-", "_"): option.default for option in OPTIONS}
        self.environment = Environment(parsed_options=Namespace(**options, num_users=2, host=RUN["host"]))
        self.runner = self.environment.create_local_runner()
        self.agent = ProcessAgent(self.environment, [])
        self.seats = Seats("run", 7, [Document("room", "notebook")], 2)
        self.state = RunState("run", 7, Settings(users=2), RUN["host"], None)
        self.state.prepared = Prepared(SimpleNamespace(owners=list), "folder", [], self.seats)
        self.asked, self.open_door, self.at_the_door, self.trouble = [], Event(), Event(), None
        self.coordinator = SimpleNamespace(state=self.state)
        self.runner.register_message(messages.SEAT_WANTED, lambda msg, **_: self.asked.append(msg.data["request"]))
        self.runner.register_message(
            messages.SEAT_LEFT, lambda msg, **_: Coordinator._on_seat_left(self.coordinator, msg)
        )
        self.told = []
        monkeypatch.setattr(
            self.agent.telling, "send_in_pieces", lambda *told: self.told.append(msgpack.unpackb(told[2]))
        )
        monkeypatch.setattr(self.agent, "_server_of", lambda *_: SimpleNamespace(arrive=self.arrive, leave=list))
        monkeypatch.setattr(module, "Collaborator", Tab)

    def arrive(self, *_):
        self.at_the_door.set()
        self.open_door.wait(5)
        if self.trouble is not None:
            raise self.trouble

    def comes(self):
        """A user asks for a seat."""
        user = SimpleNamespace(opens=NotebookUser.opens, opened=None)

        def sit():
            try:
                self.agent.seat_user(lambda _: None, owner=user)
            except RtcLocustError as error:
                return error
            return None

        user.greenlet = gevent.spawn(sit)
        wait_until(lambda: self.asked)
        return user

    def give(self, **run):
        """The seat that was asked for; `run` is told with it."""
        self.state.users_seated += 1
        self.state.most_users = max(self.state.most_users, 1)
        seat = self.seats.take("here", "notebook").as_message()
        body = {"request": self.asked.pop(), "seat": seat, "run": RUN | run}
        self.runner.send_message(messages.SEAT_GIVEN, body)

    def checkpoint(self, kind, number, **more):
        """The coordinator says this of a checkpoint."""
        self.runner.send_message(kind, {"run": "run", "round": number, **more})

    def ends(self):
        """Everybody tells; what the run cannot be judged for, and how many took part."""
        self.agent.tell("run", lambda _: iter(()))
        self.state.end.answers = {"here": {"documents": (), "counts": {}}}
        evidence = evidence_of_run.run_evidence(self.state, self.state.end, {"sound": True, "reasons": []}, [])
        return evidence.problems, evidence.users_at_once


def measured():
    """The health of a process whose loop is never late."""
    health = GeneratorHealth("there")
    health.loop_lag(1.0)
    health.schedule_lag(1.0)
    health.cpu(10.0)
    return health.as_evidence()


@pytest.fixture
def stage(monkeypatch):
    made = Stage(monkeypatch)
    yield made
    made.agent._stop_greenlets()
    if made.agent.live is not None:
        made.agent.live.end()


def test_who_is_stopped_while_a_server_starts_opens_nothing(stage):
    user = stage.comes()
    user.greenlet.kill()
    stage.give()
    assert stage.seats.held() == {}
    assert stage.ends() == ((), 0)


def test_who_is_stopped_as_the_seat_comes_opens_nothing(stage):
    user = stage.comes()
    stage.give()
    user.greenlet.kill()
    assert stage.seats.held() == {}
    assert stage.ends() == ((), 0)


def test_who_is_stopped_at_the_door_opens_nothing(stage):
    user = stage.comes()
    stage.give()
    assert stage.at_the_door.wait(5)
    user.greenlet.kill()
    assert stage.seats.held() == {}
    assert stage.ends() == ((), 0)


def test_who_is_at_the_door_when_all_is_told_opens_nothing_later(stage):
    user = stage.comes()
    stage.give()
    assert stage.at_the_door.wait(5)
    assert stage.ends() == ((), 0)
    stage.open_door.set()
    assert isinstance(user.greenlet.get(timeout=5), SeatRefused)
    assert user.opened is None and stage.seats.held() == {}


def test_who_is_given_a_seat_when_all_is_told_opens_nothing(stage):
    user = stage.comes()
    stage.agent.tell("run", lambda _: iter(()))
    stage.open_door.set()
    stage.give()
    assert isinstance(user.greenlet.get(timeout=5), SeatRefused)
    assert user.opened is None and stage.seats.held() == {}
    assert stage.ends() == ((), 0)


def test_who_gave_up_waiting_for_a_seat_that_comes_later_failed_and_is_missed(stage, monkeypatch):
    monkeypatch.setattr(module, "SEAT_DEADLINE_S", 0.01)
    user = stage.comes()
    assert isinstance(user.greenlet.get(timeout=5), ServerUnusable)
    stage.give()
    assert stage.seats.held() == {}
    (sentence,), took_part = stage.ends()
    assert sentence.startswith("Users 0 were given a seat, but no process tells") and took_part == 1


@pytest.mark.parametrize("problem", ["no room", ""])
def test_who_comes_after_a_document_could_not_be_brought_up_is_missed_and_who_came_before_is_not(stage, problem):
    refused = stage.seats.take("here", "notebook")
    stage.state.seats_on_the_way.add(refused.user)
    sends = SimpleNamespace(_send=lambda *_: None, _given=lambda *_: {})
    Coordinator._give_when_up(sends, stage.state, refused, {}, "here", problem)
    assert stage.state.seats_on_the_way == set()
    assert stage.seats.held() == ({} if problem else {0: "here"})
    stage.state.users_seated = stage.state.most_users = 1
    if problem:
        assert stage.ends() == ((), 0)
    comes_later = stage.seats.take("here", "notebook")
    assert (comes_later.user == refused.user) is bool(problem)
    stage.state.users_seated = stage.state.most_users = 2
    told = "Users 0 were" if problem else "Users 0, 1 were"
    (sentence,), took_part = stage.ends()
    assert sentence.startswith(told) and took_part == (1 if problem else 2)


def test_where_nobody_plays_yet_a_checkpoint_is_answered_at_once_and_who_comes_during_it_pauses(stage):
    user = stage.comes()
    stage.checkpoint(messages.CHECKPOINT, 1, drain_timeout=5.0)
    wait_until(lambda: stage.told)
    (answer,) = stage.told
    assert answer["documents"] == []
    plays = {"documents": (), "health": measured()}
    collection = Collection(1, answers={"here": answer, "there": plays})
    assert evidence_at_checkpoint(stage.state, collection, []).sound
    stage.open_door.set()
    stage.give()
    assert user.greenlet.get(timeout=5) is None
    assert stage.agent.swarm.paused
    stage.checkpoint(messages.RESUME, 1)
    wait_until(lambda: not stage.agent.swarm.paused)
    assert len(stage.told) == 1


def test_who_comes_when_the_checkpoint_is_over_pauses_for_that_which_began_since(stage):
    stage.open_door.set()
    user = stage.comes()
    stage.checkpoint(messages.CHECKPOINT, 1, drain_timeout=5.0)
    stage.checkpoint(messages.RESUME, 1)
    stage.checkpoint(messages.CHECKPOINT, 2, drain_timeout=5.0)
    stage.give(checkpoint=1)
    assert user.greenlet.get(timeout=5) is None
    assert stage.agent.swarm.paused
    stage.checkpoint(messages.RESUME, 2)
    wait_until(lambda: not stage.agent.swarm.paused)


def test_who_comes_when_the_checkpoint_is_over_edits(stage):
    stage.open_door.set()
    user = stage.comes()
    stage.checkpoint(messages.CHECKPOINT, 1, drain_timeout=5.0)
    stage.checkpoint(messages.RESUME, 1)
    stage.give()
    assert user.greenlet.get(timeout=5) is None
    assert not stage.agent.swarm.paused


def test_who_was_let_in_is_missed_where_nobody_tells_of_it(stage):
    stage.open_door.set()
    user = stage.comes()
    stage.give()
    assert user.greenlet.get(timeout=5) is None
    assert user.opened.user == 0
    (problem,), took_part = stage.ends()
    assert problem.startswith("Users 0 were given a seat, but no process tells") and took_part == 1


def test_who_was_not_let_in_is_missed_and_told(stage):
    stage.trouble = HubRefused("no")
    stage.open_door.set()
    user = stage.comes()
    stage.give()
    assert user.greenlet.get(timeout=5) is stage.trouble
    assert stage.seats.held() == {}
    (problem,), _ = stage.ends()
    assert problem.startswith("Users 0 were given a seat")
    assert stage.told[0]["problem"].endswith("user 0 was not let in: no")
