"""Rounds in which evidence is collected from all processes: one for each checkpoint, counted from 1, and the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jupyter_rtc_locust.coordination.pieces import Assembly
from jupyter_rtc_locust.verdict.evidence import LostProcess

AT_THE_END = 0
"""The round of the end."""


@dataclass(slots=True, eq=False)
class Collection:
    """What all processes tell at one moment: at a checkpoint, or at the end. Times are of `time.monotonic`."""

    number: int
    """The round."""
    began: float = 0.0
    """When users were told to pause or stop."""
    asked: frozenset[str] | None = None
    """Processes that were told so; None: all that play users, whenever they began. Others are not waited for."""
    pauses: bool = False
    """Whether users of this round pause until they are told to go on."""
    quiet: set[str] = field(default_factory=set)
    """Processes whose documents are quiet, or which ran out of patience."""
    assemblies: dict[str, Assembly] = field(default_factory=dict)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Answers with digests, until the contents behind them are known."""
    contents: dict[tuple[str, int], Assembly | None] = field(default_factory=dict)
    """Contents on their way, by process and the part as which they come; None: nothing of it has come yet."""
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    last_piece: float = 0.0
    """When the latest piece of evidence came."""
    lost: set[str] = field(default_factory=set)
    """Processes that did not answer, or not any more when they were asked once more (`served_later`)."""
    known_of_lost: dict[str, LostProcess] = field(default_factory=dict)
    """What was known of each when it was given up (`lost_processes`)."""
    closed: bool = False
    """Nobody is waited for any more: what comes now is not taken, because others have read what was told by then."""

    @property
    def untold(self) -> set[str]:
        """Processes of which nothing is known: those that were lost, without those that had told everything before."""
        return self.lost - self.answers.keys()
