"""How a process that plays users tells of a round, at a checkpoint and at the end: quiet first, then in pieces."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from gevent.event import Event
from locust.env import Environment
from locust.runners import WorkerRunner

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.channel import Channel
from jupyter_rtc_locust.coordination.gathering import quiet_and_asked
from jupyter_rtc_locust.coordination.giving_contents import GivingContents
from jupyter_rtc_locust.coordination.sending import Sending
from jupyter_rtc_locust.coordination.told_once import Contents
from jupyter_rtc_locust.settings import WORKER_ANSWER_DEADLINE_S
from jupyter_rtc_locust.users.swarm import Swarm


class Telling:
    """`swarm` is this process's part of the present run, `send` takes a message to the coordinator.

    `is_over` tells whether everybody was told that a round is over: to go on, or to leave.
    """

    def __init__(
        self,
        environment: Environment,
        swarm: Callable[[], Swarm | None],
        send: Callable[[str, dict[str, Any]], None],
        is_over: Callable[[int], bool],
    ) -> None:
        self._environment = environment
        self._swarm = swarm
        self._send = send
        self._is_over = is_over
        self._sending = Sending(send)
        self._giving = GivingContents(self.send_in_pieces)
        self._everybody_is_quiet: dict[int, Event] = {}
        """For each round."""

    def listen(self, channel: Channel) -> None:
        """What the coordinator says of a round."""
        channel.register_message(messages.GATHER, self._on_gather)
        channel.register_message(messages.EVIDENCE_TAKEN, self._sending.on_taken)
        channel.register_message(messages.CONTENTS_WANTED, self._giving.on_wanted)

    def begin(self) -> None:
        """A new run: what was said in earlier ones is forgotten."""
        self._sending.begin()
        self._everybody_is_quiet = {}

    def quiet(self, swarm: Swarm, number: int, drain_timeout: float) -> dict[str, bool]:
        """Get quiet, wait until everybody is, ask what replicas lack; which documents are quiet."""

        def everybody_is_quiet() -> None:
            self._send(messages.QUIET, {"run": swarm.run_id, "round": number})
            # A coordinator that says nothing any more is gone; the evidence is offered all the same.
            self._event(number).wait(drain_timeout + WORKER_ANSWER_DEADLINE_S / 3)

        return quiet_and_asked(swarm, drain_timeout, everybody_is_quiet)

    def contents(self, run_id: str, number: int) -> Contents | None:
        """What is told with digests in this round is kept in there; None in the only process, which tells all whole."""
        if isinstance(self._environment.runner, WorkerRunner):
            return self._giving.begin(run_id, number)
        return None

    def forget_contents(self, run_id: str, number: int) -> None:
        """Nobody asks for those of this round any more."""
        self._giving.forget(run_id, number)

    def send_in_pieces(self, run_id: str, number: int, payload: bytes, part: int = 0) -> None:
        """Until it was taken, or nobody waits for it any more."""

        def nobody_waits() -> bool:
            swarm = self._swarm()
            return swarm is not None and swarm.run_id == run_id and self._is_over(number)

        self._sending.send_in_pieces(run_id, number, part, payload, nobody_waits)

    def _event(self, number: int) -> Event:
        return self._everybody_is_quiet.setdefault(number, Event())

    def _on_gather(self, msg: Any, **_: Any) -> None:
        swarm = self._swarm()
        if swarm is not None and msg.data["run"] == swarm.run_id:
            self._event(msg.data["round"]).set()


def process_name(environment: Environment) -> str:
    """As the result names this process."""
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        return f"worker {runner.client_id}"
    return f"process {os.getpid()}"
