"""People save by hand now and then, as whoever is used to Ctrl+S does (`--rtc-save-every`).

One greenlet for all users of a process draws who does so in this second: at random, so that saves of many people do not
come together, and by the run's seed. Nobody waits for anybody else's answer.
"""

from __future__ import annotations

import random

import gevent
from gevent.pool import Pool

from jupyter_rtc_locust.users.stage import Stage
from jupyter_rtc_locust.users.swarm import Swarm

LOOK_EVERY_S = 1.0
_AT_ONCE = 1000
"""More saves than that, unanswered, and a process is not where to look for the reason."""


def save_now_and_then(swarm: Swarm, every_s: float) -> None:
    """As long as people edit, each of them saves once in so many seconds, on average. Spawn it."""
    chance = random.Random(f"{swarm.seed}|saving|{swarm.process}")
    asking = Pool(_AT_ONCE)
    try:
        while swarm.editing:
            gevent.sleep(LOOK_EVERY_S)
            for one in swarm.collaborators():
                drawn = chance.random() < LOOK_EVERY_S / every_s
                if drawn and one.stage is Stage.CONNECTED and not swarm.paused and asking.free_count():
                    asking.spawn(one.save)
    finally:
        asking.kill(block=False)
