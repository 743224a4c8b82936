"""What a process keeps, but need not have at hand: edits that everybody has, compressed, in a file, first seen first.

A run of hours makes hundreds of thousands of them, and the verdict wants every one. At hand each takes half a kilobyte
of memory; in here none while the run goes on, and about as much of the disk as its update is long.

The file is handed in, and may be missing: where nothing can be written (a full disk, a file system that is read-only),
the compressed bytes stay in memory. It is read by nobody but the process that wrote it, so pickles are safe in it, and
they hold what other forms refuse, such as half characters. Knows nothing of edits: a record is a sequence of values.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterator, Sequence
from typing import IO, Any, Final

RECORDS_A_CHUNK: Final = 64
"""So many are compressed at once, and are kept as they are until then."""
_LEVEL: Final = 1

_Place = tuple[int, int]
"""Where a chunk lies in the file: its first byte, and how many there are."""


class ArchiveFile:
    """The file of a process, to which the archives of all its documents are written."""

    def __init__(self, file: IO[bytes] | None = None) -> None:
        """`file` is open in binary for writing and reading, and is nobody else's; None: everything stays in memory."""
        self._file = file
        self._writable = file is not None
        self._end = 0
        self.problem = ""
        """Why chunks stay in memory, where the file could not be written to."""

    def put(self, chunk: bytes) -> _Place | bytes:
        """Keep a chunk; what to give `get` to have it back."""
        if self._file is None or not self._writable:
            return chunk
        try:
            self._file.seek(self._end)
            self._file.write(chunk)
            self._file.flush()
        except OSError as error:
            # What is in it can still be read.
            self._writable = False
            self.problem = str(error)
            return chunk
        place = self._end, len(chunk)
        self._end += len(chunk)
        return place

    def get(self, kept: _Place | bytes) -> bytes:
        """A chunk as it was put. OSError where the file cannot be read."""
        if isinstance(kept, bytes):
            return kept
        assert self._file is not None, "a place is in a file"
        self._file.seek(kept[0])
        return self._file.read(kept[1])

    def close(self) -> None:
        """What is in the file cannot be read afterwards."""
        if self._file is not None:
            self._file.close()


class Archive:
    """The records of one document, in the order in which they were added."""

    def __init__(self, file: ArchiveFile) -> None:
        self._file = file
        self._chunks: list[_Place | bytes] = []
        self._waiting: list[Sequence[Any]] = []

    def add(self, record: Sequence[Any]) -> None:
        """Keep a record: strings, bytes, numbers, truth values and None."""
        self._waiting.append(record)
        if len(self._waiting) == RECORDS_A_CHUNK:
            self._chunks.append(
                self._file.put(zlib.compress(pickle.dumps(self._waiting, pickle.HIGHEST_PROTOCOL), _LEVEL))
            )
            self._waiting = []

    def __len__(self) -> int:
        return len(self._chunks) * RECORDS_A_CHUNK + len(self._waiting)

    def __iter__(self) -> Iterator[Sequence[Any]]:
        """Every record, as a list. Records added meanwhile may or may not be among them."""
        waiting = list(self._waiting)
        for kept in list(self._chunks):
            yield from pickle.loads(zlib.decompress(self._file.get(kept)))
        yield from waiting
