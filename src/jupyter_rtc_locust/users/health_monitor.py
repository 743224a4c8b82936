"""Samples how this process fares while users are at work; what the figures mean says timing/generator_health.py.

As somebody who looks ten times a second, it also has that set aside which is no garbage (`long_lived.py`).
"""

from __future__ import annotations

import time

import gevent

from jupyter_rtc_locust.timing.generator_health import GeneratorHealth
from jupyter_rtc_locust.users.arrival_clock import ArrivalClock
from jupyter_rtc_locust.users.backlog import Backlog
from jupyter_rtc_locust.users.garbage_watch import GarbageWatch
from jupyter_rtc_locust.users.long_lived import LongLived

LAG_INTERVAL_S = 0.1
CPU_INTERVAL_S = 1.0
START_UP_S = 2.0
"""Not sampled: opening documents all at once is not what the figures of editing are about."""


def watch_health(health: GeneratorHealth, backlog: Backlog, arrivals: ArrivalClock) -> None:
    """Sample for ever; spawn it, and kill it when editing ends."""
    gevent.sleep(START_UP_S)
    garbage = GarbageWatch(health.garbage_collected)
    garbage.start()
    long_lived = LongLived(time.monotonic())
    try:
        _watch(health, backlog, arrivals, long_lived)
    finally:
        garbage.stop()
        long_lived.release()


def _watch(health: GeneratorHealth, backlog: Backlog, arrivals: ArrivalClock, long_lived: LongLived) -> None:
    cpu_at, cpu_used = time.monotonic(), time.process_time()
    while True:
        before = time.monotonic()
        gevent.sleep(LAG_INTERVAL_S)
        now = time.monotonic()
        health.loop_lag(max(0.0, (now - before - LAG_INTERVAL_S) * 1000), LAG_INTERVAL_S * 1000)
        # Timers come before sockets: what lies there now, nobody has had a turn to read.
        backlog.look()
        arrivals.compare()
        long_lived.look(now)
        if now - cpu_at >= CPU_INTERVAL_S:
            used = time.process_time()
            health.cpu((used - cpu_used) / (now - cpu_at) * 100)
            cpu_at, cpu_used = now, used
