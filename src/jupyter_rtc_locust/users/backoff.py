"""How long a tab waits before it tries to open a lost line again."""

FIRST_S = 0.1
LARGEST_S = 2.5
"""y-websocket's: 0.1 s, doubling, at most 2.5 s."""


class Backoff:
    """The waits of one row of tries, in seconds."""

    def __init__(self) -> None:
        self._next = FIRST_S

    def next(self) -> float:
        """How long to wait before the next try."""
        present, self._next = self._next, min(self._next * 2, LARGEST_S)
        return present

    def begin_anew(self) -> None:
        """A new row of tries."""
        self._next = FIRST_S
