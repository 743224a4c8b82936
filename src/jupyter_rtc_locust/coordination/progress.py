"""Tells whoever watches a terminal, while people are at work and there is no web UI, how the run goes: a line.

It stands in the place of the table that Locust prints every two seconds: a dozen rows each time, of a run of a minute
four hundred lines, in which nobody finds anything, least of all in the log of a job. Who prefers the table has it with
Locust's own `--print-stats`, and who wants nothing in between asks for that as always, with `--only-summary`.
"""

from __future__ import annotations

from typing import Any

import gevent
from locust.env import Environment

from jupyter_rtc_locust.coordination.live import Live
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.live.progress import progress_line
from jupyter_rtc_locust.reporting.standing_line import StandingLine

IN_PLACE_EVERY_S = 2.0
PLAIN_EVERY_S = 10.0


def progress_wanted(environment: Environment) -> bool:
    """Whether a run tells its progress; then Locust prints no table in between."""
    options: Any = environment.parsed_options
    if environment.web_ui is not None or not getattr(options, "headless", False):
        return False
    silent = ("only_summary", "print_stats", "skip_log_setup", "json")
    if any(getattr(options, name, False) for name in silent):
        return False
    options.only_summary = True  # Locust looks at it after this
    return True


class Progress:
    """Of one run after another."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._line = StandingLine()

    def begin(self, state: RunState) -> None:
        """Tell of this run until people stop editing."""
        gevent.spawn(self._tell, state)

    def _tell(self, state: RunState) -> None:
        every = IN_PLACE_EVERY_S if self._line.in_place else PLAIN_EVERY_S
        while True:
            gevent.sleep(every)
            if state.concluding:
                break
            line = progress_line(self._live.picture, self._live.now, self._live.facts())
            if line is not None:
                self._line.show(line)
        self._line.erase()
