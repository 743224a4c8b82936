"""Evidence on its way: one payload in small pieces, put together again in any order. Pure.

A message holds some that follow each other, as many as its line takes before a heartbeat of Locust's has waited long
behind them (`sending`).
"""

from __future__ import annotations

PIECE_BYTES = 16_000
MOST_AT_ONCE = 56
"""Pieces in one message: 0.9 MB."""
MOST_PIECES = 140_000
"""What one process tells has at most so many, which is more than 2 GB: a master does not fill its memory with more."""


def split(payload: bytes) -> list[bytes]:
    """The payload in pieces of at most `PIECE_BYTES`; an empty payload is one empty piece."""
    return [payload[start : start + PIECE_BYTES] for start in range(0, max(len(payload), 1), PIECE_BYTES)]


class Assembly:
    """Pieces of one payload as they come, some or one at a time; the same piece twice does no harm."""

    def __init__(self, count: int) -> None:
        """Raises ValueError for a number of pieces that no payload has."""
        if not 0 < count <= MOST_PIECES:
            raise ValueError(f"{count} pieces were announced; it may be {MOST_PIECES} at most")
        self._count = count
        self._pieces: dict[int, bytes] = {}
        self.taken = False
        """Whether the payload was taken out: it is read once, however often its last piece comes."""

    def add(self, index: int, piece: bytes) -> None:
        """Keep a piece, or what follows it as well. Raises ValueError for an index that is none, or for too much."""
        most = MOST_AT_ONCE * PIECE_BYTES
        if len(piece) > most:
            raise ValueError(f"from piece {index} on {len(piece)} bytes were sent; it may be {most} at most")
        some = split(piece)
        if not 0 <= index <= self._count - len(some):
            raise ValueError(f"piece {index + len(some) - 1} of {self._count} was sent")
        if not self.taken:
            self._pieces.update(enumerate(some, index))

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
