"""The agent of a worker as it is, beside a channel of the tests: what its users saw is told to it."""

from __future__ import annotations

from types import SimpleNamespace

from locust.env import Environment
from locust.runners import WorkerRunner

from jupyter_rtc_locust.coordination import at_checkpoints, process_agent
from jupyter_rtc_locust.coordination.process_agent import ProcessAgent
from users.conftest import make_swarm


class Runner(WorkerRunner):
    """A worker's, without a line of its own."""

    greenlet = None  # Locust's `__del__` looks at it

    def __init__(self, node):
        self.client_id = node


class Channel:
    """`send` is told what the agent says: kind, body. `deliver` is the coordinator's voice."""

    def __init__(self, send):
        self.listeners = {}
        self._send = send

    def register_message(self, kind, listener):
        self.listeners[kind] = listener

    def send_message(self, kind, body, _node=None):
        self._send(kind, body)

    def deliver(self, kind, body):
        if (listener := self.listeners.get(kind)) is not None:
            listener(SimpleNamespace(data=dict(body)))


def make_agent(monkeypatch, node, saw, send):
    """An agent in the run "run" whose users saw these rooms, and the channel through which one speaks with it."""
    environment = Environment()
    environment.runner = Runner(node)
    channel = environment.rtc_channel = Channel(send)
    agent = ProcessAgent(environment, [])
    agent.swarm = make_swarm(lambda *_: None)
    agent.swarm.saw = saw
    agent.swarm.server.leave = lambda: ()
    for module in (at_checkpoints, process_agent):
        monkeypatch.setattr(module, "gather", lambda swarm, _quiet, **_: iter(swarm.saw))
    return agent, channel
