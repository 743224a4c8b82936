"""Who is wanted and not there is looked for while people are at work; who ended by plan is missed by nobody."""

from types import SimpleNamespace

import gevent
import pytest
from gevent import GreenletExit
from locust.env import Environment
from locust.exception import StopUser
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING

from coordination.agents import Channel
from jupyter_rtc_locust import NotebookUser
from jupyter_rtc_locust.coordination import messages, people_watch
from jupyter_rtc_locust.coordination.people_watch import PeopleWatch
from jupyter_rtc_locust.coordination.process_agent import ProcessAgent
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.settings import Settings
from users.conftest import make_swarm
from users.fake_room import wait_until


class Looks:
    """What was looked at: how many were wanted, and how many there."""

    def __init__(self):
        self.seen = []

    def look(self, _moment, wanted, there):
        self.seen.append((wanted, there))


class Run:
    def __init__(self, capacity=None):
        self.runner = SimpleNamespace(target_user_count=8, user_count=8)
        self.channel = Channel(lambda *_: None)
        self.watch = PeopleWatch(SimpleNamespace(runner=self.runner, rtc_channel=self.channel))
        self.state = RunState("run", 7, Settings(users=8), "http://127.0.0.1:1", None)
        self.state.capacity = capacity
        self.state.shortfall = self.looks = Looks()
        self.watch.begin(self.state)

    def sees(self, *look):
        wait_until(lambda: self.looks.seen[-1:] == [look])


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(people_watch, "LOOK_EVERY_S", 0.001)


def test_people_are_looked_at_until_the_run_ends():
    run = Run()
    run.sees(8, 8)
    run.runner.user_count = 6
    run.sees(8, 6)
    run.state.concluding = True
    run.watch._looking.join(5)
    assert run.watch._looking.ready()


def test_who_ended_by_itself_in_this_run_is_not_missed():
    run = Run()
    run.runner.user_count = 6
    run.channel.deliver(messages.USER_ENDED, {"run": "run"})
    run.channel.deliver(messages.USER_ENDED, {"run": "an earlier one"})
    run.sees(8, 7)
    run.watch.stop()


def test_a_search_for_a_capacity_counts_its_people_itself():
    run = Run(capacity=SimpleNamespace())
    gevent.sleep(0.01)
    assert run.looks.seen == []


@pytest.mark.parametrize(("stopped_by", "told"), [(StopUser, [messages.USER_ENDED]), (GreenletExit, [])])
def test_a_user_that_ends_by_itself_says_so_and_one_that_locust_stops_does_not(stopped_by, told):
    class Person(NotebookUser):
        def on_start(self):
            raise stopped_by

    environment, said = Environment(user_classes=[Person]), []
    environment.rtc_channel = Channel(lambda kind, _body: said.append(kind))
    environment.rtc_agent = agent = ProcessAgent(environment, [])
    agent.swarm = make_swarm(lambda *_: None)
    environment.runner = SimpleNamespace()
    Person(environment).run()
    assert said == told


def test_whom_locust_stops_and_gives_time_for_its_task_has_not_ended_by_itself(monkeypatch):
    told = []
    user = SimpleNamespace(_agent=lambda: SimpleNamespace(user_ended=lambda: told.append(1)), _close=lambda: None)
    for state in (LOCUST_STATE_STOPPING, LOCUST_STATE_RUNNING):
        user._state = state
        try:
            raise StopUser
        except StopUser:
            NotebookUser.on_stop(user)
    assert len(told) == 1


def test_who_is_stopped_when_the_run_is_judged_says_nothing():
    said = []
    environment = SimpleNamespace(runner=SimpleNamespace(), rtc_channel=Channel(lambda kind, _body: said.append(kind)))
    agent = SimpleNamespace(swarm=make_swarm(lambda *_: None), send=environment.rtc_channel.send_message)
    agent.swarm.editing = False
    ProcessAgent.user_ended(agent)
    assert said == []
