"""Servers are asked whether they answer, each by itself, so that those that hang keep nobody waiting for long."""

from __future__ import annotations

import time
from types import SimpleNamespace

import gevent
import pytest
from gevent.event import Event

from jupyter_rtc_locust.coordination import server_watch, silences, silent_servers
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.server_watch import ServerWatch
from jupyter_rtc_locust.settings import HTTP_TRY_DEADLINE_S, Settings

DEADLINE_S = 0.3


class Servers:
    """Those of these owners; a silent one refuses, one that hangs answers nothing for the time of a try."""

    def __init__(self, *owners):
        self._owners = list(owners)
        self.refuse = set()
        self.hang = set()
        self.asked = []
        self.broken = False
        self.at_once = self.most_at_once = 0

    def owners(self):
        return self._owners

    def answers(self, owner=""):
        self.asked.append(owner)
        if self.broken:
            raise ValueError("no answer of that kind")
        if owner in self.hang:
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
            gevent.sleep(DEADLINE_S)
            self.at_once -= 1
        return owner not in self.refuse | self.hang

    def memory(self):
        return None


@pytest.fixture
def deadline(monkeypatch):
    monkeypatch.setattr(silences, "HTTP_TRY_DEADLINE_S", DEADLINE_S)
    monkeypatch.setattr(silent_servers, "_POLL_S", 0.01)


@pytest.fixture
def state_of(deadline):
    def make(servers):
        state = RunState("run", 1, Settings(), "http://h", None)
        state.prepared = SimpleNamespace(server=servers)
        return state

    return make


class TestAtTheEnd:
    def test_servers_that_answer_are_asked_once(self, state_of):
        servers = Servers("", "ada", "ben")
        state = state_of(servers)
        assert silent_servers.silent_servers(state) == frozenset()
        assert sorted(servers.asked) == ["", "ada", "ben"]
        assert state.silences.evidence(state.started) == ()

    def test_one_that_refuses_has_the_whole_deadline(self, state_of):
        servers = Servers("ada", "ben")
        servers.refuse = {"ada"}
        state = state_of(servers)
        assert silent_servers.silent_servers(state) == {"ada"}
        (silence,) = state.silences.evidence(state.started)
        assert silence.owner == "ada" and silence.length >= DEADLINE_S
        assert servers.asked.count("ben") == 1

    def test_many_that_hang_are_asked_at_once(self, state_of):
        """A try of each, one after the other, would be longer than the end of a run may take."""
        owners = [f"person-{number}" for number in range(60)]
        servers = Servers(*owners)
        servers.hang = set(owners)
        state = state_of(servers)
        assert silent_servers.silent_servers(state) == set(owners)
        assert len(servers.asked) == servers.most_at_once == len(owners), "nobody was asked twice"
        assert len(state.silences.evidence(state.started)) == len(owners)

    def test_one_that_comes_back_in_time_was_not_lost(self, state_of):
        servers = Servers("")
        servers.refuse = {""}
        state = state_of(servers)
        gevent.spawn_later(0.05, servers.refuse.clear)
        assert silent_servers.silent_servers(state) == frozenset()
        assert state.silences.evidence(state.started) == () and not state.silences.going_on

    def test_what_the_watch_saw_before_counts(self, state_of):
        servers = Servers("")
        servers.refuse = {""}
        state = state_of(servers)
        state.silences.not_answered("", time.monotonic() - 20)
        assert silent_servers.silent_servers(state) == {""}
        assert len(servers.asked) == 1
        assert state.silences.evidence(state.started)[0].length >= 20

    def test_a_silence_that_was_made_on_purpose_is_waited_for_from_now_on(self, state_of, monkeypatch):
        servers = Servers("")
        servers.refuse = {""}
        state = state_of(servers)
        state.silences.not_answered("", began := time.monotonic() - 20)
        monkeypatch.setattr(RunState, "silence_is_ours", lambda _, since: since == began)
        assert silent_servers.silent_servers(state) == {""}
        assert state.silences.evidence(state.started)[0].length < 20

    def test_one_that_answered_what_the_watch_asked_later_answers(self, state_of):
        """Near the deadline an earlier question may be given up just as a later one is answered, again and again."""
        servers = Servers("ada")
        state = state_of(servers)

        def answers(owner):
            servers.asked.append(owner)
            gevent.sleep(0.01)
            state.silences.answered(owner, time.monotonic())
            return False

        servers.answers = answers
        with gevent.Timeout(10):
            assert silent_servers.silent_servers(state) == frozenset()
        assert servers.asked == ["ada"]
        assert state.silences.evidence(state.started) == () and not state.silences.going_on

    def test_nobody_is_asked_again_when_the_time_is_over(self, state_of):
        servers = Servers("ada", "ben")
        servers.refuse = {"ada"}
        state = state_of(servers)
        assert silent_servers.silent_servers(state, time.monotonic()) == frozenset(), "it is not known to be lost"
        assert sorted(servers.asked) == ["ada", "ben"]

    def test_those_that_are_silent_in_turn_are_not_waited_for_for_ever(self, state_of):
        servers = Servers("ada", "ben")
        answers = servers.answers
        # Each answers every other time, and never both at once.
        servers.answers = lambda owner: answers(owner) and (servers.asked.count(owner) % 2 == 1) is (owner == "ada")
        state = state_of(servers)
        with gevent.Timeout(10):
            assert silent_servers.silent_servers(state) == frozenset()
        assert servers.asked == ["ada", "ben", "ben"]


class TestWhileItRuns:
    @pytest.fixture
    def watching(self, state_of, monkeypatch):
        monkeypatch.setattr(server_watch, "ALIVE_EVERY_S", 0.02)
        watches = []

        def watch(servers):
            state, died = state_of(servers), []
            state.watch = ServerWatch(state, None, [])
            state.watch.start(died.append)
            watches.append(state.watch)
            return state, died

        yield watch
        for one in watches:
            one.stop()

    def wait_until(self, true):
        with gevent.Timeout(10):
            while not true():
                gevent.sleep(0.005)

    def test_one_that_hangs_keeps_nobody_from_asking_the_others(self, watching):
        servers, hold = Servers("", "ada", "ben"), Event()
        answers = servers.answers
        hanging = []

        def hang(_owner):
            hanging.append(1)
            return bool(hold.wait(20))

        servers.answers = lambda owner: (hang if owner == "ada" else answers)(owner)
        state, died = watching(servers)
        self.wait_until(lambda: servers.asked.count("ben") >= 3)
        servers.refuse = {"ben"}
        self.wait_until(lambda: state.silences.since("ben") is not None)
        assert state.silences.since("ada") is None and len(hanging) == 1, "it may still answer"
        assert died == []

    def test_servers_that_people_come_to_later_are_asked_from_then_on(self, watching):
        servers = Servers("")
        watching(servers)
        self.wait_until(lambda: servers.asked)
        servers.owners().append("ada")
        self.wait_until(lambda: "ada" in servers.asked)

    def test_a_silence_that_was_made_on_purpose_is_none(self, watching, monkeypatch):
        servers = Servers("")
        servers.refuse = {""}
        state, _ = watching(servers)
        self.wait_until(lambda: state.silences.going_on)
        monkeypatch.setattr(RunState, "silence_is_ours", lambda *_: True)
        self.wait_until(lambda: not state.silences.going_on)

    def test_the_memory_at_the_end_is_asked_only_where_the_answer_can_come_in_time(self, watching):
        servers, sizes = Servers(""), iter((1, 2, 3))
        servers.memory = lambda: next(sizes)
        state, _ = watching(servers)
        now = time.monotonic()
        assert state.watch.memory(now + HTTP_TRY_DEADLINE_S - 1).end == 1
        assert state.watch.memory(now + HTTP_TRY_DEADLINE_S + 60).end == 2
        assert state.watch.memory().end == 3

    def test_a_watch_that_dies_is_heard_of_once(self, watching, unseen_errors):
        servers = Servers("")
        servers.broken = True
        state, died = watching(servers)
        self.wait_until(lambda: died)
        self.wait_until(lambda: state.watch._greenlet is None)
        assert died == ["The watch over the server died: no answer of that kind"]
        unseen_errors.clear()
