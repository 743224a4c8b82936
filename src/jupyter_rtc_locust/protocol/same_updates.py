"""Whether two updates say the same, told without reading either.

Replicas that hold the same give the same bytes, but for two things: objects within plain values (`{"a": 1, "b": 2}` in
metadata, in an output) have their entries in another order each time pycrdt writes them, and the clients of a delete
set may have. So one update is walked through to see where such values stand; of every other one, the bytes between them
are compared, and values only where they differ. Reading them all would take most of the time of a run's end (measured:
`make bench`).
"""

from __future__ import annotations

from jupyter_rtc_locust.protocol.struct_walk import Walked, value_in_order, walk_structs
from jupyter_rtc_locust.protocol.updates import decode_deletions
from jupyter_rtc_locust.protocol.variable_length import MalformedBytesError


class KnownUpdate:
    """An update to compare others with. Whatever is malformed equals only the same bytes.

    Two encodings of one number are not the same here: nobody writes a replica in both.
    """

    __slots__ = ("_update", "_values", "_walked")

    def __init__(self, update: bytes) -> None:
        self._update = update
        self._walked: Walked | None = None
        self._values: dict[tuple[int, int], bytes] = {}

    def equals(self, update: bytes) -> bool:
        """Whether that update has the same structs, with the same content, and the same deletions."""
        if update == self._update:
            return True
        if len(update) != len(self._update):
            return False
        try:
            return self._equals(update)
        except (IndexError, MalformedBytesError):
            return False

    def structs_in_order(self) -> list[bytes]:
        """The structs in pieces that are the same of all updates which say the same; of what is malformed all bytes."""
        ours, reached = self._update, 0
        pieces: list[bytes] = []
        try:
            if self._walked is None:
                self._walked = walk_structs(ours)
            for span in self._walked.spans:
                pieces += (ours[reached : span[0]], self._value(span))
                reached = span[1]
        except (IndexError, MalformedBytesError):
            return [ours]
        return [*pieces, ours[reached : self._walked.end]]

    def _equals(self, update: bytes) -> bool:
        ours = self._update
        if self._walked is None:
            self._walked = walk_structs(ours)
        reached = 0
        for span in self._walked.spans:
            start, end = span
            if update[reached:start] != ours[reached:start] or not self._same_value(span, update[start:end]):
                return False
            reached = end
        end = self._walked.end
        if update[reached:end] != ours[reached:end]:
            return False
        return update[end:] == ours[end:] or decode_deletions(update, end) == decode_deletions(ours, end)

    def _same_value(self, span: tuple[int, int], theirs: bytes) -> bool:
        ours = self._update[span[0] : span[1]]
        if ours == theirs:
            return True
        # As long as ours, so that it is the whole of theirs where it is equal.
        return value_in_order(theirs)[0] == self._value(span)

    def _value(self, span: tuple[int, int]) -> bytes:
        if span not in self._values:
            self._values[span] = value_in_order(self._update[span[0] : span[1]])[0]
        return self._values[span]
