"""How many bytes travelled on the lines of one process's users, by kind of message, with the frames around them.

Nearly all messages are updates, and the paths that they take are short, so nothing is counted there for each message: a
line counts the bytes of each read and each write, messages of all other kinds are counted one by one, and what is left
is updates.

Pure: whoever has a line tells of it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.protocol.websocket_frames import frame_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KINDS: Final = ("update", "sync_step_1", "sync_step_2", "awareness", "other")

_SYNC_KINDS: Final = {b"\x00\x00": "sync_step_1", b"\x00\x01": "sync_step_2"}
_AWARENESS: Final = b"\x01"


def kind_of(message: bytes) -> str:
    """The kind of a message that is no update."""
    return "awareness" if message[:1] == _AWARENESS else _SYNC_KINDS.get(message[:2], "other")


class Traffic:
    """The bytes of some lines. `received` and `sent` are all of them, which whoever has a line adds to.

    `awareness_received` is what of them was presence that could be read: too many messages for a call each.
    """

    __slots__ = ("_received_of", "_sent_of", "awareness_received", "received", "sent")

    def __init__(self) -> None:
        self.received = 0
        self.sent = 0
        self.awareness_received = 0
        self._received_of: Counter[str] = Counter()
        self._sent_of: Counter[str] = Counter()

    def note_received(self, kind: str, length: int) -> None:
        """Of what was received, a message of this length was no update but of this kind."""
        self._received_of[kind] += frame_bytes(length, masked=False)

    def note_sent(self, kind: str, length: int) -> None:
        """Of what was sent, a message of this length was no update but of this kind."""
        self._sent_of[kind] += frame_bytes(length, masked=True)

    def as_evidence(self) -> dict[str, Any]:
        """All bytes by direction and kind, in a plain form."""
        return {
            "received": _by_kind(self.received, self._received_of + Counter(awareness=self.awareness_received)),
            "sent": _by_kind(self.sent, self._sent_of),
        }


def summed(evidence: Iterable[Mapping[str, Mapping[str, int]]], edits: int) -> dict[str, Any]:
    """The bytes of all processes, from the `as_evidence` of each, and what there was of updates for each of the edits.

    `per_edit` is None without edits: what somebody sent for one, and what everybody together received for it.
    """
    whole = {direction: Counter(dict.fromkeys(("total", *KINDS), 0)) for direction in ("received", "sent")}
    for each in evidence:
        for direction, kinds in whole.items():
            kinds.update(each[direction])
    return {
        **{direction: dict(kinds) for direction, kinds in whole.items()},
        "per_edit": {direction: round(kinds["update"] / edits, 1) for direction, kinds in whole.items()}
        if edits
        else None,
    }


def _by_kind(total: int, others: Counter[str]) -> dict[str, int]:
    # A line that breaks in the middle of a message can leave less than its others say.
    return {"total": total, "update": max(total - others.total(), 0), **{kind: others[kind] for kind in KINDS[1:]}}
