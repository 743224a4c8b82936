"""Where a simulated user stands with its document, in the words in which the evidence says it."""

from __future__ import annotations

from enum import Enum


class Stage(Enum):
    """Where a collaborator stands."""

    OPENING = "was still opening its document"
    NOT_OPENED = "never opened its document"
    """Opening it came to nothing, and is not tried again: nothing is under way."""
    CONNECTED = "connected"
    LOST = "lost its connection"
    REFUSED = "was refused"
    LEFT = "left"
    FAILED = "failed"
