"""Tells the course of a run what this process sees: once a second who is connected, and every time that is measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import gevent

from jupyter_rtc_locust.timing.course import Course
from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.users.stage import Stage
from jupyter_rtc_locust.users.swarm import Swarm

LOOK_EVERY_S = 1.0


def watch_course(course: Course, swarm: Swarm, *, also: Callable[[Mapping[str, Histogram]], None]) -> None:
    """Look for ever; spawn it, and kill it when editing ends. `also` is told of every time that is measured, too."""

    def take(taken: Mapping[str, Histogram]) -> None:
        course.times(swarm.since_start(time.monotonic()), taken)
        also(taken)

    swarm.recorder.observe_taken(take)
    while True:
        look(course, swarm)
        gevent.sleep(LOOK_EVERY_S)


def look(course: Course, swarm: Swarm) -> None:
    """Note how many users are connected now, and what the counts have come to."""
    users = sum(one.stage is Stage.CONNECTED for one in swarm.collaborators())
    course.look(swarm.since_start(time.monotonic()), users, swarm.counts)
