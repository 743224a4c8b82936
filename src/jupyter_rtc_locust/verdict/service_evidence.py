"""What `server-lost` is decided from: when the coordinator was not answered, and how each tab was served meanwhile.

Times are seconds since the start of the run, a silence's by the coordinator's clock, a tab's by that of its process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

WAITED_S = 5.0
"""Somebody who waits for less than that may be waiting for what is merely under way."""


class ServerSilence(NamedTuple):
    """For so long the coordinator was not answered by a server."""

    when: float
    length: float
    owner: str = ""
    """Whose server it is, behind a hub. "": the one server of the run, or the hub itself."""


@dataclass(frozen=True, slots=True)
class ServedEvidence:
    """How the server served one tab, as far as that can tell."""

    taken: float
    """When this was put down; the tab tells nothing of what came later."""
    opened: float | None = None
    """When its document was open: the first sync was complete. None: never."""
    closed: float | None = None
    """When it was closed, or had failed. None: neither."""
    heard: float | None = None
    """When the server last sent it anything. None: never."""
    answered: float | None = None
    """When it last said what the tab's copy lacks, as tabs ask at the end and at checkpoints. None: never."""
    waits_since: float | None = None
    """Since when it has waited, and still does, for the answer to its last question. None: it waits for none."""
    lost: float | None = None
    """Since when it has looked for a line, and still does. None: it has one, or looks for none."""
    without_line: tuple[tuple[float, float], ...] = ()
    """When it had lost its line, and when it was back in step; the shortest are left out."""
    in_vain: tuple[tuple[float, float], ...] = ()
    """The same where no line came before the tab was closed, had failed, or was offline on purpose: the end of that is
    no word of the server's."""
    offline: tuple[tuple[float, float], ...] = ()
    """When it had no line on purpose: it waits for no server then."""
