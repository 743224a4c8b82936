"""What a process keeps, but need not have at hand: edits that everybody has, compressed, in a file, first seen first.

A run of hours makes hundreds of thousands of them, and the verdict wants every one. At hand each takes half a kilobyte
of memory; in here none while the run goes on, and about as much of the disk as its update is long.

Where the file is made is handed in, and it may be missing: where nothing can be written (a full disk, a file system
that is read-only), the compressed bytes stay in memory. It is read by nobody but the process that wrote it, so pickles
are safe in it, and they hold what other forms refuse, such as half characters. Knows nothing of edits: a record is a
sequence of values.
"""

from __future__ import annotations

import pickle
import weakref
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, Final, TypeAlias

RECORDS_A_CHUNK: Final = 64
"""So many are compressed at once, and are kept as they are until then."""
_LEVEL: Final = 1

Place: TypeAlias = tuple[int, int]
"""Where a chunk lies in the file: its first byte, and how many there are."""


class ArchiveFile:
    """The file of a process, to which the archives of all its documents are written."""

    def __init__(self, open_file: Callable[[], IO[bytes]] | None = None) -> None:
        """`open_file` makes a file for writing and reading in binary that is nobody else's, when the first chunk comes;
        it is closed when this object is no more. None: everything stays in memory."""
        self._open = open_file
        self._file: IO[bytes] | None = None
        self._end = 0
        self.problem = ""
        """Why chunks stay in memory, where the file could not be written to."""

    def put(self, chunk: bytes) -> Place | bytes:
        """Keep a chunk; what to give `get` to have it back."""
        if self._open is None:
            return chunk
        try:
            if self._file is None:
                self._file = self._open()
                weakref.finalize(self, self._file.close)
            self._file.seek(self._end)
            self._file.write(chunk)
            self._file.flush()
        except OSError as error:
            # What is in it can still be read.
            self._open = None
            self.problem = str(error)
            return chunk
        place = self._end, len(chunk)
        self._end += len(chunk)
        return place

    def get(self, kept: Place | bytes) -> bytes:
        """A chunk as it was put. OSError where the file cannot be read."""
        if isinstance(kept, bytes):
            return kept
        assert self._file is not None, "a place is in a file"
        self._file.seek(kept[0])
        return self._file.read(kept[1])


class Archive:
    """The records of one document, in the order in which they were added."""

    def __init__(self, file: ArchiveFile) -> None:
        self._file = file
        self._chunks: list[Place | bytes] = []
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
        """Every record that is there now."""
        return self.since(0)

    def since(self, start: int) -> Iterator[Sequence[Any]]:
        """The records that are there now, without the first so many."""
        first, left_out = divmod(start, RECORDS_A_CHUNK)
        chunks, waiting = self._chunks[first:], self._waiting[:]
        for kept in chunks:
            yield from pickle.loads(zlib.decompress(self._file.get(kept)))[left_out:]
            left_out = 0
        yield from waiting[left_out:]
