"""A replay in a process that plays users: what each of them writes, and when everybody begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.channel import Channel
from jupyter_rtc_locust.coordination.replays import CELL, plan_of
from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.editing.trace_plan import Plan
from jupyter_rtc_locust.errors import RtcLocustError
from jupyter_rtc_locust.users.collaborator import Collaborator
from jupyter_rtc_locust.users.replaying import Replaying
from jupyter_rtc_locust.users.swarm import Swarm
from jupyter_rtc_locust.users.trace_user import TraceUser


class ReplayingHere:
    """`swarm` is this process's part of the present run, `send` takes a message to the coordinator."""

    def __init__(
        self,
        swarm: Callable[[], Swarm | None],
        send: Callable[[str, dict[str, Any]], None],
        hide: Callable[[str], str],
    ) -> None:
        self._swarm = swarm
        self._send = send
        self._hide = hide
        self._plan: Plan | None = None
        """Everything that the users of a replay write, once somebody asked for it."""
        self._planning = BoundedSemaphore(1)

    def listen(self, channel: Channel) -> None:
        """When everybody begins."""
        channel.register_message(messages.TRACE_BEGINS, self._on_begins)

    def begin(self) -> None:
        """A new run, in which another trace may be replayed."""
        self._plan = None

    def prepare(self, collaborator: Collaborator) -> Replaying:
        """The part of this user in the replay.

        Raises:
            RtcLocustError: it cannot be played, for this reason.
        """
        swarm, seat = collaborator.swarm, collaborator.seat
        terms, path = swarm.replay, swarm.settings.trace
        if terms is None or path is None:
            raise RtcLocustError("this run replays no trace: name one with --rtc-trace FILE.")
        if seat.incarnation:
            raise RtcLocustError(
                f"user {seat.user} was started anew, and what it has still to write counts on the old one"
            )
        with self._planning:
            if self._plan is None:
                self._plan = plan_of(path, terms, Turns())
        return Replaying(
            collaborator,
            [step for step in self._plan.steps if step.user == seat.user],
            speed=swarm.settings.trace_speed,
            cell=None if terms.start.cell is None else (terms.start.cell, CELL),
            ended=lambda trouble: self.ended(seat.user, trouble),
        )

    def ready(self, user: int) -> None:
        """Tell the coordinator that a user can begin; on one process it may begin before this returns."""
        swarm = self._swarm()
        assert swarm is not None
        self._send(messages.TRACE_READY, {"run": swarm.run_id, "user": user})

    def ended(self, user: int | None, trouble: str) -> None:
        """Tell the coordinator that a user's part is done, or, with a reason, that it cannot be.

        Called from callbacks of the loop, too, in which nothing may wait for a socket.
        """
        swarm = self._swarm()
        if swarm is not None and not swarm.ended:
            body = {"run": swarm.run_id, "user": user, "trouble": self._hide(trouble)}
            gevent.spawn(self._send, messages.TRACE_ENDED, body)

    def _on_begins(self, msg: Any, **_: Any) -> None:
        swarm = self._swarm()
        if swarm is not None and swarm.run_id == msg.data["run"]:
            for one in swarm.collaborators():
                if isinstance(one.owner, TraceUser):
                    one.owner.begin_replay()
