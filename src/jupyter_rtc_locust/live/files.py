"""For how long an acknowledged edit has surely not been on disk, as far as looks at users and at the file tell.

Which edits a saved file holds only the judge can tell, who has the whole history. While a run goes on there is this: a
file that is the same as at an earlier look holds nothing that was written after that look. So of each process is kept
how many edits it had made when the file's present version was first seen; as soon as more than these are acknowledged,
one of them is younger than the file. What is told is so never too much, and too little by the seconds between looks.

Pure: moments are handed in, in seconds since the start of the run.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class _Process:
    made: int
    """How many edits it had made at its first look after the file's present version was seen."""
    since: float | None = None
    """When more than these were acknowledged, at the latest."""


@dataclass(slots=True)
class SavedFile:
    """One document's file, beside the edits that are made in the document."""

    version_seen_at: float | None = None
    """When its present version was first seen; None: nobody has looked yet."""
    looked_at: float | None = None
    """When it was looked at last."""
    _processes: dict[str, _Process] = field(default_factory=dict)

    def looked(self, version_seen_at: float, looked_at: float) -> None:
        """Somebody looked at the file."""
        if version_seen_at != self.version_seen_at:
            self._processes.clear()
        self.version_seen_at, self.looked_at = version_seen_at, looked_at

    def told(self, node: str, at: float, made: int, acknowledged: int) -> None:
        """What a process said: how many edits of the document were made there so far, and how many came back."""
        if self.version_seen_at is None or at <= self.version_seen_at:
            return
        known = self._processes.setdefault(node, _Process(made))
        if known.since is None and acknowledged > known.made:
            known.since = at

    def unsaved_s(self) -> float | None:
        """As of the latest look at the file, in seconds; None: nothing that is known of, or not known."""
        since = min((one.since for one in self._processes.values() if one.since is not None), default=None)
        if since is None or self.looked_at is None or self.looked_at <= since:
            return None
        return self.looked_at - since
