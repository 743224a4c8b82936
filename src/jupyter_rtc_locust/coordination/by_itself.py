"""A run that nobody begins at a page: without the web UI, or beside it, with Locust's `--autostart`.

Locust 2.47 begins both alike, when the workers are there. It ends them differently: with the web UI, `--autoquit` comes
when the time of `--run-time` is over, or after a load shape, and at no other end (measured). Where a server cannot be
used, the last worker is lost or somebody presses Stop, all processes would go on waiting for that.
"""

from __future__ import annotations

from typing import Any

import gevent
from locust.env import Environment

_LOCUST_COMES_FIRST_S = 2.0
"""Where Locust's own timer quits, it has begun to by then."""


def begins_by_itself(environment: Environment) -> bool:
    """Whether the run begins without a form of the web UI."""
    return environment.web_ui is None or bool(getattr(environment.parsed_options, "autostart", False))


def stays_for(environment: Environment) -> int | None:
    """Seconds for which the web UI stays after its one run (`--autoquit`); None: for ever, or there is none."""
    if environment.web_ui is None or not begins_by_itself(environment):
        return None
    seconds = getattr(environment.parsed_options, "autoquit", -1)
    return seconds if isinstance(seconds, int) and seconds >= 0 else None


class QuitAfterRun:
    """Has a process whose run began by itself quit after it, `--autoquit` seconds later, for whatever it ended."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._timer: gevent.Greenlet[..., None] | None = None
        if stays_for(environment) is not None:
            environment.events.test_stop.add_listener(self._on_test_stop)
            environment.events.quitting.add_listener(self._on_quitting)

    def _on_test_stop(self, **_: Any) -> None:
        """Users are stopped, and the verdict was reached before (`test_stopping`)."""
        seconds = stays_for(self._environment)
        if self._timer is None and seconds is not None:
            # Not in the greenlets of the runner: one of them may have stopped the run, and quitting ends them.
            self._timer = gevent.spawn_later(seconds + _LOCUST_COMES_FIRST_S, self._quit)

    def _on_quitting(self, **_: Any) -> None:
        if self._timer is not None and self._timer is not gevent.getcurrent():
            self._timer.kill(block=False)

    def _quit(self) -> None:
        """As Locust does: the main greenlet waits for the web UI, and begins the shutdown when that has ended."""
        runner, web_ui = self._environment.runner, self._environment.web_ui
        assert runner is not None and web_ui is not None
        runner.quit()
        web_ui.stop()
