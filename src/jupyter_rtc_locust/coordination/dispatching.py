"""At a master: users go to the workers that were let in, and to nobody else.

Locust gives users to a worker as soon as it is connected. One that is refused a moment later took them along: Locust
2.47 does not deal users out a second time after a worker came (its dispatcher calls itself busy from then on), so a
refusal in mid-run made the run smaller for good. So before Locust's own dispatcher, for which
`Environment.dispatcher_class` is the place, stands a door: who was not let in yet waits, and who is refused was never
counted. Only what the runner calls of a dispatcher is used here.

Locust deals users out where it hears its workers, and then hears nothing for a second. With several workers that come
back at once others are taken for missing meanwhile, come back in turn, and so on (measured: of ten workers of which six
had been stopped for 6 s, 61 were told to be missing). So the runner is never given a reason to; it is done here, in a
greenlet of its own, once for all who came or went together.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import gevent
from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.runners import STATE_MISSING, STATE_RUNNING, MasterRunner, WorkerNode

logger = logging.getLogger(__name__)

Users = dict[str, dict[str, int]]
"""By worker, how many users of each class it is to play."""


class Door(Iterator[Users]):
    """Takes the place of Locust's dispatcher in one run, and has it deal users out to those who were let in.

    `make` makes that one; `ended` tells whether the run is over, so that nobody is moved any more. `begins` is called
    before users are dealt out, `due` when they have to be.
    """

    def __init__(
        self,
        may_take_part: Callable[[str], bool],
        ended: Callable[[], bool],
        begins: Callable[[], None],
        due: Callable[[], None],
        make: Callable[..., UsersDispatcher],
        worker_nodes: list[WorkerNode],
        user_classes: list[Any],
    ) -> None:
        self._may_take_part = may_take_part
        self._ended = ended
        self._begins = begins
        self._tell_due = due
        self._make = make
        self._user_classes = user_classes
        self._classes_asked: list[Any] | None = None
        """Those of a load shape that names some."""
        self._waiting = {node.id: node for node in worker_nodes}
        """Workers that are connected, and were not let in when they were looked at."""
        self._inside: set[str] = set()
        self._dispatcher: UsersDispatcher | None = None
        self._going: Iterator[Users] = iter(())
        self._under_way = False
        self._due = False
        """Whether a worker came or went since users were dealt out."""
        self._dealt_out = 0
        """How often users were."""
        self._missing: dict[str, int] = {}
        """Workers that are not heard of, and go on playing: how often users had been dealt out then."""

    @property
    def dispatch_in_progress(self) -> bool:
        """What the runner asks before it deals users out where it hears workers: never there."""
        return True

    @property
    def is_due(self) -> bool:
        """Whether users have to be dealt out anew."""
        return self._due and not self._under_way and not self._ended()

    def new_dispatch(self, target_user_count: int, spawn_rate: float, user_classes: list[Any] | None = None) -> None:
        """As Locust's. Who is not inside by now comes in later; where nobody is, nobody plays until then."""
        self._begins()
        self._classes_asked = user_classes or self._classes_asked
        let_in = [node for node in self._waiting.values() if self._may_take_part(node.id) and not self._ended()]
        if self._dispatcher is None and let_in:
            self._dispatcher = self._make(worker_nodes=let_in, user_classes=self._user_classes)
            self._inside = {node.id for node in let_in}
        for node in let_in:
            self._admit(node)
        # The runner wants to be told of some worker (Locust 2.47), and ZeroMQ gives none that name.
        self._going = iter(({"": {one.__name__: 0 for one in self._user_classes}},))
        if self._dispatcher is not None and self._inside:
            self._dispatcher.new_dispatch(target_user_count, spawn_rate, self._classes_asked)
            self._going = self._dispatcher
        self._under_way = True
        self._dealt_out += 1

    def __next__(self) -> Users:
        try:
            users = next(self._going)
        except BaseException:  # also an error of the dispatcher, after which the next is to have its turn
            self._under_way = False
            raise
        self._due = False
        return users

    def add_worker(self, worker_node: WorkerNode) -> None:
        """A worker connected: it waits, unless it was let in before. Or it is heard of again, and has played on."""
        self._waiting[worker_node.id] = worker_node
        if self._may_take_part(worker_node.id):
            self.let_in(worker_node.id)

    def let_in(self, node_id: str) -> None:
        """This worker may take part. Where users have not been dealt out yet, it is among the first."""
        node = self._waiting.get(node_id)
        if node is not None and not self._ended():
            # Who was only not heard of, while nobody's users were given to others, plays whom it should.
            missing_since = self._missing.pop(node_id, None)
            played_on = node.state == STATE_MISSING and missing_since == self._dealt_out
            self._due = self._due or not played_on
            self._admit(node)
            self._tell_due()

    def remove_worker(self, worker_node: WorkerNode) -> None:
        """A worker is gone: those it had are dealt out again. Nobody misses one that never came in.

        One that is only not heard of plays on: whom it has is given to others when users are dealt out for another
        reason, or when Locust takes it for dead.
        """
        node_id = worker_node.id
        if self._waiting.pop(node_id, None) is not None:
            return
        gone = self._missing.pop(node_id, None) is not None
        if node_id in self._inside:
            self._inside.discard(node_id)
            assert self._dispatcher is not None
            self._dispatcher.remove_worker(worker_node)
            gone = worker_node.state != STATE_MISSING
            if not gone:
                self._missing[node_id] = self._dealt_out
        if gone:
            self._due = bool(self._inside)
            self._tell_due()

    def _admit(self, node: WorkerNode) -> None:
        if self._dispatcher is None:
            return  # until the first users are dealt out
        self._waiting.pop(node.id, None)
        # Who says twice that it is there would be dealt twice as many.
        if node.id not in self._inside:
            self._inside.add(node.id)
            self._dispatcher.add_worker(node)


class Dispatching:
    """One for each environment that is a master. `may_take_part` tells which workers were let in.

    `ended` is to tell whether the present run is over, or being judged.
    """

    def __init__(self, environment: Environment, may_take_part: Callable[[str], bool]) -> None:
        self._environment = environment
        self._may_take_part = may_take_part
        self._make = environment.dispatcher_class
        self._door: Door | None = None
        self._dealing: Any = None
        """The greenlet of ours that dealt users out last."""
        self.ended: Callable[[], bool] = lambda: False
        environment.dispatcher_class = self._new_door  # type: ignore[assignment]
        environment.events.spawning_complete.add_listener(self._on_spawning_complete)
        # A dealing out that outlived its run would call it running again.
        environment.events.test_stopping.add_listener(lambda **_: self._give_way())

    def let_in(self, node_id: str) -> None:
        """This worker may take part from now on, and is given users where a run goes on."""
        if self._door is not None:
            self._door.let_in(node_id)

    def _new_door(self, worker_nodes: list[WorkerNode], user_classes: list[Any]) -> Door:
        self._door = Door(
            self._may_take_part,
            self.ended,
            self._give_way,
            self._deal_out_if_due,
            self._make,
            worker_nodes,
            user_classes,
        )
        return self._door

    def _on_spawning_complete(self, **_: Any) -> None:
        # Who came or went after the last users were dealt out, and before the runner called that complete, is heard of
        # by nobody else (Locust 2.47). The runner calls it complete before it tells us, and goes on afterwards.
        self._deal_out_if_due()

    def _deal_out_if_due(self) -> None:
        """In a greenlet of its own: dealing out waits for what workers say, and the one that hears them may be here."""
        runner = self._environment.runner
        if isinstance(runner, MasterRunner) and self._door is not None and self._door.is_due:
            gevent.spawn(self._deal_out, runner, self._door)

    def _deal_out(self, runner: MasterRunner, door: Door) -> None:
        if runner.state != STATE_RUNNING or door is not self._door or not door.is_due:
            return
        self._dealing = gevent.getcurrent()
        try:
            runner.start(runner.target_user_count, runner.spawn_rate)
        except Exception:
            logger.exception("Users could not be dealt out to the workers that are there now")

    def _give_way(self) -> None:
        """Somebody else deals users out now, or the run ends: two at once would be in each other's way."""
        dealing = self._dealing
        if dealing is not None and dealing is not gevent.getcurrent():
            dealing.kill()
