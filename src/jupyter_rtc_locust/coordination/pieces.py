"""Evidence on its way: one payload in pieces of at most a megabyte, put together again in any order. Pure.

A piece is small enough that a heartbeat of Locust's never waits long behind it on the same line.
"""

from __future__ import annotations

PIECE_BYTES = 900_000
MOST_PIECES = 2_500
"""What one process tells has at most so many, which is more than 2 GB: a master does not fill its memory with more."""


def split(payload: bytes) -> list[bytes]:
    """The payload in pieces of at most `PIECE_BYTES`; an empty payload is one empty piece."""
    return [payload[start : start + PIECE_BYTES] for start in range(0, max(len(payload), 1), PIECE_BYTES)]


class Assembly:
    """Pieces of one payload as they come; the same piece twice does no harm."""

    def __init__(self, count: int) -> None:
        """Raises ValueError for a number of pieces that no payload has."""
        if not 0 < count <= MOST_PIECES:
            raise ValueError(f"{count} pieces were announced; it may be {MOST_PIECES} at most")
        self._count = count
        self._pieces: dict[int, bytes] = {}
        self.taken = False
        """Whether the payload was taken out: it is read once, however often its last piece comes."""

    def add(self, index: int, piece: bytes) -> None:
        """Keep a piece. Raises ValueError for an index that is none, or a piece that is too large."""
        if len(piece) > PIECE_BYTES:
            raise ValueError(f"piece {index} has {len(piece)} bytes; it may be {PIECE_BYTES} at most")
        if not 0 <= index < self._count:
            raise ValueError(f"piece {index} of {self._count} was sent")
        if not self.taken:
            self._pieces[index] = piece

    @property
    def complete(self) -> bool:
        """Whether all pieces are there."""
        return len(self._pieces) == self._count

    def take(self) -> bytes:
        """All pieces in order, which are then let go of. Call it when complete, and once."""
        self.taken = True
        payload = b"".join(self._pieces[index] for index in range(self._count))
        self._pieces = dict.fromkeys(self._pieces, b"")
        return payload
