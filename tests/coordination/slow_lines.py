"""Lines between workers and a master, as slow as one likes, on a clock that only moves when everybody waits.

A line is first in, first out: what is sent waits until all before it has left, as in the buffers of ZeroMQ and TCP.
"""

from __future__ import annotations

import heapq
from itertools import count
from types import SimpleNamespace

import gevent
from gevent.event import Event

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.sending import Sending

HEARTBEAT = "heartbeat"
OVERHEAD_BYTES = 150
"""Of a message, beside its piece."""


class World:
    """What happens when. Stands in for the module `time`, too."""

    def __init__(self):
        self.now = 1000.0
        self._numbers = count()
        self._to_come = []

    def monotonic(self):
        return self.now

    def at(self, moment, do):
        heapq.heappush(self._to_come, (moment, next(self._numbers), do))

    def turn(self, seconds=60.0):
        """Whoever can run does; then the next thing happens, or nothing for so many seconds."""
        gevent.sleep(0)
        gevent.sleep(0)
        until = self.now + seconds
        if not self._to_come or self._to_come[0][0] > until:
            self.now = until
            return
        moment, _, do = heapq.heappop(self._to_come)
        self.now = max(self.now, moment)
        do()
        gevent.sleep(0)

    def event(self):
        return _EventOfTheWorld(self)


class _EventOfTheWorld:
    """A gevent event whose waits end by the world's clock. The main greenlet turns the world where it waits."""

    def __init__(self, world):
        self._world = world
        self._event = Event()

    def wait(self, seconds):
        if gevent.getcurrent().parent is None:
            self._world.turn(seconds)
            return
        self._world.at(self._world.now + seconds, self._event.set)
        self._event.wait()

    def set(self):
        self._event.set()

    def clear(self):
        self._event.clear()


class Worker:
    """Sends its evidence over a line of its own. `hear` is the master's ear: node, kind, body."""

    def __init__(self, world, node, payload, *, hear, bits_per_s, latency_s=0.05, lost=()):
        self._world = world
        self._hear = hear
        self._bytes_per_s = bits_per_s / 8
        self._latency_s = latency_s
        self._free = world.now
        self._lost = set(lost)
        """Which of the messages with evidence never arrive, by their number."""
        self.node = node
        self.payload = payload
        self.sent = []
        """(index, bytes) of each message with evidence."""
        self.on_its_way = self.most_on_its_way = 0
        self.broken = False
        self.over = False
        self.finished = False
        self.sending = Sending(self.send, clock=world.monotonic, make_event=world.event)

    @property
    def copies(self):
        """Messages that were sent once more."""
        return len(self.sent) - len({index for index, _ in self.sent})

    def begin(self, number=0):
        return gevent.spawn(self._tell, number)

    def _tell(self, number):
        self.give("run", number, self.payload)
        self.finished = True

    def give(self, run_id, number, payload, part=0):
        self.sending.send_in_pieces(run_id, number, part, payload, lambda: self.over)

    def beat(self):
        """A heartbeat each second, from now on."""
        self.send(HEARTBEAT, {"at": self._world.now})
        self._world.at(self._world.now + 1.0, self.beat)

    def send(self, kind, body):
        length = len(body.get("piece", b"")) + OVERHEAD_BYTES
        arrives = True
        if kind == messages.EVIDENCE:
            arrives = len(self.sent) not in self._lost
            self.sent.append((body["index"], len(body["piece"])))
            self.on_its_way += 1
            self.most_on_its_way = max(self.most_on_its_way, self.on_its_way)
        self._free = max(self._free, self._world.now) + length / self._bytes_per_s
        self._world.at(self._free + self._latency_s, lambda: self._arrive(kind, body, arrives))

    def _arrive(self, kind, body, arrives):
        self.on_its_way -= kind == messages.EVIDENCE
        if arrives and not self.broken:
            self._hear(self.node, kind, body)

    def break_for(self, seconds):
        """From now on nothing arrives for so long, and what is on its way is lost."""
        self.broken = True
        self._world.at(self._world.now + seconds, lambda: setattr(self, "broken", False))

    def hear_taken(self, body):
        """The way back is free."""
        if not self.broken:
            taken = SimpleNamespace(data=dict(body))
            self._world.at(self._world.now + self._latency_s, lambda: self.sending.on_taken(taken))
