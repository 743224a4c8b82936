"""What the users of this process did, edit by edit, kept as the lines of a plan (editing/plans.py) until the run ends.

Always kept, because the plan of a run that fails is part of its evidence, and which run fails is known at its end. So
it is compressed, put away with old edits (timing/archive.py), and bounded: a plan that grows past its limit is cut and
says so, while counts and digest go on.

Edits are written as lines some dozens at once: what is done again and again finds its code and its tables in the
processor's cache, and costs half of what it costs edit by edit, in between everything else. An edit takes 77 bytes
beside the 145 of its update. A picture of 1 MB takes 6 ms; to compress it would take ten times as long.
"""

from __future__ import annotations

import zlib
from dataclasses import asdict
from typing import Any, Final

from jupyter_rtc_locust.editing.plans import PlanDigests, PlannedEdit, edit_line, operations_json
from jupyter_rtc_locust.timing.archive import ArchiveFile, Place

LIMIT_BYTES: Final = 100_000_000
"""Of compressed lines in each process."""
_EDITS_AT_ONCE: Final = 64
"""So many edits wait to be written as lines, which then takes about half a millisecond."""
_GZIP: Final = 16 + zlib.MAX_WBITS
_GATHERED: Final = 16_384
"""So many bytes of lines are compressed at once."""
_LARGE: Final = 65_536
"""A line as long as this is a picture, or a long output: it is kept as it is, so that the event loop goes on."""


class PlanRecord:
    """One process's part of the plan of one run."""

    def __init__(self, file: ArchiveFile | None = None, limit_bytes: int = LIMIT_BYTES) -> None:
        self._file = ArchiveFile() if file is None else file
        self.edits = 0
        self.operations = 0
        self.edits_skipped = 0
        self.operations_skipped = 0
        self._digests = PlanDigests()
        self._left = limit_bytes
        self._compressor = _compressor()
        self._compressed: list[Place | bytes] = []
        self._waiting: list[tuple[PlannedEdit, bool]] = []
        self._lines: list[bytes] = []
        self._gathered = 0
        self._cut = False

    def note(self, edit: PlannedEdit, *, skipped: bool = False) -> None:
        """An edit was made; or, `skipped`, one of the plan that is played could not be applied."""
        self.edits += 1
        self.operations += len(edit.operations)
        if skipped:
            self.edits_skipped += 1
            self.operations_skipped += len(edit.operations)
        self._waiting.append((edit, skipped))
        if len(self._waiting) >= _EDITS_AT_ONCE:
            self._write_what_waits()

    def _write_what_waits(self) -> None:
        waiting, self._waiting = self._waiting, []
        for edit, skipped in waiting:
            try:
                self._write(edit, skipped=skipped)
            except (TypeError, ValueError):  # a scenario of one's own wrote what no JSON holds: it can be done but once
                self._cut = True

    def _write(self, edit: PlannedEdit, *, skipped: bool) -> None:
        operations = operations_json(edit.operations)
        self._digests.note(edit, operations)
        if self._cut:
            return
        line = edit_line(edit, operations, skipped=skipped).encode("utf-8", "backslashreplace")
        if len(line) >= _LARGE:
            self._keep_as_it_is(line)
            return
        self._lines.append(line)
        self._gathered += len(line)
        if self._gathered >= _GATHERED:
            self._compress()

    def as_message(self) -> dict[str, Any]:
        """All of it so far, for the coordinator."""
        self._write_what_waits()
        self._compress()
        return {
            # A copy is ended, so that a process that is asked twice has not ended its own.
            "lines": b"".join((*map(self._file.get, self._compressed), self._compressor.copy().flush())),
            "complete": not self._cut,
            "edits": self.edits,
            "operations": self.operations,
            "edits_skipped": self.edits_skipped,
            "operations_skipped": self.operations_skipped,
            "segments": [asdict(one) for one in self._digests.segments()],
        }

    def _compress(self) -> None:
        self._keep(self._compressor.compress(b"".join(self._lines)))
        self._lines.clear()
        self._gathered = 0

    def _keep_as_it_is(self, line: bytes) -> None:
        """As a part of the file of its own: gzip files one after another are one."""
        self._compress()
        stored = _compressor(level=0)
        self._keep(self._compressor.flush() + stored.compress(line) + stored.flush())
        self._compressor = _compressor()

    def _keep(self, compressed: bytes) -> None:
        if compressed:
            self._compressed.append(self._file.put(compressed))
        self._left -= len(compressed)
        self._cut = self._cut or self._left < 0


def _compressor(level: int = 1) -> Any:
    return zlib.compressobj(level, zlib.DEFLATED, _GZIP)
