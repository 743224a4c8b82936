"""`history.jsonl.gz`: what was done when, one event a line, written while the run goes on (`--rtc-history`).

Noting an event costs an append to a list; lines are made and compressed once a second. What is written can be read at
any moment, also of a process that was killed. The file is bounded: a history that grows past its limit says so in its
last line and goes no further. A disk that is full ends the history, never the run.

Knows nothing of users or servers: whoever has something to tell hands over names and plain values.
"""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

logger = logging.getLogger(__name__)

LIMIT_BYTES: Final = 1_000_000_000
"""Of lines before they are compressed, in each process: some ten million events."""

COORDINATOR_FILE: Final = "history.jsonl.gz"

OK: Final = "ok"
FAILED: Final = "failed"
UNKNOWN: Final = "unknown"
"""Outcomes, as Jepsen has them: what never came back may or may not have happened."""


class History:
    """One process's history of one run. Times are seconds since the start of the run."""

    def __init__(self, path: Path, limit_bytes: int = LIMIT_BYTES, *, hide: Callable[[str], str] = str) -> None:
        """`hide` takes secrets out of a `reason`, in which a server's words may stand."""
        self.path = path
        self._hide = hide
        self._left = limit_bytes
        self._events: list[dict[str, Any]] = []
        self._file: gzip.GzipFile | None = None
        self._ended = False

    def note(self, moment: float, event: str, **fields: Any) -> None:
        """Remember an event; it is written with the next `flush`."""
        if not self._ended:
            if "reason" in fields:
                fields["reason"] = self._hide(fields["reason"])
            self._events.append({"t": round(moment, 6), "event": event, **fields})

    def flush(self) -> None:
        """Write what was noted since the last time, so that it can be read."""
        events, self._events = self._events, []
        if self._ended or not events:
            return
        try:
            file = self._opened()
            for event in events:
                line = json.dumps(event, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
                self._left -= len(line)
                if self._left < 0:
                    file.write(b'{"t": %.6f, "event": "history ends", "outcome": "too long"}\n' % event["t"])
                    self._end()
                    return
                file.write(line)
            file.flush(zlib.Z_SYNC_FLUSH)
        except OSError as error:
            logger.warning("The history %s could not be written any further: %s", self.path, error)
            self._end()

    def close(self) -> None:
        """Write the rest."""
        self.flush()
        if not self._ended:
            self._end()

    def _opened(self) -> gzip.GzipFile:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = gzip.open(self.path, "wb", compresslevel=1)  # noqa: SIM115 (closed by `_end`)
        return self._file

    def _end(self) -> None:
        self._ended = True
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                logger.warning("The history %s could not be closed: %s", self.path, error)
            self._file = None
