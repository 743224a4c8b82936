"""Locust's own master gives users to workers that were let in, and to nobody else; whoever comes and goes meanwhile."""

from types import SimpleNamespace

import gevent
import pytest
from gevent.queue import Queue
from hypothesis import given, settings
from hypothesis import strategies as st
from locust import User
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_MISSING, STATE_RUNNING

from jupyter_rtc_locust.coordination.dispatching import Dispatching
from users.fake_room import wait_until

TARGET = 8


class Person(User):
    pass


class Wire:
    """In the place of Locust's socket: workers that play at once whom they are told to play."""

    def __init__(self):
        self.inbox = Queue()
        self.playing = {}
        self.told = []
        """To whom users were given, in that order."""

    def recv_from_client(self):
        return self.inbox.get()

    def send_to_client(self, msg):
        if msg.type == "spawn":
            self.told.append(msg.node_id)
            counts = self.playing[msg.node_id] = msg.data["user_classes_count"]
            self.say(msg.node_id, "spawning_complete", {"user_classes_count": counts, "user_count": 0})

    def say(self, node, kind, data=None):
        self.inbox.put((node, Message(kind, data, node)))


class Master:
    def __init__(self):
        options = SimpleNamespace(enable_rebalancing=False, headless=False)
        self.environment = Environment(user_classes=[Person], parsed_options=options)
        self.allowed, self.over = set(), False
        self.runner = self.environment.create_master_runner("127.0.0.1", 0)
        # A second, where the greenlet that hears the workers deals out, and so hears nothing.
        self.runner._wait_for_workers_report_after_ramp_up = lambda: 0.1
        # Nobody has listened to it yet.
        self.runner.server.socket.context.destroy(0)
        self.wire = self.runner.server = Wire()
        self.dispatching = Dispatching(self.environment, self.allowed.__contains__)
        self.dispatching.ended = lambda: self.over

    def comes(self, *names):
        for name in names:
            self.wire.say(name, "client_ready", -1)
        wait_until(lambda: set(names) <= set(self.runner.clients))

    def let_in(self, *names):
        for name in names:
            self.allowed.add(name)
            self.dispatching.let_in(name)

    def leaves(self, name):
        self.wire.say(name, "quit")
        wait_until(lambda: name not in self.runner.clients)
        self.wire.playing.pop(name, None)

    def starts(self, people=TARGET):
        self.runner.start(people, 1000.0)
        self.settles()

    def settles(self):
        """Everything that is on its way arrives, and whoever is due is dealt out."""
        for _ in range(10):
            gevent.sleep(0)
        wait_until(lambda: self.runner.state == STATE_RUNNING and self.wire.inbox.empty())

    @property
    def played(self):
        """By worker that is here, how many users it plays."""
        counts = {name: sum(self.wire.playing.get(name, {}).values()) for name in self.runner.clients}
        return {name: count for name, count in counts.items() if count}


@pytest.fixture
def master():
    made = Master()
    yield made
    made.runner.greenlet.kill()


def running(master):
    """A run with two workers."""
    master.comes("one", "two")
    master.let_in("one", "two")
    master.starts()
    assert master.played == {"one": 4, "two": 4}
    master.wire.told.clear()
    return master


@pytest.mark.parametrize("names", [("stranger",), ("a stranger", "another", "a third")])
def test_workers_that_are_refused_in_mid_run_are_given_nobody_and_take_nobody_along(master, names):
    running(master).comes(*names)
    for name in names:
        master.leaves(name)
    master.settles()
    assert master.played == {"one": 4, "two": 4}
    assert master.wire.told == [], "whoever is there was left alone"


def test_a_worker_that_comes_in_mid_run_is_given_users_when_it_is_let_in(master):
    running(master).comes("three")
    master.settles()
    assert master.wire.told == []
    master.let_in("three")
    wait_until(lambda: master.played.get("three"))
    assert sum(master.played.values()) == TARGET


def test_users_of_a_worker_that_leaves_go_to_the_others_also_after_one_has_come(master):
    running(master).comes("three")
    master.let_in("three")
    wait_until(lambda: master.played.get("three"))
    master.leaves("one")
    wait_until(lambda: master.played == {"two": 4, "three": 4})


def test_a_refused_worker_that_is_there_from_the_beginning_is_given_nobody(master):
    master.comes("one", "stranger")
    master.let_in("one")
    master.starts()
    assert master.played == {"one": TARGET}
    master.leaves("stranger")
    master.settles()
    assert master.played == {"one": TARGET}


def test_where_nobody_was_let_in_yet_nobody_plays_until_somebody_is(master):
    master.comes("one", "stranger")
    master.starts()
    assert master.played == {}
    master.let_in("one")
    wait_until(lambda: master.played == {"one": TARGET})


def test_who_is_let_in_while_the_run_is_prepared_is_among_the_first(master):
    master.comes("one", "two")
    master.environment.events.test_start.add_listener(lambda **_: master.let_in("one", "two"))
    master.starts()
    assert master.played == {"one": 4, "two": 4}
    assert sorted(master.wire.told) == ["one", "two"], "each was told once"


def test_who_is_let_in_when_users_were_dealt_out_and_nobody_was_told_so_yet_is_given_users(master):
    """Locust itself forgets a worker that comes while it waits for the others' reports."""
    master.comes("one", "two")
    master.let_in("one")
    master.wire.say = lambda *_: None  # its report is on its way
    starting = gevent.spawn(master.runner.start, TARGET, 1000.0)
    wait_until(lambda: master.wire.told and not master.runner._users_dispatcher._under_way)
    del master.wire.say
    master.let_in("two")
    starting.join(5)
    wait_until(lambda: master.played == {"one": 4, "two": 4})


def test_when_the_run_ends_nobody_is_moved_any_more(master):
    running(master).comes("three")
    master.over = True
    master.let_in("three")
    master.settles()
    master.leaves("one")
    master.settles()
    assert master.wire.told == []


def test_more_and_fewer_people_than_before_are_dealt_out_to_those_who_are_in(master):
    running(master).comes("stranger")
    master.starts(12)
    assert master.played == {"one": 6, "two": 6}
    master.starts(2)
    assert sum(master.played.values()) == 2 and "stranger" not in master.played


def test_a_worker_that_says_twice_that_it_is_there_is_given_no_more_than_others(master):
    running(master).comes("one")
    master.starts(12)
    assert master.played == {"one": 6, "two": 6}


def test_when_the_last_who_was_in_leaves_users_wait_for_the_next(master):
    master.comes("one", "stranger")
    master.let_in("one")
    master.starts()
    master.leaves("one")
    master.comes("two")
    master.let_in("two")
    wait_until(lambda: master.played == {"two": TARGET})


def goes_missing(master, *names):
    """Not heard of for long enough, as Locust's own look at heartbeats finds."""
    for name in names:
        node = master.runner.clients[name]
        node.state, node.user_classes_count = STATE_MISSING, {}
        master.runner._users_dispatcher.remove_worker(node)
    master.settles()


def is_heard_of_again(master, *names):
    for name in names:
        master.wire.say(name, "heartbeat", {"state": STATE_RUNNING, "current_cpu_usage": 1})
    wait_until(lambda: all(master.runner.clients[name].state == STATE_RUNNING for name in names))
    master.settles()


def test_workers_that_were_not_heard_of_for_a_while_play_on_and_nobody_is_moved(master):
    running(master)
    goes_missing(master, "one", "two")
    is_heard_of_again(master, "one", "two")
    assert master.wire.told == []
    master.starts(12)
    assert master.played == {"one": 6, "two": 6}


def test_whoever_comes_while_another_is_not_heard_of_costs_nobody_and_both_are_given_users_in_the_end(master):
    running(master)
    goes_missing(master, "two")
    master.comes("stranger")
    master.settles()
    assert master.wire.told == []
    master.comes("three")
    master.let_in("three")
    wait_until(lambda: master.played.get("three"))
    is_heard_of_again(master, "two")
    wait_until(lambda: sum(master.played.values()) == TARGET and len(master.played) == 3)


def test_users_of_a_worker_that_is_not_heard_of_and_then_quits_go_to_the_others(master):
    running(master)
    goes_missing(master, "two")
    master.leaves("two")
    wait_until(lambda: master.played == {"one": TARGET})


def test_the_greenlet_that_hears_the_workers_never_deals_out(master):
    """It would hear nothing for a second each time, and others would be taken for missing meanwhile."""
    running(master).comes("three")
    dealt_out_in, start = [], master.runner.start
    master.runner.start = lambda *told: (dealt_out_in.append(gevent.getcurrent()), start(*told))
    master.let_in("three")
    wait_until(lambda: master.played.get("three"))
    master.leaves("one")
    wait_until(lambda: sum(master.played.values()) == TARGET)
    assert dealt_out_in and all(one not in list(master.runner.greenlet) for one in dealt_out_in)


WHAT = st.sampled_from(["comes", "let_in", "leaves"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(WHAT, st.sampled_from("abc")), max_size=8))
def test_whoever_comes_and_goes_all_people_are_played_by_those_who_were_let_in(steps):
    master = running(Master())
    for what, name in steps:
        there, known = name in master.runner.clients, name in master.allowed
        if what == "comes" and not there:
            master.comes(name)
        elif what == "let_in" and there and not known:
            master.let_in(name)
        elif what == "leaves" and there:
            master.leaves(name)
            master.allowed.discard(name)
    wait_until(lambda: sum(master.played.values()) == TARGET)
    master.settles()
    assert sum(master.played.values()) == TARGET
    assert set(master.played) <= master.allowed
    master.runner.greenlet.kill()
