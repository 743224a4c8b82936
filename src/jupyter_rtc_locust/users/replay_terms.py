"""What every process has to know to play its part of a replay: who has which client id, and what the document was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jupyter_rtc_locust.editing.trace_plan import Casting, Start


@dataclass(frozen=True, slots=True)
class ReplayTerms:
    """From the coordinator, with each seat."""

    casting: Casting
    clients: tuple[int, ...]
    """For each user, its client id."""
    start: Start
    digest: str
    """Of the trace, so that a worker that finds another one under the same path is noticed."""

    def as_message(self) -> dict[str, Any]:
        """For Locust's messages (msgpack)."""
        return {
            "users": self.casting.users,
            "ranks": list(self.casting.ranks),
            "one_by_one": self.casting.one_by_one,
            "steps": self.casting.steps,
            "clients": list(self.clients),
            "update": self.start.update,
            "cell": self.start.cell,
            "digest": self.digest,
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> ReplayTerms:
        """The other way."""
        casting = Casting(message["users"], tuple(message["ranks"]), message["one_by_one"], message["steps"])
        start = Start(message["update"], message["cell"])
        return cls(casting, tuple(message["clients"]), start, message["digest"])
