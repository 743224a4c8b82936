"""Looks at the file of a simulated run, as `coordination/save_watch.py` takes them: one entry for each version."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jupyter_rtc_locust.documents.saved_digest import file_digest
from jupyter_rtc_locust.verdict.evidence import ManualSave, SaveSeen

if TYPE_CHECKING:
    from verdict.swarm_model import SwarmModel


@dataclass
class FileWatch:
    swarm: SwarmModel
    versions: list[SaveSeen] = field(default_factory=list)
    manual: list[ManualSave] = field(default_factory=list)

    def look(self) -> None:
        """Look at the file now."""
        now = self.swarm.now
        digest = file_digest(self.swarm.server.file, self.swarm.kind)
        if self.versions and self.versions[-1].digest == digest:
            self.versions[-1] = replace(self.versions[-1], until=now)
        else:
            self.versions.append(SaveSeen(now, now, digest))

    def wait(self, seconds: float) -> None:
        """Time passes, with a look every second and one at the end."""
        until = self.swarm.now + seconds
        while self.swarm.now < until:
            self.swarm.pass_time(min(1.0, until - self.swarm.now))
            self.look()

    def save_by_hand(self, user: int, status: str = "success", takes: float = 0.1) -> None:
        """A user asks for a save; whether it is done is the test's business."""
        asked = self.swarm.now
        self.swarm.pass_time(takes)
        self.manual.append(ManualSave(user, asked, self.swarm.now, status))

    @property
    def seen(self) -> dict[str, tuple]:
        """What belongs into the evidence."""
        return {"saves": tuple(self.versions), "manual_saves": tuple(self.manual)}
