"""Ends a run in which every user is out by what the locustfile's own code did: nobody is left to wait for.

How many failed is a sum over the run, and says too much where users are begun anew, as when a worker joins or leaves,
or where more came than the run began with. So those who are there are looked at as well, as the processes tell of them
once a second.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

import gevent
from locust.env import Environment

from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.live.picture import Picture

logger = logging.getLogger(__name__)

SURE_S: Final = 2.5
"""A process tells once a second who is there, and who is begun anew takes a moment to be so."""
LOOKED_FOR_S: Final = 10.0
"""Who fails later is a reason to look again."""
_LOOK_EVERY_S: Final = 0.25


class NobodyLeft:
    """One for each environment that is master or alone. `end` ends the run; `picture` is that of the present one."""

    def __init__(self, environment: Environment, picture: Callable[[], Picture], end: Callable[[], None]) -> None:
        self._environment = environment
        self._picture = picture
        self._end = end
        self._looking: gevent.Greenlet[..., None] | None = None

    def heard(self, state: RunState) -> None:
        """Users of this run failed."""
        if self._all_failed(state) and (self._looking is None or self._looking.dead):
            self._looking = gevent.spawn(self._look, state)

    def _all_failed(self, state: RunState) -> bool:
        runner = self._environment.runner
        if runner is None or state.concluding or self._environment.shape_class is not None:
            return False
        # In the web UI more may be asked for than the run began with.
        return state.stumbled.users_failed >= max(state.settings.users, runner.target_user_count)

    def _look(self, state: RunState) -> None:
        """End the run when nobody has been there for a while; at once where nobody ever took a seat."""
        sure = SURE_S if state.users_seated else 0.0
        began = since = time.monotonic()
        while self._all_failed(state) and (now := time.monotonic()) - began < LOOKED_FOR_S:
            if self._picture().people or state.seats_on_the_way:
                since = now
            elif now - since >= sure:
                logger.info("Every user failed, so the run ends.")
                self._end()
                return
            gevent.sleep(_LOOK_EVERY_S)
