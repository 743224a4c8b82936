"""Telling the terminal, which may be a file on a full disk, or a pipe that nobody reads any more.

A run is judged all the same: what could not be shown stands in the result file and in the exit code.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable

logger = logging.getLogger(__name__)

_make_room: list[Callable[[], None]] = []


def before_saying(make_room: Callable[[], None]) -> None:
    """Have this called before anything is said: who keeps a line on the terminal takes it away then."""
    _make_room[:] = [make_room]


def say(text: str) -> None:
    """Print a text at once, or log why that was not possible."""
    for make_room in _make_room:
        make_room()
    try:
        print(text, flush=True)
    except OSError as error:
        # Python would try again as it exits, fail, and end with 120 instead of the run's exit code.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        logger.warning("Standard output could not be written (%s); what is said from now on is not shown.", error)
