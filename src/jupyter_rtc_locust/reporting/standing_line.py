"""A line at the bottom of a terminal that is written anew in its place, and makes room for whatever else is said.

Where nothing is a terminal, be it a file, a pipe or the log of a job, there is no place to write anew: there it is a
plain line now and then.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Iterable

from jupyter_rtc_locust.reporting.terminal import before_saying, say

_ERASE = "\r\x1b[K"


def is_terminal() -> bool:
    """Whether standard output is a terminal on which a line can be written anew."""
    return sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


class StandingLine:
    """One for a process. `show` writes it anew, `erase` takes it away; on no terminal `show` prints a line.

    Loggers whose handlers write to the same terminal make room for it, too.
    """

    def __init__(self, loggers: Iterable[str] = ("", "locust", "locust.stats_logger")) -> None:
        self.in_place = is_terminal()
        self._shown = False
        if self.in_place:
            before_saying(self.erase)
            handlers = {id(handler): handler for name in loggers for handler in logging.getLogger(name).handlers}
            for handler in handlers.values():
                handler.addFilter(self._make_room)

    def show(self, text: str) -> None:
        """Show this in the place of what was shown."""
        if not self.in_place:
            say(text)
            return
        self._shown = self._written(f"{_ERASE}{text[: shutil.get_terminal_size().columns - 1]}")

    def erase(self) -> None:
        """Show nothing, until something is shown again."""
        if self._shown:
            self._shown = False
            self._written(_ERASE)

    def _make_room(self, _record: logging.LogRecord) -> bool:
        self.erase()
        return True

    def _written(self, text: str) -> bool:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            return False  # `say` will notice, and tell of it
        return True
