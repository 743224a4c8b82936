"""A checkpoint in a process that plays users: everybody pauses, what they hold is told, and they go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
import msgpack  # type: ignore[import-untyped]
from gevent.event import Event

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.answers import documents_told
from jupyter_rtc_locust.coordination.channel import Channel
from jupyter_rtc_locust.coordination.gathering import gather
from jupyter_rtc_locust.coordination.telling import Telling
from jupyter_rtc_locust.settings import SILENT_SERVER_S, end_budget
from jupyter_rtc_locust.timing.generator_health import GeneratorHealth
from jupyter_rtc_locust.users.swarm import Swarm


def longest_pause(drain_timeout: float) -> float:
    """Seconds at a checkpoint, from the evidence on: as long as an end may take where a server is silent."""
    return end_budget(0, drain_timeout) + SILENT_SERVER_S


class AtCheckpoints:
    """`swarm` is this process's part of the present run; `set_clock` lets it tell by the master's clock."""

    def __init__(
        self,
        name: str,
        swarm: Callable[[], Swarm | None],
        telling: Telling,
        health: GeneratorHealth,
        *,
        set_clock: Callable[[Swarm], None],
        note_problem: Callable[[str], None],
        hide: Callable[[str], str],
    ) -> None:
        self._name = name
        self._swarm = swarm
        self._telling = telling
        self._health = health
        self._set_clock = set_clock
        self._note_problem = note_problem
        self._hide = hide
        self._under_way: gevent.Greenlet[..., None] | None = None
        self._go_on = Event()
        self._resumed = ("", 0)
        """The latest checkpoint that is over, by run and number, also where no user was here yet."""
        self._early: dict[str, Any] | None = None
        """What was said of a checkpoint before the first user was here; that there is none was told then."""

    def listen(self, channel: Channel) -> None:
        """What the coordinator says of checkpoints."""
        channel.register_message(messages.CHECKPOINT, self._on_checkpoint)
        channel.register_message(messages.RESUME, self._on_resume)

    @property
    def over(self) -> bool:
        """Everybody was told to go on, and nothing else since."""
        return self._go_on.is_set()

    def join(self, swarm: Swarm, number: int) -> None:
        """The first user of this process comes; if everybody pauses for a checkpoint just now, so does it.

        `number` of the one during which the seat was given, which is asked of others only; 0: of none. One that began
        later is over for this process, too: it told that nobody plays here.
        """
        early, self._early = self._early, None
        if early is not None and early["run"] == swarm.run_id:
            number = max(number, early["round"])
        if not number or (swarm.run_id, number) == self._resumed:
            return
        swarm.pause_editing()
        self._go_on.clear()
        self._under_way = gevent.spawn(self._sit_out, swarm)

    def end(self) -> None:
        """The run ends, and what is told then is more."""
        if self._under_way is not None:
            self._under_way.kill()

    def _tell(self, swarm: Swarm, number: int, drain_timeout: float) -> None:
        """Pause editing, get quiet, tell what everybody holds, go on when the coordinator has seen enough."""
        swarm.pause_editing()
        try:
            quiet = self._telling.quiet(swarm, number, drain_timeout)
            self._set_clock(swarm)
            documents = gather(swarm, quiet, going_on=True, hide=self._hide)
            payload = {
                "process": self._name,
                **documents_told(documents, self._telling.contents(swarm.run_id, number)),
                "counts": dict(swarm.counts),
                "health": self._health.as_evidence(),
            }
            self._telling.send_in_pieces(swarm.run_id, number, msgpack.packb(payload))
            # A coordinator that says nothing any more is gone; people do not wait for it for ever.
            self._go_on.wait(longest_pause(drain_timeout))
        finally:
            self._telling.forget_contents(swarm.run_id, number)
            swarm.resume_editing()

    def _sit_out(self, swarm: Swarm) -> None:
        """A checkpoint at which nothing is to be told of this swarm is under way: go on when it is over."""
        try:
            self._go_on.wait(longest_pause(swarm.settings.drain_timeout))
        finally:
            swarm.resume_editing()

    def _tell_that_nobody_plays(self, run_id: str, number: int) -> None:
        """So that no checkpoint waits for who was given a seat and did not come. Of its health nothing was measured."""
        payload = {"process": self._name, **documents_told((), None), "counts": {}}
        self._telling.send_in_pieces(run_id, number, msgpack.packb(payload))

    def _on_checkpoint(self, msg: Any, **_: Any) -> None:
        swarm, body = self._swarm(), msg.data
        if swarm is None or swarm.run_id != body["run"]:
            self._early = body
            # Not in here, where nothing else is heard meanwhile.
            gevent.spawn(self._tell_that_nobody_plays, body["run"], body["round"])
        elif swarm.editing:
            self._go_on.clear()
            self._under_way = gevent.spawn(self._tell, swarm, body["round"], body["drain_timeout"])
            self._under_way.link_exception(self._failed)

    def _on_resume(self, msg: Any, **_: Any) -> None:
        self._resumed = msg.data["run"], msg.data["round"]
        swarm = self._swarm()
        if swarm is not None and swarm.run_id == msg.data["run"]:
            self._go_on.set()

    def _failed(self, dead: gevent.Greenlet[..., None]) -> None:
        self._note_problem(f"a checkpoint of it failed: {type(dead.exception).__name__}: {dead.exception}")
