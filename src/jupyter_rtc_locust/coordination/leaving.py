"""A worker that leaves before the run ends: it got a signal, one of its users quit the runner, or its master is gone.

What its users wrote is told first, and its documents are closed as people close them, so that the run goes on without
it and can still be judged. Where everybody is told to end at once, as by whoever stops containers, it waits for the one
end of all.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import gevent
from locust.env import Environment

from jupyter_rtc_locust import exit_codes
from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.gathering import gather, wait_until_acknowledged
from jupyter_rtc_locust.coordination.process_agent import ProcessAgent
from jupyter_rtc_locust.users.stage import Stage
from jupyter_rtc_locust.users.swarm import Swarm
from jupyter_rtc_locust.verdict.evidence import RoomEvidence

logger = logging.getLogger(__name__)

TOGETHER_S = 2.0
"""How long a worker that is told to end waits to hear that everybody is."""
LAST_ECHOES_S = 5.0
"""For the last edits of a worker that leaves alone to be acknowledged."""
MASTER_SILENT_S = 15.0
"""A master that was not heard of for so long takes no evidence any more. Locust ends a worker after a minute."""


class Leaving:
    """One for each worker. `give_up` is what a second Ctrl-C means."""

    def __init__(self, environment: Environment, agent: ProcessAgent) -> None:
        self._environment = environment
        self._agent = agent
        self._under_way: gevent.Greenlet[..., Any] | None = None
        self._leaves: Swarm | None = None
        # Heard before the runner's own listener, which says goodbye to the master.
        environment.events.quitting.add_listener(self._on_leaving)
        environment.events.test_stopping.add_listener(self._on_leaving)

    def give_up(self) -> None:
        """Leave at once: what was not told yet is not told any more, and the master counts this worker as lost."""
        if self._under_way is not None:
            self._under_way.kill(block=False)

    def _on_leaving(self, **_: Any) -> None:
        """The worker stops its users: at the end of the run, or by itself."""
        swarm = self._agent.swarm
        if swarm is None or swarm.ended or self._agent.over.is_set():
            return
        heard = getattr(self._environment.runner, "last_heartbeat_timestamp", None)
        # Locust's clock for this is the time of day.
        if heard is not None and (silent := time.time() - heard) > MASTER_SILENT_S:
            if self._environment.process_exit_code is None:
                self._environment.process_exit_code = exit_codes.INCONCLUSIVE
                logger.error(
                    "The master was not heard of for %.0f s. What the users of this worker wrote is told to nobody; if "
                    "the master is gone there is no verdict, and if only the way to it is, an inconclusive one (exit "
                    "code 4).",
                    silent,
                )
            return
        if self._under_way is None or self._leaves is not swarm:
            self._leaves = swarm
            self._under_way = gevent.spawn(self._leave, swarm)
        self._under_way.join()

    def _leave(self, swarm: Swarm) -> None:
        agent = self._agent
        if not agent.ends.is_set():
            logger.info("This worker leaves the run; it tells first what its users wrote.")
            agent.send(messages.LEAVING, {"run": swarm.run_id})
        if agent.ends.wait(TOGETHER_S):
            # Its documents stay open as long as those of the others, which may become longer meanwhile.
            began = time.monotonic()
            while (left := began + agent.end_budget_s - time.monotonic()) > 0 and not agent.over.wait(left):
                pass
            return
        agent.tell(swarm.run_id, self._documents)
        if agent.live is not None:
            agent.live.end()
        swarm.ended = True
        inheritance = agent.leave_server_to_others()
        agent.begin_history(None)
        agent.send(messages.ALL_LEFT, {"run": swarm.run_id} | ({"server": inheritance} if inheritance else {}))

    def _documents(self, swarm: Swarm) -> Iterator[RoomEvidence]:
        wait_until_acknowledged(swarm, LAST_ECHOES_S)
        people = [one for one in swarm.collaborators() if one.stage in (Stage.CONNECTED, Stage.LOST)]
        swarm.close(people)
        for one in people:
            self._agent.give_seat_back(one)
        return gather(swarm, {}, hide=self._agent.hidden)
