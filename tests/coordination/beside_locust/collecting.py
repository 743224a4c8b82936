"""How long a process is waited for that was asked for its evidence."""

from types import SimpleNamespace

import gevent
import msgpack
import pytest
from locust.env import Environment

from jupyter_rtc_locust.coordination import collecting, messages
from jupyter_rtc_locust.coordination.collecting import EvidenceCollector
from jupyter_rtc_locust.coordination.pieces import split
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.settings import END_BUDGET_S, Settings

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
            body = {"run": "run", "round": 0, "index": index, "count": len(pieces), "piece": piece}
            self.listeners[messages.EVIDENCE](SimpleNamespace(node_id="slow", data=body))


@pytest.fixture
def collector(monkeypatch):
    monkeypatch.setattr(collecting, "SYNC_DEADLINE_S", 0.05)
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
