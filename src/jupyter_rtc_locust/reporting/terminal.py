"""Telling the terminal, which may be a file on a full disk, or a pipe that nobody reads any more.

A run is judged all the same: what could not be shown stands in the result file and in the exit code.
"""

from __future__ import annotations

import logging
import os
import sys

logger = logging.getLogger(__name__)


def say(text: str) -> None:
    """Print a text at once, or log why that was not possible."""
    try:
        print(text, flush=True)
    except OSError as error:
        # Python would try again as it exits, fail, and end with 120 instead of the run's exit code.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        logger.warning("Standard output could not be written (%s); what is said from now on is not shown.", error)
