"""Where a simulated user stands with its document, in the words in which the evidence says it."""

from __future__ import annotations

from enum import Enum


class Stage(Enum):
    """Where a collaborator stands."""

    OPENING = "never opened its document"
    CONNECTED = "connected"
    LOST = "lost its connection"
    REFUSED = "was refused"
    LEFT = "left"
    FAILED = "failed"
