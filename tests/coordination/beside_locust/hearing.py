"""Whether a worker is gone: it said goodbye, or was silent for longer than it may take to answer."""

from types import SimpleNamespace

import pytest
from locust.event import Events
from locust.runners import LocalRunner, MasterRunner

from jupyter_rtc_locust.coordination import hearing
from jupyter_rtc_locust.coordination.hearing import Hearing
from jupyter_rtc_locust.settings import WORKER_ANSWER_DEADLINE_S


class Clients(dict):
    @property
    def all(self):
        return list(self.values())


def runner_of(kind, *nodes):
    runner = kind.__new__(kind)
    runner.greenlet = None  # Locust's `__del__` looks at it
    runner.clients = Clients({node: SimpleNamespace(id=node) for node in nodes})
    return runner


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(monotonic=lambda: now.time, time=1000.0)
    monkeypatch.setattr(hearing, "time", now)
    return now


def hearing_of(*nodes, kind=MasterRunner):
    environment = SimpleNamespace(events=Events(), runner=runner_of(kind, *nodes))
    return environment, Hearing(environment)


def test_a_worker_is_there_as_long_as_its_heartbeats_come(clock):
    environment, heard = hearing_of("a")
    for _ in range(5):
        environment.events.heartbeat_sent.fire(client_id="a", timestamp=0.0)
        clock.time += WORKER_ANSWER_DEADLINE_S - 1
        assert not heard.is_gone("a")
    clock.time += 1
    assert heard.is_gone("a")


def test_a_worker_that_comes_back_is_there_again(clock):
    _, heard = hearing_of("a")
    assert heard.is_gone("a")
    heard.note("a")
    assert not heard.is_gone("a")


def test_a_worker_that_said_goodbye_is_gone_at_once(clock):
    environment, heard = hearing_of("a", "b")
    heard.note("a")
    heard.note("b")
    del environment.runner.clients["a"]
    assert heard.is_gone("a")
    assert heard.staying() == {"b"}


def test_the_only_process_of_a_run_is_always_there(clock):
    _, heard = hearing_of(kind=LocalRunner)
    assert not heard.is_gone("local")
