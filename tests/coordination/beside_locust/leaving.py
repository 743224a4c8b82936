"""A worker that leaves before the others tells what its users wrote, and closes their documents."""

import time
from types import SimpleNamespace

import gevent
import pytest
from gevent.event import Event
from locust.event import Events

from jupyter_rtc_locust.coordination import leaving
from jupyter_rtc_locust.coordination.coordinator import Coordinator
from jupyter_rtc_locust.coordination.ending import Ending
from jupyter_rtc_locust.coordination.gathering import stop_editing
from jupyter_rtc_locust.coordination.leaving import Leaving
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.seats import Seats
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.settings import Settings
from users.conftest import type_letters
from users.fake_room import wait_until


class Agent:
    end_budget_s = 9.0

    def __init__(self, swarm):
        self.swarm = swarm
        self.live = None
        self.ends, self.over = Event(), Event()
        self.sent = []
        self.inheritance = {}
        self.bodies = []
        self.told = []
        self.seats = []

    def send(self, kind, body):
        self.sent.append(kind)
        self.bodies.append(body)

    def tell(self, _run_id, documents):
        stop_editing(self.swarm)
        self.told += documents(self.swarm)

    def give_seat_back(self, one):
        self.seats.append(one.seat.user)

    def leave_server_to_others(self):
        self.sent.append("(to the server)")
        return self.inheritance

    def begin_history(self, _history):
        pass

    def hidden(self, text):
        return text


@pytest.fixture
def environment():
    runner = SimpleNamespace(last_heartbeat_timestamp=time.time())
    return SimpleNamespace(events=Events(), runner=runner, process_exit_code=None)


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(leaving, "TOGETHER_S", 0.1)


def quit(environment):
    """A signal makes Locust fire this, in a greenlet of its own."""
    return gevent.spawn(environment.events.quitting.fire, environment=environment, reverse=True)


def test_a_worker_that_leaves_alone_tells_what_was_written_and_closes_its_documents(room, swarm, person, environment):
    one = person()
    one.open()
    one.make_edit(type_letters(0), 0, time.monotonic())
    agent = Agent(swarm)
    Leaving(environment, agent)
    quit(environment).get(timeout=5)
    (evidence,) = agent.told
    assert [edit.acknowledged is not None for edit in evidence.authored] == [True]
    assert [user.stage for user in evidence.users] == ["left"]
    assert agent.seats == [one.seat.user]
    assert agent.sent == ["rtc-leaving", "(to the server)", "rtc-all-left"]
    assert swarm.ended


def test_a_worker_that_leaves_alone_leaves_to_the_last_what_others_may_use(room, swarm, environment, caplog):
    agent = Agent(swarm)
    agent.inheritance = {"shares": [("ada", "ben")], "accounts": []}
    Leaving(environment, agent)
    quit(environment).get(timeout=5)
    assert agent.bodies[-1] == {"run": swarm.run_id, "server": agent.inheritance}
    inherited = []
    server = SimpleNamespace(inherit=lambda left: inherited.append(left) or ["the account\x1b of token stays"])
    state = SimpleNamespace(run_id=swarm.run_id, prepared=SimpleNamespace(server=server), left=set(), changed=Event())
    for body in agent.bodies[-1], {"run": swarm.run_id}, agent.bodies[-1] | {"run": "another"}:
        ending = SimpleNamespace(_collector=SimpleNamespace(state=state), _secrets=["token"])
        Ending._on_all_left(ending, SimpleNamespace(data=body, node_id="w1"))
    assert inherited == [agent.inheritance] and state.left == {"w1"}
    assert "the account" in caplog.text and "token" not in caplog.text and "\x1b" not in caplog.text


def test_a_worker_that_hears_that_all_end_stays_until_all_is_over(room, swarm, person, environment):
    one = person()
    one.open()
    agent = Agent(swarm)
    Leaving(environment, agent)
    agent.ends.set()
    quitting = quit(environment)
    gevent.sleep(0.2)  # twice as long as it would wait alone
    assert not quitting.ready()
    assert one.stage.value == "connected"
    agent.over.set()
    quitting.get(timeout=5)
    assert agent.told == agent.sent == []


@pytest.mark.parametrize(("longer", "stays"), [(0.0, False), (60.0, True)])
def test_a_worker_stays_longer_where_the_end_was_put_off_meanwhile(swarm, environment, longer, stays):
    agent = Agent(swarm)
    agent.end_budget_s = 0.1
    Leaving(environment, agent)
    agent.ends.set()
    quitting = quit(environment)
    gevent.sleep(0)
    agent.end_budget_s += longer
    quitting.join(timeout=1)
    assert quitting.ready() is not stays
    agent.over.set()
    quitting.get(timeout=5)


def test_a_second_signal_waits_for_the_first_and_a_second_ctrl_c_ends_the_wait(room, swarm, environment):
    agent = Agent(swarm)
    here = Leaving(environment, agent)
    agent.ends.set()
    both = [quit(environment), quit(environment)]
    gevent.sleep(0.05)
    assert not any(one.ready() for one in both)
    here.give_up()
    gevent.joinall(both, timeout=5, raise_error=True)
    wait_until(lambda: all(one.ready() for one in both))
    quit(environment).get(timeout=5)  # Locust stops its users next, and so asks again
    assert agent.told == []


def test_a_worker_without_a_master_has_no_verdict(room, swarm, environment, caplog):
    agent = Agent(swarm)
    Leaving(environment, agent)
    environment.runner.last_heartbeat_timestamp = time.time() - 60
    quit(environment).get(timeout=5)
    assert environment.process_exit_code == 4
    assert "told to nobody" in caplog.text and "no verdict" in caplog.text and "an inconclusive one" in caplog.text
    assert agent.told == []


def test_a_worker_whose_run_is_over_has_nothing_to_tell(room, swarm, environment):
    agent = Agent(swarm)
    Leaving(environment, agent)
    agent.over.set()
    quit(environment).get(timeout=5)
    assert agent.sent == []


@pytest.mark.parametrize(("concluding", "given"), [(False, True), (True, False)])
def test_a_document_that_is_there_when_the_run_has_begun_to_end_is_given_to_nobody(concluding, given):
    seats = Seats("run", 1, [Document("d", "notebook")], 2)
    seat = seats.take("one", "notebook")
    state = RunState("run", 1, Settings(), "", None)
    state.concluding, state.prepared = concluding, SimpleNamespace(seats=seats)
    state.seats_on_the_way.add(seat.user)
    sent = []
    coordinator = SimpleNamespace(_given=lambda *_: {"seat": "a seat"}, _send=lambda *told: sent.append(told))
    Coordinator._give_when_up(coordinator, state, seat, {"request": 7}, "one", "")
    ((_, body, node),) = sent
    assert body == {"request": 7, **({"seat": "a seat"} if given else {"refused": "the run is ending"})}
    assert node == "one"
    assert seats.held() == ({seat.user: "one"} if given else {})


def test_a_worker_that_speaks_late_of_a_seat_which_another_has_takes_it_from_nobody():
    seats = Seats("run", 1, [Document("d", "notebook")], 2)
    coordinator = SimpleNamespace(state=SimpleNamespace(run_id="run", prepared=SimpleNamespace(seats=seats)))

    def left(incarnation):
        told = {"run": "run", "user": 0, "incarnation": incarnation}
        Coordinator._on_seat_left(coordinator, SimpleNamespace(data=told))

    seats.take("one", "notebook")
    left(0)
    seats.take("two", "notebook")
    left(0)
    assert seats.held() == {0: "two"}
    left(1)
    assert seats.held() == {}
